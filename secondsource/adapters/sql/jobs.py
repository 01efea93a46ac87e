"""Scheduled jobs: each due time runs once, however many schedulers see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.tables import JobRow

_jobs: Any = JobRow.__table__  # type: ignore[attr-defined]


def claim(connection: Connection, job: str, due_at: datetime, now: datetime) -> bool:
    """Whether this due time of the job is ours to run: nobody has claimed it before."""
    statement = insert(_jobs).values(job=job, due_at=due_at, started_at=now).on_conflict_do_nothing()
    return int(connection.execute(statement).rowcount) == 1


def finish(connection: Connection, job: str, due_at: datetime, now: datetime, outcome: str) -> None:
    """Write how it ended."""
    connection.execute(update(_jobs).where(_jobs.c.job == job, _jobs.c.due_at == due_at).values(ended_at=now, outcome=outcome))


class Ran(msgspec.Struct, frozen=True):
    """One due time of a job. ``ended_at`` None: it is under way, or its process ended."""

    due_at: datetime
    started_at: datetime
    ended_at: datetime | None
    outcome: str


def all_of(connection: Connection, job: str) -> list[Ran]:
    """Every due time of ``job`` that was claimed, oldest first."""
    statement = select(_jobs.c.due_at, _jobs.c.started_at, _jobs.c.ended_at, _jobs.c.outcome).where(_jobs.c.job == job)
    return [Ran(*row) for row in connection.execute(statement.order_by(_jobs.c.due_at))]


def last_due(connection: Connection, job: str) -> datetime | None:
    """The newest due time that was claimed."""
    found: datetime | None = connection.execute(select(func.max(_jobs.c.due_at)).where(_jobs.c.job == job)).scalar()
    return found
