"""How a part of a vendor stands now, as far as this program can tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from secondsource.adapters.sql import risks
from secondsource.adapters.sql.tables import SourceRow
from secondsource.domain.exposure import OUTAGE_RULES
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status

_sources: Any = SourceRow.__table__  # type: ignore[attr-defined]


def standing(connection: Connection, scope: Scope, exercise: str | None, status_connectors: frozenset[str]) -> Status:
    """In trouble where a finding says so; operational only where a source that tells of status was read and is not blind.

    Nobody watches it, or nobody could read it: unknown, which is not healthy.
    """
    outages = risks.still_firing(connection, exercise, OUTAGE_RULES)
    if any(trouble.touches(scope) for entry in outages for trouble in entry.scopes):
        return Status.MAJOR_OUTAGE
    blind = any(entry.subject == scope.vendor for entry in risks.still_firing(connection, exercise, ["blind_source"]))
    read = select(_sources.c.id).where(
        _sources.c.vendor == scope.vendor, _sources.c.succeeded_at.is_not(None), _sources.c.connector.in_(sorted(status_connectors))
    )
    if blind or connection.execute(read).first() is None:
        return Status.UNKNOWN
    return Status.OPERATIONAL
