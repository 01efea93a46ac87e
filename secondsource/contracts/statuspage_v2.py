"""Help for connectors: the format of Atlassian Statuspage's API v2, which other platforms answer too.

What is optional: every list may be missing, null or empty, and so may most fields. A word for a status that is not known is
read as unknown, with the word kept: one new word must not blind the watch on all other components, and unknown is never
healthy. What tells a thing apart or is its state (id, name, status) must be there.
"""

from __future__ import annotations

from secondsource.contracts.connector import Parsed
from secondsource.contracts.reading import Node
from secondsource.contracts.status_page import StatusPage, StatusPageConfig, update
from secondsource.domain.status import Status

COMPONENT = {
    "operational": Status.OPERATIONAL,
    "under_maintenance": Status.MAINTENANCE,
    "degraded_performance": Status.DEGRADED,
    "partial_outage": Status.PARTIAL_OUTAGE,
    "major_outage": Status.MAJOR_OUTAGE,
    # incident.io's word for the last
    "full_outage": Status.MAJOR_OUTAGE,
}
IMPACT = {
    "none": Status.OPERATIONAL,
    "maintenance": Status.MAINTENANCE,
    "minor": Status.DEGRADED,
    "major": Status.PARTIAL_OUTAGE,
    "critical": Status.MAJOR_OUTAGE,
}
_EVENTS = frozenset({"incidents", "scheduled_maintenances"})
_PARTS = ("status", "components", "incidents", "scheduled_maintenances")
_WIDGET = ("ongoing_incidents", "in_progress_maintenances")
"""incident.io's widget has these beside a list of maintenances: read as a page of Statuspage, its open incidents would be missing."""
_OVER = frozenset({"resolved", "postmortem"})


def read_statuspage(root: Node, config: StatusPageConfig) -> Parsed:
    """The page, its components, its incidents (the resolved ones too) and its planned maintenance.

    Raises :class:`ParseError` for a document with none of the format's parts, and for one of which nothing can be read: only
    a list of incidents or maintenances may be empty.
    """
    parts = [part for part in _PARTS if root.has(part) or (root.has("page") and part in root.mapping())]
    if not parts:
        raise root.fail(f"none of {', '.join(_PARTS)} is here; this is not what a Statuspage API answers")
    if foreign := [part for part in _WIDGET if part in root.mapping()]:
        raise root.fail(f"{' and '.join(foreign)} is what incident.io's widget answers, not what a Statuspage API does")
    status = root.get("status") if config.indicator else None
    components = root.list_of("components")
    if components and not root.has("page"):
        raise root.fail("components without a page they belong to are not what a Statuspage API answers")
    if components and not any(component.text_of("status") in COMPONENT for component in components):
        raise root["components"].fail("not one component has a status that is known; this is another format")
    events = root.list_of("incidents") + root.list_of("scheduled_maintenances")
    if not status and not components and not events and not set(parts) <= _EVENTS:
        raise root.fail("it lists no component and says nothing else that is to be read; this is no sign of health")
    page = StatusPage(config)
    if status:
        block = root.get("page")
        native = status["indicator"].text()
        name = block.text_of("name") if block else None
        page.overall(name, IMPACT.get(native, Status.UNKNOWN), native, block.instant_of("updated_at") if block else None)
    _components(components, page)
    for event in events:
        planned = event.where.startswith("scheduled_maintenances") or event.has("scheduled_for")
        (_maintenance if planned else _incident)(event, page)
    silent = "components" in parts and not components
    return page.parsed(notes=("the page lists no components; only what it says of the whole is known",) if silent else ())


def _components(components: list[Node], page: StatusPage) -> None:
    groups = {c["id"].text(): c["name"].text() for c in components if c.mapping().get("group") is True}
    parents = {c.text_of("group_id") for c in components}
    for component in components:
        id_ = component["id"].text()
        if id_ in groups and id_ in parents:
            continue  # a group repeats the worst of its members, which are here
        native = component["status"].text()
        page.component(
            id_,
            component["name"].text(),
            COMPONENT.get(native, Status.UNKNOWN),
            native,
            group=groups.get(component.text_of("group_id") or ""),
            at=component.instant_of("updated_at"),
        )


def _names(event: Node) -> list[str]:
    found = [component["name"].text() for component in event.list_of("components")]
    for entry in event.list_of("incident_updates"):
        found += [affected["name"].text() for affected in entry.list_of("affected_components")]
    return found


def _incident(event: Node, page: StatusPage) -> None:
    stage = event["status"].text()
    page.incident(
        event["id"].text(),
        title=event["name"].text(),
        status=IMPACT.get(event.text_of("impact") or "", Status.UNKNOWN),
        stage=stage,
        resolved=stage in _OVER,
        components=_names(event),
        updates=[
            update(entry["status"].text(), entry.text_of("body"), entry.instant_of("display_at") or entry.instant_of("created_at"))
            for entry in event.list_of("incident_updates")
        ],
        started_at=event.instant_of("started_at") or event.instant_of("created_at"),
        resolved_at=event.instant_of("resolved_at"),
        link=event.text_of("shortlink"),
        at=event.instant_of("updated_at"),
    )


def _maintenance(event: Node, page: StatusPage) -> None:
    stage = event["status"].text()
    page.maintenance(
        event["id"].text(),
        title=event["name"].text(),
        stage="completed" if stage in _OVER else stage,
        starts_at=event.instant_of("scheduled_for"),
        ends_at=event.instant_of("scheduled_until"),
        components=_names(event),
        link=event.text_of("shortlink"),
        at=event.instant_of("updated_at"),
    )
