"""What a figure rests on, and what stands in its place where nothing is known."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

MOST = 200
"""Observations that one figure names; of more, their number."""


class Basis(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a figure was worked out, in a sentence, and the ids of what it was worked out from, oldest first.

    ``more`` counts the observations beyond :data:`MOST`, which are of the same kind and not named.
    """

    says: str
    observations: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    drills: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    more: int = 0


class Missing(msgspec.Struct, frozen=True, tag=True):
    """Not known. ``reason`` is a clause that says why: "no source reads spend"."""

    reason: str


def basis(
    says: str,
    observations: Iterable[str] = (),
    *,
    risks: Iterable[str] = (),
    drills: Iterable[str] = (),
    runs: Iterable[str] = (),
) -> Basis:
    """A basis in which each id stands once, in the order given."""
    ids = tuple(dict.fromkeys(observations))
    return Basis(
        says=says,
        observations=ids[:MOST],
        risks=tuple(dict.fromkeys(risks)),
        drills=tuple(dict.fromkeys(drills)),
        runs=tuple(dict.fromkeys(runs)),
        more=max(0, len(ids) - MOST),
    )
