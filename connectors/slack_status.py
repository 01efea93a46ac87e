"""Slack's status, by its own interface: ``/api/v2.0.0/current`` and ``/history``.

The page says ``ok`` or ``active`` and lists what is going on, with the services that it touches; it has no list of services
that are well. ``active`` says nothing of how bad it is, so the page counts as the worst of what is listed, and as unknown where
nothing is. An outage takes services away, an incident makes them worse, a notice does neither. A word that is not known is
read as unknown, with the word kept, as ``statuspage`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, WebAddress, document
from secondsource.contracts.status_page import StatusPage, StatusPageConfig, json_request, update
from secondsource.domain.status import Status, worst

_TYPES = {"notice": Status.OPERATIONAL, "incident": Status.DEGRADED, "outage": Status.MAJOR_OUTAGE}
_OVER = frozenset({"resolved", "completed", "cancelled"})
_STAGES = {"scheduled": "scheduled", "active": "in_progress", "completed": "completed", "resolved": "completed"}
_PATH = "/api/v2.0.0/current"


class Config(StatusPageConfig):
    """Slack's services are its components: Messaging, Apps/Integrations/APIs and so on."""

    url: WebAddress = Field(default="https://slack-status.com", description="Where Slack publishes.")


class SlackStatus:
    """Reads ``/api/v2.0.0/current`` and ``/api/v2.0.0/history``."""

    spec: ClassVar[Spec] = Spec(
        name="slack_status",
        summary="Slack's incidents, outages and planned maintenance",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://docs.slack.dev/reference/slack-status-api",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """What is going on now, or the list that the configured address names."""
        assert isinstance(config, Config)
        url = config.url if urlsplit(config.url).path.strip("/") else config.url.rstrip("/") + _PATH
        return (json_request(url, config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The page and its active incidents; of the history, incidents alone."""
        assert isinstance(config, Config)
        root = document(response.body)
        page = StatusPage(config)
        if isinstance(root.value, list):
            if not root.value:
                raise root.fail("the history is empty; it never is")
            for event in root.items():
                _event(event, page)
            return page.parsed(lists_all=False)
        native = root["status"].text()
        going_on = [_event(event, page) for event in root["active_incidents"].items()]
        status = Status.UNKNOWN
        if native == "ok":
            status = Status.OPERATIONAL
        elif native == "active":
            status = worst(going_on)
        page.overall("Slack", status, native, root.instant_of("date_updated"))
        return page.parsed(lists_all=False)

    def recognise(self, response: Response) -> float:
        """By the list of active incidents; of the history, by the form of its first entry."""
        try:
            root = document(response.body)
            if isinstance(root.value, list):
                first = root.items()[0] if root.value else root
                return 0.9 if all(first.has(key) for key in ("type", "services", "notes", "date_created")) else 0.0
            return 0.97 if root.has("status") and root.has("active_incidents") else 0.0
        except ParseError:
            return 0.0


def _event(event: Node, page: StatusPage) -> Status:
    """Take in an incident or a maintenance. How bad it is now: not at all where it is over, or has not begun."""
    kind, stage = event["type"].text(), event["status"].text()
    id_, title = event["id"].id(), event["title"].text()
    services = [service.text() for service in event.list_of("services")]
    link, at = event.text_of("url"), event.instant_of("date_updated")
    if kind == "maintenance" or stage in ("scheduled", "completed"):
        page.maintenance(id_, title=title, stage=_STAGES.get(stage, stage), components=services, link=link, at=at)
        over = stage in _OVER or stage == "scheduled"
        return Status.OPERATIONAL if over else Status.MAINTENANCE if stage == "active" else Status.UNKNOWN
    status, resolved = _TYPES.get(kind, Status.UNKNOWN), stage in _OVER
    page.incident(
        id_,
        title=title,
        status=status,
        stage=stage,
        resolved=resolved,
        components=services,
        updates=[update("update", note.text_of("body"), note.instant_of("date_created")) for note in event.list_of("notes")],
        started_at=event.instant_of("date_created"),
        resolved_at=at if resolved else None,
        link=link,
        at=at,
    )
    return Status.OPERATIONAL if resolved else status
