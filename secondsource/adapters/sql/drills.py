"""Drills: under way, and done with their reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.rows import from_json, to_json
from secondsource.adapters.sql.tables import DrillRow
from secondsource.domain.scope import Scope
from secondsource.plans.drill import DrillReport
from secondsource.plans.schema import Drill, pin, unpin_drill

_drills: Any = DrillRow.__table__  # type: ignore[attr-defined]


class Underway(msgspec.Struct, frozen=True):
    """A drill that runs: its text as it was when it began, where it is played, and how many of its injects are out."""

    id: str
    drill: Drill
    scope: Scope
    started_at: datetime
    injected: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """A drill as lists show it. ``report`` is there once it is scored; ``reason`` says why one was stopped."""

    id: str
    drill: str
    state: str  # running, done, aborted
    started_at: datetime
    ended_at: datetime | None = None
    report: DrillReport | None = None
    reason: str = ""


class _Begun(msgspec.Struct, frozen=True):
    text: str
    scope: Scope
    injected: int = 0


class _Stopped(msgspec.Struct, frozen=True):
    reason: str


def begin(connection: Connection, begun: Underway) -> None:
    """Write that a drill has begun."""
    values = {"scenario": begun.drill.id, "plan": begun.drill.plan, "state": "running", "started_at": begun.started_at}
    connection.execute(insert(_drills).values(id=begun.id, **values, payload=_begun(begun, begun.injected)))


def injected(connection: Connection, begun: Underway, count: int) -> None:
    """Write that ``count`` injects are out."""
    connection.execute(update(_drills).where(_drills.c.id == begun.id).values(payload=_begun(begun, count)))


def end(connection: Connection, report: DrillReport, now: datetime) -> None:
    """Write how it went."""
    values = {"state": "done", "passed": report.passed, "ended_at": now, "payload": to_json(report)}
    connection.execute(update(_drills).where(_drills.c.id == report.id).values(**values))


def abort(connection: Connection, id_: str, reason: str, now: datetime) -> None:
    """Write that it was stopped, and why. It neither passed nor failed."""
    values = {"state": "aborted", "ended_at": now, "payload": to_json(_Stopped(reason))}
    connection.execute(update(_drills).where(_drills.c.id == id_).values(**values))


def under_way(connection: Connection) -> list[Underway]:
    """The drills that run, oldest first."""
    statement = select(_drills).where(_drills.c.state == "running").order_by(_drills.c.started_at, _drills.c.id)
    found = []
    for row in connection.execute(statement):
        begun = from_json(row.payload, _Begun)
        found.append(Underway(row.id, unpin_drill(begun.text.encode()), begun.scope, row.started_at, begun.injected))
    return found


def outcomes(connection: Connection) -> list[Outcome]:
    """All drills, newest first."""
    found = []
    for row in connection.execute(select(_drills).order_by(_drills.c.started_at.desc(), _drills.c.id)):
        report = from_json(row.payload, DrillReport) if row.state == "done" else None
        reason = from_json(row.payload, _Stopped).reason if row.state == "aborted" else ""
        found.append(Outcome(row.id, row.scenario, row.state, row.started_at, row.ended_at, report, reason))
    return found


def reports(connection: Connection) -> list[DrillReport]:
    """The reports of all drills that are done, oldest first."""
    return [outcome.report for outcome in reversed(outcomes(connection)) if outcome.report is not None]


def last(connection: Connection, plan: str, *, passed: bool) -> datetime | None:
    """When a drill of ``plan`` last passed, or last failed."""
    statement = select(func.max(_drills.c.ended_at)).where(_drills.c.plan == plan, _drills.c.passed.is_(passed))
    found: datetime | None = connection.execute(statement).scalar()
    return found


def _begun(begun: Underway, count: int) -> str:
    return to_json(_Begun(pin(begun.drill).decode(), begun.scope, count))
