"""What a lint has to say about one file, each with its place and, where one is near, the right word."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from secondsource.contracts.yaml_positions import Document, where
from secondsource.domain.problems import Problem
from secondsource.plans.placeholders import RISK_NAMES, unknown


class Findings:
    """Collects problems of one document."""

    def __init__(self, document: Document) -> None:
        self.problems: list[Problem] = []
        self._document = document

    def __call__(self, text: str, *loc: str | int) -> None:
        """Say ``text`` of what stands at ``loc``."""
        self.problems.append(self._document.problem(f"{where(loc)}: {text}", *loc))

    def unknown(self, kind: str, name: str | None, names: Collection[str] | None, *loc: str | int) -> None:
        """Say so where ``name`` is not among ``names``; where those are not known (None) nothing is said."""
        if name is None or names is None or name in names:
            return
        near = difflib.get_close_matches(name, sorted(names), 1)
        known = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(names)) or 'none'}"
        self(f"there is no {kind} {name!r}; {known}", *loc)

    def placeholders(self, text: str | None, *loc: str | int, names: Collection[str] = RISK_NAMES) -> None:
        """Say which placeholders of ``text`` are not allowed."""
        for found in unknown(text or "", frozenset(names)):
            allowed = ", ".join(f"${{{name}}}" for name in sorted(names))
            self(f"there is no placeholder {found}; there are {allowed}", *loc)
