"""What a finding rests on, traced back: its signals, the observations that they name, and the responses that those came from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from secondsource.adapters.sql.log import unpack
from secondsource.adapters.sql.rows import from_json
from secondsource.adapters.sql.tables import BatchRow, RawRow, SignalRow
from secondsource.domain.observations import Observation
from secondsource.domain.signals import Signal

_batches: Any = BatchRow.__table__  # type: ignore[attr-defined]
_raw: Any = RawRow.__table__  # type: ignore[attr-defined]
_signals: Any = SignalRow.__table__  # type: ignore[attr-defined]

FAR_BACK = timedelta(days=90)
"""How long before a finding its observations are looked for."""
_MOST_ROWS = 500_000  # of the log, by time: a second's work
_MOST_BATCHES = 20_000  # that are unpacked


class Archived(msgspec.Struct, frozen=True):
    """A response as it is kept. ``at`` is when it last came with this content, ``size`` is in bytes."""

    hash: str
    at: datetime
    url: str
    status: int
    size: int


class Heard(msgspec.Struct, frozen=True):
    """A signal that another rests on, and the risk that it belongs to."""

    risk: str
    signal: Signal


def of_episode(connection: Connection, risk: str, signal: str, most: int) -> tuple[list[Signal], int]:
    """The newest ``most`` signals of the risk in the episode that ``signal`` (an id) belongs to, oldest first, and how many are older."""
    episode = select(_signals.c.episode).where(_signals.c.id == signal).scalar_subquery()
    wanted = (_signals.c.risk == risk, _signals.c.episode == episode)
    payloads = connection.execute(select(_signals.c.payload).where(*wanted).order_by(_signals.c.seq.desc()).limit(most)).scalars()
    found = [from_json(payload, Signal) for payload in payloads]
    count = int(connection.execute(select(func.count()).select_from(_signals).where(*wanted)).scalar_one())
    return found[::-1], count - len(found)


def heard(connection: Connection, ids: Collection[str]) -> dict[str, Heard]:
    """Those of ``ids`` that are signals, by id."""
    statement = select(_signals.c.id, _signals.c.risk, _signals.c.payload).where(_signals.c.id.in_(sorted(ids)))
    return {row.id: Heard(row.risk, from_json(row.payload, Signal)) for row in connection.execute(statement)}


def observations(
    connection: Connection, wanted: Mapping[str, datetime], exercise: str | None, vendors: Collection[str] | None
) -> dict[str, Observation]:
    """The observations with the ids ``wanted``, each as it was last said up to the instant that stands beside its id.

    Only batches of ``vendors`` are read (None: of all), from the newest instant back, at most :data:`FAR_BACK`; what is not found by then
    is left out. ``exercise`` is the world: a drill's, or None for the real one.
    """
    if not wanted:
        return {}
    until = max(wanted.values())
    recent = select(_batches.c.position).where(_batches.c.at <= until, _batches.c.at >= min(wanted.values()) - FAR_BACK)
    newest = recent.order_by(_batches.c.at.desc(), _batches.c.position.desc()).limit(_MOST_ROWS)
    world = _batches.c.exercise.is_(None) if exercise is None else _batches.c.exercise == exercise
    statement = select(_batches.c.payload).where(_batches.c.position.in_(newest), world)
    if vendors is not None:
        statement = statement.where(_batches.c.key.in_(sorted(vendors)))
    statement = statement.order_by(_batches.c.at.desc(), _batches.c.position.desc()).limit(_MOST_BATCHES).execution_options(yield_per=200)
    found: dict[str, Observation] = {}
    with connection.execute(statement) as rows:
        for payload in rows.scalars():
            for observation in unpack(payload).observations:
                id_ = observation.id
                if id_ in wanted and id_ not in found and observation.observed_at <= wanted[id_]:
                    found[id_] = observation
            if len(found) == len(wanted):
                break
    return found


def archived(connection: Connection, hashes: Collection[str]) -> dict[str, Archived]:
    """Those of ``hashes`` whose responses are still kept, without their bodies."""
    columns = select(_raw.c.hash, _raw.c.at, _raw.c.url, _raw.c.status, _raw.c.size)
    return {row.hash: Archived(*row) for row in connection.execute(columns.where(_raw.c.hash.in_(sorted(hashes))))}
