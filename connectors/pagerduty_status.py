"""Status pages that PagerDuty hosts (its own, Kick, MotherDuck and others), by the four lists that such a page loads.

The list of impacted services names services and states by ids alone, and an empty one means that all is well. So the lists are
read one after another: services, the words for states, what is impacted, and the posts that the page features. What was learned
goes along with the next request. A post is an incident or a maintenance; it is over when its latest update says so.

The words for states are the page's own; those of PagerDuty's default wording and the usual ones are known. Another is read as
unknown, with the word kept, as ``statuspage`` does. The page's headline is free text and is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, document
from secondsource.contracts.status_page import ComponentsConfig, StatusPage, json_request, stage_word, update
from secondsource.domain.status import Status, worst

_IMPACTS = {
    "operational": Status.OPERATIONAL,
    "all_good": Status.OPERATIONAL,
    "maintenance": Status.MAINTENANCE,
    "minor": Status.DEGRADED,
    "minor_outage": Status.DEGRADED,
    "degraded": Status.DEGRADED,
    "degraded_performance": Status.DEGRADED,
    "degraded_functionality": Status.DEGRADED,
    "major": Status.PARTIAL_OUTAGE,
    "partial_outage": Status.PARTIAL_OUTAGE,
    "major_outage": Status.MAJOR_OUTAGE,
    "outage": Status.MAJOR_OUTAGE,
    "critical": Status.MAJOR_OUTAGE,
}
_SERVICES, _WORDS, _IMPACTED, _POSTS = "services", "post_enums", "impacted_services", "posts"
_QUERY = {_POSTS: "?is_featured=true&limit=500"}


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the lists before said: names of services and words for states, by their ids."""

    services: dict[str, str] = {}
    words: dict[str, str] = {}


_write = msgspec.json.Encoder().encode
_memo = msgspec.json.Decoder(_Memo).decode


class PagerdutyStatus:
    """Reads ``/api/services``, ``/api/post_enums``, ``/api/impacted_services`` and ``/api/posts``."""

    spec: ClassVar[Spec] = Spec(
        name="pagerduty_status",
        summary="Status pages hosted by PagerDuty",
        config=ComponentsConfig,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://support.pagerduty.com/main/docs/external-status-page",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The list of services; the others follow."""
        assert isinstance(config, ComponentsConfig)
        return (_request(config, _SERVICES, _Memo()),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """What one list says, and where the next is."""
        assert isinstance(config, ComponentsConfig)
        root = document(response.body)
        name = next((name for name in (_SERVICES, _WORDS, _IMPACTED, _POSTS) if name in root.mapping()), None)
        if name is None:
            raise root.fail("none of services, post_enums, impacted_services, posts is here; this is not what such a page answers")
        entries = root[name].items()
        if name == _SERVICES:
            return Parsed((), next_request=_request(config, _WORDS, _Memo(_names(root[name], entries))))
        known = _read(response.memo)
        if name == _WORDS:
            words = {entry["id"].text(): entry["name"].text() for entry in entries}
            return Parsed((), next_request=_request(config, _IMPACTED, msgspec.structs.replace(known, words=words)))
        page = StatusPage(config)
        if name == _IMPACTED:
            _components(entries, known, page)
            return msgspec.structs.replace(page.parsed(), next_request=_request(config, _POSTS, known))
        if root.has("continuationToken"):
            raise root["continuationToken"].fail(f"the page features more than {len(entries)} posts, so some of them would be missing")
        for post in entries:
            _post(post, known, page)
        return page.parsed(lists_all=False)

    def recognise(self, response: Response) -> float:
        """By the form of the first entry; the lists that may be empty by what stands beside them."""
        try:
            root = document(response.body)
            if root.has(_IMPACTED):
                return 0.97 if root.has("status_page_id") else 0.5
            if root.has(_POSTS) and not root[_POSTS].value and "continuationToken" in root.mapping():
                return 0.5
            entries = root.list_of(_SERVICES) or root.list_of(_WORDS) or root.list_of(_POSTS)
            if not entries or not entries[0].has("id"):
                return 0.0
            return 0.95 if any(entries[0].has(key) for key in ("status_page_id", "post_enum_type", "post_type")) else 0.0
        except ParseError:
            return 0.0


def _request(config: ComponentsConfig, name: str, memo: _Memo) -> Request:
    parts = urlsplit(config.url)
    # an address of one of the lists stands for the page
    base = config.url.partition("/api/")[0] if "/api/" in parts.path else config.url.rstrip("/")
    return json_request(f"{base}/api/{name}{_QUERY.get(name, '')}", config, _write(memo).decode())


def _read(memo: str) -> _Memo:
    try:
        return _memo(memo)
    except msgspec.DecodeError:
        reason = "this list names services and states by their ids alone; it can only be read after the list of services"
        raise ParseError("the document", reason) from None


def _names(listed: Node, services: Sequence[Node]) -> dict[str, str]:
    active = [service for service in services if service.mapping().get("is_active") is not False]
    if not active:
        raise listed.fail("the page lists no service; a page that works lists at least one")
    return {service["id"].text(): service.text_of("display_name") or service["name"].text() for service in active}


def _word(id_: Node, known: _Memo) -> str:
    """The page's word for a state; its id where the page has none."""
    return known.words.get(id_.text(), id_.text())


def _impact(word: str) -> Status:
    return _IMPACTS.get(stage_word(word), Status.UNKNOWN)


def _components(impacted: Sequence[Node], known: _Memo, page: StatusPage) -> None:
    impacts: dict[str, list[str]] = {}
    for entry in impacted:
        impacts.setdefault(entry["service_id"].text(), []).append(_word(entry["impact_severity_id"], known))
    for id_ in dict.fromkeys([*known.services, *impacts]):
        name = known.services.get(id_, id_)
        for word in impacts.get(id_, []):
            page.component(id_, name, _impact(word), word)
        if id_ not in impacts:
            page.component(id_, name, Status.OPERATIONAL, None)


def _post(post: Node, known: _Memo, page: StatusPage) -> None:
    latest, id_ = post["latest_update"], post["id"].text()
    # the latest may stand among the others as well
    entries = {entry["id"].text(): entry for entry in [*post.list_of("updates"), latest]}.values()
    stage = stage_word(_word(latest["status_id"], known))
    touched = dict.fromkeys(impact["service_id"].text() for entry in entries for impact in entry.list_of("impacts"))
    names = [known.services.get(service, service) for service in touched]
    if post["post_type"].text() == "maintenance":
        page.maintenance(
            id_,
            title=post["title"].text(),
            stage=stage,
            starts_at=_when(post, "starts_at"),
            ends_at=_when(post, "ends_at"),
            components=names,
            at=_when(latest, "reported_at"),
        )
        return
    resolved = stage == "resolved"
    page.incident(
        id_,
        title=post["title"].text(),
        # the present state while it is open, the worst when it is over
        status=worst(status for entry in (entries if resolved else [latest]) for status in _severities(entry, known)),
        stage=stage,
        resolved=resolved,
        components=names,
        updates=[
            update(stage_word(_word(entry["status_id"], known)), entry.text_of("message"), _when(entry, "reported_at")) for entry in entries
        ],
        started_at=_when(post, "first_update_at"),
        resolved_at=_when(latest, "reported_at") if resolved else None,
    )


def _severities(entry: Node, known: _Memo) -> list[Status]:
    """How bad it is by one update: as a whole, and for each service."""
    ids = [entry.get("severity_id"), *(impact.get("severity_id") for impact in entry.list_of("impacts"))]
    return [_impact(_word(id_, known)) for id_ in ids if id_]


def _when(entry: Node, key: str) -> datetime | None:
    """A time in milliseconds since 1970, or in ISO 8601."""
    found = entry.get(key)
    if found is None or isinstance(found.value, str):
        return entry.instant_of(key)
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=float(found.number()))
    except OverflowError:
        raise found.fail("this is no time in milliseconds since 1970") from None
