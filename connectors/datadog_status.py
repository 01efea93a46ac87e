"""Status pages that Datadog hosts, by the static ``/config.json`` that the otherwise empty page loads.

The file holds the components, alone or in groups, and the incidents with their timelines. How bad an open incident is, the
present state of its components says; of one that is over, the worst that its timeline names. The page has no word for the
whole. A word for a status that is not known is read as unknown, with the word kept, as ``statuspage`` does.

Components, groups and incidents are confirmed by public recordings. No recording holds a maintenance, so these are left out,
with a note; the components that they touch say ``maintenance``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, document
from secondsource.contracts.status_page import ComponentsConfig, StatusPage, file_at, json_request, update
from secondsource.domain.status import Status, worst

_STATES = {
    "operational": Status.OPERATIONAL,
    "maintenance": Status.MAINTENANCE,
    "degraded": Status.DEGRADED,
    "partial_outage": Status.PARTIAL_OUTAGE,
    "major_outage": Status.MAJOR_OUTAGE,
}
_GROUP = "ComponentGroup"
_TYPES = frozenset({"Component", _GROUP})


class DatadogStatus:
    """Reads ``/config.json``."""

    spec: ClassVar[Spec] = Spec(
        name="datadog_status",
        summary="Status pages hosted by Datadog",
        config=ComponentsConfig,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident"),
        documentation="https://docs.datadoghq.com/incident_response/status_pages/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page's file, or the one that the configured address names."""
        assert isinstance(config, ComponentsConfig)
        return (json_request(file_at(config.url, "/config.json"), config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The components and the incidents, the resolved ones too."""
        assert isinstance(config, ComponentsConfig)
        root = document(response.body)
        page = StatusPage(config)
        count = 0
        listed, incidents = root["components"].items(), root["incidents"]
        if listed and not any(entry.text_of("type") in _TYPES for entry in listed):
            raise root["components"].fail("not one component says its type; this is not what a page that Datadog hosts answers")
        for entry in listed:
            grouped = entry.text_of("type") == _GROUP
            for component in entry["components"].items() if grouped else [entry]:
                native = component["status"].text()
                group = entry["name"].text() if grouped else None
                page.component(component["id"].id(), component["name"].text(), _status(native), native, group=group)
                count += 1
        if not count:
            raise root["components"].fail("the page lists no component; a page that works lists at least one")
        # an empty list may be written as null
        for incident in [] if incidents.value is None else incidents.items():
            _incident(incident, page)
        planned = len(root.list_of("maintenances"))
        return page.parsed(notes=(f"{planned} maintenances left out: their form is not known",) if planned else ())

    def recognise(self, response: Response) -> float:
        """By the types of the components and the list of incidents."""
        try:
            root = document(response.body)
            components = root.list_of("components") if "incidents" in root.mapping() else []
            return 0.95 if components and all(component.text_of("type") in _TYPES for component in components) else 0.0
        except ParseError:
            return 0.0


def _status(native: str) -> Status:
    return _STATES.get(native, Status.UNKNOWN)


def _affected(entry: Node) -> list[Status]:
    return [_status(component["status"].text()) for component in entry.list_of("componentsAffected")]


def _incident(incident: Node, page: StatusPage) -> None:
    stage, timeline = incident["currentStatus"].text(), incident.list_of("timeline")
    # where the two disagree, it is not over
    resolved = stage == "resolved" and incident.mapping().get("resolved") is not False
    past = [status for entry in timeline for status in _affected(entry)]
    present = _affected(incident)
    page.incident(
        incident["id"].id(),
        title=incident["title"].text(),
        status=worst(past + present if resolved else present or past),
        stage=stage,
        resolved=resolved,
        components=[component["name"].text() for component in incident.list_of("componentsAffected")],
        updates=[
            update(entry["status"].text(), entry.text_of("description"), entry.instant_of("startedAt") or entry.instant_of("createdAt"))
            for entry in timeline
        ],
        started_at=incident.instant_of("publishedDate"),
        resolved_at=incident.instant_of("resolvedDate") if resolved else None,
        at=incident.instant_of("lastModifiedAt"),
    )
