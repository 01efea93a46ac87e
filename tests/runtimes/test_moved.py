"""Pages that moved to another platform: nothing is read of them, they are unknown, and the new platform is proposed at the first answer.

The five moves are those of 2026: Perplexity from Instatus to incident.io, JetBrains from Statuspage to incident.io, OpenRouter from a
small host to Datadog, Mistral from Instatus to a page that only shows a bot check, Replicate from Statuspage to a plain web page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.http.backoff import BackoffPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.adapters.sql import log, sources
from secondsource.adapters.sql.database import Database
from secondsource.contracts.connector import Response
from secondsource.domain.context import Context
from secondsource.domain.difference import FULL_EVERY
from secondsource.domain.observations import Observation, Outcome, SourceHealth
from secondsource.ports.fetcher import FetchPolicy
from secondsource.runtimes.collector import Collector
from secondsource.runtimes.poll import Polled, Source
from secondsource.runtimes.recognition import MOST_BYTES, Seen, confidence, moved_to, seen_after
from secondsource.testing.standins.http import HttpStandIn, Received, Reply

NOW = datetime(2026, 7, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIXTURES = Path(__file__).parents[1] / "connectors"
BOT_CHECK = b"<!DOCTYPE html><html><head><title>Just a moment</title></head><body>Checking your browser</body></html>"
WEB_PAGE = b"<html><head><title>Status</title></head><body><h1>All systems operational</h1></body></html>"
OTHER = {"words": {"fine": "operational"}, "components": {"each": "parts[*]", "status": "how"}}


def fixture(place: str) -> bytes:
    (body,) = (FIXTURES / place).glob("response.*")
    return body.read_bytes()


class Page(HttpStandIn):
    """A status page that answers the same at every path."""

    body = b""

    async def respond(self, request: Received) -> Reply:
        return Reply(200, self.body)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with Page() as found:
        yield found


class Watch:
    """A collector of one page."""

    def __init__(self, page: Page, database: Database, name: str, more: dict[str, Any]) -> None:
        self.clock = VirtualClock(NOW)
        self.database = database
        self.fetcher, self.parser = HttpFetcher(now=self.clock.now), LimitedParser()
        reader = connector(name)
        config = reader.spec.config.model_validate({"url": page.url, **more})
        source = Source("page", "vendor", reader, config, MINUTE, FetchPolicy(allow=("127.0.0.0/8",)))
        self.collector = Collector(database, [source], Context(), self.clock, self.fetcher, self.parser, BackoffPolicy(jitter=0))
        self._position = 0

    async def poll(self) -> tuple[SourceHealth, list[Observation]]:
        """How the next poll went, and what else it said."""
        due = await self.collector.next_due()
        assert due is not None
        await self.clock.wait_until(due)
        await self.collector.run()
        found = await self.database.read(lambda c: log.after(c, self._position, 100))
        self._position = found[-1].position
        said = [observation for logged in found for observation in logged.batch.observations]
        (health,) = [o.body for o in said if isinstance(o.body, SourceHealth)]
        return health, [o for o in said if not isinstance(o.body, SourceHealth)]

    async def close(self) -> None:
        await self.fetcher.close()
        await self.parser.close()
        self.database.close()


@pytest.mark.parametrize(
    ("name", "more", "before", "after", "proposed"),
    [
        ("instatus", {}, fixture("instatus/typical"), fixture("incident_io/typical"), "incident_io"),
        ("statuspage", {}, fixture("statuspage/typical"), fixture("incident_io/widget_typical"), "incident_io"),
        (
            "json_status",
            OTHER,
            b'{"parts": [{"id": "a", "name": "A", "how": "fine"}]}',
            fixture("datadog_status/typical"),
            "datadog_status",
        ),
        ("instatus", {}, fixture("instatus/typical"), BOT_CHECK, ""),
        ("statuspage", {}, fixture("statuspage/typical"), WEB_PAGE, ""),
    ],
    ids=["perplexity", "jetbrains", "openrouter", "mistral", "replicate"],
)
async def test_a_page_that_moved_is_unknown_and_its_new_platform_proposed(
    tmp_path: Path, page: Page, name: str, more: dict[str, Any], before: bytes, after: bytes, proposed: str
) -> None:
    watch = Watch(page, Database(tmp_path / "store.db"), name, more)
    await watch.collector.declare()
    try:
        page.body = before
        health, said = await watch.poll()
        assert (health.outcome, health.platform, health.content_at, health.looks_like) == (Outcome.OK, name, NOW, "")
        assert said
        page.body = after
        for _ in range(2):
            health, said = await watch.poll()
            assert (health.outcome, health.looks_like) == (Outcome.PARSE, proposed)
            assert (health.platform, health.content_at, health.last_success_at) == (name, NOW, NOW)
            assert health.detail.endswith(f"; it looks like {proposed} now") == bool(proposed)
            assert said == []  # nothing is called well, down or gone
        (stored,) = await watch.database.read(sources.all_states)
        assert stored.detail == health.detail
        page.body = before
        health, _ = await watch.poll()
        assert (health.outcome, health.looks_like) == (Outcome.OK, "")
    finally:
        await watch.close()


async def test_every_poll_tells_how_sure_the_connector_is_and_since_when_it_says_the_same(tmp_path: Path, page: Page) -> None:
    watch = Watch(page, Database(tmp_path / "store.db"), "news_feed", {})
    await watch.collector.declare()
    try:
        page.body = fixture("news_feed/no_stories_yet")
        health, _ = await watch.poll()
        assert (health.outcome, health.platform, health.content_at) == (Outcome.OK, "news_feed", None)
        assert health.confidence is not None
        assert health.confidence > 0
        health, _ = await watch.poll()
        assert (health.outcome, health.content_at) == (Outcome.UNCHANGED, None)
        page.body = fixture("news_feed/typical")
        health, _ = await watch.poll()
        said_at = watch.clock.now()
        assert (health.outcome, health.content_at) == (Outcome.OK, said_at)
        health, _ = await watch.poll()
        assert (health.outcome, health.platform, health.content_at) == (Outcome.UNCHANGED, "news_feed", said_at)
        await watch.clock.wait_until(said_at + FULL_EVERY)
        health, again = await watch.poll()
        assert again  # the whole picture is sent anew, which makes nothing of it new
        assert (health.outcome, health.content_at) == (Outcome.OK, said_at)
        page.body = fixture("news_feed/no_stories_yet")
        health, _ = await watch.poll()
        page.body = fixture("news_feed/typical")
        health, _ = await watch.poll()
        assert (health.outcome, health.content_at) == (Outcome.OK, said_at)  # stories that went and came again are no news
    finally:
        await watch.close()


def answer(body: bytes) -> Response:
    return Response("https://localhost/", 200, {}, body, NOW)


async def test_the_same_answer_is_shown_to_the_others_once() -> None:
    reader = connector("instatus")
    source = Source("page", "vendor", reader, reader.spec.config.model_validate({"url": "https://localhost/"}), MINUTE)
    failed = Polled(Outcome.PARSE, "page: missing", responses=(answer(fixture("incident_io/typical")),))
    first = await seen_after(source, failed, Seen("instatus", 0.97, NOW), NOW)
    assert (first.platform, first.looks_like) == ("instatus", "incident_io")
    assert await seen_after(source, failed, first, NOW + MINUTE) is first
    assert await seen_after(source, Polled(Outcome.TIMEOUT), first, NOW + MINUTE) is first
    other = await seen_after(source, Polled(Outcome.PARSE, "", responses=(answer(WEB_PAGE),)), first, NOW + MINUTE)
    assert other.looks_like == ""
    assert (await seen_after(source, Polled(Outcome.UNCHANGED), first, NOW + MINUTE)).looks_like == ""


def test_no_connector_is_proposed_for_its_own_format_for_a_large_answer_or_for_nothing() -> None:
    own = connector("statuspage")
    assert moved_to(own, answer(fixture("statuspage/typical"))) is None
    assert moved_to(own, answer(b"")) is None
    large = fixture("incident_io/widget_typical") + b" " * MOST_BYTES
    assert moved_to(own, answer(large)) is None
    assert confidence(own, answer(large)) is None
    assert confidence(own, answer(fixture("statuspage/typical"))) == 0.95
