"""What is remembered about each source between polls, and the lease that lets one collector at a time poll it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.tables import SourceRow

_sources: Any = SourceRow.__table__  # type: ignore[attr-defined]


class SourceState(msgspec.Struct, frozen=True):
    """One source as it stands. ``memory`` is the collector's own, opaque here."""

    id: str
    vendor: str
    connector: str
    next_poll_at: datetime
    lease_until: datetime | None = None
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    outcome: str | None = None
    detail: str = ""
    cursor: str | None = None
    memory: bytes = b""


def declare(connection: Connection, sources: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """Make the table hold exactly these (id, vendor, connector): new ones are due now, known ones keep their memory."""
    wanted = {id_: (vendor, connector) for id_, vendor, connector in sources}
    for id_ in set(connection.execute(select(_sources.c.id)).scalars()) - set(wanted):
        connection.execute(_sources.delete().where(_sources.c.id == id_))
    for id_, (vendor, connector) in wanted.items():
        statement = insert(_sources).values(id=id_, vendor=vendor, connector=connector, next_poll_at=now, memory=b"", detail="")
        connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={"vendor": vendor, "connector": connector, "lease_until": None})
        )


def lease(connection: Connection, now: datetime, lasting: timedelta, limit: int) -> list[SourceState]:
    """Take the sources that are due and that nobody holds, longest due first; they are ours until ``now + lasting``."""
    free = or_(_sources.c.lease_until.is_(None), _sources.c.lease_until <= now)
    statement = select(_sources).where(_sources.c.next_poll_at <= now, free).order_by(_sources.c.next_poll_at, _sources.c.id).limit(limit)
    found = [SourceState(*row) for row in connection.execute(statement)]
    if found:
        ids = [source.id for source in found]
        connection.execute(update(_sources).where(_sources.c.id.in_(ids)).values(lease_until=now + lasting))
    return found


def save(connection: Connection, state: SourceState) -> None:
    """Write how a poll ended and give the lease back."""
    values = msgspec.structs.asdict(state) | {"lease_until": None}
    del values["id"]
    connection.execute(update(_sources).where(_sources.c.id == state.id).values(**values))


def next_due(connection: Connection) -> datetime | None:
    """When the next source falls due, leased ones at the end of their lease."""
    due = func.max(_sources.c.next_poll_at, func.coalesce(_sources.c.lease_until, _sources.c.next_poll_at))
    found: datetime | None = connection.execute(select(func.min(due, type_=_sources.c.next_poll_at.type))).scalar()
    return found


def all_states(connection: Connection) -> Sequence[SourceState]:
    """Every source, by id."""
    return [SourceState(*row) for row in connection.execute(select(_sources).order_by(_sources.c.id))]
