"""Every connector against recorded cases; ``secondsource.testing.fixtures`` says what a case is."""

from __future__ import annotations

from pathlib import Path

import pytest

from secondsource.adapters.plugins import connector_names
from secondsource.testing.fixtures import check

HERE = Path(__file__).parent
CASES = sorted(request.parent for request in HERE.glob("*/*/request.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path) -> None:
    assert [str(problem) for problem in check(case)] == []


def test_every_connector_has_the_cases_that_every_source_meets() -> None:
    for name in connector_names():
        have = {case.name for case in CASES if case.parent.name == name}
        missing = {"html", "empty", "truncated"} - have
        assert not missing, f"tests/connectors/{name} lacks {sorted(missing)}"
        assert any((HERE / name / case / "expected.jsonl").exists() for case in have), f"{name} has no case with readings"
