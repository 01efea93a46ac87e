"""Trade press and notices through RSS or Atom: stories labelled by open word lists, with the things that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.feed import Entry, is_feed, read_feed
from secondsource.contracts.reading import SourceConfig
from secondsource.domain.ids import content_id
from secondsource.domain.newswords import Entities, labels
from secondsource.domain.observations import News
from secondsource.domain.text import plain_text

_TITLE, _SUMMARY, _ID = 300, 1000, 160


class Config(SourceConfig):
    """A news feed."""

    terms: Mapping[str, tuple[str, ...]] = Field(
        default={},
        description="What to look for besides chips and memory: an id of the catalog, and the words under which the press speaks of it.",
    )
    labelled_only: bool = Field(default=False, description="Leave out stories that have no label.")


class NewsFeed:
    """One reading per story. Old stories drop off the end of a feed, which says nothing about them."""

    spec: ClassVar[Spec] = Spec(
        name="news_feed",
        summary="News and trade press as RSS or Atom, labelled: shortage, price, export control, disaster and more",
        config=Config,
        interval=timedelta(minutes=15),
        kinds=("news",),
        documentation="https://www.rssboard.org/rss-specification",
        limited=True,
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The feed."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "application/rss+xml, application/atom+xml, text/xml"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The stories of the feed. A feed with small faults is read as far as it can be, which the notes then say."""
        assert isinstance(config, Config)
        feed = read_feed(response)
        if feed.flaw is not None and not feed.entries:
            raise ParseError("the document", f"nothing can be read of this malformed feed ({feed.flaw})")
        entities = Entities(config.terms)
        readings = []
        left_out = 0
        for entry in feed.entries:
            story = _story(entry, feed.title, entities)
            if story is None or (config.labelled_only and not story.labels):
                left_out += 1
                continue
            readings.append(Reading(_subject(entry, story), story, story.published_at))
        notes = [f"{left_out} entries left out: no text, or no label"] if left_out else []
        if feed.flaw is not None:
            notes.append(f"the feed is not well-formed: {feed.flaw}")
        return Parsed(readings, complete=False, notes=notes)

    def recognise(self, response: Response) -> float:
        """Any feed may be news; a connector that knows the feed better is surer."""
        return 0.5 if is_feed(response.body) else 0.0


def _story(entry: Entry, feed_title: str, entities: Entities) -> News | None:
    title, summary = plain_text(entry.title, _TITLE), plain_text(entry.markup, _SUMMARY)
    if not title:
        if not summary:
            return None
        title = summary if len(summary) <= 120 else summary[:119].rstrip() + "…"
    return News(
        title=title,
        summary=summary,
        link=entry.link[:2000] if entry.link.startswith(("https://", "http://")) else None,
        published_at=entry.published or entry.updated,
        outlet=plain_text(entry.outlet or feed_title, 120),
        labels=labels(title, summary),
        entities=entities.find(f"{title}\n{summary}"),
    )


def _subject(entry: Entry, story: News) -> str:
    name = plain_text(entry.id, _ID + 1) or plain_text(entry.link, _ID + 1)
    if not name:
        name = content_id(story.title, story.published_at)
    return "news/" + (name if len(name) <= _ID else content_id(entry.id or entry.link))
