"""Every connector against recorded cases: ``<connector>/<case>/{request.json, response.*, expected.jsonl | expected_error.json}``.

``expected.jsonl`` begins with a line for the whole (``complete``, ``notes``) and has one line per reading;
``expected_error.json`` holds the place and the reason of the ParseError.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from secondsource.adapters.plugins import connector, connector_names
from secondsource.contracts.connector import Parsed, ParseError, Response
from secondsource.domain.observations import kind_of

HERE = Path(__file__).parent
CASES = sorted(request.parent for request in HERE.glob("*/*/request.json"))


def parse(case: Path) -> Parsed:
    """The case's response, read by the connector that its folder names."""
    request = msgspec.json.decode((case / "request.json").read_bytes())
    (payload,) = case.glob("response.*")
    response = Response(
        url=request["url"],
        status=request.get("status", 200),
        headers=request.get("headers", {}),
        body=payload.read_bytes(),
        received_at=datetime.fromisoformat(request["received_at"]),
        latency_ms=request.get("latency_ms"),
        memo=request.get("memo", ""),
    )
    reader = connector(case.parent.name)
    parsed = reader.parse(response, reader.spec.config.model_validate(request["config"]))
    assert {kind_of(reading.body) for reading in parsed.readings} <= set(reader.spec.kinds)
    return parsed


def lines(parsed: Parsed) -> list[bytes]:
    """What ``expected.jsonl`` holds."""
    whole = {"complete": parsed.complete, "notes": list(parsed.notes)}
    if parsed.inconclusive is not None:
        whole["inconclusive"] = parsed.inconclusive
    return [msgspec.json.encode(line) for line in (whole, *parsed.readings)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path) -> None:
    expected, error = case / "expected.jsonl", case / "expected_error.json"
    assert expected.exists() != error.exists(), "a case expects either readings or an error"
    if expected.exists():
        assert lines(parse(case)) == expected.read_bytes().splitlines()
        return
    with pytest.raises(ParseError) as caught:
        parse(case)
    assert {"where": caught.value.where, "reason": caught.value.reason} == msgspec.json.decode(error.read_bytes())


def test_every_connector_has_the_cases_that_every_source_meets() -> None:
    for name in connector_names():
        have = {case.name for case in CASES if case.parent.name == name}
        missing = {"html", "empty", "truncated"} - have
        assert not missing, f"tests/connectors/{name} lacks {sorted(missing)}"
        assert any((HERE / name / case / "expected.jsonl").exists() for case in have), f"{name} has no case with readings"
