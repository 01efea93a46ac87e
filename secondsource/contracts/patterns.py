"""Help for connectors: which of a page's parts the configuration means."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase


def named(names: Iterable[str], patterns: Iterable[str]) -> bool:
    """Whether one of ``names`` fits one of ``patterns``: ``*`` and ``?`` stand for anything, upper and lower case are the same."""
    lowered = [name.lower() for name in names]
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns for name in lowered)
