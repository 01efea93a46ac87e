"""What there is to say about one document: each problem with its place and, where one is near, the right word."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from secondsource.contracts.yaml_positions import Document, where
from secondsource.domain.problems import Problem

MOST_NAMED = 12


def instead(name: object, names: Collection[str], hint: str = "") -> str:
    """What would be right: the nearest of ``names``, else those that there are; ``hint`` says what else can be done."""
    near = difflib.get_close_matches(str(name), sorted(names), 1)
    if near:
        return f"did you mean {near[0]}?" + (f" Otherwise {hint}" if hint else "")
    listed = sorted(names)
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    there = f"there are {', '.join(listed[:MOST_NAMED])}{more}" if listed else "there are none"
    return f"{there}; {hint}" if hint else there


class Say:
    """Collects the problems of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def __call__(self, text: str, *loc: str | int) -> None:
        """Say ``text`` of what stands at ``loc``."""
        self.problems.append(self.document.problem(f"{where(loc)}: {text}" if loc else text, *loc))

    def unknown(self, kind: str, name: str | None, names: Collection[str], *loc: str | int, hint: str = "") -> bool:
        """Say so where ``name`` is not among ``names``; ``hint`` says what else can be done. Returns whether it is unknown."""
        if name is None or name in names:
            return False
        self(f"there is no {kind} {name!r}; {instead(name, names, hint)}", *loc)
        return True

    def place(self, *loc: str | int) -> Problem:
        """The place of ``loc`` with its path as text, for a problem that may be found later."""
        return self.document.problem(where(loc), *loc)
