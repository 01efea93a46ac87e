"""What papers read of the past: batches by vendor and source, and all that is stored of the risks that name a vendor."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from secondsource.adapters.sql.log import unpack
from secondsource.adapters.sql.rows import from_json
from secondsource.adapters.sql.tables import BatchRow, RiskRow, SourceRow
from secondsource.domain.observations import TICK_KEY, Batch
from secondsource.domain.register import Entry

_batches: Any = BatchRow.__table__  # type: ignore[attr-defined]
_risks: Any = RiskRow.__table__  # type: ignore[attr-defined]
_sources: Any = SourceRow.__table__  # type: ignore[attr-defined]


def first_at(connection: Connection, vendor: str) -> datetime | None:
    """When the first real batch of the vendor was accepted; None where there is none."""
    statement = select(func.min(_batches.c.at)).where(_batches.c.key == vendor, _batches.c.exercise.is_(None))
    found: datetime | None = connection.execute(statement).scalar()
    return found


def last_at(connection: Connection, end: datetime) -> datetime | None:
    """The time of the newest real batch before ``end``; ticks count, for they say that the program was running."""
    statement = select(func.max(_batches.c.at)).where(_batches.c.exercise.is_(None), _batches.c.at < end)
    found: datetime | None = connection.execute(statement).scalar()
    return found


def sources_of(connection: Connection, vendor: str, start: datetime, end: datetime) -> list[str]:
    """The sources that said something of the vendor in that time."""
    statement = select(_batches.c.source).distinct().where(_batches.c.key == vendor, *_real(start, end))
    return sorted(connection.execute(statement).scalars())


def sources_with(connection: Connection, connectors: Collection[str], start: datetime, end: datetime) -> list[str]:
    """The sources that one of ``connectors`` reads, and those that nobody polls (any more): they may have given anything."""
    polled = select(_sources.c.id).where(_sources.c.connector.not_in(sorted(connectors)))
    statement = select(_batches.c.source).distinct().where(_batches.c.source.not_in(polled), _batches.c.key != TICK_KEY, *_real(start, end))
    return sorted(connection.execute(statement).scalars())


def batches(connection: Connection, vendor: str, sources: Collection[str], start: datetime, end: datetime) -> Iterator[Batch]:
    """The real batches about the vendor or from one of ``sources``, in the order in which they were accepted."""
    wanted = or_(_batches.c.key == vendor, _batches.c.source.in_(sorted(sources)))
    statement = select(_batches.c.payload).where(wanted, *_real(start, end)).order_by(_batches.c.position)
    for payload in connection.execute(statement).scalars():
        yield unpack(payload)


def naming(connection: Connection, vendor: str) -> Iterator[Entry]:
    """The entries of the real world in which the vendor's id stands anywhere, by id; closer looks are the reader's."""
    statement = select(_risks.c.payload).where(_risks.c.exercise == "", func.instr(_risks.c.payload, vendor) > 0).order_by(_risks.c.id)
    for payload in connection.execute(statement).scalars():
        yield from_json(payload, Entry)


def _real(start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_batches.c.exercise.is_(None), _batches.c.at >= start, _batches.c.at < end)
