"""Status pages read through their RSS or Atom feed: Statuspage's history, AWS, Azure, and plain lists of incidents.

The feed is the page's present picture: what is no longer in it has vanished. A feed that is not well-formed would be half
a picture, so it is refused. Feeds seldom say how bad an incident is; the words of the title do, by the lists below, and an
open incident of which nothing is said counts as degraded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.feed import Entry, is_feed, read_whole_feed
from secondsource.contracts.reading import SourceConfig
from secondsource.contracts.update_log import updates_in
from secondsource.domain.observations import Incident, IncidentUpdate, Maintenance
from secondsource.domain.status import Status
from secondsource.domain.text import plain_text, tidy

_OVER = frozenset({"resolved", "postmortem", "completed", "closed", "mitigated"})
_PLANNED = {"scheduled": "scheduled", "in progress": "in_progress", "verifying": "verifying", "completed": "completed"}
_UPDATES = 30

_MARKS = re.compile(rb"data-var=.{0,6}date|#[A-Za-z0-9.-]{1,100}_\d{9,11}(?:]]>)?\s*</guid>")
_FEED_TITLE = re.compile(rb"<title[^>]{0,100}>([^<]{0,200}|<!\[CDATA\[[^\]]{0,200})")
_STATUS_WORDS = re.compile(rb"\b(?:status|incidents?)\b", re.IGNORECASE)
_STATED = re.compile(r"\bstatus:\s*([A-Za-z ]{3,20})", re.IGNORECASE)

# AWS: an item is one update; https://status.aws.amazon.com/#<service>-<region>_<epoch seconds> names event and time
_AWS_GUID = re.compile(r"#(?P<what>[A-Za-z0-9_.-]{1,100})_(?P<epoch>\d{9,11})$")
_AWS_PREFIX = re.compile(r"\s*(?P<word>[A-Za-z ]{5,40}):\s*(?P<rest>.*)", re.DOTALL)
_AWS_SEVERITY = {
    "service disruption": Status.MAJOR_OUTAGE,
    "service impact": Status.PARTIAL_OUTAGE,
    "service degradation": Status.DEGRADED,
    "performance issues": Status.DEGRADED,
    # AWS's lowest word has stood over real trouble, so it is not read as "no impact"
    "informational message": Status.DEGRADED,
}
_AWS_OVER = ("[resolved]", "service is operating normally")

_WORDS: tuple[tuple[re.Pattern[str], Status], ...] = (
    (re.compile(r"\b(major|global|complete|total|widespread) (service )?(outage|disruption)", re.IGNORECASE), Status.MAJOR_OUTAGE),
    (re.compile(r"\b(outages?|unavailable|unavailability|unreachable|(?<!slow )down)\b", re.IGNORECASE), Status.PARTIAL_OUTAGE),
)


class Config(SourceConfig):
    """A feed of incidents."""

    ignore: tuple[str, ...] = Field(default=(), description="Leave out incidents whose title holds one of these words.")


class FeedStatus:
    """One reading for each incident, with its updates newest first."""

    spec: ClassVar[Spec] = Spec(
        name="feed_status",
        summary="Incident history of a status page as RSS or Atom (Statuspage, AWS, Azure and others)",
        config=Config,
        interval=timedelta(minutes=2),
        kinds=("incident", "maintenance"),
        documentation="https://www.rfc-editor.org/rfc/rfc4287",
        limited=True,
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The feed."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "application/atom+xml, application/rss+xml, text/xml"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The incidents of the feed. No entry at all is a picture too: nothing is reported."""
        assert isinstance(config, Config)
        feed = read_whole_feed(response)
        wanted = [entry for entry in feed.entries if not any(word.lower() in entry.title.lower() for word in config.ignore)]
        updates = [entry for entry in wanted if _AWS_GUID.search(entry.id)]
        incidents = [entry for entry in wanted if not _AWS_GUID.search(entry.id)]
        readings = [*_events(updates), *(_incident(entry, response.received_at) for entry in incidents)]
        left_out = len(feed.entries) - len(wanted)
        return Parsed(readings, notes=(f"{left_out} incidents left out by their title",) if left_out else ())

    def recognise(self, response: Response) -> float:
        """By the marks of Statuspage's and AWS's feeds; a title that speaks of status or incidents makes it likely."""
        if not is_feed(response.body):
            return 0.0
        # only looked at, not parsed: this runs outside the worker process
        head = response.body[:100_000]
        if _MARKS.search(head):
            return 0.95
        title = _FEED_TITLE.search(head)
        return 0.8 if title and _STATUS_WORDS.search(title.group(1)) else 0.1


def _subject(entry: Entry) -> str:
    """The incident's own name: as the page's JSON interface calls it where the link tells, else the feed's id."""
    code = re.search(r"/(?:incidents?|maintenances?)/([A-Za-z0-9_-]{4,64})/?$", entry.link)
    name = code.group(1) if code else tidy(entry.id or entry.link, 160)
    if not name:
        raise ParseError(f"{entry.where}.id", "the entry has neither an id nor a link, so it could not be recognised again")
    return name


def _updates(entry: Entry, received_at: datetime) -> list[IncidentUpdate]:
    known = [at for at in (entry.published, entry.updated) if at]
    return updates_in(entry.markup, max(known, default=received_at))


def _stage(stages: Iterable[str]) -> str | None:
    """The newest stage; "update" only says that there was news."""
    return next((stage for stage in stages if stage != "update"), None)


def _resolved_at(updates: Sequence[IncidentUpdate]) -> datetime | None:
    """When it was over; a post-mortem comes days later and counts only where nothing else says it."""
    ends = [update for update in updates if update.stage in _OVER]
    return next((update.at for update in ends if update.stage != "postmortem"), ends[0].at if ends else None)


def _severity(title: str) -> Status:
    return next((status for pattern, status in _WORDS if pattern.search(title)), Status.DEGRADED)


def _incident(entry: Entry, received_at: datetime) -> Reading:
    name = _subject(entry)
    title = plain_text(entry.title, 300)
    if not title:
        raise ParseError(f"{entry.where}.title", "the entry has no title")
    occurred = entry.updated or entry.published
    updates = _updates(entry, received_at)
    if updates:
        stage = _stage(update.stage for update in updates) or "update"
    else:
        text = plain_text(entry.markup, 1000)
        stated = _STATED.search(text)
        stage = stated.group(1).split()[0].lower() if stated else "resolved" if "[resolved]" in title.lower() else "reported"
        updates = [IncidentUpdate(stage, text, occurred)] if text else []
    link = entry.link if entry.link.startswith(("https://", "http://")) else None
    if stage in _PLANNED or any(update.stage in ("scheduled", "in progress") for update in updates):
        planned = Maintenance(title, _PLANNED.get(stage, "completed" if stage in _OVER else stage), link=link)
        return Reading(f"maintenance/{name}", planned, occurred)
    times = [update.at for update in updates if update.at]
    resolved = stage in _OVER
    body = Incident(
        title=title,
        status=_severity(title),
        stage=stage,
        resolved=resolved,
        updates=tuple(updates[:_UPDATES]),
        started_at=min(times, default=entry.published),
        resolved_at=_resolved_at(updates) if resolved else None,
        link=link,
    )
    return Reading(f"incident/{name}", body, occurred)


class _AwsUpdate(msgspec.Struct, frozen=True):
    at: datetime
    title: str
    status: Status
    over: bool
    text: str


def _aws_update(entry: Entry, epoch: str) -> _AwsUpdate:
    title = plain_text(entry.title, 300)
    over = any(mark in title.lower() for mark in _AWS_OVER)
    prefix = _AWS_PREFIX.match(title)
    status = _AWS_SEVERITY.get(prefix["word"].strip().lower()) if prefix else None
    if prefix and (status or over):
        title = prefix["rest"].strip() or title
    title = re.sub(r"^\[RESOLVED\]\s*", "", title, flags=re.IGNORECASE) or title
    at = datetime.fromtimestamp(int(epoch), UTC)
    return _AwsUpdate(at, title, status or _severity(title), over, plain_text(entry.markup, 1000))


def _events(entries: list[Entry]) -> list[Reading]:
    """AWS's items gathered into events: those of one service and region since it last was well.

    Open events stay for months with weeks between their updates, so a gap in time ends none; a resolution does.
    """
    grouped: dict[str, list[_AwsUpdate]] = {}
    for entry in entries:
        found = _AWS_GUID.search(entry.id)
        assert found is not None  # the caller chose them by it
        grouped.setdefault(found["what"].lower(), []).append(_aws_update(entry, found["epoch"]))
    readings = []
    for what, updates in grouped.items():
        updates.sort(key=lambda update: update.at, reverse=True)
        before = next((number for number, update in enumerate(updates) if update.over and number > 0), len(updates))
        event = updates[:before]
        newest = event[0]
        # the last word of a resolved event is that all is well; how bad it was, the updates before it say
        told = next((update for update in event if not update.over), newest)
        body = Incident(
            title=newest.title,
            status=told.status,
            stage="resolved" if newest.over else "open",
            resolved=newest.over,
            components=(what,),
            updates=tuple(
                IncidentUpdate("resolved" if update.over else "update", update.text or update.title, update.at)
                for update in event[:_UPDATES]
            ),
            started_at=event[-1].at,
            resolved_at=newest.at if newest.over else None,
            link="https://health.aws.amazon.com/health/status",
        )
        readings.append(Reading(f"incident/{what}", body, newest.at))
    return readings
