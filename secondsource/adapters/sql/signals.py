"""The signals that rules gave, each once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.rows import from_json, to_json
from secondsource.adapters.sql.tables import SignalRow
from secondsource.domain.signals import Signal

_signals: Any = SignalRow.__table__  # type: ignore[attr-defined]


def add(connection: Connection, signal: Signal, risk: str) -> bool:
    """Keep a signal of ``risk``; False when it was there already."""
    statement = insert(_signals).values(
        id=signal.id,
        rule=signal.rule,
        key=signal.key,
        episode=signal.episode,
        phase=signal.phase.value,
        severity=signal.severity.value,
        subject=signal.subject,
        at=signal.at,
        exercise=signal.exercise,
        risk=risk,
        payload=to_json(signal),
    )
    return int(connection.execute(statement.on_conflict_do_nothing(index_elements=["id"])).rowcount) == 1


def read_all(connection: Connection, *, risk: str | None = None) -> Iterator[Signal]:
    """Signals in the order in which they were given; of one risk, or all."""
    statement = select(_signals.c.payload).order_by(_signals.c.seq)
    if risk is not None:
        statement = statement.where(_signals.c.risk == risk)
    for payload in connection.execute(statement).scalars():
        yield from_json(payload, Signal)
