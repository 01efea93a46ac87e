"""An outbox in memory, for tests: the same promises as the one in SQL, nothing kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import msgspec

from secondsource.adapters.outbox import delivery
from secondsource.contracts.sender import Message
from secondsource.domain.signals import Severity
from secondsource.ports.outbox import UNSETTLED, OutboxRow, Progress, State, card, needless

_RANK = {severity.value: severity.rank for severity in Severity}


class MemoryOutbox:
    """Rows by sequence. ``rows`` may be read; write through :meth:`add` and the port's methods."""

    def __init__(self) -> None:
        self.rows: dict[str, OutboxRow] = {}

    def add(self, *messages: Message) -> None:
        """Put messages in line, due when they were created; one whose idempotency key is there already is dropped."""
        for message in messages:
            if message.created_at is None:
                raise ValueError(f"message {message.id} has no created_at")
            if all(row.message.idempotency_key != message.idempotency_key for row in self.rows.values()):
                self.rows[message.id] = OutboxRow(message.id, len(self.rows), message, Progress(due=message.created_at))

    def progress(self, id: str) -> Progress:
        """How the delivery of message ``id`` stands."""
        return self.rows[id].progress

    def states(self) -> dict[str, State]:
        """The state of each message, oldest first."""
        return {row.id: row.progress.state for row in self.rows.values()}

    async def claim(self, now: datetime, limit: int, lease: timedelta, leave: Collection[str] = ()) -> list[OutboxRow]:
        """As the port says."""
        due = [row for row in self._heads() if row.message.channel not in leave and (row.progress.due is None or row.progress.due <= now)]
        due.sort(key=lambda row: (-_RANK.get(row.message.severity, 0), row.seq))
        taken = [msgspec.structs.replace(row, progress=delivery.claim(row.progress, now, lease)) for row in due[:limit]]
        self.rows.update((row.id, row) for row in taken)
        return taken

    async def mark(self, row: OutboxRow, progress: Progress, instead: Message | None = None) -> bool:
        """As the port says."""
        held = self.rows[row.id].progress
        if (held.state, held.attempts) != (State.SENDING, row.progress.attempts):
            return False
        self.rows[row.id] = msgspec.structs.replace(row, progress=progress)
        if instead is not None:
            self.add(instead)
        return True

    async def newer(self, row: OutboxRow) -> str | None:
        """As the port says."""
        if row.message.thread is None:
            return None
        return needless(row, self._lane(row.message.thread, row.message.recipient, row.message.channel))

    async def receipt(self, thread: str, recipient: str, channel: str) -> str | None:
        """As the port says."""
        return card(self._lane(thread, recipient, channel))

    async def next_due(self) -> datetime | None:
        """As the port says."""
        return min((row.progress.due for row in self._heads() if row.progress.due is not None), default=None)

    def _lane(self, thread: str | None, recipient: str, channel: str) -> list[OutboxRow]:
        lane = (thread, recipient, channel)
        return [row for row in self.rows.values() if (row.message.thread, row.message.recipient, row.message.channel) == lane]

    def _heads(self) -> Iterable[OutboxRow]:
        seen: set[tuple[str, str, str]] = set()
        for row in self.rows.values():
            if row.progress.state not in UNSETTLED:
                continue
            if row.message.thread is not None:
                lane = (row.message.thread, row.message.recipient, row.message.channel)
                if lane in seen:
                    continue
                seen.add(lane)
            yield row
