"""What was pushed: into the log as one batch for each vendor, and not again while it says the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql import log
from secondsource.adapters.sql.tables import PushedRow
from secondsource.domain.difference import FULL_EVERY
from secondsource.domain.observations import Observation, batch_of

_pushed: Any = PushedRow.__table__  # type: ignore[attr-defined]
_insert = insert(_pushed)
_upsert = _insert.on_conflict_do_update(
    index_elements=["source", "vendor", "subject"], set_={"id": _insert.excluded.id, "at": _insert.excluded.at}
)


def take(connection: Connection, source: str, observations: Sequence[Observation], now: datetime) -> list[bool]:
    """Append what says something new, in order; True for each that does, False for what was said before.

    As with pages, what did not change goes on again after :data:`~secondsource.domain.difference.FULL_EVERY`. All observations are of
    ``source`` and made at ``now``.
    """
    known = _known(connection, source, observations)
    fresh: list[bool] = []
    by_vendor: dict[str, list[Observation]] = {}
    changed: dict[tuple[str, str], str] = {}
    for observation in observations:
        place = (observation.vendor, observation.subject)
        before = known.get(place)
        new = before is None or before[0] != observation.id or before[1] <= now - FULL_EVERY
        fresh.append(new)
        if new:
            known[place] = (observation.id, now)
            changed[place] = observation.id
            by_vendor.setdefault(observation.vendor, []).append(observation)
    log.append(connection, [batch_of(vendor, source, now, tuple(part)) for vendor, part in sorted(by_vendor.items())])
    if changed:
        rows = [
            {"source": source, "vendor": vendor, "subject": subject, "id": id_, "at": now} for (vendor, subject), id_ in changed.items()
        ]
        connection.execute(_upsert, rows)
    return fresh


def _known(connection: Connection, source: str, observations: Sequence[Observation]) -> dict[tuple[str, str], tuple[str, datetime]]:
    places = {(observation.vendor, observation.subject) for observation in observations}
    wanted = tuple_(_pushed.c.vendor, _pushed.c.subject).in_(sorted(places))
    statement = select(_pushed.c.vendor, _pushed.c.subject, _pushed.c.id, _pushed.c.at).where(_pushed.c.source == source, wanted)
    return {(vendor, subject): (id_, at) for vendor, subject, id_, at in connection.execute(statement)}
