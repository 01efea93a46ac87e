"""The register: current rows that lists read, and the history that is only ever added to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.rows import from_json, to_json
from secondsource.adapters.sql.tables import RiskChangeRow, RiskRow
from secondsource.domain.register import Change, Entry, State
from secondsource.domain.subjects import vendor_of

_risks: Any = RiskRow.__table__  # type: ignore[attr-defined]
_changes: Any = RiskChangeRow.__table__  # type: ignore[attr-defined]
_due = (  # made once: it is asked at every tick
    select(_risks.c.wake_at, _risks.c.id).where(_risks.c.wake_at <= bindparam("now")).order_by(_risks.c.wake_at, _risks.c.id)
)


def get(connection: Connection, id_: str) -> Entry | None:
    """The risk as it stands."""
    payload = connection.execute(select(_risks.c.payload).where(_risks.c.id == id_)).scalar()
    return None if payload is None else from_json(payload, Entry)


def save(connection: Connection, entry: Entry, changes: Iterable[Change]) -> None:
    """Write the entry and add its new history rows."""
    values = {
        "rule": entry.rule,
        "key": entry.key,
        "exercise": entry.exercise or "",
        "vendor": vendor_of(entry.subject, entry.scopes) or "",
        "subject": entry.subject,
        "state": entry.state.value,
        "severity": entry.severity.rank,
        "score": entry.current.value,
        "title": entry.title,
        "functions": " ".join(["", *(hit.function for hit in entry.exposure.hits), ""]),
        "owner": entry.owner,
        "opened_at": entry.opened_at,
        "updated_at": entry.updated_at,
        "hurts_at": entry.exposure.first_hurt_at,
        "cleared_at": entry.cleared_at,
        "wake_at": entry.wake_at,
        "version": entry.version,
        "payload": to_json(entry),
    }
    connection.execute(insert(_risks).values(id=entry.id, **values).on_conflict_do_update(index_elements=["id"], set_=values))
    rows = [{"risk": c.risk, "n": c.seq, "at": c.at, "actor": c.actor, "event": c.event, "payload": to_json(c)} for c in changes]
    if rows:
        connection.execute(insert(_changes), rows)


def due(connection: Connection, now: datetime) -> list[tuple[datetime, str]]:
    """Risks whose timer has run out: (due, id), earliest first."""
    return [(row.wake_at, row.id) for row in connection.execute(_due, {"now": now})]


def history(connection: Connection, id_: str) -> Iterator[Change]:
    """All that happened to a risk, oldest first."""
    statement = select(_changes.c.payload).where(_changes.c.risk == id_).order_by(_changes.c.n)
    for payload in connection.execute(statement).scalars():
        yield from_json(payload, Change)


def next_wake(connection: Connection) -> datetime | None:
    """When the first timer of a risk runs out."""
    found: datetime | None = connection.execute(select(func.min(_risks.c.wake_at))).scalar()
    return found


def of_exercise(connection: Connection, exercise: str) -> Iterator[Entry]:
    """All entries that a drill caused, closed ones too."""
    for payload in connection.execute(select(_risks.c.payload).where(_risks.c.exercise == exercise).order_by(_risks.c.id)).scalars():
        yield from_json(payload, Entry)


def everything(connection: Connection) -> Iterator[Entry]:
    """All entries, drills' too, oldest first."""
    for payload in connection.execute(select(_risks.c.payload).order_by(_risks.c.opened_at, _risks.c.id)).scalars():
        yield from_json(payload, Entry)


def still_firing(connection: Connection, exercise: str | None, rules: Collection[str]) -> Iterator[Entry]:
    """The entries of one world whose findings by ``rules`` detection has not cleared, whatever people say of them. By an index: the
    register may hold a hundred thousand others."""
    wanted = (_risks.c.exercise == (exercise or ""), _risks.c.rule.in_(sorted(rules)), _risks.c.cleared_at.is_(None))
    for payload in connection.execute(select(_risks.c.payload).where(*wanted).order_by(_risks.c.id)).scalars():
        yield from_json(payload, Entry)


def firing(connection: Connection, exercise: str | None) -> Iterator[Entry]:
    """The entries of one world (a drill's, or the real one) that are not closed."""
    statement = select(_risks.c.payload).where(_risks.c.exercise == (exercise or ""), _risks.c.state != State.CLOSED.value)
    for payload in connection.execute(statement.order_by(_risks.c.id)).scalars():
        yield from_json(payload, Entry)
