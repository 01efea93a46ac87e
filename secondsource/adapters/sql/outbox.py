"""The outbox: messages written in the transaction that caused them, and what became of each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.outbox import delivery
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.rows import from_json, to_json
from secondsource.adapters.sql.tables import OutboxRow as Table
from secondsource.contracts.sender import Message
from secondsource.domain.ids import content_id
from secondsource.domain.signals import Severity
from secondsource.ports.outbox import UNSETTLED, OutboxRow, Progress, State, needless

_outbox: Any = Table.__table__  # type: ignore[attr-defined]
_waiting = [state.value for state in UNSETTLED]
_ranks = {severity.value: severity.rank for severity in Severity}
_GAP = "\x1f"


def _lane(message: Message) -> str:
    return _lane_of(message.thread, message.recipient, message.channel) if message.thread is not None else message.id


def _lane_of(thread: str | None, recipient: str, channel: str) -> str:
    return _GAP.join((channel, recipient, thread or ""))


def add(connection: Connection, message: Message) -> bool:
    """Put a message in line, due when it was created; False when one with its idempotency key is there already.

    Raises ``ValueError`` for a message without ``created_at``.
    """
    if message.created_at is None:
        raise ValueError(f"message {message.id} has no created_at")
    return _write(connection, message, Progress(due=message.created_at))


def hold(connection: Connection, message: Message, why: str) -> bool:
    """Write down a message that is not to be sent, and why not. The same message can still be sent later."""
    identity, key = content_id("held", message.id, why), content_id("held", message.idempotency_key, why)
    held = msgspec.structs.replace(message, id=identity, idempotency_key=key)
    return _write(connection, held, Progress(State.HELD, reason=why))


def reached(connection: Connection, channel: str, recipient: str, thread: str) -> bool:
    """Whether any message of the thread was put in line for the recipient."""
    wanted = (_outbox.c.lane == _lane_of(thread, recipient, channel), _outbox.c.state != State.HELD.value)
    return connection.execute(select(_outbox.c.seq).where(*wanted).limit(1)).first() is not None


def _write(connection: Connection, message: Message, progress: Progress) -> bool:
    statement = insert(_outbox).values(
        id=message.id,
        idempotency_key=message.idempotency_key,
        channel=message.channel,
        recipient=message.recipient,
        lane=_lane(message),
        replaces=message.replaces,
        severity=_ranks.get(message.severity, 0),
        risk=message.risk,
        exercise=message.exercise,
        state=progress.state.value,
        created_at=message.created_at,
        due_at=progress.due,
        reason=progress.reason,
        payload=to_json(message),
    )
    return int(connection.execute(statement.on_conflict_do_nothing(index_elements=["idempotency_key"])).rowcount) == 1


def read(connection: Connection, *, risk: str | None = None) -> list[OutboxRow]:
    """Messages with what became of them, oldest first; about one risk, or all."""
    statement = select(_outbox).order_by(_outbox.c.seq)
    if risk is not None:
        statement = statement.where(_outbox.c.risk == risk)
    return [row_of(row) for row in connection.execute(statement)]


def counts(connection: Connection) -> dict[str, int]:
    """How many messages are in each state."""
    return {state: int(n) for state, n in connection.execute(select(_outbox.c.state, func.count()).group_by(_outbox.c.state))}


class SqlOutbox:
    """The ``Outbox`` port over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, limit: int, lease: timedelta, leave: Collection[str] = ()) -> list[OutboxRow]:
        """As the port says."""

        def work(connection: Connection) -> list[OutboxRow]:
            due = _heads(select(_outbox)).where(_outbox.c.due_at <= now, _outbox.c.channel.not_in(list(leave)))
            found = connection.execute(due.order_by(_outbox.c.severity.desc(), _outbox.c.seq).limit(limit))
            taken = [msgspec.structs.replace(row, progress=delivery.claim(row.progress, now, lease)) for row in map(row_of, found)]
            for row in taken:
                _store(connection, row.seq, row.progress)
            return taken

        return await self._database.write(work)

    async def release(self, now: datetime) -> int:
        """What is held as sending is due again at once, for nobody holds it any more: to be called where the only dispatcher starts."""
        held = update(_outbox).where(_outbox.c.state == State.SENDING.value, _outbox.c.due_at > now).values(due_at=now)
        return await self._database.write(lambda connection: int(connection.execute(held).rowcount))

    async def mark(self, row: OutboxRow, progress: Progress, instead: Message | None = None) -> bool:
        """As the port says."""

        def work(connection: Connection) -> bool:
            held = (_outbox.c.state == State.SENDING.value, _outbox.c.attempts == row.progress.attempts)
            if not _store(connection, row.seq, progress, *held):
                return False
            if instead is not None:
                add(connection, instead)
            return True

        return await self._database.write(work)

    async def newer(self, row: OutboxRow) -> str | None:
        """As the port says."""
        lane = await self._database.read(lambda connection: _in_lane(connection, _lane(row.message)))
        return needless(row, lane)

    async def receipt(self, thread: str, recipient: str, channel: str) -> str | None:
        """As the port says."""
        lane = _outbox.c.lane == _lane_of(thread, recipient, channel)
        first = select(func.min(_outbox.c.seq)).where(lane).scalar_subquery()
        sent = _outbox.c.state.in_([State.SENT.value, State.DELIVERED.value])
        cards = select(_outbox.c.receipt).where(lane, sent, or_(_outbox.c.replaces, _outbox.c.seq == first))
        statement = cards.order_by(_outbox.c.seq.desc()).limit(1)
        return await self._database.read(lambda connection: connection.execute(statement).scalar())

    async def next_due(self) -> datetime | None:
        """As the port says."""
        statement = _heads(select(func.min(_outbox.c.due_at)))
        return await self._database.read(lambda connection: connection.execute(statement).scalar())


def _heads(statement: Select[Any]) -> Select[Any]:
    """Only the oldest unsettled message of each lane."""
    earlier = _outbox.alias()
    before: ColumnElement[bool] = (
        select(earlier.c.seq).where(earlier.c.lane == _outbox.c.lane, earlier.c.seq < _outbox.c.seq, earlier.c.due_at.is_not(None)).exists()
    )
    return statement.where(_outbox.c.due_at.is_not(None), _outbox.c.state.in_(_waiting), ~before)


def _in_lane(connection: Connection, lane: str) -> list[OutboxRow]:
    return [row_of(row) for row in connection.execute(select(_outbox).where(_outbox.c.lane == lane).order_by(_outbox.c.seq))]


def _store(connection: Connection, seq: int, progress: Progress, *held: ColumnElement[bool]) -> bool:
    values = {
        "state": progress.state.value,
        "due_at": progress.due,
        "attempts": progress.attempts,
        "first_try_at": progress.first_try,
        "sent_at": progress.sent_at,
        "receipt": progress.receipt,
        "reason": progress.reason,
    }
    return int(connection.execute(update(_outbox).where(_outbox.c.seq == seq, *held).values(**values)).rowcount) == 1


def row_of(row: Row[Any]) -> OutboxRow:
    """A row of the table as the port says it."""
    progress = Progress(State(row.state), row.due_at, row.attempts, row.first_try_at, row.receipt, row.reason, row.sent_at)
    return OutboxRow(row.id, row.seq, from_json(row.payload, Message), progress)
