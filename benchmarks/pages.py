"""Status pages of a day: the outages of the story, and what pages do besides that is no finding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from benchmarks.chance import chance, whole
from benchmarks.polls import Said, Watched
from benchmarks.story import BLIPS, LEAST_VENDORS, MINUTES, OUTAGES, REGIONS, START, UNREAD, Outage, page, polled, vendor
from secondsource.domain.observations import Batch, ComponentStatus, Incident, IncidentUpdate
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status

_PASSING = (Status.DEGRADED, Status.UNKNOWN, Status.MAINTENANCE)


def status_page(number: int) -> Iterator[Batch]:
    """What the page of a vendor gives in a day."""
    source = Watched(page(number), vendor(number), "statuspage", timedelta(minutes=1))
    unread = [gap for gap in UNREAD if gap.vendor == number]
    before: tuple[object, ...] = ()
    for minute in range(MINUTES):
        at = polled(number, minute)
        gap = next((gap for gap in unread if gap.first <= minute < gap.last), None)
        if gap is not None:
            if not gap.silent:
                yield from source.fail(at)
            continue
        now = tuple(_stages(number, minute))
        new = now != before or source.stale(at)
        yield from source.poll(at, _read(number, minute) if new else None)
        before = now


def _stages(number: int, minute: int) -> Iterator[object]:
    """What is out of the ordinary at this minute; while it stays the same, so does the page."""
    for outage in OUTAGES:
        if outage.vendor == number:
            yield _stage(outage, minute)
    yield _passing(number, minute)


def _stage(outage: Outage, minute: int) -> str:
    """The stage of the outage's incident; empty before it."""
    if minute < outage.first:
        return ""
    if minute >= outage.last:
        return "resolved"
    parts = ("investigating", "identified", "monitoring")
    return parts[(minute - outage.first) * len(parts) // (outage.last - outage.first)]


def _passing(number: int, minute: int) -> tuple[int, Status] | None:
    """A component and its status, for one poll in some hours of some vendors."""
    hour, within = divmod(minute, 60)
    if (number not in BLIPS and number < LEAST_VENDORS) or within != whole(0, 59, "minute", number, hour):
        return None
    drawn = chance("passing", number, hour)
    return (whole(0, 19, "which", number, hour), _PASSING[int(drawn * 3 / 0.2)]) if drawn < 0.2 else None


def _read(number: int, minute: int) -> Said:
    name = vendor(number)
    bad = [outage for outage in OUTAGES if outage.vendor == number and outage.first <= minute < outage.last]
    passing = _passing(number, minute)
    for index in range(whole(20, 45, "components", number)):
        region = REGIONS[index % len(REGIONS)]
        status = next((outage.status for outage in bad if outage.region == region and index < 12), Status.OPERATIONAL)
        if passing is not None and passing[0] == index:
            status = passing[1]
        body = ComponentStatus(
            f"Service {index:02} {region}", status, f"Group {index % 4}", status.value, (Scope(name, f"product-{index}", region),)
        )
        yield name, f"component/{number:03}-{index:02}", body
    for outage in OUTAGES:
        if outage.vendor == number and (stage := _stage(outage, minute)):
            yield name, f"incident/{outage.first}", _incident(outage, stage)


def _incident(outage: Outage, stage: str) -> Incident:
    began = START + timedelta(minutes=outage.first)
    update = IncidentUpdate(stage, f"We are {stage} this. More will be said here when more is known.", began)
    names = tuple(f"Service {index:02} {outage.region}" for index in range(12) if REGIONS[index % len(REGIONS)] == outage.region)
    return Incident(
        f"Errors in {outage.region}", outage.status, stage, stage == "resolved", names, (update,), began,
        scopes=(Scope(vendor(outage.vendor), None, outage.region),),
    )  # fmt: skip
