"""The one transaction: batches of the log through the rules into the register, with the position, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Connection

from secondsource.adapters.sql import cells, log
from secondsource.adapters.sql.database import Database
from secondsource.contracts.rule import Rule
from secondsource.domain.context import Context
from secondsource.domain.observations import TICK_KEY
from secondsource.domain.signals import Signal
from secondsource.engine.cells import StoredCell
from secondsource.engine.engine import Engine
from secondsource.engine.errors import RuleError
from secondsource.ports.log import Logged

CONSUMER = "detector"
TRIES = 3

BATCHES, OBSERVATIONS = 1000, 5000
"""About how much one transaction applies when there is a backlog: what it costs by itself is then spread thin, and who waits for the
writer waits a tenth of a second."""

_logger = structlog.get_logger(__name__)


class Answer(Protocol):
    """What happens to signals and to time, in the same transaction."""

    def on_signals(self, connection: Connection, signals: Sequence[Signal]) -> None:
        """Signals that one batch gave, by time."""

    def on_tick(self, connection: Connection, now: datetime) -> None:
        """Time has passed: let timers that are due run out."""


class _CurrentConnection:
    """Lets the engine read through whatever connection the running transaction has."""

    def __init__(self) -> None:
        self.connection: Connection | None = None

    def _cells(self) -> cells.SqlCells:
        assert self.connection is not None, "the engine reads inside a transaction only"
        return cells.SqlCells(self.connection)

    def load(self, partition: str, exercise: str | None) -> Iterable[StoredCell]:
        return list(self._cells().load(partition, exercise))

    def earliest_wakes(self) -> Iterable[tuple[str, str | None, datetime]]:
        return list(self._cells().earliest_wakes())


class Detector:
    """Applies the log to the rules. One at a time for each database; the database's writer thread sees to that."""

    def __init__(
        self,
        database: Database,
        rules: Mapping[str, Rule],
        context: Context,
        answer: Answer,
        crash_point: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._database = database
        self._answer = answer
        self._crash_point = crash_point
        self._source = _CurrentConnection()
        with database.reader.connect() as connection:
            self._source.connection = connection
            self._engine = Engine(rules, context, self._source)
        self._source.connection = None

    async def run(self, limit: int = BATCHES) -> int:
        """Apply up to ``limit`` batches that wait in the log, in one transaction; returns how many observations.

        A batch that a rule can not digest is tried three times alone, then put among the dead letters; the others go on.
        """
        try:
            count = await self._database.write(lambda connection: self._apply(connection, limit))
            self._crash_point("committed")
        except RuleError as error:
            self._engine_lost()
            return await self._one_by_one(limit, error)
        except BaseException:
            self._engine_lost()
            raise
        return count

    def next_wake(self) -> datetime | None:
        """When the next rule asked to be woken."""
        return self._engine.next_wake()

    async def _one_by_one(self, limit: int, error: RuleError) -> int:
        count = 0
        for _ in range(limit):
            failure: RuleError | None = None
            for _ in range(TRIES):
                try:
                    applied = await self._database.write(lambda connection: self._apply(connection, 1))
                    break
                except RuleError as raised:
                    failure = raised
                    self._engine_lost()
            else:
                reason = str(failure or error)
                await self._database.write(lambda connection, reason=reason: self._bury(connection, reason))  # type: ignore[misc]
                return count
            if applied == 0:
                return count
            count += applied
        return count

    def _apply(self, connection: Connection, limit: int) -> int:
        position = log.position_of(connection, CONSUMER)
        waiting: list[Logged] = log.after(connection, position, limit, OBSERVATIONS)
        if not waiting:
            return 0
        self._source.connection = connection
        count = 0
        for logged in waiting:
            batch = logged.batch
            signals = self._engine.apply(batch)
            self._crash_point("rules-applied")
            if signals:
                self._answer.on_signals(connection, signals)
            if batch.key == TICK_KEY:
                self._answer.on_tick(connection, batch.at)
            count += len(batch.observations)
        cells.save(connection, self._engine.take_changes())
        log.advance(connection, CONSUMER, waiting[-1].position)
        self._crash_point("before-commit")
        return count

    def _bury(self, connection: Connection, reason: str) -> None:
        waiting = log.after(connection, log.position_of(connection, CONSUMER), 1)
        log.bury(connection, waiting[0], reason, TRIES)
        log.advance(connection, CONSUMER, waiting[0].position)
        _logger.error("batch is a dead letter", position=waiting[0].position, source=waiting[0].batch.source, reason=reason)

    def _engine_lost(self) -> None:
        with self._database.reader.connect() as connection:
            self._source.connection = connection
            self._engine.reset()
        self._source.connection = None
