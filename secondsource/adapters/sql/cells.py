"""Keyed rule state: read by whole partitions, written where it changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.tables import CellRow
from secondsource.engine.cells import StoredCell

_cells: Any = CellRow.__table__  # type: ignore[attr-defined]
_insert = insert(_cells)
_upsert = _insert.on_conflict_do_update(
    index_elements=["partition", "exercise", "rule", "key"],
    set_={"state": _insert.excluded.state, "wake_at": _insert.excluded.wake_at},
)
_delete = delete(_cells).where(
    _cells.c.partition == bindparam("p"),
    _cells.c.exercise == bindparam("e"),
    _cells.c.rule == bindparam("r"),
    _cells.c.key == bindparam("k"),
)


def save(connection: Connection, cells: Sequence[StoredCell]) -> None:
    """Write what changed; a later change of the same cell comes later in ``cells`` and wins."""
    latest = {(c.partition, c.exercise or "", c.rule, c.key): c for c in cells}
    kept = [
        {"partition": p, "exercise": e, "rule": r, "key": k, "state": c.state, "wake_at": c.wake_at}
        for (p, e, r, k), c in latest.items()
        if c.state is not None
    ]
    gone = [{"p": p, "e": e, "r": r, "k": k} for (p, e, r, k), c in latest.items() if c.state is None]
    if kept:
        connection.execute(_upsert, kept)
    if gone:
        connection.execute(_delete, gone)


class SqlCells:
    """Where the engine reads from, on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def load(self, partition: str, exercise: str | None) -> Iterable[StoredCell]:
        """All cells of a partition."""
        statement = select(_cells).where(_cells.c.partition == partition, _cells.c.exercise == (exercise or ""))
        for row in self.connection.execute(statement):
            yield StoredCell(row.partition, row.exercise or None, row.rule, row.key, row.state, row.wake_at)

    def earliest_wakes(self) -> Iterable[tuple[str, str | None, datetime]]:
        """For each partition with a wake: its key, its drill, and when the first falls due."""
        wakes = _cells.c.wake_at
        statement = select(_cells.c.partition, _cells.c.exercise, func.min(wakes)).where(wakes.is_not(None))
        for partition, exercise, due in self.connection.execute(statement.group_by(_cells.c.partition, _cells.c.exercise)):
            yield partition, exercise or None, due
