"""The command ``sla``: promises against what was seen, and the draft of a claim."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rules.sla import Sla, SlaParams
from secondsource.adapters.sql.database import Database
from secondsource.cli.app import cli
from secondsource.domain.review.measured import measure
from secondsource.engine.engine import Engine
from secondsource.testing.timeline import Cells
from tests.reports.made import facts
from tests.reports.world import batches, context, fill
from tests.support.configured import COMPANY

PROMISE = """
contracts:
  halcyon-2025:
    vendor: halcyon
    sla: 99.9
    sla_terms: {credits: [{below: 99.9, part: 10}, {below: 99.6, part: 25}], claim_within: 45d, claim_to: claims@halcyon.example}
  openai-2025: {vendor: openai, sla: 99.5}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with two promises, and the day of ``world`` in its data folder."""
    found: Path = tmp_path_factory.mktemp("sla")
    (found / "secondsource.yaml").write_text(COMPANY + PROMISE, encoding="utf-8")
    database = Database(found / "store" / "secondsource.db")
    known = context()
    database.write_now(lambda connection: fill(connection, known))
    database.close()
    return found


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli({}), ["sla", *arguments, "--config", str(folder / "secondsource.yaml")])


def test_the_rule_counts_what_the_review_counts() -> None:
    """Of the day of ``world``: the review from the stored history at once, the rule as it passed."""
    known = context()
    engine, store = Engine({"sla": Sla(SlaParams())}, known), Cells()
    told = [observation for batch in batches() for observation in batch.observations]
    for batch in batches():
        engine.apply(batch)
    store.keep(engine.take_changes())
    (cell,) = [cell for cell in store.load("halcyon", None) if cell.rule == "sla"]
    state = engine._codec.unpack(0, cell.state or b"")
    assert isinstance(state, Sla.State)
    (counted,) = state.months
    (reviewed,) = measure(facts(told, known=known)).sla
    assert (counted.contract, f"{counted.month:%Y-%m}") == (reviewed.contract, reviewed.month)
    assert (counted.page.down, counted.own.down) == (reviewed.down, reviewed.own)
    assert reviewed.down.total_seconds() > 3600


def test_the_draft_names_what_is_owed_and_the_evidence(folder: Path) -> None:
    done = run(folder, "claim", "halcyon-2025", "2025-10")
    assert done.exit_code == 0, done.output
    text = done.stdout
    assert text.startswith("# Claim under contract halcyon-2025, 2025-10\n")
    assert "a credit of 25 % of the month's bill is owed" in text
    assert "To: claims@" in text
    assert "2025-12-15" in text  # 45 days after the end of October
    assert "2025-10-20 07:00" in text  # the outage, as its page told of it
    assert "2025-10-20 06:50" in text  # and as our probe saw it
    assert "Errors on the API" in text


def test_the_draft_goes_to_a_file(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "claim.html"
    done = run(folder, "claim", "halcyon-2025", "2025-10", "--format", "html", "--output", str(target))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"wrote {target}\n")
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("claim", "acme", "2025-10"), "no contract 'acme' promises an availability; those that do: halcyon-2025, openai-2025"),
        (("claim", "halcyon-2025", "2025-13"), "'2025-13' is not a month; write it as 2025-10"),
    ],
)
def test_a_claim_that_can_not_be_drafted_says_why(folder: Path, arguments: tuple[str, ...], told: str) -> None:
    done = run(folder, *arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_the_list_has_each_month_of_which_something_was_read(folder: Path) -> None:
    done = run(folder, "list", "--months", "24", "--json")
    assert done.exit_code == 0, done.output
    (line,) = json.loads(done.stdout)  # nothing was read in any other month, nor of the other vendor
    assert (line["month"], line["contract"]) == ("2025-10", "halcyon-2025")
    assert (line["vendor"], line["verdict"], line["credit"], line["claim_by"]) == ("halcyon", "missed", "25.0", "2025-12-15")
    assert "missed" in run(folder, "list", "--months", "24").stdout
