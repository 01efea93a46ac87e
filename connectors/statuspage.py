"""Atlassian Statuspage (API v2) and the pages that speak its format, such as those of incident.io.

Pages contradict themselves: components can all be green under an open critical incident. So the page's indicator, each
component, and each incident are readings of their own, and whoever wants the vendor's status takes the worst of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.reading import Node, SourceConfig, document
from secondsource.domain.observations import ComponentStatus, Incident, IncidentUpdate, Maintenance
from secondsource.domain.status import Status
from secondsource.domain.text import plain_text, tidy

_COMPONENT = {
    "operational": Status.OPERATIONAL,
    "under_maintenance": Status.MAINTENANCE,
    "degraded_performance": Status.DEGRADED,
    "partial_outage": Status.PARTIAL_OUTAGE,
    "major_outage": Status.MAJOR_OUTAGE,
    # incident.io's word for the last
    "full_outage": Status.MAJOR_OUTAGE,
}
_IMPACT = {
    "none": Status.OPERATIONAL,
    "maintenance": Status.MAINTENANCE,
    "minor": Status.DEGRADED,
    "major": Status.PARTIAL_OUTAGE,
    "critical": Status.MAJOR_OUTAGE,
}
_OVER = frozenset({"resolved", "postmortem"})
_MAINTENANCE_STAGES = frozenset({"scheduled", "in_progress", "verifying", "completed"})
_UPDATES = 30


class Config(SourceConfig):
    """A page. Component names are matched with ``*`` and ``?``, whatever their case."""

    only: tuple[str, ...] = Field(default=(), description="Read these components only, and incidents that touch them; all if empty.")
    ignore: tuple[str, ...] = Field(default=(), description="Leave out these components.")
    indicator: bool = Field(
        default=True,
        description="Read the page's overall indicator. Say false where components that do not matter keep it raised.",
    )


class Statuspage:
    """Reads summary.json, status.json, components.json, incidents*.json and scheduled-maintenances*.json."""

    spec: ClassVar[Spec] = Spec(
        name="statuspage",
        summary="Status pages of Atlassian Statuspage, incident.io and others with the same API",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://metastatuspage.com/api",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page's summary, or the file that the configured address names."""
        assert isinstance(config, Config)
        url = config.url
        if not urlsplit(url).path.endswith(".json"):
            url = url.rstrip("/") + "/api/v2/summary.json"
        return (Request(url, headers={"accept": "application/json"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The page, its components, its incidents (the resolved ones too) and its planned maintenance."""
        assert isinstance(config, Config)
        root = document(response.body)
        parts = ("status", "components", "incidents", "scheduled_maintenances")
        if not any(root.has(part) for part in parts):
            raise root.fail(f"none of {', '.join(parts)} is here; this is not what a Statuspage API answers")
        readings: list[Reading] = []
        if config.indicator and (status := root.get("status")):
            readings.append(_page(root, status))
        readings += _components(root.list_of("components"), config)
        left_out = 0
        for event in root.list_of("incidents") + root.list_of("scheduled_maintenances"):
            names = _names(event)
            if names and not any(_wanted(name, None, config) for name in names):
                left_out += 1
                continue
            planned = event.where.startswith("scheduled_maintenances") or event.has("scheduled_for")
            readings.append(_maintenance(event, names) if planned else _incident(event, names))
        notes = (f"{left_out} incidents and maintenances left out: they touch no component that is read",) if left_out else ()
        return Parsed(readings, notes=notes)

    def recognise(self, response: Response) -> float:
        """Sure for a page block with an indicator or components, less so for a bare list."""
        try:
            root = document(response.body)
            if root.has("page") and any(root.has(part) for part in ("status", "components", "incidents")):
                return 0.95 if root["page"].has("id") else 0.5
            incidents = root.list_of("incidents")
            return 0.8 if incidents and incidents[0].has("impact") and incidents[0].has("incident_updates") else 0.0
        except ParseError:
            return 0.0


def _page(root: Node, status: Node) -> Reading:
    page = root.get("page")
    name = page.text_of("name") if page else None
    native = status["indicator"].text()
    body = ComponentStatus(name=tidy(name or "page", 200), status=_IMPACT.get(native, Status.UNKNOWN), native=tidy(native, 60))
    return Reading("page", body, page.instant_of("updated_at") if page else None)


def _wanted(name: str, group: str | None, config: Config) -> bool:
    names = [name.lower(), *([group.lower()] if group else [])]
    if any(fnmatchcase(n, pattern.lower()) for n in names for pattern in config.ignore):
        return False
    return not config.only or any(fnmatchcase(n, pattern.lower()) for n in names for pattern in config.only)


def _components(components: list[Node], config: Config) -> list[Reading]:
    groups = {c["id"].text(): tidy(c["name"].text(), 200) for c in components if c.mapping().get("group") is True}
    parents = {c.text_of("group_id") for c in components}
    readings = []
    for component in components:
        id_ = component["id"].text()
        if id_ in groups and id_ in parents:
            continue  # a group repeats the worst of its members, which are here
        name = tidy(component["name"].text(), 200)
        group = groups.get(component.text_of("group_id") or "")
        native = component["status"].text()
        if not _wanted(name, group, config):
            continue
        status = _COMPONENT.get(native, Status.UNKNOWN)
        body = ComponentStatus(name=name, status=status, group=group, native=tidy(native, 60))
        readings.append(Reading(f"component/{tidy(id_, 120)}", body, component.instant_of("updated_at")))
    return readings


def _names(event: Node) -> tuple[str, ...]:
    found = [tidy(component["name"].text(), 200) for component in event.list_of("components")]
    for update in event.list_of("incident_updates"):
        found += [tidy(affected["name"].text(), 200) for affected in update.list_of("affected_components")]
    return tuple(dict.fromkeys(found))


def _updates(event: Node) -> tuple[IncidentUpdate, ...]:
    updates = [
        IncidentUpdate(
            stage=tidy(update["status"].text(), 60),
            text=plain_text(update.text_of("body") or "", 1000),
            at=update.instant_of("display_at") or update.instant_of("created_at"),
        )
        for update in event.list_of("incident_updates")
    ]
    return tuple(updates[:_UPDATES])


def _incident(event: Node, names: tuple[str, ...]) -> Reading:
    stage = event["status"].text()
    impact = event.text_of("impact") or ""
    body = Incident(
        title=plain_text(event["name"].text(), 300),
        status=_IMPACT.get(impact, Status.UNKNOWN),
        stage=tidy(stage, 60),
        resolved=stage in _OVER,
        components=names,
        updates=_updates(event),
        started_at=event.instant_of("started_at") or event.instant_of("created_at"),
        resolved_at=event.instant_of("resolved_at"),
        link=event.text_of("shortlink"),
    )
    return Reading(f"incident/{tidy(event['id'].text(), 120)}", body, event.instant_of("updated_at") or body.started_at)


def _maintenance(event: Node, names: tuple[str, ...]) -> Reading:
    stage = event["status"].text()
    body = Maintenance(
        title=plain_text(event["name"].text(), 300),
        stage=stage if stage in _MAINTENANCE_STAGES else "completed" if stage in _OVER else tidy(stage, 60),
        starts_at=event.instant_of("scheduled_for"),
        ends_at=event.instant_of("scheduled_until"),
        components=names,
        link=event.text_of("shortlink"),
    )
    return Reading(f"maintenance/{tidy(event['id'].text(), 120)}", body, event.instant_of("updated_at"))
