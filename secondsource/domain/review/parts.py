"""The components of the vendor's pages, each with a timeline of its own, and the sources that were read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

import msgspec

from secondsource.domain.observations import ComponentStatus, Gone, Observation
from secondsource.domain.review.availability import Availability, availability
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.sight import Sight
from secondsource.domain.review.spans import total, within
from secondsource.domain.review.timeline import PAGE, Band, timeline_of
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status

_WELL = (Status.OPERATIONAL, Status.UNKNOWN)


class PartLine(msgspec.Struct, frozen=True):
    """One component over the period. ``ours``: it is, or may be, a part that we use."""

    name: str
    source: str
    bands: tuple[Band, ...]
    availability: Availability | Missing
    ours: bool


class Parts(msgspec.Struct, frozen=True):
    """``troubled`` are the components that were not well at some time, the longest down first; ``well`` is how many always were."""

    troubled: tuple[PartLine, ...]
    well: int


class SourceLine(msgspec.Struct, frozen=True):
    """A source of the review, what it gave, and how much of the period it could be read."""

    source: str
    connectors: tuple[str, ...]
    kinds: tuple[str, ...]
    readable: timedelta


def parts(facts: Facts, sources: Mapping[str, Sight], used: Collection[Scope]) -> Parts:
    """All components that were read."""
    told: dict[tuple[str, str], list[Observation]] = {}
    for observation in facts.observations:
        body = observation.body
        is_part = isinstance(body, ComponentStatus) or (isinstance(body, Gone) and body.was == "component_status")
        told_by = sources[observation.source]
        if is_part and observation.vendor == facts.vendor and observation.subject != PAGE and not told_by.own:
            told.setdefault((observation.source, observation.subject), []).append(observation)
    found = []
    well = 0
    for (source, _), readings in sorted(told.items()):
        bands = timeline_of(readings, sources[source], facts.period)
        if all(band.status in _WELL for band in bands):
            well += any(band.status is Status.OPERATIONAL for band in bands)
            continue
        last = next(observation.body for observation in reversed(readings) if isinstance(observation.body, ComponentStatus))
        name = f"{last.group} / {last.name}" if last.group else last.name
        scopes = last.scopes or (Scope(facts.vendor),)
        ours = bool(used) and any(scope.touches(part) for scope in scopes for part in used)
        found.append(PartLine(name, source, bands, availability(bands, name), ours))
    return Parts(tuple(sorted(found, key=_order)), well)


def source_lines(facts: Facts, sources: Mapping[str, Sight]) -> Iterable[SourceLine]:
    """Those that said something of the vendor, or were read for it, by id."""
    for sight in sources.values():
        read = total(within(sight.readable, facts.period.start, facts.period.end))
        yield SourceLine(sight.source, tuple(sorted(sight.connectors)), tuple(sorted(sight.kinds - {"gone", "source_health"})), read)


def _order(line: PartLine) -> tuple[timedelta, timedelta, str, str]:
    down = line.availability.down if isinstance(line.availability, Availability) else timedelta(0)
    troubled = sum((band.end - band.start for band in line.bands if band.status not in _WELL), timedelta(0))
    return (-down, -troubled, line.name, line.source)
