"""The clocks. This is the only module that reads the system's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    async def wait_until(self, due: datetime | None) -> None:
        """Sleep until ``due``, in pieces, so that a clock that is set forward is noticed within a minute."""
        while due is None or (left := (due - self.now()).total_seconds()) > 0:
            await asyncio.sleep(60.0 if due is None else min(left, 60.0))


class VirtualClock:
    """A clock that stands still until it is moved: for demo, tests and replay.

    ``speed`` stretches waits: at 60, a virtual minute takes a second; None never waits. What happens, and in which order, is
    the same at every speed, because time only ever moves to the next due instant.
    """

    def __init__(self, start: datetime, speed: float | None = None) -> None:
        self._now = start
        self.speed = speed

    def now(self) -> datetime:
        """The instant to which the clock was last moved."""
        return self._now

    def move(self, to: datetime) -> None:
        """Move to ``to``; never back."""
        self._now = max(self._now, to)

    async def wait_until(self, due: datetime | None) -> None:
        """Let the stretched time pass, then move to ``due``. With None there is nothing to wait for, ever."""
        if due is None:
            await asyncio.Event().wait()
            return
        if self.speed is not None:
            await asyncio.sleep(max(0.0, (due - self._now) / timedelta(seconds=self.speed)))
        self.move(due)
