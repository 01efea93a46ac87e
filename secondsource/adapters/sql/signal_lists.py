"""Pages of the ledger, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from secondsource.adapters.sql.rows import from_json
from secondsource.adapters.sql.tables import SignalRow
from secondsource.domain.signals import Phase, Severity, Signal

_signals: Any = SignalRow.__table__  # type: ignore[attr-defined]


class SignalFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which signals. None does not narrow; ``exercise`` is the id of a drill, ``""`` the real world, None all worlds."""

    rule: str | None = None
    phase: Phase | None = None
    severity: Severity | None = None  # at least
    risk: str | None = None
    exercise: str | None = ""


class Told(msgspec.Struct, frozen=True):
    """A signal, its place in the ledger, and the risk that it belongs to."""

    seq: int
    risk: str
    signal: Signal


def page(connection: Connection, wanted: SignalFilter, before: int | None, limit: int) -> tuple[list[Told], int | None]:
    """At most ``limit`` signals that stand before place ``before``, and the place where the next page goes on."""
    conditions = list(_conditions(wanted))
    if before is not None:
        conditions.append(_signals.c.seq < before)
    statement = select(_signals.c.seq, _signals.c.risk, _signals.c.payload).where(*conditions).order_by(_signals.c.seq.desc())
    rows = connection.execute(statement.limit(limit + 1)).all()
    found = [Told(seq, risk, from_json(payload, Signal)) for seq, risk, payload in rows[:limit]]
    return found, found[-1].seq if len(rows) > limit else None


def _conditions(wanted: SignalFilter) -> Iterable[ColumnElement[bool]]:
    c = _signals.c
    if wanted.rule is not None:
        yield c.rule == wanted.rule
    if wanted.phase is not None:
        yield c.phase == wanted.phase.value
    if wanted.severity is not None:
        yield c.severity.in_([each.value for each in Severity if each >= wanted.severity])
    if wanted.risk is not None:
        yield c.risk == wanted.risk
    if wanted.exercise == "":
        yield c.exercise.is_(None)
    elif wanted.exercise is not None:
        yield c.exercise == wanted.exercise
