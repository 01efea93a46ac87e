"""What is measured of the store: how much waits, for how long, and how far the detector has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from secondsource.adapters.sql import log, outbox
from secondsource.adapters.sql.tables import BatchRow, OutboxRow, RiskRow, SignalRow
from secondsource.domain.register import State
from secondsource.domain.signals import Severity

_batches: Any = BatchRow.__table__  # type: ignore[attr-defined]
_outbox: Any = OutboxRow.__table__  # type: ignore[attr-defined]
_risks: Any = RiskRow.__table__  # type: ignore[attr-defined]
_signals: Any = SignalRow.__table__  # type: ignore[attr-defined]


class Lag(msgspec.Struct, frozen=True):
    """How far a consumer is behind the log.

    ``newest`` is the position of the last batch, ``newest_at`` its time; ``waiting_since`` is the time of the first batch that was not
    applied, None where all were.
    """

    newest: int
    newest_at: datetime | None
    applied: int
    waiting_since: datetime | None


class Gauges(msgspec.Struct, frozen=True):
    """The figures. ``observed`` counts observations after the position that was asked for; ``risks`` those that are not closed."""

    lag: Lag
    observed: int
    signals: int
    dead_letters: int
    outbox: Mapping[str, int]
    unsettled_since: datetime | None
    risks: Mapping[Severity, int]


def lag(connection: Connection, consumer: str) -> Lag:
    """How far ``consumer`` is behind."""
    applied = log.position_of(connection, consumer)
    newest = connection.execute(select(_batches.c.position, _batches.c.at).order_by(_batches.c.position.desc()).limit(1)).first()
    waiting = select(_batches.c.at).where(_batches.c.position > applied).order_by(_batches.c.position).limit(1)
    position, at = (newest.position, newest.at) if newest is not None else (0, None)
    return Lag(position, at, applied, connection.execute(waiting).scalar())


def gauges(connection: Connection, consumer: str, after: int) -> Gauges:
    """All figures; observations are counted in the batches after position ``after``."""
    observed = select(func.coalesce(func.sum(_batches.c.observations), 0)).where(_batches.c.position > after)
    unsettled = select(func.min(_outbox.c.created_at)).where(_outbox.c.due_at.is_not(None))
    live = select(_risks.c.severity, func.count()).where(_risks.c.exercise == "", _risks.c.state != State.CLOSED.value)
    counted = {rank: int(n) for rank, n in connection.execute(live.group_by(_risks.c.severity))}
    return Gauges(
        lag=lag(connection, consumer),
        observed=int(connection.execute(observed).scalar_one()),
        signals=int(connection.execute(select(func.coalesce(func.max(_signals.c.seq), 0))).scalar_one()),
        dead_letters=log.dead_letters(connection),
        outbox=outbox.counts(connection),
        unsettled_since=connection.execute(unsettled).scalar(),
        risks={severity: counted.get(severity.rank, 0) for severity in Severity},
    )
