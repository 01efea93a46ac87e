"""API keys: shown once, kept as a hash, found by their prefix."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.tables import ApiKeyRow

_keys: Any = ApiKeyRow.__table__  # type: ignore[attr-defined]

SCOPES = ("read", "observe", "respond", "admin")
"""What a key may do: read everything, push observations, change risks and runs, manage keys and drills."""


class KeyHolder(msgspec.Struct, frozen=True):
    """Who presents a key, and what it allows."""

    name: str
    person: str | None
    scopes: frozenset[str]


def make_key() -> str:
    """A new key: ``ss_<8 characters>_<43 characters>``, 256 random bits."""
    return f"ss_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def _split(key: str) -> tuple[str, str] | None:
    parts = key.split("_", 2)
    if len(parts) != 3 or parts[0] != "ss":
        return None
    return parts[1], hashlib.sha256(key.encode()).hexdigest()


def store(connection: Connection, key: str, name: str, scopes: Iterable[str], now: datetime, person: str | None = None) -> None:
    """Keep the hash of ``key``. A random key of 256 bits needs no slow hash.

    Raises ``ValueError`` for a key that :func:`make_key` did not make, or a scope that does not exist.
    """
    split = _split(key)
    if split is None:
        raise ValueError("an API key looks like ss_<prefix>_<secret>; let `secondsource` make one")
    if unknown := set(scopes) - set(SCOPES):
        raise ValueError(f"there is no scope {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    prefix, digest = split
    values = {"name": name, "person": person, "hash": digest, "scopes": " ".join(sorted(scopes)), "revoked_at": None}
    statement = insert(_keys).values(prefix=prefix, created_at=now, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["prefix"], set_=values))


def count(connection: Connection) -> int:
    """How many keys there are, whatever their state."""
    return int(connection.execute(select(func.count()).select_from(_keys)).scalar_one())


def find(connection: Connection, key: str, now: datetime) -> KeyHolder | None:
    """Who holds ``key``; None for a key that is unknown, expired or revoked. Compares in constant time."""
    split = _split(key)
    if split is None:
        return None
    prefix, digest = split
    row = _row(connection, prefix)
    if row is None or not hmac.compare_digest(row.hash, digest):
        return None
    return _holder(row, now)


def by_prefix(connection: Connection, prefix: str, now: datetime) -> KeyHolder | None:
    """Who holds the key that begins so, for one who has shown the whole of it before; None as for :func:`find`."""
    row = _row(connection, prefix)
    return None if row is None else _holder(row, now)


def prefix_of(key: str) -> str | None:
    """The part by which a key is found, which is no secret; None for what is no key."""
    split = _split(key)
    return None if split is None else split[0]


def _row(connection: Connection, prefix: str) -> Row[Any] | None:
    return connection.execute(select(_keys).where(_keys.c.prefix == prefix)).first()


def _holder(row: Row[Any], now: datetime) -> KeyHolder | None:
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return KeyHolder(row.name, row.person, frozenset(row.scopes.split()))
