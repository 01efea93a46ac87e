"""Azure Service Health and Resource Health: what Microsoft tells one subscription, over the Resource Manager interface (2025-05-01).

Events are service issues and planned maintenance that touch the subscription. The state of single resources is read only where the
configuration names them, because one machine that fails is not the vendor failing. What its owner stopped is left out.

The credential is an OAuth 2 client of the tenant (scope ``https://management.azure.com/.default``) that may read the subscription.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.patterns import named
from secondsource.contracts.reading import Node, SourceConfig, document, further
from secondsource.contracts.status_page import json_request, newest_first, update
from secondsource.domain.observations import ComponentStatus, Incident, IncidentUpdate, Maintenance
from secondsource.domain.status import Status, worst
from secondsource.domain.text import plain_text, tidy
from secondsource.domain.words import count

_VERSION = "2025-05-01"
_PROVIDER = "/providers/Microsoft.ResourceHealth"
_AVAILABILITY = {
    "Available": Status.OPERATIONAL,
    "Degraded": Status.DEGRADED,
    "Unavailable": Status.MAJOR_OUTAGE,
    "Unknown": Status.UNKNOWN,
}
_LEVELS = {
    "Critical": Status.MAJOR_OUTAGE,
    "Error": Status.PARTIAL_OUTAGE,
    "Warning": Status.DEGRADED,
    # the lowest level of a service issue is trouble still
    "Informational": Status.DEGRADED,
}
_ISSUES = frozenset({"ServiceIssue", "EmergingIssues"})
_FALSE_ALARM = "False Positive"
_TYPES = ("microsoft.resourcehealth/", "providers/microsoft.resourcehealth/")
_RESOURCE = re.compile(
    r"/(?P<path>.*/providers/(?P<space>[^/]+)/(?P<steps>[^/]+/[^/]+(?:/[^/]+/[^/]+)*))/providers/Microsoft\.ResourceHealth/[^/]+/current",
    re.IGNORECASE,
)
_LONGEST_ID = 2000
_OWNER = re.compile(r"(?:user|customer)[ -]?initiated", re.IGNORECASE)


class Config(SourceConfig):
    """A subscription: ``https://management.azure.com/subscriptions/<its id>``."""

    resources: tuple[str, ...] = Field(
        default=(), description="Your resources whose own state is read, by name or type: prod-*, Microsoft.Sql/*; none if empty."
    )


class AzureResourceHealth:
    """One reading for each service issue and planned maintenance, and for each resource that is named."""

    spec: ClassVar[Spec] = Spec(
        name="azure_resource_health",
        summary="Azure Service Health events, and the state of resources, of your own subscription",
        config=Config,
        interval=timedelta(minutes=5),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://learn.microsoft.com/rest/api/resourcehealth/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The events, and the states of resources where any is to be read."""
        assert isinstance(config, Config)
        lists = ("events", "availabilityStatuses") if config.resources else ("events",)
        base = config.url.rstrip("/") + _PROVIDER
        return tuple(json_request(f"{base}/{name}?api-version={_VERSION}", config) for name in lists)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """A page of one of the two lists."""
        assert isinstance(config, Config)
        root = document(response.body)
        readings: list[Reading] = []
        left_out: dict[str, int] = {}
        for item in root["value"].items():
            kind = item["type"].text().lower().rpartition("/")[2]
            if kind == "events":
                found = _event(item)
            elif kind == "availabilitystatuses":
                found = _resource(item, config)
            else:
                raise item["type"].fail("an event or an availability status was expected")
            if isinstance(found, Reading):
                readings.append(found)
            else:
                left_out[found] = left_out.get(found, 0) + 1
        notes = tuple(f"{count(number, 'item')} left out: {why}" for why, number in left_out.items())
        link = root.get("nextLink")
        more = json_request(further(link, config.url), config) if link is not None and link.value != "" else None
        return Parsed(readings, next_request=more, notes=notes)

    def recognise(self, response: Response) -> float:
        """By the type of the first item."""
        try:
            items = document(response.body).list_of("value")
            return 0.95 if items and (items[0].text_of("type") or "").lower().lstrip("/").startswith(_TYPES) else 0.0
        except ParseError:
            return 0.0


def _event(item: Node) -> Reading | str:
    """An issue or planned maintenance; the reason where it is neither."""
    told = item["properties"]
    kind, state = told["eventType"].text(), told["status"].text()
    name, title = tidy(item["name"].text(), 120), plain_text(told["title"].text(), 300)
    over = state == "Resolved"
    starts, ends, at = (told.instant_of(key) for key in ("impactStartTime", "impactMitigationTime", "lastUpdateTime"))
    if kind == "PlannedMaintenance":
        stage = "completed" if over else "scheduled"  # Azure calls both "Active", what is to come and what is under way
        return Reading(f"maintenance/{name}", Maintenance(title, stage, starts, ends, _touched(told, over)), at)
    if kind not in _ISSUES:
        return f"events of type {tidy(kind, 40)}"
    levels = [level for level in (told.text_of("eventLevel"), told.text_of("level")) if level]
    false_alarm = any(tag.text() == _FALSE_ALARM for tag in told.list_of("eventTags"))
    body = Incident(
        title=title,
        status=worst(_LEVELS.get(level, Status.UNKNOWN) for level in levels) if levels else Status.DEGRADED,
        stage="false positive" if false_alarm else tidy(state, 60).lower(),
        resolved=over or false_alarm,
        components=_touched(told, over),
        updates=newest_first(_updates(told)),
        started_at=starts,
        resolved_at=ends if over else None,
    )
    return Reading(f"incident/{name}", body, at)


def _touched(told: Node, over: bool) -> tuple[str, ...]:
    """Each service with its regions; while it goes on, without those that are over, as long as any is not."""
    found = []
    for impact in told.list_of("impact"):
        regions = [(region["impactedRegion"].text(), region.text_of("status")) for region in impact.list_of("impactedRegions")]
        open_ = [region for region, status in regions if status != "Resolved"]
        names = open_ if open_ and not over else [region for region, _ in regions]
        where = f" ({', '.join(names)})" if names else ""
        found.append(tidy(f"{impact['impactedService'].text()}{where}", 2000))
    return tuple(dict.fromkeys(found))


def _updates(told: Node) -> Iterator[IncidentUpdate]:
    """The log, which is repeated for each region; where there is none, the summary."""
    seen = set()
    for impact in told.list_of("impact"):
        for region in impact.list_of("impactedRegions"):
            for entry in region.list_of("updates"):
                made = update("update", entry.text_of("summary"), entry.instant_of("updateDateTime"))
                if made.text and made not in seen:
                    seen.add(made)
                    yield made
    if not seen and (summary := told.text_of("summary")):
        yield update("update", summary, told.instant_of("lastUpdateTime"))


def _resource(item: Node, config: Config) -> Reading | str:
    """The state of a resource that is read; the reason where it is not told."""
    found = _RESOURCE.fullmatch(item["id"].text()[:_LONGEST_ID])
    if found is None:
        raise item["id"].fail("the id of a resource, followed by /providers/Microsoft.ResourceHealth/, was expected")
    # servers/main/databases/orders: types and names take turns
    steps = found["steps"].split("/")
    kind, name = "/".join((found["space"], *steps[::2])), tidy("/".join(steps[1::2]), 200)
    if not named((name, kind, f"{kind}/{name}"), config.resources):
        return "resources that are not named by 'resources'"
    told = item["properties"]
    state = told.text_of("availabilityState")
    if state is None:
        return "past events of resources"
    reasons = [told.text_of(key) or "" for key in ("reasonType", "context", "category")]
    down = state in ("Unavailable", "Degraded")
    if down and any(_OWNER.search(reason) for reason in reasons):
        return "resources that their owner stopped"
    planned = down and "Planned" in (reasons[0], reasons[2])
    status = Status.MAINTENANCE if planned else _AVAILABILITY.get(state, Status.UNKNOWN)
    why = next((reason for reason in reasons if reason), "")
    native = f"{state} ({why})" if down and why else state
    group = " ".join(filter(None, (kind, item.text_of("location"))))
    body = ComponentStatus(name, status, group=tidy(group, 200), native=tidy(native, 100))
    return Reading(f"component/{tidy(found['path'].lower(), 400)}", body, told.instant_of("occuredTime"))
