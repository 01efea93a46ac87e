"""Azure's public status feed: what Microsoft tells everybody, which is broad trouble only. What concerns one account is in
``azure_resource_health``.

The feed is empty nearly always, and instances of it have stood still, empty, through an outage. So an empty feed means that all is
well only when it is Azure's, well-formed, and says itself that it was written lately. Of an item it tells neither how bad it is nor
that it is over: what is listed counts as degraded, the least that is worth a public notice, and what has left the feed is over.
Name ``https://rssfeed.azure.status.microsoft/en-us/status/feed/``; other hosts are answered by whichever instance is near.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.durations import Span, format_duration
from secondsource.contracts.feed import Entry, is_feed, read_whole_feed
from secondsource.contracts.patterns import named
from secondsource.contracts.reading import SourceConfig
from secondsource.contracts.status_page import update
from secondsource.domain.observations import ComponentStatus, Incident
from secondsource.domain.status import Status
from secondsource.domain.text import plain_text, tidy
from secondsource.domain.words import count

_TITLE = "azure status"
_MARK = re.compile(rb"<title[^>]{0,100}>\s{0,100}(?:<!\[CDATA\[)?\s{0,100}azure status\b", re.IGNORECASE)
_LINK = "https://azure.status.microsoft/en-us/status/"
_AHEAD = timedelta(minutes=15)  # by which its clock may be ahead of ours


class Config(SourceConfig):
    """The feed, and what of it matters."""

    max_age: Span = Field(default=timedelta(hours=1), description="How old the feed may be, by its own word, before it counts as unread.")
    only: tuple[str, ...] = Field(
        default=(), description="Read items of these services or regions only, and items that name none: Storage, *Europe; all if empty."
    )


class AzurePublic:
    """One reading for each item, and one for the page: well when nothing that is read is listed."""

    spec: ClassVar[Spec] = Spec(
        name="azure_public",
        summary="Public status feed of Microsoft Azure",
        config=Config,
        interval=timedelta(minutes=2),
        kinds=("component_status", "incident"),
        documentation="https://learn.microsoft.com/azure/service-health/azure-status-overview",
        limited=True,
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The feed; the same text as last time has aged."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "application/rss+xml, text/xml"}, auth=config.auth, every_time=True),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The items of a feed that is Azure's and fresh."""
        assert isinstance(config, Config)
        feed = read_whole_feed(response)
        if _TITLE not in feed.title.lower():
            raise ParseError("channel.title", f"{tidy(feed.title, 60)!r} is another feed; 'Azure Status' was expected")
        wanted = [entry for entry in feed.entries if not config.only or not entry.categories or named(entry.categories, config.only)]
        if feed.built is not None:
            _refuse_stale(feed.built, response.received_at, config.max_age)
        elif not wanted:
            raise ParseError(
                "channel.lastBuildDate", "nothing is listed and the feed does not say when it was written: it may have stood still"
            )
        name = tidy(f"Azure Status ({', '.join(config.only)})" if config.only else "Azure Status", 200)
        page = Reading("page", ComponentStatus(name, Status.DEGRADED if wanted else Status.OPERATIONAL))
        left_out = len(feed.entries) - len(wanted)
        notes = (f"{count(left_out, 'item')} left out for naming no service or region that is read",) if left_out else ()
        return Parsed([page, *map(_incident, wanted)], notes=notes)

    def recognise(self, response: Response) -> float:
        """By its title."""
        return 0.97 if is_feed(response.body) and _MARK.search(response.body[:4000]) else 0.0


def _refuse_stale(built: datetime, received_at: datetime, max_age: timedelta) -> None:
    where, said = "channel.lastBuildDate", f"{built:%Y-%m-%d %H:%M} UTC"
    if received_at - built > max_age:
        raise ParseError(where, f"the feed was last written {said}, more than {format_duration(max_age)} before it was read")
    if built - received_at > _AHEAD:
        raise ParseError(where, f"the feed says that it was written {said}, after it was read")


def _incident(entry: Entry) -> Reading:
    title = plain_text(entry.title, 300)
    name = tidy(entry.id, 160)
    if not title or not name:
        raise ParseError(f"{entry.where}.{'guid' if title else 'title'}", "missing")
    at = entry.published or entry.updated
    text = update("listed", entry.markup, at)
    # services and regions stand side by side; in one line, the services are looked for in these regions
    about = tidy(", ".join(entry.categories), 2000)
    body = Incident(
        title=title,
        status=Status.DEGRADED,
        stage="listed",
        resolved=False,
        components=(about,) if about else (),
        updates=(text,) if text.text else (),
        link=_LINK,
    )
    return Reading(f"incident/{name}", body, at)
