"""Pages of runs, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, select, tuple_, type_coerce

from secondsource.adapters.sql.rows import from_json
from secondsource.adapters.sql.tables import RunRow
from secondsource.plans.run import Run, RunState

_runs: Any = RunRow.__table__  # type: ignore[attr-defined]


class RunFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which runs. None or empty does not narrow; ``exercise`` is the id of a drill, ``""`` the real world, None all worlds."""

    states: tuple[RunState, ...] = ()
    kind: str | None = None
    risk: str | None = None
    exercise: str | None = None


class RunPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: when the last run began (microseconds), and its id."""

    started: int
    id: str


def page(connection: Connection, wanted: RunFilter, after: RunPlace | None, limit: int) -> tuple[list[Run], RunPlace | None]:
    """At most ``limit`` runs, and the place after which the next page begins."""
    started, id_ = type_coerce(_runs.c.started_at, BigInteger), _runs.c.id
    conditions = list(_conditions(wanted))
    if after is not None:
        conditions.append(tuple_(started, id_) < tuple_(after.started, after.id))
    statement = select(started, id_, _runs.c.payload).where(*conditions).order_by(started.desc(), id_.desc()).limit(limit + 1)
    rows = connection.execute(statement).all()
    last = RunPlace(rows[limit - 1][0], rows[limit - 1][1]) if len(rows) > limit else None
    return [from_json(payload, Run) for _, _, payload in rows[:limit]], last


def _conditions(wanted: RunFilter) -> Iterable[ColumnElement[bool]]:
    c = _runs.c
    if wanted.states:
        yield c.state.in_([state.value for state in wanted.states])
    if wanted.kind is not None:
        yield c.kind == wanted.kind
    if wanted.risk is not None:
        yield c.risk == wanted.risk
    if wanted.exercise is not None:
        yield c.exercise == wanted.exercise
