"""What there is to say about one document: each problem with its place and, where one is near, the right word."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from secondsource.contracts.yaml_positions import Document, where
from secondsource.domain.problems import Problem
from secondsource.domain.text import tidy

Loc = tuple[str | int, ...]

MOST_NAMED = 12
LONGEST = 800


def near(name: object, names: Collection[str]) -> str | None:
    """The one of ``names`` that was probably meant."""
    return next(iter(difflib.get_close_matches(str(name), sorted(names), 1)), None)


def listed(names: Collection[str]) -> str:
    """The names, the first dozen of many."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(list(names)[:MOST_NAMED]) + more


def instead(name: object, names: Collection[str], hint: str = "") -> str:
    """What would be right: the nearest of ``names``, else those that there are; ``hint`` says what else can be done."""
    meant = near(name, names)
    if meant is not None:
        return f"did you mean {meant}?" + (f" Otherwise {hint}" if hint else "")
    there = f"there are {listed(sorted(names))}" if names else "there are none"
    return f"{there}; {hint}" if hint else there


class Say:
    """Collects the problems of one document. What is said twice is kept once.

    ``moved`` tells where things stand that are written elsewhere than in the model that they belong to.
    """

    def __init__(self, document: Document, problems: list[Problem] | None = None, moved: Mapping[Loc, Loc] | None = None) -> None:
        self.document = document
        self.problems: list[Problem] = [] if problems is None else problems
        self._moved = moved or {}

    def __call__(self, text: str, *loc: str | int) -> None:
        """Say ``text`` of what stands at ``loc``."""
        loc = self._moved.get(loc, loc)
        problem = self.document.problem(tidy(f"{where(loc)}: {text}" if loc else text, LONGEST), *loc)
        if problem not in self.problems:
            self.problems.append(problem)

    def unknown(self, kind: str, name: str | None, names: Collection[str], *loc: str | int, of: str = "", hint: str = "") -> bool:
        """Say so where ``name`` is not among ``names``. Returns whether it is unknown.

        ``of`` says whose names these are, ``hint`` what else can be done.
        """
        if name is None or name in names:
            return False
        self(f"there is no {kind} {name!r}{f' {of}' if of else ''}; {instead(name, names, hint)}", *loc)
        return True

    def moving(self, moved: Mapping[Loc, Loc]) -> Say:
        """The same collection, with things that stand elsewhere."""
        return Say(self.document, self.problems, moved)

    def place(self, *loc: str | int) -> Problem:
        """The place of ``loc`` with its path as text, for a problem that may be found later."""
        return self.document.problem(where(loc), *loc)
