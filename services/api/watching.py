"""How well we see: for each source whether it was read of late. No data is never healthy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from secondsource.adapters.sql.sources import SourceState
from secondsource.domain.observations import Outcome
from secondsource.domain.words import duration
from services.api.parts import Watched

BLIND_AFTER = 3
"""Intervals without success after which a source is blind; the rule ``blind_source`` takes the same unless it is told otherwise."""

_LATE_AFTER = 1.5
_UNDERSTOOD = frozenset({Outcome.OK.value, Outcome.UNCHANGED.value})


class SourceItem(msgspec.Struct, frozen=True):
    """A source and how it stands.

    ``health``: fresh; stale (the last poll failed, or the next is late); blind (no success for three intervals); unread (never
    read with success). What depends on a source that is blind or unread is unknown, which is neither well nor down.
    """

    id: str
    vendor: str
    connector: str
    kinds: tuple[str, ...]
    interval_s: int
    health: str
    says: str  # one sentence
    polled_at: datetime | None
    succeeded_at: datetime | None
    outcome: str | None
    detail: str
    next_poll_at: datetime | None


def sources_of(watched: Iterable[Watched], states: Iterable[SourceState], now: datetime) -> list[SourceItem]:
    """Every configured source, by id."""
    known = {state.id: state for state in states}
    return [_item(source, known.get(source.id), now) for source in sorted(watched, key=lambda source: source.id)]


def unseen(sources: Iterable[SourceItem]) -> list[SourceItem]:
    """Those that tell us nothing now."""
    return [source for source in sources if source.health in ("blind", "unread")]


def _item(source: Watched, state: SourceState | None, now: datetime) -> SourceItem:
    health, says = _judged(source, state, now)
    return SourceItem(
        id=source.id,
        vendor=source.vendor,
        connector=source.connector,
        kinds=tuple(sorted(source.kinds)),
        interval_s=int(source.interval.total_seconds()),
        health=health,
        says=says,
        polled_at=state.polled_at if state is not None else None,
        succeeded_at=state.succeeded_at if state is not None else None,
        outcome=state.outcome if state is not None else None,
        detail=state.detail if state is not None else "",
        next_poll_at=state.next_poll_at if state is not None else None,
    )


def _judged(source: Watched, state: SourceState | None, now: datetime) -> tuple[str, str]:
    if state is None or state.polled_at is None:
        return "unread", "not polled yet"
    failed = state.outcome not in _UNDERSTOOD
    why = f"; the last poll ended in {(state.outcome or 'nothing').replace('_', ' ')}" if failed else ""
    if state.succeeded_at is None:
        return "unread", f"never read{why}"
    gone = now - state.succeeded_at
    read = f"last read {duration(gone)} ago{why}"
    if gone >= BLIND_AFTER * source.interval:
        return "blind", read
    return ("stale" if failed or gone > _LATE_AFTER * source.interval else "fresh"), read
