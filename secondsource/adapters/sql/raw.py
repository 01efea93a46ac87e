"""Responses as they came: content-addressed, compressed, kept for a set time, so that a parser's mistake can be repaired."""

from __future__ import annotations

import zlib
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.tables import RawRow
from secondsource.contracts.connector import Response

_raw: Any = RawRow.__table__  # type: ignore[attr-defined]


def hash_of(body: bytes) -> str:
    """The name of a content: 128 bits of BLAKE2b in hex."""
    return blake2b(body, digest_size=16).hexdigest()


def keep(connection: Connection, source: str, response: Response) -> None:
    """Archive a response; the same content again only renews its time."""
    statement = insert(_raw).values(
        hash=hash_of(response.body),
        source=source,
        at=response.received_at,
        url=response.url,
        status=response.status,
        content_type=response.headers.get("content-type", ""),
        size=len(response.body),
        body=zlib.compress(response.body, 6),
    )
    connection.execute(statement.on_conflict_do_update(index_elements=["hash"], set_={"at": response.received_at}))


def find(connection: Connection, hash_: str) -> Response | None:
    """The archived response, as far as it is kept."""
    row = connection.execute(select(_raw).where(_raw.c.hash == hash_)).first()
    if row is None:
        return None
    return Response(row.url, row.status, {"content-type": row.content_type}, zlib.decompress(row.body), row.at)


def prune(connection: Connection, before: datetime) -> int:
    """Delete what was last seen before ``before``; returns how many."""
    return int(connection.execute(delete(_raw).where(_raw.c.at < before)).rowcount)
