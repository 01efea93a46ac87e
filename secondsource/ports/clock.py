"""Time as a port: the one place where "now" comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, always aware and in UTC, and the wait for a later one."""

    def now(self) -> datetime:
        """The present instant."""

    async def wait_until(self, due: datetime | None) -> None:
        """Return when ``due`` has come; with None, never. Cancellation ends the wait."""
