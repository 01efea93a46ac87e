"""The sign of life: a message that goes the whole way, so that an outside dead man's switch notices when any part of it stands.

A tick enters the log, the detector applies it and writes the message into the outbox, the dispatcher sends it. Where one of them
stands still, no message arrives, and the switch outside raises the alarm.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from secondsource.adapters.sql import outbox
from secondsource.contracts.sender import Message
from secondsource.domain.ids import content_id


class Heartbeat:
    """Says "alive" by ``channel`` to ``recipient`` once in every ``every``. A beat that could not be sent gives way to the next."""

    def __init__(self, channel: str, recipient: str, every: timedelta) -> None:
        self._channel = channel
        self._recipient = recipient
        self._every = every
        self._last: datetime | None = None

    def on_tick(self, connection: Connection, now: datetime) -> None:
        """Beat where a new period has begun."""
        beat = _begin(now, self._every)
        if self._last == beat:
            return
        self._last = beat
        key = content_id("heartbeat", self._channel, self._recipient, beat)
        message = Message(
            id=key,
            idempotency_key=key,
            channel=self._channel,
            recipient=self._recipient,
            headline=f"Second Source is alive at {now:%Y-%m-%d %H:%M:%S} UTC",
            thread="heartbeat",
            replaces=True,
            reason=f"heartbeat, every {int(self._every.total_seconds())} s",
            created_at=now,
            data={"occasion": "heartbeat"},
        )
        outbox.add(connection, message)


def _begin(now: datetime, every: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (now - epoch) // every * every
