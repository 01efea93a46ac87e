"""Stretches of time: joined, cut, measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from secondsource.domain.words import duration


class Span(NamedTuple):
    """From ``start`` up to, and without, ``end``."""

    start: datetime
    end: datetime


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time, without overlaps, in order; spans that meet are one, empty ones none."""
    found: list[Span] = []
    for span in sorted(span for span in spans if span.end > span.start):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def total(spans: Iterable[Span]) -> timedelta:
    """How much time the spans cover together; what several cover counts once."""
    return sum((span.end - span.start for span in joined(spans)), timedelta(0))


def within(spans: Iterable[Span], start: datetime, end: datetime) -> tuple[Span, ...]:
    """The parts of the spans that lie between ``start`` and ``end``, joined."""
    return joined(Span(max(span.start, start), min(span.end, end)) for span in spans)


def holds(spans: Sequence[Span], at: datetime) -> bool:
    """Whether ``at`` lies in one of the spans."""
    return any(span.start <= at < span.end for span in spans)


def lasting(span: timedelta) -> str:
    """As :func:`~secondsource.domain.words.duration`, but days keep their hours: ``2 days 21 h``."""
    hours = int(span.total_seconds()) // 3600
    return duration(span) if hours < 48 or not hours % 24 else f"{duration(span)} {hours % 24} h"


def median(lengths: Sequence[timedelta]) -> timedelta:
    """The middle length, or the mean of the two in the middle. At least one is needed."""
    ordered = sorted(lengths)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
