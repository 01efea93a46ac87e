"""Salesforce's instances, by the public interface of Trust (``https://api.status.salesforce.com/v1``).

An instance (EU44, NA12) is a component. It holds its incidents and maintenances, and an incident that touches several is the
same in each. Incidents have no title, so their number and services stand for one. Whether a maintenance has begun is not said:
it is listed as scheduled, and the instance itself says that it is under maintenance. A state that is not known is read as
unknown, with the word kept, as ``statuspage`` does.

Salesforce points its customers to the My Trust Center API, which needs a token and answers for their own tenants only; this
is the one that anybody may read. The states, and the impacts and events of incidents, are confirmed by public recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, StringConstraints

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, WebAddress, document
from secondsource.contracts.status_page import ComponentsConfig, StatusPage, json_request, update
from secondsource.domain.status import Status, worst

_STATES = {
    "OK": Status.OPERATIONAL,
    "INFORMATIONAL_CORE": Status.OPERATIONAL,
    "INFORMATIONAL_NONCORE": Status.OPERATIONAL,
    "MAINTENANCE_CORE": Status.MAINTENANCE,
    "MAINTENANCE_NONCORE": Status.MAINTENANCE,
    "MINOR_INCIDENT_CORE": Status.DEGRADED,
    "MINOR_INCIDENT_NONCORE": Status.DEGRADED,
    "MAJOR_INCIDENT_NONCORE": Status.PARTIAL_OUTAGE,
    "MAJOR_INCIDENT_CORE": Status.MAJOR_OUTAGE,
}
_RESOLVED = "resolved"


class Config(ComponentsConfig):
    """Instances are the components; their names are their keys."""

    url: WebAddress = Field(default="https://api.status.salesforce.com", description="Where Trust answers.")
    instances: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")], ...] = Field(
        default=(), description="Ask for these instances, one by one; for the list of all if empty."
    )


class SalesforceTrust:
    """Reads instances, one or all, the instances of a product, and the list of active incidents."""

    spec: ClassVar[Spec] = Spec(
        name="salesforce_trust",
        summary="Salesforce's instances with their incidents and maintenances",
        config=Config,
        interval=timedelta(minutes=2),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://api.status.salesforce.com/v1/docs/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The configured instances, or all; or what the configured address names."""
        assert isinstance(config, Config)
        base = config.url.rstrip("/")
        if urlsplit(config.url).path.strip("/") not in ("", "v1"):
            urls = [config.url]
        else:
            base = base.removesuffix("/v1") + "/v1/instances/"
            urls = [f"{base}{key}/status" for key in config.instances] or [base + "status/preview"]
        return [json_request(url, config) for url in urls]

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """Instances with what they hold, or incidents alone."""
        assert isinstance(config, Config)
        root = document(response.body)
        page = StatusPage(config)
        if isinstance(root.value, list):
            entries = root.items()
            incidents_only = any("/incidents" in urlsplit(url).path for url in (response.url, config.url))
            if not entries and not incidents_only:
                raise root.fail("no instance is listed; there is always at least one")
            if not entries or entries[0].has("IncidentImpacts"):
                _incidents(((entry, ()) for entry in entries), page)
                return page.parsed(lists_all=False)
        else:
            entries = root["Instances"].items() if "Instances" in root.mapping() else [root]
            if not entries:
                raise root["Instances"].fail("the product lists no instance; there is always at least one")
        return _instances(root, entries, page, config)

    def recognise(self, response: Response) -> float:
        """By an instance's key, state and lists, or an incident's impacts."""
        try:
            root = document(response.body)
            entries = root.items() if isinstance(root.value, list) else root.list_of("Instances") or [root]
            if not entries:
                return 0.0
            if entries[0].has("key") and entries[0].has("status") and (entries[0].has("Incidents") or entries[0].has("Maintenances")):
                return 0.97
            return 0.9 if entries[0].has("IncidentImpacts") else 0.0
        except ParseError:
            return 0.0


def _instances(root: Node, entries: Sequence[Node], page: StatusPage, config: Config) -> Parsed:
    inactive, keys = 0, set()
    incidents: dict[str, tuple[Node, list[str]]] = {}
    maintenances: dict[str, tuple[Node, list[str]]] = {}
    for instance in entries:
        key, native = instance["key"].text(), instance["status"].text()
        keys.add(key.lower())
        if instance.mapping().get("isActive") is False:
            inactive += 1
            continue
        page.component(key, key, _STATES.get(native, Status.UNKNOWN), native, group=instance.text_of("location"))
        for incident in instance.list_of("Incidents"):
            incidents.setdefault(incident["id"].id(), (incident, []))[1].append(key)
        for maintenance in instance.list_of("Maintenances"):
            maintenances.setdefault(maintenance["id"].id(), (maintenance, []))[1].append(key)
    if inactive == len(entries):
        raise root.fail("none of the instances here is in use any more, so nothing could be said of them")
    asked = {key.lower() for key in config.instances}
    if asked and root in entries and not keys <= asked:
        raise root["key"].fail("this is another instance than those that are configured")
    if root not in entries and not asked <= keys:
        raise root.fail(f"the list lacks the configured instances {', '.join(sorted(asked - keys))[:200]}")
    _incidents(incidents.values(), page)
    for maintenance, touched in maintenances.values():
        page.maintenance(
            maintenance["id"].id(),
            title=maintenance["name"].text(),
            stage="scheduled",
            starts_at=maintenance.instant_of("plannedStartTime"),
            ends_at=maintenance.instant_of("plannedEndTime"),
            components=touched,
        )
    return page.parsed(notes=(f"{inactive} instances left out: they are no longer in use",) if inactive else ())


def _incidents(found: Iterable[tuple[Node, Sequence[str]]], page: StatusPage) -> None:
    for incident, touched in found:
        id_, stage = incident["id"].id(), incident["status"].text().lower()
        resolved = stage == _RESOLVED
        impacts = incident.list_of("IncidentImpacts")
        # an impact that has ended is history, unless all have
        counting = impacts if resolved else [impact for impact in impacts if not impact.has("endTime")] or impacts
        core = incident.mapping().get("isCore") is not False
        keys = [key.text() for key in incident.list_of("instanceKeys")] or touched
        everywhere = incident.mapping().get("affectsAll") is True
        services = [service.text() for service in incident.list_of("serviceKeys")]
        page.incident(
            id_,
            title=f"Incident {id_}" + (f": {', '.join(services)}" if services else ""),
            status=worst(_severity(impact.text_of("severity"), core) for impact in counting),
            stage=stage,
            resolved=resolved,
            # what affects all is read whatever the configuration names
            components=() if everywhere else keys,
            places=(*keys, *services),
            updates=[
                update(event.text_of("type") or "update", event.text_of("message"), event.instant_of("createdAt"))
                for event in incident.list_of("IncidentEvents")
            ],
            started_at=min((at for impact in impacts if (at := impact.instant_of("startTime"))), default=incident.instant_of("createdAt")),
            resolved_at=max((at for impact in impacts if (at := impact.instant_of("endTime"))), default=None) if resolved else None,
            link=f"https://status.salesforce.com/incidents/{id_}",
            at=incident.instant_of("updatedAt"),
        )


def _severity(word: str | None, core: bool) -> Status:
    if word == "minor":
        return Status.DEGRADED
    if word == "major":
        return Status.MAJOR_OUTAGE if core else Status.PARTIAL_OUTAGE
    return Status.MAJOR_OUTAGE if word == "critical" else Status.UNKNOWN
