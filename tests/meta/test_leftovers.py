"""Nothing half done is left behind: a thing is there and works, or it is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.meta.repository import relative, texts

_MARKS = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_CODE = re.compile(r"\braise NotImplementedError\b|\bassert True\b|\bbreakpoint\(\)|\bpdb\.set_trace\b|^(?:<{7}|>{7}) ", re.MULTILINE)


def leftovers(text: str, code: bool) -> list[str]:
    """Marks of unfinished work in ``text``, as ``line N: what``."""
    found = list(_MARKS.finditer(text)) + (list(_CODE.finditer(text)) if code else [])
    return [f"line {text.count(chr(10), 0, match.start()) + 1}: {match.group()}" for match in found]


def test_no_leftovers() -> None:
    own = Path(__file__).resolve()
    found = {
        relative(path): leftovers(path.read_text(encoding="utf-8"), code=path.suffix == ".py") for path in texts() if path.resolve() != own
    }
    assert {name: marks for name, marks in found.items() if marks} == {}


@pytest.mark.parametrize(
    "text", ["x = 1  # TODO: later", "FIXME", "def f():\n    raise NotImplementedError", "assert True", "breakpoint()", "a\n<<<<<<< HEAD\n"]
)
def test_leftovers_are_found(text: str) -> None:
    assert leftovers(text, code=True)


@pytest.mark.parametrize("text", ["return NotImplemented", "assert TrueOrder(x)", "mastodon", "hackathon", "=======\n"])
def test_what_only_looks_like_a_leftover_passes(text: str) -> None:
    assert leftovers(text, code=True) == []
