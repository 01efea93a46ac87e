"""Every rule case holds, and every rule has the cases that rules must have."""

from __future__ import annotations

from pathlib import Path

import pytest

from secondsource.adapters.plugins import rule_names
from secondsource.testing.cases import files, run_file

HERE = Path(__file__).parent
FILES = files([HERE])


@pytest.mark.parametrize("path", FILES, ids=[path.relative_to(HERE).as_posix() for path in FILES])
def test_cases_hold(path: Path) -> None:
    results = run_file(path)
    assert [str(problem) for result in results for problem in result.problems] == []
    assert {result.kind for result in results} == {"rule"}


@pytest.mark.parametrize("name", rule_names())
def test_every_rule_has_its_folder_of_cases(name: str) -> None:
    folder = HERE / name
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))]
    assert len(texts) >= 3
    everything = "\n".join(texts)
    assert f"rule: {name}\n" in everything
    for needed in ("phase: opened", "phase: cleared", "exercise: drill-", "times: "):
        assert needed in everything, f"no case of {name} has {needed!r}"
    for text in texts:
        assert all(line == f"rule: {name}" for line in text.splitlines() if line.startswith("rule:"))
