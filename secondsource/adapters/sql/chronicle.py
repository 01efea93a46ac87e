"""What has happened since one last looked, over signals, the register, runs and messages: for a live view."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, select

from secondsource.adapters.sql.rows import from_json
from secondsource.adapters.sql.tables import OutboxRow, RiskChangeRow, RunLogRow, SignalRow
from secondsource.contracts.sender import Message
from secondsource.domain.register import Change
from secondsource.domain.signals import Signal
from secondsource.plans.walk import PROGRAM

_signals: Any = SignalRow.__table__  # type: ignore[attr-defined]
_changes: Any = RiskChangeRow.__table__  # type: ignore[attr-defined]
_logs: Any = RunLogRow.__table__  # type: ignore[attr-defined]
_outbox: Any = OutboxRow.__table__  # type: ignore[attr-defined]

PEOPLE = ("acknowledge", "mitigate", "accept", "close", "reopen")


class Event(msgspec.Struct, frozen=True):
    """One line: when, of what kind, how severe where that applies, and what happened in words."""

    at: datetime
    kind: Literal["signal", "register", "run", "message"]
    what: str  # opened, acknowledge, approved, the channel's name
    text: str
    severity: str = ""
    exercise: str | None = None


class Chronicle:
    """Remembers how far it has read."""

    def __init__(self) -> None:
        self._seen = {"signal": 0, "register": 0, "run": 0, "message": 0}

    def new(self, connection: Connection) -> list[Event]:
        """What is new, by time; at one instant findings come first, then what was done, then what was said."""
        found = [*self._signals(connection), *self._changes(connection), *self._runs(connection), *self._messages(connection)]
        return sorted(found, key=lambda event: event.at)

    def _rows(self, connection: Connection, name: str, table: Any) -> Iterator[Any]:
        for row in connection.execute(select(table).where(table.c.seq > self._seen[name]).order_by(table.c.seq)):
            self._seen[name] = row.seq
            yield row

    def _signals(self, connection: Connection) -> Iterator[Event]:
        for row in self._rows(connection, "signal", _signals):
            signal = from_json(row.payload, Signal)
            said = f"{signal.title}: {signal.reason}"
            yield Event(signal.at, "signal", signal.phase.value, said, signal.severity.value, signal.exercise)

    def _changes(self, connection: Connection) -> Iterator[Event]:
        for row in self._rows(connection, "register", _changes):
            if row.event in PEOPLE:
                change = from_json(row.payload, Change)
                yield Event(change.at, "register", change.event, f"{change.risk} by {change.actor}: {change.reason}".rstrip(": "))

    def _runs(self, connection: Connection) -> Iterator[Event]:
        for row in self._rows(connection, "run", _logs):
            begun, decided = row.n == 1, row.actor != PROGRAM and row.event in ("Approved", "Declined", "Ticked")
            if begun or decided:
                yield Event(row.at, "run", row.event.lower(), row.text if begun else f"{row.text} ({row.actor.removeprefix('person:')})")

    def _messages(self, connection: Connection) -> Iterator[Event]:
        for row in self._rows(connection, "message", _outbox):
            message = from_json(row.payload, Message)
            said = f"to {message.recipient}: {message.headline} ({message.reason})"
            yield Event(row.created_at, "message", message.channel, said, message.severity, message.exercise)
