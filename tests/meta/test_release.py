"""One version, told in three places, and a changelog whose entries say what kind they are."""

from __future__ import annotations

import re

import pytest

import secondsource
from tests.meta.repository import ROOT, project

TAGS = ("[FEATURE]", "[CHANGE]", "[BUGFIX]", "[SECURITY]")
_HEADING = re.compile(r"^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d{2}-\d{2})\)$")


def changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def versions(text: str) -> list[str]:
    """The versions that the changelog speaks of, newest first."""
    return [match.group(1) for line in text.splitlines() if (match := _HEADING.match(line))]


def complaints(text: str) -> list[str]:
    """Headings and entries that are not as they should be."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            if not (match := _HEADING.match(line)):
                found.append(f"line {number}: a heading is '## 1.2.3 (2026-11-23)' or '## 1.2.3 (unreleased)'")
            elif match.group(2) == "unreleased" and versions(text)[0] != match.group(1):
                found.append(f"line {number}: only the newest version may be unreleased")
        elif line.startswith(("- ", "* ")) and not line[2:].startswith(TAGS):
            found.append(f"line {number}: an entry begins with one of {', '.join(TAGS)}")
    numbers = [tuple(map(int, version.split("."))) for version in versions(text)]
    if numbers != sorted(set(numbers), reverse=True):
        found.append("the versions are not newest first, each once")
    return found


def test_one_version() -> None:
    assert secondsource.__version__ == project()["project"]["version"] == versions(changelog())[0]


def test_changelog_is_well_formed() -> None:
    assert complaints(changelog()) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("## 0.2\n", "a heading is"),
        ("## 0.2.0 (soon)\n", "a heading is"),
        ("## 0.2.0 (2026-11-23)\n- mended\n", "an entry begins"),
        ("## 0.2.0 (2026-11-23)\n## 0.1.0 (unreleased)\n", "only the newest"),
        ("## 0.1.0 (2026-11-23)\n## 0.2.0 (2026-11-24)\n", "newest first"),
    ],
)
def test_a_malformed_changelog_is_found(text: str, word: str) -> None:
    assert [word in complaint for complaint in complaints(text)] == [True]
