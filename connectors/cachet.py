"""Status pages of Cachet: the interface of 2.x (``/api/v1``) and that of 3.x (``/api``, JSON:API).

Components and incidents are lists of their own, and each answer says what it says on its own; planned maintenance is a third
list, asked for where it is configured, as old servers lack it. The numbers of states count, their wording is kept. An incident
does not say how bad it is: that is unknown, and the components say it. Times come without a zone and are taken as UTC. Of
incidents and schedules the newest hundred are read; what has left these has vanished, as with Statuspage's list of incidents.

A further page of components is asked for at the configured address, never where the answer says, since a credential goes
with it. A number for a status that is not known is read as unknown, with the wording kept, as ``statuspage`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, document
from secondsource.contracts.status_page import ComponentsConfig, StatusPage, json_request, update
from secondsource.domain.status import Status

_COMPONENT: Mapping[int | Decimal, Status] = {
    1: Status.OPERATIONAL,
    2: Status.DEGRADED,
    3: Status.PARTIAL_OUTAGE,
    4: Status.MAJOR_OUTAGE,
    5: Status.UNKNOWN,
    6: Status.MAINTENANCE,
}
_INCIDENT: Mapping[int | Decimal, str] = {1: "investigating", 2: "identified", 3: "monitoring", 4: "resolved"}
_FIXED = 4
_SCHEDULE: Mapping[int | Decimal, str] = {0: "scheduled", 1: "in_progress", 2: "completed"}
_LISTS: Mapping[str, Mapping[int, Mapping[str, str]]] = {
    "components": {2: {}, 3: {"include": "group"}},
    # 3.x answers the newest first by itself
    "incidents": {2: {"sort": "id", "order": "desc"}, 3: {"include": "components,updates"}},
    "schedules": {2: {"sort": "id", "order": "desc"}, 3: {"include": "components", "sort": "-scheduled_at"}},
}


class Config(ComponentsConfig):
    """A page."""

    version: Literal[2, 3] = Field(default=2, description="The generation of Cachet, which decides where it answers.")
    schedules: bool = Field(default=False, description="Read planned maintenance too, from a list that servers before 2.4 lack.")


class Cachet:
    """Reads the lists of components, incidents and schedules."""

    spec: ClassVar[Spec] = Spec(
        name="cachet",
        summary="Status pages of Cachet 2 and 3",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://docs.cachethq.io/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page's lists, or the one that the configured address names."""
        assert isinstance(config, Config)
        if _explicit(config):
            return (json_request(config.url, config),)
        names = ["components", "incidents", *(["schedules"] if config.schedules else [])]
        return [json_request(_list_address(name, config), config) for name in names]

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """One list. Only one of incidents or schedules may be empty."""
        assert isinstance(config, Config)
        root = document(response.body)
        data = root["data"].items()
        kind = _kind(root["data"], data, (response.url, config.url))
        included = {(entry["type"].text(), entry["id"].id()): entry["attributes"] for entry in root.list_of("included")}
        page = StatusPage(config)
        if kind == "components":
            return _components(root, data, included, page, config)
        for item in data:
            # until 2.3 planned maintenance was an incident in the state "scheduled"
            planned = kind == "schedules" or _state(_attributes(item))[0] == 0
            (_schedule if planned else _incident)(item, included, page)
        return page.parsed()

    def recognise(self, response: Response) -> float:
        """By the form of the first entry; for an empty list by its pages and its address."""
        try:
            root = document(response.body)
            data = root.list_of("data")
            meta = root.get("meta")
            if meta is None or not (meta.has("pagination") or root.has("links")):
                return 0.0
            _kind(root["data"], data, (response.url,))
            return 0.9 if data else 0.5
        except ParseError:
            return 0.0


def _explicit(config: Config) -> bool:
    return "/api/" in urlsplit(config.url).path


def _list_address(name: str, config: Config) -> str:
    if _explicit(config):
        return config.url
    base = config.url.rstrip("/") + ("/api/v1/" if config.version == 2 else "/api/") + name
    return f"{base}?{urlencode({'per_page': '100', **_LISTS[name][config.version]}, safe=',')}"


def _kind(whole: Node, data: list[Node], addresses: Iterable[str]) -> str:
    """Which list this is, by its first entry, else by the addresses that it came from."""
    if data:
        first = data[0]
        if first.has("attributes"):
            kind = first["type"].text()
        else:
            keys = first.mapping().keys()
            kind = (
                "components" if "group_id" in keys or "status_name" in keys
                else "schedules" if "completed_at" in keys
                else "incidents" if "message" in keys
                else ""
            )  # fmt: skip
        if kind not in _LISTS:
            raise first.fail("this is neither a component nor an incident nor a schedule of Cachet")
        return kind
    for address in addresses:
        name = urlsplit(address).path.rstrip("/").rpartition("/")[2]
        if name in _LISTS and "/api/" in address:
            return name
    raise whole.fail("the list is empty, and its address does not say of what")


def _attributes(item: Node) -> Node:
    return item["attributes"] if item.has("attributes") else item


def _state(about: Node, key: str = "status") -> tuple[Decimal, str]:
    """The number of a state, and its wording: the same where there is none."""
    state = about[key]
    words = about.text_of("status_name")
    if isinstance(state.value, dict):
        words = state.text_of("human")
        state = state["value"]
    if isinstance(state.value, str) and state.value.isascii() and state.value.isdecimal() and len(state.value) < 4:
        number = Decimal(state.value)
    else:
        number = state.number()
    return number, words or str(number)


def _when(about: Node, key: str) -> datetime | None:
    """The time called ``<key>_at`` in 2.x and ``<key>`` in 3.x."""
    found = about.get(key)
    if found is not None and isinstance(found.value, dict):
        return found.instant_of("string")
    return about.instant_of(f"{key}_at")


def _related(item: Node, name: str, included: Mapping[tuple[str, str], Node]) -> list[Node]:
    """The attributes of related things that came along; to-many comes as one object or as one for each."""
    relationships = item.get("relationships")
    found = relationships.get(name) if relationships else None
    if found is None:
        return []
    links = [link.get("data") for link in (found.items() if isinstance(found.value, list) else [found])]
    targets = [t for link in links if link for t in (link.items() if isinstance(link.value, list) else [link])]
    keys = [(target["type"].text(), target["id"].id()) for target in targets]
    return [included[key] for key in keys if key in included]


def _components(root: Node, data: list[Node], included: Mapping[tuple[str, str], Node], page: StatusPage, config: Config) -> Parsed:
    hidden = 0
    for item in data:
        about = _attributes(item)
        if about.mapping().get("enabled") in (False, 0):
            hidden += 1
            continue
        number, words = _state(about)
        groups = _related(item, "group", included)
        page.component(
            item["id"].id(),
            about["name"].text(),
            _COMPONENT.get(number, Status.UNKNOWN),
            words,
            group=groups[0].text_of("name") if groups else None,
            at=_when(about, "updated"),
        )
    current, further = _pages(root)
    if not data and current == 1:
        raise root["data"].fail("the page lists no component; a page that works lists at least one")
    notes = (f"{hidden} components left out: they are not enabled",) if hidden else ()
    parsed = page.parsed(lists_all=current == 1 and not further, notes=notes)
    if not further:
        return parsed
    parts = urlsplit(_list_address("components", config))
    query = {**dict(parse_qsl(parts.query)), "page": str(current + 1)}
    url = urlunsplit(parts._replace(query=urlencode(query, safe=",")))
    return Parsed(parsed.readings, notes=parsed.notes, next_request=json_request(url, config))


def _pages(root: Node) -> tuple[int, bool]:
    """The number of this page, and whether there is a further one."""
    meta = root["meta"]
    pagination = meta.get("pagination")
    if pagination:
        current = int(pagination["current_page"].number())
        return current, current < int(pagination["total_pages"].number())
    links = root.get("links")
    return int(meta["current_page"].number()), links is not None and links.has("next")


def _incident(item: Node, included: Mapping[tuple[str, str], Node], page: StatusPage) -> None:
    about = _attributes(item)
    first, _ = _state(about)
    number = _state(about, "latest_status")[0] if about.has("latest_status") else first
    entries = about.list_of("updates") or _related(item, "updates", included)
    updates = [update(_stage(_state(entry)[0]), entry.text_of("message"), _when(entry, "created")) for entry in entries]
    created = _when(about, "created")
    if message := about.text_of("message"):
        # 3.x tells only the latest state, which is also the first where there are no updates
        known = not entries or not item.has("attributes")
        updates.append(update(_stage(first) if known else "update", message, created))
    component = about.get("component")
    names = [component["name"].text()] if component else [entry["name"].text() for entry in _related(item, "components", included)]
    resolved = number == _FIXED
    ends = [entry.at for entry in updates if entry.stage == _INCIDENT[_FIXED] and entry.at]
    page.incident(
        item["id"].id(),
        title=about["name"].text(),
        status=Status.UNKNOWN,
        stage=_stage(number),
        resolved=resolved,
        components=names,
        updates=updates,
        started_at=_when(about, "occurred") or created,
        resolved_at=max(ends, default=None) if resolved else None,
        link=about.text_of("permalink"),
        at=_when(about, "updated"),
    )


def _stage(number: Decimal) -> str:
    return _INCIDENT.get(number, str(number))


def _schedule(item: Node, included: Mapping[tuple[str, str], Node], page: StatusPage) -> None:
    about = _attributes(item)
    number, words = _state(about)
    page.maintenance(
        item["id"].id(),
        title=about["name"].text(),
        stage=_SCHEDULE.get(number, words),
        starts_at=_when(about, "scheduled"),
        ends_at=_when(about, "completed"),
        components=[entry["name"].text() for entry in _related(item, "components", included)],
        at=_when(about, "updated"),
    )
