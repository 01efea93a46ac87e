"""Status pages of Better Stack (formerly Better Uptime), by the JSON:API document at ``/index.json``.

One document holds the page with its aggregate state, its sections and resources, and its reports with their updates. An
incident is over when its aggregate state says ``resolved``; its end may be missing even then. A resolved incident no longer
says how bad it was, so that is the worst that its updates named. Only the documented states are known; any other word is read
as unknown, with the word kept, as ``statuspage`` does. ``not_monitored`` is unknown too: nobody looks.

No recording shows a maintenance before and during its time, so its stage is told by what can be seen: it is under way when a
resource that it affects stands at ``maintenance``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

import msgspec
from pydantic import BaseModel

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, document
from secondsource.contracts.status_page import StatusPage, StatusPageConfig, file_at, json_request, update
from secondsource.domain.status import Status, worst

_STATES = {
    "operational": Status.OPERATIONAL,
    "resolved": Status.OPERATIONAL,
    "maintenance": Status.MAINTENANCE,
    "degraded": Status.DEGRADED,
    "downtime": Status.MAJOR_OUTAGE,
}
_OVER = "resolved"


class _Resource(msgspec.Struct, frozen=True):
    name: str
    native: str


class BetterStack:
    """Reads ``/index.json``."""

    spec: ClassVar[Spec] = Spec(
        name="better_stack",
        summary="Status pages of Better Stack",
        config=StatusPageConfig,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://betterstack.com/docs/uptime/status-pages/subscribing-to-status-updates/subscribing-to-api",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page's document, or the one that the configured address names."""
        assert isinstance(config, StatusPageConfig)
        return (json_request(file_at(config.url, "/index.json"), config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The page, its resources, and its reports: incidents, the resolved ones too, and maintenances."""
        assert isinstance(config, StatusPageConfig)
        root = document(response.body)
        data = root["data"]
        if data["type"].text() != "status_page":
            raise data["type"].fail("'status_page' was expected; this is another document of Better Stack")
        page = StatusPage(config)
        about = data["attributes"]
        native = about["aggregate_state"].text()
        page.overall(about.text_of("company_name"), _status(native), native, about.instant_of("updated_at"))
        included = root["included"].items()
        resources = _resources(included, page)
        if not resources:
            raise root["included"].fail("the page lists no resource; a page that works lists at least one")
        updates = {entry["id"].id(): entry["attributes"] for entry in _of_type(included, "status_update")}
        for report in _of_type(included, "status_report"):
            (_maintenance if report["attributes"].text_of("report_type") == "maintenance" else _incident)(report, resources, updates, page)
        return page.parsed()

    def recognise(self, response: Response) -> float:
        """By the type of the document."""
        try:
            data = document(response.body).get("data")
            return 0.97 if data and data.text_of("type") == "status_page" and data["attributes"].has("aggregate_state") else 0.0
        except ParseError:
            return 0.0


def _status(native: str) -> Status:
    return _STATES.get(native, Status.UNKNOWN)


def _of_type(included: Iterable[Node], name: str) -> list[Node]:
    return [entry for entry in included if entry["type"].text() == name]


def _resources(included: list[Node], page: StatusPage) -> dict[str, _Resource]:
    sections = {entry["id"].id(): entry["attributes"].text_of("name") for entry in _of_type(included, "status_page_section")}
    resources = {}
    for entry in _of_type(included, "status_page_resource"):
        id_, about = entry["id"].id(), entry["attributes"]
        resource = _Resource(about["public_name"].text(), about["status"].text())
        section = about.get("status_page_section_id")
        page.component(id_, resource.name, _status(resource.native), resource.native, group=sections.get(section.id()) if section else None)
        resources[id_] = resource
    return resources


def _affected(entry: Node) -> dict[str, str]:
    """The states that a report or an update gives to resources, by their ids."""
    return {touched["status_page_resource_id"].id(): touched["status"].text() for touched in entry.list_of("affected_resources")}


def _updates(report: Node, updates: Mapping[str, Node]) -> list[Node]:
    relationships = report.get("relationships")
    related = relationships.get("status_updates") if relationships else None
    ids = [entry["id"].id() for entry in related.list_of("data")] if related else []
    return [updates[id_] for id_ in ids if id_ in updates]


def _incident(report: Node, resources: Mapping[str, _Resource], updates: Mapping[str, Node], page: StatusPage) -> None:
    about = report["attributes"]
    state, log = about["aggregate_state"].text(), _updates(report, updates)
    affected = _affected(about)
    resolved = state == _OVER
    told = [native for entry in log for native in _affected(entry).values() if native != _OVER] if resolved else [state, *affected.values()]
    page.incident(
        report["id"].id(),
        title=about["title"].text(),
        status=worst(map(_status, told)),
        stage=state,
        resolved=resolved,
        components=[resources[id_].name for id_ in affected if id_ in resources],
        updates=[update("update", entry.text_of("message"), entry.instant_of("published_at")) for entry in log],
        started_at=about.instant_of("starts_at"),
        resolved_at=about.instant_of("ends_at") if resolved else None,
    )


def _maintenance(report: Node, resources: Mapping[str, _Resource], updates: Mapping[str, Node], page: StatusPage) -> None:
    about = report["attributes"]
    touched = [resources[id_] for id_ in _affected(about) if id_ in resources]
    under_way = any(resource.native == "maintenance" for resource in touched)
    over = about["aggregate_state"].text() == _OVER
    dates = [at for entry in _updates(report, updates) if (at := entry.instant_of("published_at"))]
    page.maintenance(
        report["id"].id(),
        title=about["title"].text(),
        stage="completed" if over else "in_progress" if under_way else "scheduled",
        starts_at=about.instant_of("starts_at"),
        ends_at=about.instant_of("ends_at"),
        components=[resource.name for resource in touched],
        at=max(dates, default=None),
    )
