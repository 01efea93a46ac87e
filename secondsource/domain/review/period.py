"""The stretch of time that a review is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from secondsource.domain.errors import UserError


class NoReview(UserError):
    """There is nothing to review: no such vendor, or no time left between start and end."""


class Period(msgspec.Struct, frozen=True):
    """From ``start`` up to, and without, ``end`` (UTC). ``why`` says in a clause why it is this one."""

    start: datetime
    end: datetime
    why: str

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    def clip(self, start: datetime, end: datetime | None) -> tuple[datetime, datetime]:
        """The part of a span that lies in the period; empty (start after end) where none does. ``end`` None: it goes on."""
        return max(start, self.start), self.end if end is None else min(end, self.end)

    def touches(self, start: datetime, end: datetime | None) -> bool:
        """Whether something that began at ``start`` and ended at ``end`` (None: not yet) was there in the period."""
        return start < self.end and (end is None or end >= self.start)


def month_of(at: datetime) -> datetime:
    """The first instant of the calendar month."""
    return datetime(at.year, at.month, 1, tzinfo=UTC)


def month_after(start: datetime) -> datetime:
    """The first instant of the month that follows the one that begins at ``start``."""
    return month_of(start + timedelta(days=32))


def months(period: Period) -> Iterator[tuple[datetime, datetime]]:
    """The calendar months that the period touches, each whole."""
    start = month_of(period.start)
    while start < period.end:
        yield start, month_after(start)
        start = month_after(start)


def last_full_quarter(now: datetime) -> tuple[datetime, datetime]:
    """The calendar quarter before the one that ``now`` lies in."""
    end = datetime(now.year, (now.month - 1) // 3 * 3 + 1, 1, tzinfo=UTC)
    start = datetime(end.year - (end.month == 1), (end.month - 4) % 12 + 1, 1, tzinfo=UTC)
    return start, end


def period_of(start: datetime | None, end: datetime | None, data: tuple[datetime, datetime] | None, now: datetime) -> Period:
    """The period asked for. Without both ends it is the last full quarter where data reaches over its start, else all that there is.

    ``data`` are the times of the first and the newest data; None where there is none. Nothing is said of what lies after ``now``. Raises
    :class:`NoReview` where no time is left.
    """
    why = "as asked for"
    if start is None and end is None:
        (start, end), why = last_full_quarter(now), "the last full quarter"
        if data is not None and not data[0] <= start < data[1]:
            # up to the minute after the newest data, so that it is in
            start, end = data[0], data[1].replace(second=0, microsecond=0) + timedelta(minutes=1)
            why = "all that there is data of, which does not reach over the start of the last full quarter"
    elif start is None:
        if data is None:
            raise NoReview("there is no data of the vendor yet, so say with --from where the period begins")
        start, why = data[0], "from the first data, to the end asked for"
    elif end is None:
        end, why = now, "from the start asked for, until now"
    assert start is not None
    assert end is not None
    if end > now:
        end = now
        why += ", cut at the time of this paper: what lies ahead is not known" if why.endswith("asked for") else ""
    if start >= end:
        raise NoReview(f"the period must end after it starts; it would go from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC")
    return Period(start, end, why)
