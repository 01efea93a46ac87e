"""AWS Health: what AWS tells one account, its own resources among it (needs a Business or Enterprise support plan).

Three calls make the picture: DescribeEvents lists what is open and what is to come, DescribeAffectedEntities names the resources
that are still touched, DescribeEventDetails gives the text. How bad an issue is the interface does not tell; an open one counts as
degraded, the least that it can be. Notifications, which are about bills and the like, are left out.

The credential is an AWS key for the service ``health`` in ``us-east-1``, with leave for the three calls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field

from secondsource.contracts.aws_json import refusal
from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.reading import Node, SourceConfig, document
from secondsource.contracts.status_page import update
from secondsource.domain.observations import Incident, Maintenance
from secondsource.domain.status import Status
from secondsource.domain.text import plain_text, tidy
from secondsource.domain.words import count

_TARGET = "AWSHealth_20160804"
_STAGES = {"upcoming": "scheduled", "open": "in_progress", "closed": "completed"}
_NO_LONGER = frozenset({"UNIMPAIRED", "RESOLVED"})
_NO_RESOURCE = frozenset({"UNKNOWN", "AWS_ACCOUNT"})
_AT_ONCE = 10  # events that the two calls take
_NAMED = 5  # resources that are named; the rest is counted
_TOLD_IN_FULL = 200  # events, so that one poll ends
_RESOLVED = re.compile(r"^\s*\[RESOLVED\]\s*", re.IGNORECASE)


class Config(SourceConfig):
    """The interface (``https://health.us-east-1.amazonaws.com/``), and which events to read."""

    regions: tuple[str, ...] = Field(default=(), description="Read events of these regions only, and global ones; all if empty.")
    services: tuple[str, ...] = Field(
        default=(), description="Read events of these services only, by AWS's codes: EC2, BEDROCK; all if empty."
    )
    public: bool = Field(default=True, description="Read public events too; false for those of the account alone.")


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is still to be asked in this poll: events to tell in full, the next page of the list, and resources found so far."""

    todo: tuple[str, ...] = ()
    page: str | None = None
    affected: Mapping[str, str] = {}
    told: int = 0


class AwsHealth:
    """One reading for each issue and each scheduled change, told again in full once its details are there."""

    spec: ClassVar[Spec] = Spec(
        name="aws_health",
        summary="AWS Health events of your own account",
        config=Config,
        interval=timedelta(minutes=5),
        kinds=("incident", "maintenance"),
        documentation="https://docs.aws.amazon.com/health/latest/APIReference/Welcome.html",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The list of events."""
        assert isinstance(config, Config)
        return (_events_request(config, _Memo()),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """What one of the three calls answers, and the next call."""
        assert isinstance(config, Config)
        if response.status != 200:
            return Parsed((), inconclusive=refusal(response, "AWS Health"))
        root = document(response.body)
        memo = read_memo(response.memo, _Memo)
        if root.has("successfulSet"):
            return _details(root, memo, config)
        if root.has("entities"):
            return _entities(root, memo, config)
        return _events(root, memo, config)

    def recognise(self, response: Response) -> float:
        """By the ARN of the first event, or the sets of the details."""
        try:
            root = document(response.body)
            events = root.list_of("events")
            if events and (events[0].text_of("arn") or "").startswith("arn:aws") and events[0].has("eventTypeCode"):
                return 0.95
            details = root.list_of("successfulSet")
            return 0.9 if details and details[0].has("event") and details[0].has("eventDescription") else 0.0
        except ParseError:
            return 0.0


def _request(call: str, asked: dict[str, Any], memo: _Memo, config: Config) -> Request:
    headers = {"accept": "application/json", "content-type": "application/x-amz-json-1.1", "x-amz-target": f"{_TARGET}.{call}"}
    body = msgspec.json.encode(asked)
    return Request(config.url, "POST", headers=headers, body=body, auth=config.auth, every_status=True, memo=write_memo(memo))


def _events_request(config: Config, memo: _Memo) -> Request:
    chosen: dict[str, Any] = {"eventStatusCodes": ["open", "upcoming"], "eventTypeCategories": ["issue", "scheduledChange"]}
    if config.regions:
        chosen["regions"] = [*dict.fromkeys((*config.regions, "global"))]
    if config.services:
        chosen["services"] = [*config.services]
    asked = {"filter": chosen, "maxResults": 100}
    return _request("DescribeEvents", asked | ({"nextToken": memo.page} if memo.page else {}), memo, config)


def _next(memo: _Memo, config: Config) -> Request | None:
    """The resources of the next events, then the next page of the list."""
    if memo.todo:
        return _request("DescribeAffectedEntities", {"filter": {"eventArns": memo.todo[:_AT_ONCE]}, "maxResults": 100}, memo, config)
    return _events_request(config, memo) if memo.page else None


def _events(root: Node, memo: _Memo, config: Config) -> Parsed:
    readings, arns, left_out = [], [], 0
    for event in root["events"].items():
        reading = _reading(event, "", None) if config.public or event.text_of("eventScopeCode") != "PUBLIC" else None
        if reading is None:
            left_out += 1
            continue
        readings.append(reading)
        arns.append(event["arn"].text())
    room = max(_TOLD_IN_FULL - memo.told, 0)
    notes = [f"{count(left_out, 'event')} left out: notifications, or public ones where only the account's are read"] if left_out else []
    if len(arns) > room:
        notes.append(f"{count(len(arns) - room, 'event')} told without their details")
    after = _Memo(tuple(arns[:room]), root.text_of("nextToken"), {}, memo.told + len(arns[:room]))
    return Parsed(readings, next_request=_next(after, config), notes=notes)


def _entities(root: Node, memo: _Memo, config: Config) -> Parsed:
    """The resources are kept for the details, which come without them."""
    found: dict[str, list[str]] = {}
    for entity in root["entities"].items():
        value = tidy(entity["entityValue"].text(), 200)
        if value not in _NO_RESOURCE and (entity.text_of("statusCode") or "") not in _NO_LONGER:
            found.setdefault(entity["eventArn"].text(), []).append(value)
    if not memo.todo:
        note = f"{count(sum(map(len, found.values())), 'resource')}; they are told with the details of their events"
        return Parsed((), complete=False, notes=(note,))
    more = root.has("nextToken")
    told = replace(memo, affected={arn: _listed(values, more) for arn, values in found.items()})
    return Parsed((), next_request=_request("DescribeEventDetails", {"eventArns": memo.todo[:_AT_ONCE]}, told, config))


def _listed(values: Sequence[str], more: bool) -> str:
    rest = len(values) - _NAMED
    tail = " and more" if more else f" and {rest} more" if rest > 0 else ""
    return ", ".join(values[:_NAMED]) + tail


def _details(root: Node, memo: _Memo, config: Config) -> Parsed:
    readings = []
    for detail in root["successfulSet"].items():
        text = detail["eventDescription"].text_of("latestDescription") or ""
        reading = _reading(detail["event"], text, memo.affected.get(detail["event"]["arn"].text()))
        if reading is not None:
            readings.append(reading)
    failed = len(root.list_of("failedSet"))
    notes = (f"AWS gave no details of {count(failed, 'event')}",) if failed else ()
    after = replace(memo, todo=memo.todo[_AT_ONCE:], affected={})
    return Parsed(readings, complete=bool(memo.told), next_request=_next(after, config), notes=notes)


def _instant(event: Node, key: str) -> datetime | None:
    """AWS writes instants as seconds since 1970, with a fraction."""
    found = event.get(key)
    if found is None:
        return None
    try:
        return datetime.fromtimestamp(float(found.number()), UTC)
    except (ValueError, OverflowError, OSError):
        raise found.fail("the number is no time; seconds since 1970 were expected") from None


def _reading(event: Node, text: str, affected: str | None) -> Reading | None:
    """An issue or a scheduled change; None for what is neither."""
    category, stage = event["eventTypeCategory"].text(), event["statusCode"].text()
    name = tidy(event["arn"].text().rpartition("/")[2], 200)
    if not name:
        raise event["arn"].fail("the ARN has no name at its end")
    service, code = tidy(event["service"].text(), 100), tidy(event["eventTypeCode"].text(), 150)
    region = event.text_of("region") or "global"
    where = "" if region == "global" else f" ({tidy(region, 40)})"
    first = plain_text(_RESOLVED.sub("", text.strip()).partition("\n")[0], 200)
    title = first or f"{service}: {code}"
    at = _instant(event, "lastUpdatedTime")
    starts, ends = _instant(event, "startTime"), _instant(event, "endTime")
    if category == "scheduledChange":
        about = f"{title} [{affected}]" if affected else title
        planned = Maintenance(tidy(about, 300), _STAGES.get(stage, tidy(stage, 60)), starts, ends, (f"{service}{where}",))
        return Reading(f"maintenance/{name}", planned, at)
    if category != "issue":
        return None
    updates = [update(stage, text, at)] if text else []
    if affected:
        updates.append(update("affected", f"Resources: {affected}", at))
    body = Incident(
        title=title,
        status=Status.DEGRADED,
        stage=tidy(stage, 60),
        resolved=stage == "closed",
        components=(f"{service}{where}",),
        updates=tuple(updates),
        started_at=starts,
        resolved_at=ends if stage == "closed" else None,
    )
    return Reading(f"incident/{name}", body, at)
