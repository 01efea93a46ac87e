"""Letting go of what is older than it is to be kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from secondsource.adapters.sql import raw
from secondsource.adapters.sql.tables import BatchRow, DeadLetterRow, PositionRow

_batches: Any = BatchRow.__table__  # type: ignore[attr-defined]
_letters: Any = DeadLetterRow.__table__  # type: ignore[attr-defined]
_positions: Any = PositionRow.__table__  # type: ignore[attr-defined]


def prune(connection: Connection, raw_before: datetime, log_before: datetime) -> tuple[int, int]:
    """Delete answers last seen before ``raw_before``, and batches from before ``log_before`` that every consumer has applied.

    Dead letters keep their batches. Register, history, signals and messages stay: they are the record. Returns how many answers
    and how many batches went.
    """
    applied = connection.execute(select(func.min(_positions.c.position))).scalar()
    kept = select(_letters.c.position)
    old = (_batches.c.at < log_before, _batches.c.position <= (applied or 0), _batches.c.position.not_in(kept))
    return raw.prune(connection, raw_before), int(connection.execute(delete(_batches).where(*old)).rowcount)
