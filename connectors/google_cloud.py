"""Google Cloud's status dashboard (``incidents.json``), and the dashboards of Google that have the same format.

The file is a history, not a state: an incident without an end is open, and all is well where none is. Products are told apart by
their ids, because one title is part of another ("Cloud Storage", "Cloud Storage for Firebase") and the large incidents are filed
under "Multiple Products". The history of a cloud is never empty, so an empty list is taken for a failure of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urljoin

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.patterns import named
from secondsource.contracts.reading import Node, SourceConfig, document
from secondsource.contracts.status_page import json_request, newest_first, update
from secondsource.domain.observations import ComponentStatus, Incident, IncidentUpdate
from secondsource.domain.status import Status, worst
from secondsource.domain.text import plain_text, tidy
from secondsource.domain.words import count

_IMPACT = {
    "SERVICE_INFORMATION": Status.DEGRADED,
    "SERVICE_DISRUPTION": Status.PARTIAL_OUTAGE,
    "SERVICE_OUTAGE": Status.MAJOR_OUTAGE,
}
_SEVERITY = {"low": Status.DEGRADED, "medium": Status.PARTIAL_OUTAGE, "high": Status.MAJOR_OUTAGE}
_EVERYWHERE = "global"

_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!>~|-])")
_LINK = re.compile(r"\[([^\]\n]{1,300})\]\(https?://[^)\s]{1,500}\)")
_HEADING = re.compile(r"^[# \t]{1,20}", re.MULTILINE)
_URI = re.compile(r"incidents/[A-Za-z0-9]{1,60}")
_EMPHASIS = re.compile(r"\*\*|__|`")


class Config(SourceConfig):
    """The dashboard, and what of it matters."""

    products: tuple[str, ...] = Field(
        default=(), description="Read incidents of these products only, by their ids as in products.json; all if empty."
    )
    locations: tuple[str, ...] = Field(
        default=(), description="Read incidents in these locations only, and global ones: us-central1, europe-*; all if empty."
    )


class _Place(msgspec.Struct, frozen=True):
    """Where an incident is. ``gone`` tells that it has left every location that is read, and goes on elsewhere."""

    locations: tuple[str, ...]
    gone: bool = False


class GoogleCloud:
    """One reading for each incident, and one for the page, which sums the open ones up."""

    spec: ClassVar[Spec] = Spec(
        name="google_cloud",
        summary="Status dashboards of Google Cloud and Google Workspace (incidents.json)",
        config=Config,
        interval=timedelta(minutes=2),
        kinds=("component_status", "incident"),
        documentation="https://status.cloud.google.com/incidents.schema.json",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The whole history; the server tells whether it has changed."""
        assert isinstance(config, Config)
        return (json_request(config.url, config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The incidents that touch what is read, the closed ones too."""
        assert isinstance(config, Config)
        incidents = document(response.body).items()
        if not incidents:
            raise ParseError("the document", "the list of incidents is empty; Google's history never is, so this is not it")
        readings: list[Reading] = []
        open_: list[Status] = []
        left_out = 0
        for incident in incidents:
            place = _place(incident, config)
            if place is None or not _touches(incident, config):
                left_out += 1
                continue
            reading, status = _incident(incident, place, config)
            readings.append(reading)
            if status is not None:
                open_.append(status)
        read = ", ".join((*config.products, *config.locations))
        name = tidy(f"Dashboard ({read})" if read else "Dashboard", 200)
        page = Reading("page", ComponentStatus(name, worst(open_) if open_ else Status.OPERATIONAL))
        notes = (f"{count(left_out, 'incident')} left out for touching no product or location that is read",) if left_out else ()
        return Parsed([page, *readings], notes=notes)

    def recognise(self, response: Response) -> float:
        """By the fields of the first incident."""
        try:
            incidents = document(response.body).items()
            marks = ("id", "begin", "affected_products", "most_recent_update")
            return 0.95 if incidents and all(incidents[0].has(mark) for mark in marks) else 0.0
        except ParseError:
            return 0.0


def _touches(incident: Node, config: Config) -> bool:
    """Whether it touches a product that is read; one that names no product may touch any."""
    products = {product["id"].text() for product in incident["affected_products"].items()}
    return not config.products or not products or not products.isdisjoint(config.products)


def _place(incident: Node, config: Config) -> _Place | None:
    """Where the incident is or, once closed, was; None where that is nowhere that is read."""
    current, previous = (_locations(incident, f"{when}_affected_locations", config) for when in ("currently", "previously"))
    if incident.has("end"):
        everywhere = {**previous, **current}
        chosen = _chosen(everywhere, config)
        return _Place(chosen) if chosen or not everywhere else None
    chosen = _chosen(current, config)
    if chosen or not current:
        return _Place(chosen)
    left = _chosen(previous, config)
    return _Place(left, gone=True) if left else None


def _locations(incident: Node, key: str, config: Config) -> dict[str, str]:
    """Titles by id. Where locations are chosen by, their list has to be there."""
    found = incident[key].items() if config.locations else incident.list_of(key)
    return {tidy(location["id"].text(), 60): location.text_of("title") or "" for location in found}


def _chosen(locations: dict[str, str], config: Config) -> tuple[str, ...]:
    return tuple(
        id_ for id_, title in locations.items() if not config.locations or id_ == _EVERYWHERE or named((id_, title), config.locations)
    )


def _impact(incident: Node) -> Status:
    """The worse of the two words that say how bad it is; one that is not known says nothing."""
    impact, severity = incident.text_of("status_impact"), incident.text_of("severity")
    if impact is None and severity is None:
        raise incident.fail("neither status_impact nor severity is here, so how bad it is can not be told")
    told = []
    if impact is not None:
        told.append(_IMPACT.get(impact, Status.UNKNOWN))
    if severity is not None:
        told.append(_SEVERITY.get(severity.lower(), Status.UNKNOWN))
    return worst(told)


def _unmarked(markdown: str) -> str:
    """The text without Google's Markdown, whose marks are partly escaped; it may still hold HTML."""
    text = _ESCAPE.sub(r"\1", markdown[:5000])
    return _EMPHASIS.sub("", _HEADING.sub("", _LINK.sub(r"\1", text)))


def _updates(incident: Node) -> Iterator[IncidentUpdate]:
    for entry in incident.list_of("updates"):
        stage, text = entry.text_of("status") or "update", _unmarked(entry.text_of("text") or "")
        yield update(stage.lower(), text, entry.instant_of("when") or entry.instant_of("created"))


def _incident(incident: Node, place: _Place, config: Config) -> tuple[Reading, Status | None]:
    """The reading, and how bad it is while it is open."""
    ended = incident.instant_of("end")
    resolved = ended is not None or place.gone
    latest = incident.get("most_recent_update")
    stage = "resolved" if ended else "moved on" if place.gone else (latest.text_of("status") if latest else None) or "open"
    where = f" ({', '.join(place.locations)})" if place.locations else ""
    products = {product["id"].text(): product["title"].text() for product in incident["affected_products"].items()}
    names = [name for id_, name in products.items() if not config.products or id_ in config.products]
    if not names and (service := incident.text_of("service_name")):
        names = [service]
    uri = incident.text_of("uri")
    status = _impact(incident)
    body = Incident(
        title=_title(incident),
        status=status,
        stage=tidy(stage, 60).lower(),
        resolved=resolved,
        components=tuple(tidy(f"{name}{where}", 2000) for name in names),
        updates=newest_first(_updates(incident)),
        started_at=incident["begin"].instant(),
        resolved_at=ended,
        link=urljoin(config.url, uri) if uri and _URI.fullmatch(uri) else None,
    )
    at = incident.instant_of("modified") or body.started_at
    return Reading(f"incident/{tidy(incident['id'].text(), 120)}", body, at), None if resolved else status


def _title(incident: Node) -> str:
    title = plain_text(_unmarked(incident["external_desc"].text()), 300)
    if not title:
        raise incident["external_desc"].fail("nothing is left of the text but marks")
    return title
