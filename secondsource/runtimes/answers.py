"""What answers the detector in its transaction: the register and its runbooks, drills, and the heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from secondsource.domain.signals import Signal
from secondsource.runtimes.drilling import Drilling
from secondsource.runtimes.heartbeat import Heartbeat
from secondsource.runtimes.responder import Responder


class Answers:
    """Signals go to the responder; a tick lets timers run out, brings drills on, and beats the heart, in this order."""

    def __init__(self, responder: Responder, drilling: Drilling, heartbeat: Heartbeat | None = None) -> None:
        self._responder = responder
        self._drilling = drilling
        self._heartbeat = heartbeat

    def on_signals(self, connection: Connection, signals: Sequence[Signal]) -> None:
        """Signals that one batch gave, by time."""
        self._responder.on_signals(connection, signals)

    def on_tick(self, connection: Connection, now: datetime) -> None:
        """Time has passed."""
        self._responder.on_tick(connection, now)
        self._drilling.on_tick(connection, now)
        if self._heartbeat is not None:
            self._heartbeat.on_tick(connection, now)

    def next_due(self, connection: Connection) -> datetime | None:
        """The earliest instant at which a tick would do something: a timer of a risk or a run, or a step of a drill."""
        dues = (self._responder.next_due(connection), self._drilling.next_due(connection))
        return min((due for due in dues if due is not None), default=None)
