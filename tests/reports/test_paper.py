"""The paper: the same bytes for the same data, nothing loaded, every note there, what is missing said to be missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from secondsource.adapters.reports.html import html
from secondsource.adapters.reports.markdown import markdown
from secondsource.adapters.reports.paper import Paper, StatusChart, StepChart
from secondsource.adapters.reports.vendor import paper_of
from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.domain.context import Context
from secondsource.domain.observations import batch_of, observe
from secondsource.domain.review.period import NoReview
from secondsource.domain.review.review import VendorReview
from secondsource.domain.status import Status
from secondsource.domain.vendors import Vendor, VendorGraph
from tests.reports.world import api, clock, context, fill, respond, reviewed
from tests.support.company import outage

GOLDEN = Path(__file__).with_name("halcyon.md")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("paper")
    database = Database(folder / "store.db")
    known = context()
    database.write_now(lambda connection: fill(connection, known))
    yield database
    database.close()


@pytest.fixture(scope="module")
def review(store: Database) -> VendorReview:
    return reviewed(store, context())


@pytest.fixture(scope="module")
def paper(review: VendorReview) -> Paper:
    return paper_of(review)


def test_the_paper_is_the_one_that_is_kept(paper: Paper) -> None:
    assert markdown(paper) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(("zone", "seed"), [("Asia/Kathmandu", "1"), ("America/St_Johns", "2")])
def test_the_same_bytes_in_another_zone_and_process(zone: str, seed: str) -> None:
    environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C"}
    done = subprocess.run([sys.executable, "-m", "tests.reports.world"], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert done.stdout == GOLDEN.read_bytes()


def test_html_is_the_same_each_time(store: Database, paper: Paper) -> None:
    assert html(paper_of(reviewed(store, context()))) == html(paper)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.starts: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.starts.append((tag, dict(attrs)))
        if tag != "meta" and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.starts.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def elements(text: str) -> _Elements:
    parser = _Elements()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


def test_html_is_well_formed_and_loads_nothing(paper: Paper) -> None:
    text = html(paper)
    found = elements(text)
    tags = {tag for tag, _ in found.starts}
    assert not tags & {"script", "img", "link", "iframe", "object", "use", "foreignobject", "base"}
    for tag, attributes in found.starts:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")]
        assert not attributes.get("href") or re.fullmatch(r"#note-\d+", attributes["href"] or "")
        assert "src" not in attributes
        assert not attributes.get("fill") or re.fullmatch(r"#fff|url\(#[a-z0-9-]+\)", attributes["fill"] or "")
    assert "url(http" not in text
    assert "@import" not in text


def test_every_note_that_is_cited_is_there_and_every_id_is_unique(paper: Paper) -> None:
    found = elements(html(paper))
    ids = [attributes["id"] for _, attributes in found.starts if "id" in attributes]
    assert len(ids) == len(set(ids))
    cited = {(attributes["href"] or "")[1:] for tag, attributes in found.starts if tag == "a"}
    assert cited == {f"note-{note.number}" for note in paper.notes}
    assert cited <= set(ids)


def test_every_page_is_stamped_and_numbered(paper: Paper) -> None:
    assert paper.stamp == "Made 2025-10-21 06:00 UTC, data until 2025-10-20 23:59 UTC"
    style = html(paper).partition("<style>")[2].partition("</style>")[0]
    assert f'content: "{paper.stamp}"' in style
    assert 'counter(page) " of " counter(pages)' in style


def test_every_figure_of_the_first_page_rests_on_a_note(paper: Paper) -> None:
    assert all(figure.value.notes for figure in paper.figures)
    assert len(paper.points) == 3
    assert all(point.why.notes for point in paper.points)


def test_every_chart_says_what_to_see_and_where_it_comes_from(paper: Paper) -> None:
    charts = [b for b in (*paper.front, *(b for s in paper.sections for b in s.blocks)) if isinstance(b, StatusChart | StepChart)]
    assert len(charts) == 3
    for chart in charts:
        assert chart.says.words.endswith(".")
        assert chart.source


def test_every_table_has_a_cell_for_each_column(paper: Paper) -> None:
    tables = [block for section in paper.sections for block in section.blocks if not isinstance(block, StatusChart | StepChart)]
    for table in tables:
        for row in getattr(table, "rows", ()):
            assert len(row) == len(table.columns)  # type: ignore[union-attr]


def test_the_figures_survive_json(review: VendorReview) -> None:
    assert msgspec.json.decode(msgspec.json.encode(review), type=VendorReview) == review


def bare() -> Context:
    """A vendor that the catalog knows, and nothing else."""
    return Context(graph=VendorGraph([Vendor("quiet", "Quiet Ltd")]))


def test_what_is_not_known_is_said_and_never_a_zero(store: Database) -> None:
    found = reviewed(store, bare(), "quiet")
    assert found.sentence == "How Quiet Ltd did is not known: no source that tells of its status could be read in the period."
    assert [figure.value for figure in found.headlines] == [None, None, None, "nothing to move"]
    assert found.asks == ()
    paper = paper_of(found)
    assert paper.unknown == (
        "Its availability is not known: no source that tells of its status could be read in the period.",
        "How late it speaks is not known: no incident with a claimed start was seen to come in the period.",
        "Spend not known: no source reads spend with it, and the portfolio declares none.",
        "Prices not known: no source reads prices of it.",
        "Headroom of quotas not known: no source reads our use of its quotas.",
        "Offers not known: no source reads what it has on offer.",
        "Contract not known: none with it is on record.",
    )
    elements(html(paper))
    assert "Nothing to ask for follows from the figures of this period." in markdown(paper)
    # the only digits outside times are those of the standing text
    assert not re.search(r"\b0(\.0+)? ?(%|USD|min|h)", markdown(paper))


def test_a_vendor_of_which_nothing_is_known_is_refused(store: Database) -> None:
    with pytest.raises(NoReview, match="nothing is known of a vendor 'nobody'; the configuration knows quiet"):
        reviewed(store, bare(), "nobody")


def test_a_drill_leaves_no_trace_in_the_figures(store: Database, review: VendorReview, tmp_path: Path) -> None:
    """The same day with a drill's outage in it."""
    database = Database(tmp_path / "drilled.db")
    known = context()

    def work(connection: Connection) -> None:
        fill(connection, known)
        at = clock("16:00")
        body = api(Status.MAJOR_OUTAGE)
        made = observe(source="drill", vendor="halcyon", subject="component/api", observed_at=at, body=body, exercise="D-2")
        log.append(connection, [batch_of("halcyon", "drill", at, (made,))])
        respond(known).on_signals(connection, [outage(now=at, since=at, exercise="D-2")])

    database.write_now(work)
    found = reviewed(database, known)
    database.close()
    assert found == review
