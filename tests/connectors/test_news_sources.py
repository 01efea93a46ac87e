"""Sources of news: what is asked for, page after page, and what a poll remembers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import yaml
from pydantic import ValidationError

from secondsource.adapters.plugins import connector
from secondsource.contracts.connector import ParseError, Request
from secondsource.contracts.news import NewsConfig, story
from secondsource.domain.newswords import TERMS
from secondsource.domain.observations import News
from secondsource.testing import fixtures
from tests.meta.repository import blocks

HERE = Path(__file__).parent
REGISTER, GDELT = connector("federal_register"), connector("gdelt")


def asked(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.url).query)


def memo(request: Request) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(request.memo)
    return decoded


def test_the_register_is_asked_for_the_newest_rules_of_the_export_agency() -> None:
    (request,) = REGISTER.requests(REGISTER.spec.config(), None)
    assert request.url.startswith("https://www.federalregister.gov/api/v1/documents.json?")
    found = asked(request)
    assert found["conditions[agencies][]"] == ["industry-and-security-bureau"]
    assert found["conditions[type][]"] == ["RULE", "PRORULE"]
    assert found["order"] == ["newest"]
    assert {"publication_date", "effective_on", "abstract"} <= set(found["fields[]"])
    assert "conditions[term]" not in found


def test_words_and_agencies_of_a_search_are_quoted() -> None:
    config = REGISTER.spec.config.model_validate({"agencies": ["a", "b&c"], "types": [], "term": '"advanced computing" & more'})
    found = asked(REGISTER.requests(config, None)[0])
    assert found["conditions[agencies][]"] == ["a", "b&c"]
    assert found["conditions[term]"] == ['"advanced computing" & more']
    assert "conditions[type][]" not in found


def test_the_register_is_read_on_until_a_day_before_the_newest_of_the_last_poll() -> None:
    first = fixtures.read(HERE / "federal_register" / "first_page_of_two").parse()
    assert first.next_request is not None
    assert asked(first.next_request)["page"] == ["2"]
    assert memo(first.next_request) == {"page": 2, "newest": "2026-01-15"}
    second = fixtures.read(HERE / "federal_register" / "second_page").parse()
    assert second.next_request is None  # `pages` is 2
    assert second.cursor == "2026-01-15"
    config = REGISTER.spec.config.model_validate({"pages": 5})
    assert memo(REGISTER.requests(config, "2026-01-14")[0]) == {"seen": "2026-01-14"}
    again = fixtures.read(HERE / "federal_register" / "back_at_what_was_seen").parse()
    assert again.next_request is None
    assert again.cursor == "2026-01-15"


def test_when_a_rule_takes_effect_stands_in_the_story() -> None:
    told = [reading.body for reading in fixtures.read(HERE / "federal_register" / "typical").parse().readings]
    assert next(body.summary for body in told if isinstance(body, News)).startswith("Final rule, effective 2026-01-15. ")


def test_gdelt_is_asked_for_articles_as_json() -> None:
    config = GDELT.spec.config.model_validate({"query": "(shortage OR rationing) HBM", "timespan": "6h", "max_records": 50})
    (request,) = GDELT.requests(config, None)
    assert request.url == "https://api.gdeltproject.org/api/v2/doc/doc"
    assert request.params == {
        "query": "(shortage OR rationing) HBM", "mode": "ArtList", "format": "json", "sort": "DateDesc", "timespan": "6h",
        "maxrecords": "50",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"query": "ab"}, {"query": "x" * 251}, {"query": "HBM", "timespan": "soon"}, {"query": "HBM", "timespan": "0d"},
        {"query": "HBM", "max_records": 251}, {"query": "HBM", "weight": 0}, {"query": "HBM", "outlets": {"example.com": 1.5}},
        {"query": "HBM", "labels": {"hunger": ["x"]}}, {"query": "HBM", "labels": {"shortage": ["+"]}},
        {"query": "HBM", "negations": ["…"]},
    ],
)  # fmt: skip
def test_settings_that_can_not_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        GDELT.spec.config.model_validate(wrong)


@pytest.mark.parametrize(
    ("title", "read"),
    [
        (b"Maker\\'s DRAM", "Maker's DRAM"),  # escapes that JSON lacks
        (b"a \\\\ b \\d c \\u00e9 \\u12", "a \\ b d c \u00e9 u12"),
        (b"tab\there, line\nthere", "tab here, line there"),
        (b"cut off \xe2\x80", "cut off \ufffd"),
        (b'a \\"quote\\" , spaced', 'a "quote", spaced'),
    ],
)
def test_json_as_gdelt_breaks_it_is_read(title: bytes, read: str) -> None:
    body = (
        b'{"articles": [{"url": "https://a.example/1", "title": "' + title + b'", "seendate": "20260115T063000Z", "domain": "a.example"}]}'
    )
    case = fixtures.read(HERE / "gdelt" / "typical")
    parsed = GDELT.parse(msgspec.structs.replace(case.response, body=body), case.config)
    assert [reading.body.title for reading in parsed.readings if isinstance(reading.body, News)] == [read]
    assert [note.partition(":")[0] for note in parsed.notes] == ([] if title.startswith(b'a \\"') else ["the JSON was repaired"])


def test_stories_too_old_are_left_out_and_counted() -> None:
    case = fixtures.read(HERE / "gdelt" / "typical")
    config = GDELT.spec.config.model_validate({"query": "HBM", "max_age": "PT30H"})
    received = datetime(2026, 1, 16, 12, 16, tzinfo=UTC)
    parsed = GDELT.parse(msgspec.structs.replace(case.response, received_at=received), config)
    assert len(parsed.readings) == 1
    assert list(parsed.notes) == ["2 stories too old left out"]


def test_an_answer_with_many_errors_is_refused_in_one_line() -> None:
    case = fixtures.read(HERE / "federal_register" / "an_error")
    body = b'{"errors": {"agencies": ["is not known"], "type": "has a\\nline"}}'
    with pytest.raises(ParseError, match=r"^errors: .*\(agencies is not known; type has a line\); correct"):
        REGISTER.parse(msgspec.structs.replace(case.response, body=body), case.config)


GUIDE = Path(__file__).parents[2] / "docs" / "news.md"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("メモリの品薄、年内は続く見通し", "shortage"),
        ("メモリの品薄が解消", ""),
        ("地震で複数の工場が操業停止", "disaster fab_incident"),
        ("製造装置メーカーを買収", "acquisition"),
        ("Speicherknappheit trifft Hersteller von Servern", "shortage"),
        ("Fachkräftemangel bremst neue Fabrik", ""),
        ("Lieferengpass abgewendet", ""),
        ("Speicherpreise werden weiter steigen", "price"),
        ("Warnstreiks bei Zulieferer", "labour"),
        ("存储芯片缺货，厂商涨价", "shortage price"),
        ("芯片短缺缓解", ""),
        ("서버용 메모리 공급 부족 심화", "shortage"),
        ("반도체 노조 파업 철회", ""),
    ],
)
def test_the_words_that_the_guide_declares_for_other_languages(title: str, expected: str) -> None:
    ((_, text),) = blocks(GUIDE.read_text(encoding="utf-8"), "ya?ml")
    found: set[str] = set()
    for source in yaml.safe_load(text)["sources"]:
        config = connector(source["connector"]).spec.config.model_validate(
            {"url": source.get("url", "https://a.example/"), **source["config"]}
        )
        assert isinstance(config, NewsConfig)
        told = story(config, title=title)
        assert told is not None
        found |= {label.name for label in told.labels}
    assert " ".join(name for name in TERMS if name in found) == expected
