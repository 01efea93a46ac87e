"""How the vendor stood at each time, by its own account and as far as anybody read it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import NamedTuple

import msgspec

from secondsource.domain.observations import UNDER_WAY, ComponentStatus, Gone, Incident, Maintenance, Observation
from secondsource.domain.reach import index_of
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.period import Period
from secondsource.domain.review.sight import Sight
from secondsource.domain.review.spans import Span, holds, joined
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status, rank, worst

PAGE = "page"
_TELLING = (ComponentStatus, Incident, Maintenance, Gone)
_EVER = datetime.min.replace(tzinfo=UTC)


class Band(msgspec.Struct, frozen=True):
    """One status from ``start`` up to ``end``. ``observations`` are the readings that made it so; none for operational and unread time."""

    status: Status
    start: datetime
    end: datetime
    observations: tuple[str, ...] = ()


class Said(NamedTuple):
    """What one subject of a source says now. ``mine``: it is about what is asked for."""

    id: str
    kind: str
    status: Status
    mine: bool


class _Step(NamedTuple):
    """What a source says from ``at`` on; ``status`` None where it says nothing of what is asked for."""

    at: datetime
    status: Status | None
    ids: tuple[str, ...]


def used_scopes(facts: Facts) -> tuple[Scope, ...]:
    """The parts of the vendor that something of ours runs on, directly or by way of others; empty where nothing is known to."""
    return index_of(facts.context).used_parts(facts.vendor)


def timeline(facts: Facts, sources: Mapping[str, Sight], wanted: Collection[Scope] = (), *, own: bool = False) -> tuple[Band, ...]:
    """The period without gap or overlap, by the status of the parts ``wanted`` (none: of the whole vendor).

    By the vendor's account, or by our ``own`` probes. The worst of what the sources that are in service say; one that is in service and
    can not be read makes the whole unknown unless another tells of trouble. Where no source is in service nothing is known.
    """
    readings: dict[str, list[Observation]] = {}
    for observation in facts.observations:
        if observation.vendor == facts.vendor:
            readings.setdefault(observation.source, []).append(observation)
    telling = [sight for sight in sources.values() if sight.own == own and sight.tells_status(facts.kinds)]
    steps = {sight.source: _steps(readings.get(sight.source, ()), wanted) for sight in telling}
    return _swept(facts.period, telling, steps)


def work_spans(facts: Facts, wanted: Collection[Scope] = ()) -> tuple[Span, ...]:
    """When announced work on the parts ``wanted`` (none: on any part) was under way, by the vendor's account; up to the period's end."""
    begun: dict[tuple[str, str], datetime] = {}
    spans: list[Span] = []
    for observation in facts.observations:
        place, body = (observation.source, observation.subject), observation.body
        if observation.vendor != facts.vendor or not (isinstance(body, Maintenance) or place in begun):
            continue
        scopes = getattr(body, "scopes", ()) or (Scope(observation.vendor),)
        mine = not wanted or any(scope.touches(part) for scope in scopes for part in wanted)
        if isinstance(body, Maintenance) and body.stage in UNDER_WAY and mine:
            begun.setdefault(place, observation.observed_at)
        elif place in begun:
            spans.append(Span(begun.pop(place), observation.observed_at))
    return joined([*spans, *(Span(start, facts.period.end) for start in begun.values())])


def _steps(readings: Iterable[Observation], wanted: Collection[Scope]) -> list[_Step]:
    said: dict[str, Said] = {}
    steps: list[_Step] = []
    for at, told in groupby(readings, key=lambda observation: observation.observed_at):
        # what one poll said counts together; most polls say nothing new
        news = [(observation.subject, _said(observation, wanted)) for observation in told if isinstance(observation.body, _TELLING)]
        if all(said.get(subject) == now for subject, now in news):
            continue
        for subject, now in news:
            if now is not None:
                said[subject] = now
            else:
                said.pop(subject, None)
        steps.append(_Step(at, *judged(said.values())))
    return steps


def _said(observation: Observation, wanted: Collection[Scope]) -> Said | None:
    """What the reading leaves standing of its subject; None for nothing."""
    body = observation.body
    kind, status, there = "component", Status.UNKNOWN, False
    if isinstance(body, ComponentStatus):
        kind, status, there = (PAGE if observation.subject == PAGE else "component"), body.status, True
    elif isinstance(body, Incident):
        kind, status, there = "incident", body.status, not body.resolved and body.status is not Status.OPERATIONAL
    elif isinstance(body, Maintenance):
        kind, status, there = "maintenance", Status.MAINTENANCE, body.stage in UNDER_WAY
    if not there:
        return None
    scopes = getattr(body, "scopes", ()) or (Scope(observation.vendor),)
    return Said(observation.id, kind, status, not wanted or any(scope.touches(part) for scope in scopes for part in wanted))


def judged(said: Collection[Said]) -> tuple[Status | None, tuple[str, ...]]:
    """What all that a source says comes to, and the readings that make it so; None where it says nothing of what is asked for."""
    parts = [each for each in said if each.kind != PAGE]
    mine = [each for each in parts if each.mine]
    known = max((rank(each.status) for each in parts if each.status is not Status.UNKNOWN), default=0)
    # The indicator repeats the rest without saying where; it counts where it is worse than all of the rest.
    pages = [each for each in said if each.kind == PAGE]
    mine += [page for page in pages if (not parts if page.status is Status.UNKNOWN else rank(page.status) > known)]
    if not mine:
        return (None if any(each.kind == "component" for each in parts) else Status.OPERATIONAL), ()
    status = worst(each.status for each in mine)
    return status, () if status is Status.OPERATIONAL else tuple(each.id for each in mine if each.status is status)


def timeline_of(readings: Sequence[Observation], sight: Sight, period: Period) -> tuple[Band, ...]:
    """The period by the status of one component; unknown before it was first read and after it vanished."""
    steps = [_Step(_EVER, None, ())]
    for observation in readings:
        body = observation.body
        status = body.status if isinstance(body, ComponentStatus) else None
        if status is not steps[-1].status:
            steps.append(_Step(observation.observed_at, status, (observation.id,) if status is not Status.OPERATIONAL else ()))
    return _swept(period, [sight], {sight.source: steps})


def _swept(period: Period, telling: list[Sight], steps: Mapping[str, list[_Step]]) -> tuple[Band, ...]:
    edges = {period.start, period.end}
    for sight in telling:
        edges |= {*sight.service, *(edge for span in sight.readable for edge in span), *(step.at for step in steps[sight.source])}
    ordered = sorted(edge for edge in edges if period.start <= edge <= period.end)
    starts = {source: [step.at for step in found] for source, found in steps.items()}
    bands: list[Band] = []
    for start, end in pairwise(ordered):
        status, ids = _at(start, telling, steps, starts)
        if bands and bands[-1].status is status:
            bands[-1] = Band(status, bands[-1].start, end, tuple(dict.fromkeys((*bands[-1].observations, *ids))))
        else:
            bands.append(Band(status, start, end, ids))
    return tuple(bands)


def _at(
    at: datetime, telling: list[Sight], steps: Mapping[str, list[_Step]], starts: Mapping[str, list[datetime]]
) -> tuple[Status, tuple[str, ...]]:
    said: list[tuple[Status, tuple[str, ...]]] = []
    for sight in telling:
        if not sight.service.start <= at < sight.service.end:
            continue
        if not holds(sight.readable, at):
            said.append((Status.UNKNOWN, ()))
            continue
        number = bisect_right(starts[sight.source], at)
        # a feed without entries is read and tells of nothing
        status, ids = steps[sight.source][number - 1][1:] if number else (Status.OPERATIONAL, ())
        if status is not None:
            said.append((status, ids))
    status = worst(status for status, _ in said)
    return status, tuple(id_ for found, ids in said if found is status for id_ in ids)
