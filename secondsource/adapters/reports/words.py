"""How values are written in papers: one way for each, in UTC, the same on every machine."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from secondsource.adapters.reports.paper import Text
from secondsource.domain import figures
from secondsource.domain.figures import plain
from secondsource.domain.review import spans
from secondsource.domain.review.basis import Missing
from secondsource.domain.status import Status

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STATUSES = {
    Status.OPERATIONAL: "operational",
    Status.MAINTENANCE: "maintenance",
    Status.DEGRADED: "degraded",
    Status.PARTIAL_OUTAGE: "partial outage",
    Status.MAJOR_OUTAGE: "major outage",
    Status.UNKNOWN: "not known",
}
NONE = "–"
"""Stands where a column does not apply."""


def instant(at: datetime | None) -> str:
    """``2025-10-20 06:48``."""
    return NONE if at is None else f"{at:%Y-%m-%d %H:%M}"


def day(at: date | None) -> str:
    """``2025-10-20``."""
    return NONE if at is None else f"{at:%Y-%m-%d}"


def lasting(span: timedelta | None, zero: str = "none") -> str:
    """``1 h 20 min``; ``zero`` for no time at all."""
    if span is None:
        return NONE
    return spans.lasting(span) if span > timedelta(0) else zero


def delay(span: timedelta | None, early: str = "before it") -> str:
    """How long after; ``early`` for a time that comes before."""
    if span is None:
        return NONE
    return early if span < timedelta(0) else spans.lasting(span)


def percent(value: Decimal | None) -> str:
    """``99.9 %``."""
    return NONE if value is None else f"{plain(value, 3)} %"


def signed(value: Decimal | None) -> str:
    """``+44.6 %``, ``−3 %``."""
    if value is None:
        return NONE
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{plain(abs(value))} %"


def part(value: float | None) -> str:
    """A part of 1 as ``60 %``."""
    return "not measured" if value is None else figures.percent(value)


def number(value: float) -> str:
    """An amount of anything, with at most two decimals."""
    return plain(Decimal(str(value)))


def money(amount: Decimal, currency: str) -> str:
    """``12,400 USD``."""
    return f"{plain(amount)} {currency}"


def unknown(missing: Missing) -> Text:
    """What stands where a figure would."""
    return Text(f"not known: {missing.reason}", unknown=True)
