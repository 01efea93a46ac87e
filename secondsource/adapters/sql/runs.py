"""Runbook runs as they stand, what happened in them, and the runbook texts that they were begun with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.rows import from_json, to_json
from secondsource.adapters.sql.tables import RunbookRow, RunLogRow, RunRow
from secondsource.plans.run import Run, RunLog
from secondsource.plans.schema import Runbook, pin, unpin

_runs: Any = RunRow.__table__  # type: ignore[attr-defined]
_logs: Any = RunLogRow.__table__  # type: ignore[attr-defined]
_runbooks: Any = RunbookRow.__table__  # type: ignore[attr-defined]
_due = (  # made once: it is asked at every tick
    select(_runs.c.wake_at, _runs.c.id, _runs.c.risk).where(_runs.c.wake_at <= bindparam("now")).order_by(_runs.c.wake_at, _runs.c.id)
)


def get(connection: Connection, id_: str) -> Run | None:
    """The run as it stands."""
    payload = connection.execute(select(_runs.c.payload).where(_runs.c.id == id_)).scalar()
    return None if payload is None else from_json(payload, Run)


def save(connection: Connection, run: Run, log: Iterable[RunLog], wake_at: datetime | None) -> None:
    """Write the run with the wake that it asked for, and add its new log lines."""
    values = {
        "risk": run.risk.id,
        "runbook": run.runbook,
        "kind": run.kind,
        "exercise": run.risk.exercise or "",
        "state": run.state.value,
        "started_at": run.started_at,
        "wake_at": wake_at,
        "payload": to_json(run),
    }
    connection.execute(insert(_runs).values(id=run.id, **values).on_conflict_do_update(index_elements=["id"], set_=values))
    rows = [
        {
            "run": line.run,
            "n": line.seq,
            "at": line.at,
            "actor": line.actor,
            "step": line.step or "",
            "event": line.event,
            "text": line.text,
        }
        for line in log
    ]
    if rows:
        connection.execute(insert(_logs), rows)


def of_risk(connection: Connection, risk: str, *, live: bool = True) -> list[Run]:
    """Runs for a risk, oldest first; only those that go on, or all."""
    statement = select(_runs.c.payload).where(_runs.c.risk == risk).order_by(_runs.c.started_at, _runs.c.id)
    runs = [from_json(payload, Run) for payload in connection.execute(statement).scalars()]
    return [run for run in runs if not (live and run.state.over)]


def everything(connection: Connection) -> Iterator[Run]:
    """All runs, drills' too, oldest first."""
    for payload in connection.execute(select(_runs.c.payload).order_by(_runs.c.started_at, _runs.c.id)).scalars():
        yield from_json(payload, Run)


def of_exercise(connection: Connection, exercise: str, *, live: bool = True) -> list[Run]:
    """Runs that a drill caused, oldest first; only those that go on, or all."""
    statement = select(_runs.c.payload).where(_runs.c.exercise == exercise).order_by(_runs.c.started_at, _runs.c.id)
    found = [from_json(payload, Run) for payload in connection.execute(statement).scalars()]
    return [run for run in found if not (live and run.state.over)]


def next_wake(connection: Connection) -> datetime | None:
    """When the first timer of a run runs out."""
    found: datetime | None = connection.execute(select(func.min(_runs.c.wake_at))).scalar()
    return found


def due(connection: Connection, now: datetime) -> list[tuple[datetime, str, str]]:
    """Runs whose wake has come: (due, id, risk), earliest first."""
    return [(row.wake_at, row.id, row.risk) for row in connection.execute(_due, {"now": now})]


def log(connection: Connection, run: str) -> Iterator[RunLog]:
    """What happened in a run, oldest first."""
    for row in connection.execute(select(_logs).where(_logs.c.run == run).order_by(_logs.c.n)):
        yield RunLog(row.run, row.n, row.at, row.actor, row.step or None, row.event, row.text)


def keep_runbook(connection: Connection, runbook: Runbook) -> None:
    """Keep the text under its digest for as long as there are runs of it."""
    statement = insert(_runbooks).values(version=runbook.digest, id=runbook.id, payload=pin(runbook).decode())
    connection.execute(statement.on_conflict_do_nothing(index_elements=["version"]))


def runbook(connection: Connection, version: str) -> Runbook:
    """The runbook text that a run was begun with. Raises ``LookupError`` when it was never kept."""
    payload = connection.execute(select(_runbooks.c.payload).where(_runbooks.c.version == version)).scalar()
    if payload is None:
        raise LookupError(f"the runbook with version {version} was never kept")
    return unpin(payload.encode())
