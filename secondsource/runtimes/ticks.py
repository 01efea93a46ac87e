"""When time is told to the log: on a grid, and at the instants that somebody waits for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=1)
GAP = timedelta(seconds=1)
"""Between two ticks at least: what asks to be woken at an instant that was told already waits for so long."""


class Ticks:
    """Ticks at each multiple of ``every``, and between them when a timer falls due. A pause (the process was down) is one tick."""

    def __init__(self, start: datetime, every: timedelta = EVERY) -> None:
        self._every = every
        self._next = EPOCH - (EPOCH - start) // every * every  # rounded up
        self._last = EPOCH

    def next(self, timer: datetime | None) -> datetime:
        """When the next tick is due, ``timer`` being the first timer that waits."""
        return self._next if timer is None else min(self._next, max(timer, self._last + GAP))

    def take(self, now: datetime, timer: datetime | None) -> bool:
        """Whether a tick is due at ``now``; if so, the grid moves on."""
        if self.next(timer) > now:
            return False
        self._last = now
        if self._next <= now:
            self._next = EPOCH + ((now - EPOCH) // self._every + 1) * self._every
        return True
