"""The files that the checks of this folder look at."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("secondsource", "connectors", "rules", "services")
WRITTEN = (*SHIPPED, "tests", "benchmarks", "runbooks", "catalog", "docs", "requirements", ".ci")
SUFFIXES = {".py", ".md", ".yaml", ".yml", ".toml", ".html", ".css", ".js", ".txt", ".mako", ""}


def modules(*folders: str) -> list[Path]:
    """Every Python module below ``folders``, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def texts() -> Iterator[Path]:
    """Every text that people write here. Recorded answers of servers are not among them: their words are other people's."""
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file() and path.suffix in SUFFIXES)
    for folder in WRITTEN:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in SUFFIXES and not path.name.startswith("response."):
                yield path


def documents() -> list[Path]:
    """README, CONTRIBUTING, CHANGELOG and everything below docs."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def project() -> dict[str, Any]:
    """pyproject.toml, read."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def blocks(markdown: str, language: str) -> list[tuple[int, str]]:
    """The fenced blocks of ``language``: the line on which each begins (from 1), and its text without common indent."""
    found = []
    for match in re.finditer(rf"^( *)```{language}\b[^\n]*\n(.*?)^\1```", markdown, re.MULTILINE | re.DOTALL):
        indent, body = match.groups()
        text = re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)
        found.append((markdown.count("\n", 0, match.start()) + 1, text))
    return found


def relative(path: Path) -> str:
    """The path as it is written in the repository."""
    return path.relative_to(ROOT).as_posix()
