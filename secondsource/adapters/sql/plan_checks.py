"""How the checks of plans' preconditions ended, and what people recorded of plans."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from secondsource.adapters.sql.tables import PlanCheckRow, PlanRecordRow
from secondsource.domain.observations import CheckOutcome

_checks: Any = PlanCheckRow.__table__  # type: ignore[attr-defined]
_records: Any = PlanRecordRow.__table__  # type: ignore[attr-defined]
_GONE = "gone"


class Checked(msgspec.Struct, frozen=True):
    """One stretch in which a check said the same: from ``since`` to ``at``, when it was last made. ``outcome`` None: it is asked for
    no more."""

    plan: str
    check: str
    outcome: CheckOutcome | None
    reason: str
    since: datetime
    at: datetime


class Record(msgspec.Struct, frozen=True):
    """What somebody recorded of a plan."""

    plan: str
    what: str
    at: datetime
    by: str
    note: str


def keep(connection: Connection, plan: str, check: str, outcome: CheckOutcome | None, reason: str, now: datetime) -> Checked | None:
    """Write how a check ended at ``now``; the stretch before, None where there is none. The same again makes that stretch longer."""
    newest = select(_checks).where(_checks.c.plan == plan, _checks.c.check_ == check).order_by(_checks.c.seq.desc()).limit(1)
    row = connection.execute(newest).first()
    said = outcome.value if outcome is not None else _GONE
    if row is not None and (row.outcome, row.reason) == (said, reason):
        connection.execute(update(_checks).where(_checks.c.seq == row.seq).values(last_at=max(row.last_at, now)))
    else:
        values = {"plan": plan, "check_": check, "outcome": said, "reason": reason, "first_at": now, "last_at": now}
        connection.execute(insert(_checks).values(**values))
    return None if row is None else _checked(row)


def latest(connection: Connection, plan: str | None = None) -> list[Checked]:
    """The newest stretch of every check that is still asked for, by plan and in the order in which they were first made; of one plan, or
    of all."""
    newest = select(func.max(_checks.c.seq)).group_by(_checks.c.plan, _checks.c.check_)
    statement = select(_checks).where(_checks.c.seq.in_(newest), _checks.c.outcome != _GONE)
    if plan is not None:
        statement = statement.where(_checks.c.plan == plan)
    return [_checked(row) for row in connection.execute(statement.order_by(_checks.c.plan, _checks.c.check_))]


def history(connection: Connection, plan: str) -> list[Checked]:
    """Every stretch of the plan's checks, oldest first."""
    return [_checked(row) for row in connection.execute(select(_checks).where(_checks.c.plan == plan).order_by(_checks.c.seq))]


def record(connection: Connection, entry: Record) -> None:
    """Write what somebody recorded."""
    connection.execute(insert(_records).values(**msgspec.structs.asdict(entry)))


def records(connection: Connection, plan: str | None = None) -> list[Record]:
    """What was recorded of the plan, or of all, oldest first."""
    statement = select(_records.c.plan, _records.c.what, _records.c.at, _records.c.by, _records.c.note).order_by(_records.c.seq)
    return [Record(*row) for row in connection.execute(statement if plan is None else statement.where(_records.c.plan == plan))]


def last_record(connection: Connection, plan: str, what: str) -> datetime | None:
    """The newest day for which ``what`` was recorded of the plan."""
    statement = select(func.max(_records.c.at)).where(_records.c.plan == plan, _records.c.what == what)
    found: datetime | None = connection.execute(statement).scalar()
    return found


def _checked(row: Row[Any]) -> Checked:
    outcome = None if row.outcome == _GONE else CheckOutcome(row.outcome)
    return Checked(row.plan, row.check_, outcome, row.reason, row.first_at, row.last_at)
