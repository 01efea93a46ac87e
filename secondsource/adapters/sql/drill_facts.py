"""When, in one drill, things happened: read from what the live path wrote, so that scores equal what messages and runs say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from secondsource.adapters.sql import risks, runs
from secondsource.adapters.sql.drills import Underway
from secondsource.adapters.sql.tables import OutboxRow, RunLogRow, RunRow
from secondsource.plans.drill import DrillFacts
from secondsource.plans.run import Run

_outbox: Any = OutboxRow.__table__  # type: ignore[attr-defined]
_runs: Any = RunRow.__table__  # type: ignore[attr-defined]
_logs: Any = RunLogRow.__table__  # type: ignore[attr-defined]


def facts(connection: Connection, drill: Underway) -> DrillFacts:
    """The facts so far."""
    found = [e for e in risks.of_exercise(connection, drill.id) if drill.drill.rule in (None, e.rule)]
    return DrillFacts(
        started_at=drill.started_at,
        detected_at=min((entry.opened_at for entry in found), default=None),
        notified_at=_first_sent(connection, drill.id),
        acknowledged_at=min((e.acknowledged_at for e in found if e.acknowledged_at is not None), default=None),
        decided_at=_first_decision(connection, drill.id),
        recovered_at=_recovered(connection, drill),
    )


def _first_sent(connection: Connection, id_: str) -> datetime | None:
    found: datetime | None = connection.execute(select(func.min(_outbox.c.sent_at)).where(_outbox.c.exercise == id_)).scalar()
    return found


def _first_decision(connection: Connection, id_: str) -> datetime | None:
    of_drill = select(_runs.c.id).where(_runs.c.exercise == id_)
    statement = select(func.min(_logs.c.at)).where(_logs.c.run.in_(of_drill), _logs.c.event.in_(["Approved", "Declined"]))
    found: datetime | None = connection.execute(statement).scalar()
    return found


def _recovered(connection: Connection, drill: Underway) -> datetime | None:
    """When the first checklist of the plan was done: then the load is carried elsewhere."""
    done = (_checklist_done(connection, run) for run in runs.of_exercise(connection, drill.id, live=False) if run.kind == "contingency")
    return min((at for at in done if at is not None), default=None)


def _checklist_done(connection: Connection, run: Run) -> datetime | None:
    spec = next((spec for spec in runs.runbook(connection, run.version).steps if spec.checklist), None)
    if spec is None or spec.checklist is None:
        return None
    ticks = [run.ticks.get(f"{spec.id}/{item.id}") for item in spec.checklist.items]
    return max((tick.at for tick in ticks if tick is not None), default=None) if all(ticks) else None
