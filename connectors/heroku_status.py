"""Heroku's status, by its own interface ``/api/v4/current-status``.

Each system is green, yellow or red; an incident has a colour for each system that it touches. The flag ``resolved`` of an
incident is not kept up, so only its state counts. What is scheduled has no times, and entries stay for months after they are
over, so a maintenance is what its state says and no more. A colour that is not known is read as unknown, with the word kept,
as ``statuspage`` does.

Recordings show the states ``resolved`` and ``upcoming``; any other is an incident that is not over, or a stage of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, WebAddress, document
from secondsource.contracts.status_page import ComponentsConfig, StatusPage, json_request, stage_word, update
from secondsource.domain.status import Status, worst

_COLOURS = {"green": Status.OPERATIONAL, "yellow": Status.DEGRADED, "red": Status.MAJOR_OUTAGE}
_PATH = "/api/v4/current-status"
_STAGES = {"upcoming": "scheduled", "resolved": "completed"}


class Config(ComponentsConfig):
    """Heroku's systems are its components: Apps, Data, Tools."""

    url: WebAddress = Field(default="https://status.heroku.com", description="Where Heroku publishes.")


class HerokuStatus:
    """Reads ``/api/v4/current-status``."""

    spec: ClassVar[Spec] = Spec(
        name="heroku_status",
        summary="Heroku's systems, incidents and planned maintenance",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://devcenter.heroku.com/articles/heroku-status",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The current status."""
        assert isinstance(config, Config)
        url = config.url if urlsplit(config.url).path.strip("/") else config.url.rstrip("/") + _PATH
        return (json_request(url, config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The systems, open incidents, and what is scheduled."""
        assert isinstance(config, Config)
        root = document(response.body)
        page = StatusPage(config)
        systems = root["status"].items()
        if not systems:
            raise root["status"].fail("no system is listed; there is always at least one")
        for system in systems:
            name, native = system["system"].text(), system["status"].text()
            page.component(name.lower(), name, _COLOURS.get(native, Status.UNKNOWN), native)
        for incident in root["incidents"].items():
            _incident(incident, page)
        for event in root["scheduled"].items():
            native = event["state"].text()
            page.maintenance(
                event["id"].id(),
                title=event["title"].text(),
                stage=_STAGES.get(native, stage_word(native)),
                components=_names(event),
                link=event.text_of("full_url"),
                at=event.instant_of("updated_at") or event.instant_of("created_at"),
            )
        return page.parsed()

    def recognise(self, response: Response) -> float:
        """By the systems with their colours."""
        try:
            root = document(response.body)
            systems = root.list_of("status") if root.has("incidents") and root.has("scheduled") else []
            return 0.97 if systems and systems[0].has("system") and systems[0].has("status") else 0.0
        except ParseError:
            return 0.0


def _names(event: Node) -> list[str]:
    return [system["name"].text() for system in event.list_of("systems")]


def _incident(incident: Node, page: StatusPage) -> None:
    stage = stage_word(incident["state"].text())
    colours = [colour.text() for system in incident.list_of("systems") if (colour := system.get("status"))]
    updates = incident.list_of("updates")
    page.incident(
        incident["id"].id(),
        title=incident["title"].text(),
        status=worst(_COLOURS.get(colour, Status.UNKNOWN) for colour in colours),
        stage=stage,
        resolved=stage == "resolved",
        components=_names(incident),
        updates=[
            update(entry.text_of("update_type") or "update", entry.text_of("contents"), entry.instant_of("created_at")) for entry in updates
        ],
        started_at=incident.instant_of("created_at"),
        link=incident.text_of("full_url"),
        at=incident.instant_of("updated_at"),
    )
