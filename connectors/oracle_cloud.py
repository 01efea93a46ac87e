"""Oracle Cloud's status: the RSS of incidents, and the JSON of services by region.

The feed has one item for each incident, open or over, with its log as HTML without years. It says which service and region are
touched, but not how bad it is, so that is unknown. ``components.json`` has the state of every service in every region, some
thousand, and for each the incidents that touch it with their severity; a service is as bad as the worst of these.

An empty feed means that nothing is reported, but only when it is Oracle's. An item whose log can not be read is a parse error:
nothing else says whether it is over. A state that is not known is read as unknown, with the word kept, as ``statuspage`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.feed import Entry, is_feed, read_whole_feed
from secondsource.contracts.reading import Node, WebAddress, document
from secondsource.contracts.status_page import ComponentsConfig, StatusPage
from secondsource.contracts.update_log import updates_in
from secondsource.domain.status import Status, worst
from secondsource.domain.text import plain_text

_STATES = {
    "NormalPerformance": Status.OPERATIONAL,
    # Oracle documents it as news about a service that works
    "Informational": Status.OPERATIONAL,
    "ServiceDisruption": Status.PARTIAL_OUTAGE,
    "ServiceDown": Status.MAJOR_OUTAGE,
}
_FEED = "/api/v2/incident-summary.rss"
_COMPONENTS = "/api/v2/components.json"
_RESOLVED = "resolved"
_OWN = b"oraclecloud"


class Config(ComponentsConfig):
    """Services are the components and regions their groups, so ``only: ["*Frankfurt*"]`` reads one region."""

    url: WebAddress = Field(default="https://ocistatus.oraclecloud.com", description="Where Oracle publishes.")
    components: bool = Field(
        default=False, description="Read the state of every service in every region too: some thousand, best narrowed by `only`."
    )


class OracleCloud:
    """Reads ``incident-summary.rss`` and ``components.json``."""

    spec: ClassVar[Spec] = Spec(
        name="oracle_cloud",
        summary="Oracle Cloud's incidents, and its services by region",
        config=Config,
        interval=timedelta(minutes=2),
        kinds=("component_status", "incident"),
        documentation="https://docs.oracle.com/en-us/iaas/Content/General/Concepts/status-service.htm",
        limited=True,
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The feed and, if configured, the services; or what the configured address names."""
        assert isinstance(config, Config)
        base = config.url.rstrip("/")
        if urlsplit(config.url).path.strip("/"):
            urls = [config.url]
        else:
            urls = [base + _FEED, *([base + _COMPONENTS] if config.components else [])]
        return [Request(url, headers={"accept": "application/rss+xml, application/json"}, auth=config.auth) for url in urls]

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The incidents of the feed, or the services of the JSON."""
        assert isinstance(config, Config)
        if response.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            return _services(document(response.body), config)
        feed = read_whole_feed(response)
        if _OWN not in response.body.lower():
            raise ParseError("the document", "nothing in this feed is of oraclecloud.com; it is another vendor's")
        page = StatusPage(config)
        left_out = sum(not _incident(entry, page, config) for entry in feed.entries)
        return page.parsed(lists_all=False, notes=(f"{left_out} incidents left out by their service and region",) if left_out else ())

    def recognise(self, response: Response) -> float:
        """A feed that names Oracle's cloud, or reports on regions."""
        if is_feed(response.body):
            # only looked at, not parsed: this runs outside the worker process
            return 0.97 if b"oraclecloudincident" in response.body or b"ocistatus.oraclecloud" in response.body[:4000] else 0.0
        try:
            regions = document(response.body).list_of("regionHealthReports")
            return 0.97 if regions and regions[0].has("serviceHealthReports") else 0.0
        except ParseError:
            return 0.0


def _incident(entry: Entry, page: StatusPage, config: Config) -> bool:
    """Take in an incident, unless the configuration leaves its service and region out."""
    changed = entry.updated or entry.published
    if not entry.id:
        raise ParseError(f"{entry.where}.guid", "the item has no id, so it could not be recognised again")
    if not entry.title:
        raise ParseError(f"{entry.where}.title", "the item has no title")
    if changed is None:
        raise ParseError(f"{entry.where}.pubDate", "the item has no time, which its log, written without years, needs")
    updates = updates_in(entry.markup, changed)
    stages = [update.stage for update in updates]
    if not stages:
        raise ParseError(f"{entry.where}.description", "no log of updates is here, so it is not known whether the incident is over")
    # service | region | reference
    parts = [part.strip() for part in plain_text(entry.title, 300).split("|")]
    service, region = parts[:2] if len(parts) == 3 else (None, None)
    if service and not config.wants(service, region):
        return False
    # "update" only says that there was news
    stage = next((word for word in stages if word != "update"), stages[0])
    times = [update.at for update in updates if update.at]
    page.incident(
        entry.id,
        title=entry.title,
        status=Status.UNKNOWN,
        stage=stage,
        resolved=stage == _RESOLVED,
        places=[part for part in (service, region) if part],
        updates=updates,
        started_at=min(times, default=None),
        resolved_at=next((update.at for update in updates if update.stage == _RESOLVED), None) if stage == _RESOLVED else None,
        link=entry.link,
        at=changed,
    )
    return True


def _services(root: Node, config: Config) -> Parsed:
    page = StatusPage(config)
    count = 0
    for region in root["regionHealthReports"].items():
        id_, name = region["regionId"].id(), region["regionName"].text()
        for service in region["serviceHealthReports"].items():
            native = service["serviceStatus"].text()
            severities = [severity for incident in service.list_of("incidents") if (severity := incident.text_of("severity"))]
            page.component(
                f"{id_}/{service['serviceId'].id()}",
                service["serviceName"].text(),
                worst(_STATES.get(word, Status.UNKNOWN) for word in (native, *severities)),
                native,
                group=name,
            )
            count += 1
    if not count:
        raise root["regionHealthReports"].fail("no service of any region is listed; there are always some")
    return page.parsed()
