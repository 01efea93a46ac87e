"""Pages of the outbox, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from secondsource.adapters.sql.outbox import row_of
from secondsource.adapters.sql.tables import OutboxRow as Table
from secondsource.ports.outbox import OutboxRow, State

_outbox: Any = Table.__table__  # type: ignore[attr-defined]


class MessageFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which messages. None does not narrow; ``exercise`` is the id of a drill, ``""`` the real world, None all worlds."""

    state: State | None = None
    channel: str | None = None
    risk: str | None = None
    exercise: str | None = None


def page(connection: Connection, wanted: MessageFilter, before: int | None, limit: int) -> tuple[list[OutboxRow], int | None]:
    """At most ``limit`` messages that stand before place ``before``, and the place where the next page goes on."""
    conditions = list(_conditions(wanted))
    if before is not None:
        conditions.append(_outbox.c.seq < before)
    rows = connection.execute(select(_outbox).where(*conditions).order_by(_outbox.c.seq.desc()).limit(limit + 1)).all()
    found = [row_of(row) for row in rows[:limit]]
    return found, found[-1].seq if len(rows) > limit else None


def _conditions(wanted: MessageFilter) -> Iterable[ColumnElement[bool]]:
    c = _outbox.c
    if wanted.state is not None:
        yield c.state == wanted.state.value
    if wanted.channel is not None:
        yield c.channel == wanted.channel
    if wanted.risk is not None:
        yield c.risk == wanted.risk
    if wanted.exercise == "":
        yield c.exercise.is_(None)
    elif wanted.exercise is not None:
        yield c.exercise == wanted.exercise
