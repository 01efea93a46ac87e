"""Status pages of incident.io: their own two interfaces, and the one in the format of Statuspage that they also answer.

The page's own proxy lists all components and which of them are affected; one that is not affected is well. The widget lists
incidents and maintenances only. The Statuspage-shaped answer leaves things out (components of an incident, all components of
a page of pages), so it is only read where the proxy is not there. A page that lists no component at all is a page of pages: it
says nothing of those below it, and is refused unless it reports something.

Of the proxy's answer, components, affected components and the state, impacts and updates of incidents are confirmed by public
recordings; of its maintenances only id, name and state are, so their times are taken where the widget's names for them occur.
A word for a status that is not known is read as unknown, with the word kept, as ``statuspage`` does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from msgspec.structs import replace
from pydantic import BaseModel

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, document
from secondsource.contracts.status_page import StatusPage, StatusPageConfig, json_request, update
from secondsource.contracts.statuspage_v2 import COMPONENT, IMPACT, read_statuspage
from secondsource.domain.status import Status, worst

_STAGES = {
    "maintenance_scheduled": "scheduled",
    "maintenance_in_progress": "in_progress",
    "maintenance_complete": "completed",
}
_LISTS = ("components", "incidents", "scheduled_maintenances")
_PROXY = "proxy"
_NOT_THERE = frozenset({404, 405, 410})
_PAGE_OF_PAGES = "the page lists no component; if it is a page of pages, configure one of those below it"
# incident.io names everything by a ULID; Statuspage's ids are twelve small letters and digits
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


class IncidentIo:
    """Reads ``/proxy/<host>``, ``/api/widget``, ``/api/v1/summary`` and ``/api/v2/*.json``."""

    spec: ClassVar[Spec] = Spec(
        name="incident_io",
        summary="Status pages of incident.io, by their own interface or the Statuspage-shaped one",
        config=StatusPageConfig,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://incident.io/status-pages",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page's proxy; the summary of a page below another; or the interface that the configured address names."""
        assert isinstance(config, StatusPageConfig)
        parts = urlsplit(config.url)
        if not parts.path.strip("/"):
            url = f"{parts.scheme}://{parts.netloc}/proxy/{parts.hostname}"
            # where it is not there, the other interface is asked
            return (replace(json_request(url, config, _PROXY), every_status=True),)
        known = parts.path.endswith(".json") or "/proxy/" in parts.path or "/api/" in parts.path
        url = config.url if known else config.url.rstrip("/") + "/api/v1/summary"
        return (json_request(url, config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """Components as far as they are listed, open incidents, planned maintenance."""
        assert isinstance(config, StatusPageConfig)
        if response.memo == _PROXY and response.status in _NOT_THERE:
            url = config.url.rstrip("/") + "/api/v2/summary.json"
            return Parsed((), next_request=json_request(url, config))
        if response.status >= 400:
            return Parsed((), inconclusive=f"the page's proxy answers with status {response.status}")
        root = document(response.body)
        if root.has("summary"):
            return _proxy(root["summary"], config)
        if "ongoing_incidents" in root.mapping():
            return _widget(root, config)
        if root.has("page"):
            return _shim(root, config)
        raise root.fail("none of summary, ongoing_incidents, page is here; this is not what a page of incident.io answers")

    def recognise(self, response: Response) -> float:
        """Sure for its own interfaces, and for the Statuspage-shaped one by the form of the page's id."""
        try:
            root = document(response.body)
            if root.has("summary") and root["summary"].has("public_url") and root["summary"].has("components"):
                return 0.97
            if root.has("ongoing_incidents") and (root.has("in_progress_maintenances") or root.has("scheduled_maintenances")):
                return 0.97
            if not root.has("page") or not any(root.has(part) for part in ("status", "components", "incidents")):
                return 0.0
            return 0.97 if _ULID.fullmatch(root["page"].text_of("id") or "") else 0.0
        except ParseError:
            return 0.0


def _shim(root: Node, config: StatusPageConfig) -> Parsed:
    status = root.get("status")
    quiet = status is None or IMPACT.get(status["indicator"].text()) is Status.OPERATIONAL
    if quiet and "components" in root.mapping() and not any(root.list_of(part) for part in _LISTS):
        raise root.fail(_PAGE_OF_PAGES)
    return read_statuspage(root, config)


def _status(native: Node) -> Status:
    return COMPONENT.get(native.text(), Status.UNKNOWN)


def _widget(root: Node, config: StatusPageConfig) -> Parsed:
    page = StatusPage(config)
    incidents = root["ongoing_incidents"].items()
    maintenances = root.list_of("in_progress_maintenances") + root.list_of("scheduled_maintenances")
    for component in (c for event in incidents + maintenances for c in event.list_of("affected_components")):
        if native := component.get("current_status"):
            group = component.text_of("group_name")
            page.component(component["id"].text(), component["name"].text(), _status(native), native.text(), group=group)
    for incident in incidents:
        stage, at = incident["status"].text(), incident.instant_of("last_update_at")
        impact = incident.get("current_worst_impact")
        text = incident.text_of("last_update_message")
        page.incident(
            incident["id"].text(),
            title=incident["name"].text(),
            status=_status(impact) if impact else Status.UNKNOWN,
            stage=stage,
            resolved=stage == "resolved",
            components=_names(incident),
            updates=[update(stage, text, at)] if text else [],
            link=incident.text_of("url"),
            at=at,
        )
    for maintenance in maintenances:
        _maintenance(maintenance, _names(maintenance), page)
    return page.parsed(lists_all=False)


def _names(event: Node) -> list[str]:
    return [component["name"].text() for component in event.list_of("affected_components")]


def _maintenance(event: Node, names: Sequence[str], page: StatusPage) -> None:
    native = event["status"].text()
    page.maintenance(
        event["id"].text(),
        title=event["name"].text(),
        stage=_STAGES.get(native, native),
        starts_at=event.instant_of("started_at") or event.instant_of("starts_at"),
        ends_at=event.instant_of("scheduled_end_at") or event.instant_of("ends_at"),
        components=names,
        link=event.text_of("url"),
        at=event.instant_of("last_update_at"),
    )


def _proxy(summary: Node, config: StatusPageConfig) -> Parsed:
    page = StatusPage(config)
    names = {component["id"].text(): component["name"].text() for component in summary["components"].items()}
    groups, hidden = _structure(summary)
    affected: dict[str, list[Node]] = {}
    for entry in summary["affected_components"].items():
        affected.setdefault(entry["component_id"].text(), []).append(entry["status"])
    incidents = summary["ongoing_incidents"].items()
    maintenances = summary.list_of("in_progress_maintenances") + summary.list_of("scheduled_maintenances")
    if not names and not affected and not incidents and not maintenances:
        raise summary["components"].fail(_PAGE_OF_PAGES)
    for id_ in dict.fromkeys([*names, *affected]):
        name, group = names.get(id_, id_), groups.get(id_)
        for native in affected.get(id_, []):
            page.component(id_, name, _status(native), native.text(), group=group)
        if id_ not in affected and id_ not in hidden:
            page.component(id_, name, Status.OPERATIONAL, None, group=group)
    for incident in incidents:
        _incident(incident, names, summary.text_of("public_url"), page)
    for maintenance in maintenances:
        touched = [entry["component_id"].text() for entry in maintenance.list_of("affected_components")]
        _maintenance(maintenance, [names.get(id_, id_) for id_ in touched], page)
    return page.parsed(lists_all=bool(names))


def _structure(summary: Node) -> tuple[dict[str, str], set[str]]:
    """The group of each component that has one, and the components that the page does not show."""
    groups: dict[str, str] = {}
    hidden: set[str] = set()
    structure = summary.get("structure")
    for item in structure.list_of("items") if structure else []:
        group = item.get("group")
        single = item.get("component")
        for member in group.list_of("components") if group else [single] if single else []:
            id_ = member["component_id"].text()
            if group:
                groups[id_] = group["name"].text()
            if member.mapping().get("hidden") is True or (group and group.mapping().get("hidden") is True):
                hidden.add(id_)
    return groups, hidden


def _incident(incident: Node, names: dict[str, str], address: str | None, page: StatusPage) -> None:
    id_, stage = incident["id"].text(), incident["status"].text()
    impacts = incident.list_of("component_impacts")
    # an impact that has ended is history, unless all have
    touched = incident.list_of("affected_components") + ([impact for impact in impacts if not impact.has("end_at")] or impacts)
    page.incident(
        id_,
        title=incident["name"].text(),
        status=worst(_status(entry["status"]) for entry in touched if entry.has("status")),
        stage=stage,
        resolved=stage == "resolved",
        components=[names.get(entry["component_id"].text(), entry["component_id"].text()) for entry in touched],
        updates=[update("update", _message(entry), entry.instant_of("published_at")) for entry in incident.list_of("updates")],
        started_at=min((at for impact in impacts if (at := impact.instant_of("start_at"))), default=None),
        link=f"{address.rstrip('/')}/incidents/{id_}" if address else None,
    )


def _message(entry: Node) -> str:
    """The wording; an editor's document instead of a text is left out, as it must not hide the incident itself."""
    message = entry.mapping().get("message")
    return message if isinstance(message, str) else ""
