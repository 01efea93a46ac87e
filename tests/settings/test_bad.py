"""What is wrong with a configuration is told at once, at its place, with what would be right."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from secondsource.domain.problems import Problem
from secondsource.settings.load import examine, load
from secondsource.settings.settings import ConfigError
from tests.settings.bench import CORPUS, KNOWN

_EXPECTED = re.compile(r" *#! ")


def expected(path: Path) -> list[str]:
    """The problems that the file says it has: each line ends with those of its own, as ``#! COLUMN: SENTENCE``."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found += [f"{number}:{each}" for each in _EXPECTED.split(line)[1:]]
    return found


def told(problem: Problem, path: Path) -> str:
    """A problem as the files write it. Where a folder is named, it stands there without the place of this checkout."""
    return f"{problem.line}:{problem.column}: {problem.text}".replace(f"{path.parent}{os.sep}", "")


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.bad.yaml")), ids=lambda path: path.name)
def test_bad_files_are_told_of(path: Path) -> None:
    examined = examine(path, KNOWN)
    assert [told(problem, path) for problem in examined.problems] == expected(path)
    assert {problem.file for problem in examined.problems} == {str(path)}
    with pytest.raises(ConfigError) as caught:
        load(path, KNOWN)
    assert caught.value.problems == examined.problems
    assert str(caught.value).splitlines() == [str(problem) for problem in examined.problems]
