"""Status pages of Status.io, by their public interface ``/1.0/status/<page id>``.

The page id stands in the page's HTML; the interface answers at ``https://api.status.io`` and under ``hostedstatus.com``.
States are numbers with a wording of the page's own, so the number counts and the wording is kept. Containers (regions, data
centres) belong to several components: one in trouble is a line of its own under its component. An incident says in each of
its messages how bad it is: the newest counts while it is open, the worst when it is over.

A number for a status that is not known is read as unknown, with the wording kept, as ``statuspage`` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, WebAddress, document
from secondsource.contracts.status_page import StatusPage, StatusPageConfig, json_request, newest_first, update
from secondsource.domain.status import Status, worst

_CODES: Mapping[int | Decimal, Status] = {
    100: Status.OPERATIONAL,
    200: Status.MAINTENANCE,
    300: Status.DEGRADED,
    400: Status.PARTIAL_OUTAGE,
    500: Status.MAJOR_OUTAGE,
    # a security event: nothing says how much of the service it takes, so the worst
    600: Status.MAJOR_OUTAGE,
}
_STATES: Mapping[int | Decimal, str] = {100: "investigating", 200: "identified", 300: "monitoring", 400: "resolved"}
_RESOLVED = "resolved"


class Config(StatusPageConfig):
    """A page, by its id."""

    url: WebAddress = Field(description="The interface with the page's id: https://api.status.io/1.0/status/<page id>.")


class StatusIo:
    """Reads ``/1.0/status/<page id>``."""

    spec: ClassVar[Spec] = Spec(
        name="status_io",
        summary="Status pages of Status.io",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://kb.status.io/developers/public-status-api/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The interface, whose address with the page id must be configured."""
        assert isinstance(config, Config)
        return (json_request(config.url, config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The page, its components with their containers, open incidents, and maintenance under way or planned."""
        assert isinstance(config, Config)
        result = document(response.body)["result"]
        page = StatusPage(config)
        overall = result["status_overall"]
        page.overall(None, _status(overall["status_code"]), overall["status"].text(), overall.instant_of("updated"))
        components = result["status"].items()
        if not components:
            raise result["status"].fail("the page lists no component; a page that works lists at least one")
        for component in components:
            _component(component, page)
        for incident in result.list_of("incidents"):
            _incident(incident, page)
        maintenance = result.get("maintenance")
        if maintenance:
            for stage, key in (("in_progress", "active"), ("scheduled", "upcoming")):
                for event in maintenance.list_of(key):
                    _maintenance(event, stage, page)
        return page.parsed()

    def recognise(self, response: Response) -> float:
        """By the two blocks of states with their numbers."""
        try:
            result = document(response.body).get("result")
            overall = result.get("status_overall") if result else None
            return 0.97 if result and overall and overall.has("status_code") and result.has("status") else 0.0
        except ParseError:
            return 0.0


def _status(code: Node) -> Status:
    return _CODES.get(code.number(), Status.UNKNOWN)


def _component(component: Node, page: StatusPage) -> None:
    id_, name = component["id"].text(), component["name"].text()
    page.component(id_, name, _status(component["status_code"]), component["status"].text(), at=component.instant_of("updated"))
    for container in component.list_of("containers"):
        page.component(
            # the same container stands under several components, with a state of its own in each
            f"{id_}/{container['id'].text()}",
            container["name"].text(),
            _status(container["status_code"]),
            container["status"].text(),
            group=name,
            at=container.instant_of("updated"),
        )


def _names(event: Node, key: str) -> list[str]:
    return [entry["name"].text() for entry in event.list_of(key)]


def _incident(incident: Node, page: StatusPage) -> None:
    messages = incident.list_of("messages")
    log = [(message, update(_stage(message), message.text_of("details"), message.instant_of("datetime"))) for message in messages]
    order = newest_first(entry for _, entry in log)
    newest = next((message for message, entry in log if entry is order[0]), None) if order else None
    resolved_at = incident.instant_of("datetime_resolved")
    stage = _RESOLVED if resolved_at else order[0].stage if order else "open"
    resolved = stage == _RESOLVED
    telling = messages if resolved else [newest] if newest else []
    page.incident(
        incident["_id"].text(),
        title=incident["name"].text(),
        status=worst(_status(message["status"]) for message in telling),
        stage=stage,
        resolved=resolved,
        components=_names(incident, "components_affected"),
        places=_names(incident, "containers_affected"),
        updates=order,
        started_at=incident.instant_of("datetime_open"),
        resolved_at=resolved_at,
    )


def _stage(message: Node) -> str:
    number = message["state"].number()
    return _STATES.get(number, str(number))


def _maintenance(event: Node, stage: str, page: StatusPage) -> None:
    dates = [at for message in event.list_of("messages") if (at := message.instant_of("datetime"))]
    page.maintenance(
        event["_id"].text(),
        title=event["name"].text(),
        stage=stage,
        starts_at=event.instant_of("datetime_planned_start"),
        ends_at=event.instant_of("datetime_planned_end"),
        components=_names(event, "components_affected"),
        places=_names(event, "containers_affected"),
        at=max(dates, default=None),
    )
