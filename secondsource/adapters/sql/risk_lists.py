"""Pages of the register: filtered and sorted by columns, each page beginning after the last row of the one before.

Keyset pages: a row that changes meanwhile may be missed or come once, at its old place or its new one, but what does not change is
seen exactly once, and the thousandth page costs what the first does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Literal

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, tuple_, type_coerce

from secondsource.adapters.sql.rows import from_json
from secondsource.adapters.sql.tables import RiskRow
from secondsource.domain.register import Entry, State
from secondsource.domain.signals import Severity

_risks: Any = RiskRow.__table__  # type: ignore[attr-defined]

Sort = Literal["hurts_at", "score", "updated", "severity"]

_COLUMNS = {"hurts_at": _risks.c.hurts_at, "score": _risks.c.score, "updated": _risks.c.updated_at, "severity": _risks.c.severity}


class RiskFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which risks. What is None or empty does not narrow.

    ``severity`` is the least one, ``text`` a part of the title in any case; ``function`` and ``vendor`` are ids; ``exercise`` is the id
    of a drill, ``""`` for the real world, None for all worlds.
    """

    states: tuple[State, ...] = ()
    severity: Severity | None = None
    vendor: str | None = None
    rule: str | None = None
    function: str | None = None
    exercise: str | None = ""
    text: str | None = None
    drills: bool = False  # those of drills only


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the last row's value of the column sorted by (microseconds for instants), and its id."""

    value: int | None
    id: str


def page(connection: Connection, wanted: RiskFilter, sort: Sort, after: Place | None, limit: int) -> tuple[list[Entry], Place | None]:
    """At most ``limit`` risks, and the place after which the next page begins; None where there is none.

    ``hurts_at`` begins with what hurts already or first, and ends with what hurts at no time; the others begin with the highest.
    """
    conditions = list(_conditions(wanted))
    found: list[tuple[Place, str]] = []
    if sort == "hurts_at":
        if after is None or after.value is not None:
            found = _rows(connection, sort, [*conditions, _risks.c.hurts_at.is_not(None)], after, limit + 1)
            after = None
        if len(found) <= limit:
            found += _rows(connection, sort, [*conditions, _risks.c.hurts_at.is_(None)], after, limit + 1 - len(found))
    else:
        found = _rows(connection, sort, conditions, after, limit + 1)
    entries = [from_json(payload, Entry) for _, payload in found[:limit]]
    return entries, found[limit - 1][0] if len(found) > limit else None


def _conditions(wanted: RiskFilter) -> Iterable[ColumnElement[bool]]:
    c = _risks.c
    if wanted.exercise is not None:
        yield c.exercise == wanted.exercise
    if wanted.drills:
        yield c.exercise != ""
    if len(wanted.states) == 1:
        yield c.state == wanted.states[0].value
    elif wanted.states:
        yield c.state.in_([state.value for state in wanted.states])
    if wanted.severity is not None:
        yield c.severity >= wanted.severity.rank
    if wanted.vendor is not None:
        yield c.vendor == wanted.vendor
    if wanted.rule is not None:
        yield c.rule == wanted.rule
    if wanted.function is not None:
        yield func.instr(c.functions, f" {wanted.function} ") > 0
    if wanted.text is not None:
        yield func.instr(func.lower(c.title), wanted.text.lower()) > 0


def _rows(
    connection: Connection, sort: Sort, conditions: list[ColumnElement[bool]], after: Place | None, limit: int
) -> list[tuple[Place, str]]:
    id_, rising = _risks.c.id, sort == "hurts_at"
    value = type_coerce(_COLUMNS[sort], BigInteger)
    if after is not None and after.value is None:
        conditions = [*conditions, id_ > after.id]
    elif after is not None:
        here, there = tuple_(value, id_), tuple_(after.value, after.id)
        conditions = [*conditions, here > there if rising else here < there]
    order = (value, id_) if rising else (value.desc(), id_.desc())
    statement = select(value, id_, _risks.c.payload).where(*conditions).order_by(*order).limit(limit)
    return [(Place(row[0], row[1]), row[2]) for row in connection.execute(statement)]


def outages(connection: Connection, rules: Collection[str], exercise: str = "") -> list[Entry]:
    """What detection says is in trouble now, whatever people say of it, by the rules that find outages."""
    statement = select(_risks.c.payload).where(
        _risks.c.exercise == exercise, _risks.c.rule.in_(sorted(rules)), _risks.c.cleared_at.is_(None)
    )
    return [from_json(payload, Entry) for payload in connection.execute(statement.order_by(_risks.c.id)).scalars()]


def going_on(connection: Connection, rules: Collection[str], states: Collection[State]) -> int:
    """How many risks of the real world, found by one of ``rules`` and in one of ``states``, still fire."""
    statement = select(func.count()).where(
        _risks.c.exercise == "",
        _risks.c.rule.in_(sorted(rules)),
        _risks.c.cleared_at.is_(None),
        _risks.c.state.in_([state.value for state in states]),
    )
    return int(connection.execute(statement).scalar_one())


def by_vendor(connection: Connection) -> dict[str, tuple[int, Severity]]:
    """For each vendor with risks of the real world that are not closed: how many, and the worst."""
    live = select(_risks.c.vendor, func.count(), func.max(_risks.c.severity)).where(
        _risks.c.exercise == "", _risks.c.state != State.CLOSED.value
    )
    ranked = list(Severity)
    return {vendor: (int(n), ranked[worst]) for vendor, n, worst in connection.execute(live.group_by(_risks.c.vendor))}
