"""Trade press and notices through RSS or Atom: stories labelled by open word lists, with the things that they name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.feed import is_feed, read_feed
from secondsource.contracts.news import NewsConfig, Stories, story


class Config(NewsConfig):
    """A news feed."""


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
        stories = Stories(config, response.received_at)
        for entry in feed.entries:
            told = story(
                config,
                title=entry.title,
                summary=entry.markup,
                link=entry.link,
                published=entry.published or entry.updated,
                outlet=entry.outlet or feed.title,
            )
            stories.add(told, entry.id, entry.link)
        return stories.parsed(*([f"the feed is not well-formed: {feed.flaw}"] if feed.flaw is not None else []))

    def recognise(self, response: Response) -> float:
        """Any feed may be news; a connector that knows the feed better is surer."""
        return 0.5 if is_feed(response.body) else 0.0
