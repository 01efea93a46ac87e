"""Status pages of Instatus.

A page answers twice: what is going on at ``/summary.json``, and its components at ``/v2/components.json``; both are asked for
and say what they say on their own. The first leaves out its lists of incidents and maintenances when they are empty. Its word
``HASISSUES`` does not say how bad things are, so it counts as degraded; the incidents say the rest.

Confirmed by public recordings and the code of readers of the format: the page's block and its three states, both lists with
their states and impacts, components as an object or as a bare list with children. A word for a status that is not known is
read as unknown, with the word kept, as ``statuspage`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, document
from secondsource.contracts.status_page import StatusPage, StatusPageConfig, file_at, json_request, stage_word
from secondsource.domain.status import Status

_PAGE = {"UP": Status.OPERATIONAL, "UNDERMAINTENANCE": Status.MAINTENANCE, "HASISSUES": Status.DEGRADED}
_STATES = {
    "OPERATIONAL": Status.OPERATIONAL,
    "UNDERMAINTENANCE": Status.MAINTENANCE,
    "DEGRADEDPERFORMANCE": Status.DEGRADED,
    "MINOROUTAGE": Status.DEGRADED,
    "PARTIALOUTAGE": Status.PARTIAL_OUTAGE,
    "MAJOROUTAGE": Status.MAJOR_OUTAGE,
}
_STAGES = {"NOTSTARTEDYET": "scheduled", "INPROGRESS": "in_progress", "VERIFYING": "verifying", "COMPLETED": "completed"}


class Config(StatusPageConfig):
    """A page."""

    components: bool = Field(default=True, description="Read the components too. Say false for a page that does not publish them.")


class Instatus:
    """Reads ``/summary.json`` and ``/v2/components.json``."""

    spec: ClassVar[Spec] = Spec(
        name="instatus",
        summary="Status pages of Instatus",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://instatus.com/help/api",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """Summary and components of a page, or the one file that the configured address names."""
        assert isinstance(config, Config)
        paths = ["/summary.json", *(["/v2/components.json"] if config.components else [])]
        urls = dict.fromkeys(file_at(config.url, path) for path in paths)
        return [json_request(url, config) for url in urls]

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The page and what is going on, or the components."""
        assert isinstance(config, Config)
        root = document(response.body)
        if isinstance(root.value, list):
            return _components(root, config)
        if root.has("page"):
            return _summary(root, config)
        if "components" in root.mapping():
            return _components(root["components"], config)
        raise root.fail("neither page nor components is here; this is not what a page of Instatus answers")

    def recognise(self, response: Response) -> float:
        """By the page's state or its lists, or by the states of components: words without blanks, in capitals."""
        try:
            root = document(response.body)
            if isinstance(root.value, dict) and root.has("page"):
                listed = root.has("activeIncidents") or root.has("activeMaintenances")
                return 0.95 if root["page"].text_of("status") in _PAGE else 0.6 if listed else 0.0
            components = root.items() if isinstance(root.value, list) else root.list_of("components")
            states = {component.text_of("status") or "" for component in components if component.has("id") and component.has("name")}
            return 0.9 if states & set(_STATES) and all(state.isupper() for state in states) else 0.0
        except ParseError:
            return 0.0


def _summary(root: Node, config: Config) -> Parsed:
    page = StatusPage(config)
    block = root["page"]
    native = block["status"].text()
    page.overall(block.text_of("name"), _PAGE.get(native, Status.UNKNOWN), native)
    for incident in root.list_of("activeIncidents"):
        stage, impact = incident["status"].text(), incident.text_of("impact")
        page.incident(
            _id(incident),
            title=incident["name"].text(),
            status=_STATES.get(impact or "", Status.UNKNOWN),
            stage=stage_word(stage),
            resolved=stage == "RESOLVED",
            started_at=incident.instant_of("started"),
            link=incident.text_of("url"),
            at=incident.instant_of("updatedAt"),
        )
    for maintenance in root.list_of("activeMaintenances"):
        native = maintenance["status"].text()
        starts_at = maintenance.instant_of("start")
        page.maintenance(
            _id(maintenance),
            title=maintenance["name"].text(),
            stage=_STAGES.get(native, native),
            starts_at=starts_at,
            ends_at=_end(maintenance, starts_at),
            link=maintenance.text_of("url"),
            at=maintenance.instant_of("updatedAt"),
        )
    return page.parsed()


def _id(event: Node) -> str:
    """Its id; where a page gives none, the last part of its address, which is the same."""
    if event.has("id"):
        return event["id"].id()
    # https://status.example.com/incident/<id>
    parts = event["url"].text().rstrip("/").split("/")
    if len(parts) < 5:
        raise event["url"].fail("this has no id, and its address names none")
    return parts[-1]


def _end(maintenance: Node, starts_at: datetime | None) -> datetime | None:
    """The duration is a number of minutes, written as a text or as a number."""
    found = maintenance.get("duration")
    if found is None or starts_at is None:
        return None
    text = found.id().strip()
    try:
        return starts_at + timedelta(minutes=int(text))
    except (ValueError, OverflowError):
        raise found.fail(f"{text[:40]!r} is not a number of minutes that can be added to the start") from None


def _components(listed: Node, config: Config) -> Parsed:
    page = StatusPage(config)
    if not listed.items():
        raise listed.fail("the page lists no component; if it publishes none, set 'components' to false")
    for component in listed.items():
        children = component.list_of("children")
        for member in children:
            _component(member, component["name"].text(), page)
        if not children:
            _component(component, None, page)
    if not any(component.text_of("status") in _STATES for top in listed.items() for component in [top, *top.list_of("children")]):
        raise listed.fail("not one component has a status that is known; this is not what Instatus answers")
    return page.parsed()


def _component(component: Node, group: str | None, page: StatusPage) -> None:
    native = component["status"].text()
    named = component.get("group")
    if named is not None and isinstance(named.value, dict):
        group = named.text_of("name") or group
    page.component(component["id"].id(), component["name"].text(), _STATES.get(native, Status.UNKNOWN), native, group=group)
