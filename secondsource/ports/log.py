"""The event log: batches in the order in which they were accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from secondsource.domain.observations import Batch


class Logged(msgspec.Struct, frozen=True):
    """A batch with its place in the log."""

    position: int
    batch: Batch


class EventLog(Protocol):
    """At least once in: an append that returned is kept, and the same batch again is not a second one."""

    async def append(self, batches: Sequence[Batch]) -> None:
        """Keep the batches, in order. When this returns they survive a crash."""

    async def after(self, position: int, limit: int) -> Sequence[Logged]:
        """The next batches after ``position``, oldest first, at most ``limit``."""
