"""The log as a table whose rows are whole batches, compressed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.tables import BatchRow, DeadLetterRow, PositionRow
from secondsource.domain.observations import Batch
from secondsource.ports.log import Logged

_batches: Any = BatchRow.__table__  # type: ignore[attr-defined]
_positions: Any = PositionRow.__table__  # type: ignore[attr-defined]
_letters: Any = DeadLetterRow.__table__  # type: ignore[attr-defined]
_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(Batch)


_SMALL = 512
"""Bytes up to which compressing takes more than it saves: most batches say only that a poll went well."""
_ZLIB = 0x78
"""How zlib's data begins, and no map of msgpack does."""


def pack(batch: Batch) -> bytes:
    """A batch as it is kept: msgpack; a large one then through zlib at its quickest."""
    packed = _encoder.encode(batch)
    return packed if len(packed) <= _SMALL else zlib.compress(packed, 1)


def unpack(payload: bytes) -> Batch:
    """The batch in ``payload``."""
    return _decoder.decode(zlib.decompress(payload) if payload[0] == _ZLIB else payload)


def append(connection: Connection, batches: Sequence[Batch]) -> None:
    """Add the batches that are not there yet."""
    if not batches:
        return
    rows = [
        {
            "id": batch.id,
            "key": batch.key,
            "source": batch.source,
            "at": batch.at,
            "exercise": batch.exercise,
            "observations": len(batch.observations),
            "payload": pack(batch),
        }
        for batch in batches
    ]
    connection.execute(insert(_batches).on_conflict_do_nothing(index_elements=["id"]), rows)


def after(connection: Connection, position: int, limit: int, observations: int | None = None) -> list[Logged]:
    """The next batches after ``position``, at most ``limit``; no more once they hold so many ``observations``."""
    columns = select(_batches.c.position, _batches.c.observations, _batches.c.payload)
    found: list[Logged] = []
    count = 0
    with connection.execute(columns.where(_batches.c.position > position).order_by(_batches.c.position).limit(limit)) as rows:
        for place, held, payload in rows:
            found.append(Logged(place, unpack(payload)))
            count += held
            if observations is not None and count >= observations:
                break
    return found


def read_all(connection: Connection, chunk: int = 500) -> Iterator[Batch]:
    """The whole log, oldest first, without holding it in memory."""
    position = 0
    while page := after(connection, position, chunk):
        position = page[-1].position
        yield from (logged.batch for logged in page)


def position_of(connection: Connection, consumer: str) -> int:
    """How far ``consumer`` has come; 0 before the first batch."""
    found = connection.execute(select(_positions.c.position).where(_positions.c.consumer == consumer)).scalar()
    return int(found or 0)


def advance(connection: Connection, consumer: str, position: int) -> None:
    """Say that ``consumer`` has applied the log up to ``position``."""
    statement = insert(_positions).values(consumer=consumer, position=position)
    connection.execute(statement.on_conflict_do_update(index_elements=["consumer"], set_={"position": position}))


def bury(connection: Connection, logged: Logged, reason: str, tries: int) -> None:
    """Keep a batch that could not be processed as a dead letter; its payload stays in the log."""
    batch = logged.batch
    values = {"position": logged.position, "id": batch.id, "key": batch.key, "source": batch.source, "at": batch.at}
    statement = insert(_letters).values(**values, reason=reason, tries=tries)
    connection.execute(statement.on_conflict_do_update(index_elements=["position"], set_={"reason": reason, "tries": tries}))


def dead_letters(connection: Connection) -> int:
    """How many batches are dead letters."""
    return int(connection.execute(select(func.count()).select_from(_letters)).scalar_one())


def lag(connection: Connection, consumer: str) -> int:
    """How many batches the consumer is behind."""
    applied = position_of(connection, consumer)
    statement = select(func.count()).select_from(_batches).where(_batches.c.position > applied)
    return int(connection.execute(statement).scalar_one())
