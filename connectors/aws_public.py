"""AWS's public health dashboard: the open events (``currentevents``), and the ``data.json`` that it had until 2022.

AWS documents neither. What is relied on is what the recorded answers and those who read the interface agree in: JSON in UTF-16
with a byte-order mark, an empty list where nothing is open, epoch seconds as text or number, the region in the event's ARN, and the
codes 0 (well), 1 (informational, "impact"), 2 (degradation), 3 (disruption). An event's own code is the worst that it ever had;
what is the matter now, its services and the newest entry of its log say. AWS's RSS is read by ``feed_status``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.patterns import named
from secondsource.contracts.reading import Node, SourceConfig, document
from secondsource.contracts.status_page import json_request, newest_first, update
from secondsource.domain.observations import ComponentStatus, Incident, IncidentUpdate
from secondsource.domain.status import Status, worst
from secondsource.domain.text import plain_text, tidy
from secondsource.domain.words import count

_STATUS = {
    "0": Status.OPERATIONAL,
    # the lowest code has stood over real trouble, so it is not read as "no impact"
    "1": Status.DEGRADED,
    "2": Status.DEGRADED,
    "3": Status.MAJOR_OUTAGE,
}
_WELL = "0"
_RESOLVED = re.compile(r"^\s*\[RESOLVED\]\s*", re.IGNORECASE)
_REGION = re.compile(r"-([a-z]{2}(?:-[a-z]{2,10}){1,3}-\d{1,2})$")
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LINK = "https://health.aws.amazon.com/health/status"

# the log of data.json: <div><span class="yellowfg">Aug 7,  1:50 AM PDT</span>&nbsp;text</div>, oldest first
_ENTRY = re.compile(r'<span class="yellowfg">([^<]{1,40})</span>')
_CLOCK = re.compile(
    r"(?:(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}), +)?(?P<hour>\d{1,2}):(?P<minute>\d\d) (?P<half>AM|PM) (?P<zone>P[SD]T)"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = {"PST": timezone(timedelta(hours=-8)), "PDT": timezone(timedelta(hours=-7))}


class Config(SourceConfig):
    """The dashboard, and what of it matters. Single events have stayed open for months, so say which regions you use."""

    regions: tuple[str, ...] = Field(
        default=(), description="Read events of these regions only, and global ones: us-east-1, eu-*; all if empty."
    )
    services: tuple[str, ...] = Field(
        default=(), description="Read events of these services only, by code or name: ec2-*, Amazon Bedrock; all if empty."
    )


class _Service(msgspec.Struct, frozen=True):
    name: str
    code: str  # AWS's status code as it stands there


class AwsPublic:
    """One reading for each event, and one for the page, which sums the open ones up."""

    spec: ClassVar[Spec] = Spec(
        name="aws_public",
        summary="Public health dashboard of AWS (currentevents, and the older data.json)",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident"),
        documentation="https://docs.aws.amazon.com/health/latest/ug/aws-health-dashboard-status.html",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The list of open events."""
        assert isinstance(config, Config)
        return (json_request(config.url, config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The events that touch what is read. An empty list is AWS's way to say that nothing is open only with its mark before it."""
        assert isinstance(config, Config)
        root = document(response.body)
        if isinstance(root.value, dict):
            events = [*root["current"].items(), *root["archive"].items()]
            if not events:
                raise root.fail("neither a current nor an archived event is here; this is not what AWS answers")
            found = [_old_event(event, config) for event in events]
        else:
            events = root.items()
            if not events and not response.body.startswith(_MARKS):
                raise root.fail("an empty list without AWS's byte-order mark (UTF-16) does not say that all is well")
            found = [_event(event, config) for event in events]
        readings = [reading for reading in found if reading is not None]
        open_ = [reading.body.status for reading in readings if isinstance(reading.body, Incident) and not reading.body.resolved]
        read = ", ".join((*config.regions, *config.services))
        name = tidy(f"Dashboard ({read})" if read else "Dashboard", 200)
        page = Reading("page", ComponentStatus(name, worst(open_) if open_ else Status.OPERATIONAL))
        left_out = len(found) - len(readings)
        notes = (f"{count(left_out, 'event')} left out for touching no region or service that is read",) if left_out else ()
        return Parsed([page, *readings], notes=notes)

    def recognise(self, response: Response) -> float:
        """By the ARN and log of the first event, or by the two lists of the older form."""
        try:
            root = document(response.body)
            if isinstance(root.value, dict):
                both = [*root.list_of("current"), *root.list_of("archive")]
                return 0.95 if both and all(both[0].has(mark) for mark in ("service", "service_name", "date", "summary")) else 0.0
            events = root.items()
            if not events:
                return 0.5 if response.body.startswith(_MARKS) else 0.0
            return 0.95 if (events[0].text_of("arn") or "").startswith("arn:aws") and events[0].has("date") else 0.0
        except ParseError:
            return 0.0


def _code(node: Node) -> str:
    """A status code; it comes as text and as number."""
    return node.text().strip() if isinstance(node.value, str) else str(node.number())


def _seconds(node: Node) -> datetime:
    """An instant in epoch seconds; they come as text and as number."""
    text = _code(node)
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise node.fail(f"{text[:40]!r} is not a time; epoch seconds such as 1767344400 were expected") from None


def _log(event: Node) -> list[tuple[str, IncidentUpdate]]:
    """The log with its status codes, newest first."""
    found = []
    for entry in event.list_of("event_log"):
        summary, code = entry.text_of("summary") or "", _code(entry["status"])
        stage = "resolved" if code == _WELL or _RESOLVED.match(summary) else f"status {code}"
        found.append((code, update(stage, entry.text_of("message") or summary, _seconds(entry["timestamp"]))))
    return sorted(found, key=lambda pair: str(pair[1].at), reverse=True)


def _identity(event: Node) -> tuple[str, str]:
    """The region and the name that the event's ARN holds."""
    parts = event["arn"].text().split(":")
    name = tidy(parts[-1].rpartition("/")[2], 200)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != "health" or not name:
        raise event["arn"].fail("an ARN such as arn:aws:health:us-east-1::event/EC2/... was expected")
    return tidy(parts[3], 40) or "global", name


def _in_region(region: str, config: Config) -> bool:
    return not config.regions or region == "global" or named((region,), config.regions)


def _services(event: Node, config: Config) -> tuple[list[_Service], bool]:
    """The services that the event touches and that are read; and whether it says which it touches."""
    services = event.get("impacted_services")
    entries = list(services.entries()) if services else []
    touched = {key: _Service(tidy(service.text_of("service_name") or key, 200), _code(service["current"])) for key, service in entries}
    if not touched:
        key = event["service"].text()
        own = {key: _Service(tidy(event.text_of("service_name") or key, 200), _code(event["status"]))}
        # what hits many services and does not say which may hit any
        return ([*own.values()] if key.startswith("multiple") else _read(own, config)), False
    return _read(touched, config), True


def _read(services: dict[str, _Service], config: Config) -> list[_Service]:
    return [service for key, service in services.items() if not config.services or named((key, service.name), config.services)]


def _event(event: Node, config: Config) -> Reading | None:
    """An event of ``currentevents``; None where it touches nothing that is read."""
    region, identity = _identity(event)
    services, told = _services(event, config)
    if not services or not _in_region(region, config):
        return None
    own, log = _code(event["status"]), _log(event)
    summary = event["summary"].text()
    ended = _seconds(event["end_time"]) if event.has("end_time") else None
    still = [service for service in services if service.code != _WELL]
    said_over = bool(log) and log[0][1].stage == "resolved"
    over = ended is not None or said_over or bool(_RESOLVED.match(summary)) or (own == _WELL and not still)
    # the event goes on, but for none of the services that were chosen
    recovered = told and bool(config.services) and not still
    resolved = over or recovered
    now = [code for code, _ in log[:1]] or [own]
    if resolved:
        codes = [own, *(code for code, _ in log)]
    elif told:
        # what the log says is about all services, so it does not speak for the chosen ones
        codes = [*(service.code for service in still), *(() if config.services else now)]
    else:
        codes = now
    at = log[0][1].at if log else None
    if said_over and ended is None:
        ended = at
    where = "" if region == "global" else f" ({region})"
    body = Incident(
        title=tidy(f"{_RESOLVED.sub('', plain_text(summary, 260))}{where}", 300),
        status=worst(_STATUS.get(code, Status.UNKNOWN) for code in codes),
        stage="resolved" if over else "recovered" if recovered else f"open, status {tidy(own, 20)}",
        resolved=resolved,
        components=tuple(f"{service.name}{where}" for service in (still or services)),
        updates=newest_first(entry for _, entry in log),
        started_at=_seconds(event["date"]),
        resolved_at=ended,
        link=_LINK,
    )
    return Reading(f"incident/{identity}", body, at or body.started_at)


def _at(stamp: str, after: datetime) -> datetime | None:
    """The instant that a clock time of the older log means: the first of its kind that is not well before ``after``."""
    found = _CLOCK.fullmatch(stamp.strip())
    if found is None or (found["month"] is not None and found["month"] not in _MONTHS):
        return None
    hour = int(found["hour"]) % 12 + (12 if found["half"] == "PM" else 0)
    try:
        earliest = after.astimezone(_ZONES[found["zone"]]) - timedelta(hours=1)
        at = earliest.replace(hour=hour, minute=int(found["minute"]), second=0)
        if found["month"] is None:
            return (at if at >= earliest else at + timedelta(days=1)).astimezone(UTC)
        at = at.replace(month=_MONTHS.index(found["month"]) + 1, day=int(found["day"]))
        return (at if at >= earliest else at.replace(year=at.year + 1)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _old_event(event: Node, config: Config) -> Reading | None:
    """An event of ``data.json``; None where it touches nothing that is read."""
    key = event["service"].text()
    region = found.group(1) if (found := _REGION.search(key)) else "global"
    name = tidy(event["service_name"].text(), 200)
    code = _code(event["status"])
    if not _in_region(region, config) or not _read({key: _Service(name, code)}, config):
        return None
    started = last = _seconds(event["date"])
    updates = []
    pieces = _ENTRY.split(event.text_of("description") or "")
    for stamp, text in zip(pieces[1::2], pieces[2::2], strict=True):
        at = _at(stamp, last)
        last = at or last
        updates.append(update("update", text, at))
    updates.reverse()
    summary = event["summary"].text()
    over = code == _WELL or bool(_RESOLVED.match(summary))
    where = "" if region == "global" else f" ({region})"
    if over and updates:
        updates[0] = msgspec.structs.replace(updates[0], stage="resolved")
    body = Incident(
        title=tidy(f"{_RESOLVED.sub('', plain_text(summary, 260))}{where}", 300),
        status=_STATUS.get(code, Status.UNKNOWN),
        stage="resolved" if over else f"open, status {tidy(code, 20)}",
        resolved=over,
        components=(f"{name}{where}",),
        updates=newest_first(updates),
        started_at=started,
        resolved_at=updates[0].at if over and updates else None,
        link=_LINK,
    )
    return Reading(f"incident/{tidy(key, 120)}_{_code(event['date'])[:20]}", body, last)
