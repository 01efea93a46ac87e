"""Facts made by hand, for figures that need no store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from secondsource.domain.context import Context
from secondsource.domain.observations import AnyBody, ComponentStatus, Observation, Outcome, SourceHealth, observe
from secondsource.domain.review.facts import DrillRecord, Facts, RiskRecord
from secondsource.domain.review.period import Period
from secondsource.domain.review.timeline import Band
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status
from tests.reports.world import END, NOW, START, clock, context

KINDS = {
    "statuspage": frozenset({"component_status", "incident", "maintenance"}),
    "feed_status": frozenset({"incident", "maintenance"}),
    "http_probe": frozenset({"component_status"}),
}
PERIOD = Period(START, END, "as asked for")
DOWN, PARTIAL, WELL, UNKNOWN = Status.MAJOR_OUTAGE, Status.PARTIAL_OUTAGE, Status.OPERATIONAL, Status.UNKNOWN


def said(at: datetime, subject: str, body: AnyBody, source: str = "page", vendor: str = "halcyon") -> Observation:
    return observe(source=source, vendor=vendor, subject=subject, observed_at=at, body=body)


def polls(
    start: datetime, end: datetime, *, source: str = "page", connector: str = "statuspage", outcome: Outcome = Outcome.OK, every: int = 600
) -> list[Observation]:
    """Polls of a source, every so many seconds."""
    found = []
    while start < end:
        found.append(said(start, f"source/{source}", SourceHealth(outcome, connector, interval_s=every), source))
        start += timedelta(seconds=every)
    return found


def api(at: datetime, status: Status, *scopes: Scope, name: str = "api", source: str = "page") -> Observation:
    return said(at, f"component/{name}", ComponentStatus(name, status, scopes=scopes), source)


def facts(
    observations: Iterable[Observation] = (),
    *,
    spends: Iterable[Observation] = (),
    risks: Iterable[RiskRecord] = (),
    drills: Iterable[DrillRecord] = (),
    known: Context | None = None,
    vendor: str = "halcyon",
    period: Period = PERIOD,
) -> Facts:
    ordered = sorted(observations, key=lambda observation: observation.observed_at)
    return Facts(
        vendor=vendor,
        period=period,
        now=NOW,
        until=END,
        context=known or context(),
        observations=tuple(ordered),
        spends=tuple(sorted(spends, key=lambda observation: observation.observed_at)),
        risks=tuple(risks),
        drills=tuple(drills),
        kinds=KINDS,
    )


def spans(bands: Iterable[Band]) -> list[tuple[Status, str, str]]:
    """Bands as (status, from, to) on the clock."""
    return [(band.status, f"{band.start:%H:%M}", f"{band.end:%H:%M}") for band in bands]


__all__ = ["DOWN", "KINDS", "PARTIAL", "PERIOD", "UNKNOWN", "WELL", "api", "clock", "facts", "polls", "said", "spans"]
