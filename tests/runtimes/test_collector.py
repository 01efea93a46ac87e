"""The collector against real pages on loopback: what it learns goes into the log, what it can not read is said to be unread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.http.backoff import BackoffPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.adapters.sql import log, raw, sources
from secondsource.adapters.sql.database import Database
from secondsource.domain.context import Context
from secondsource.domain.observations import ComponentStatus, Gone, Observation, Outcome, SourceHealth
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status
from secondsource.domain.vendors import Part, Vendor, VendorGraph
from secondsource.ports.fetcher import FetchPolicy
from secondsource.runtimes.collector import Collector
from secondsource.runtimes.poll import Source

NOW = datetime(2025, 10, 20, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TESSERA = Vendor("tessera", "Tessera DB", regions=(Part("us-east-1"), Part("eu-central-1")))


def page(us: str = "operational", *, eu: bool = True, indicator: str = "none") -> bytes:
    components = [{"id": "us", "name": "Clusters us-east-1", "status": us}]
    if eu:
        components.append({"id": "eu", "name": "Clusters eu-central-1", "status": "operational"})
    return json.dumps(
        {"page": {"id": "t", "name": "Tessera DB"}, "components": components, "incidents": [], "status": {"indicator": indicator}}
    ).encode()


class Site:
    """One page on loopback, as the test wants it next."""

    def __init__(self) -> None:
        self.body = page()
        self.status = "200 OK"
        self.asked: list[str] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.asked.append(head.decode())
                writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\n\r\n".encode() + self.body)
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    found = Site()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "store.db")
    yield opened
    opened.close()


class Setup:
    """A collector with one source, and what it wrote since it was last asked."""

    def __init__(self, database: Database, site: Site) -> None:
        self.database = database
        self.clock = VirtualClock(NOW)
        self.fetcher = HttpFetcher(now=self.clock.now)
        self.parser = LimitedParser()
        statuspage = connector("statuspage")
        config = statuspage.spec.config.model_validate({"url": f"http://127.0.0.1:{site.port}/api/v2/summary.json"})
        source = Source("tessera", "tessera", statuspage, config, MINUTE, FetchPolicy(allow=("127.0.0.0/8",)))
        context = Context(graph=VendorGraph([TESSERA]))
        self.collector = Collector(database, [source], context, self.clock, self.fetcher, self.parser, BackoffPolicy(jitter=0))
        self._position = 0

    async def poll(self) -> list[Observation]:
        due = await self.collector.next_due()
        assert due is not None
        await self.clock.wait_until(due)
        assert await self.collector.run() == 1
        found = await self.database.read(lambda c: log.after(c, self._position, 100))
        self._position = found[-1].position
        return [observation for logged in found for observation in logged.batch.observations]

    async def close(self) -> None:
        await self.fetcher.close()
        await self.parser.close()


@pytest.fixture
async def setup(database: Database, site: Site) -> AsyncIterator[Setup]:
    made = Setup(database, site)
    await made.collector.declare()
    yield made
    await made.close()


def statuses(observations: list[Observation]) -> dict[str, Status]:
    return {o.body.name: o.body.status for o in observations if isinstance(o.body, ComponentStatus)}


def health(observations: list[Observation]) -> SourceHealth:
    (found,) = [o.body for o in observations if isinstance(o.body, SourceHealth)]
    return found


async def test_the_first_poll_gives_the_whole_picture_and_the_next_only_changes(setup: Setup, site: Site) -> None:
    first = await setup.poll()
    assert statuses(first) == {
        "Tessera DB": Status.OPERATIONAL,
        "Clusters us-east-1": Status.OPERATIONAL,
        "Clusters eu-central-1": Status.OPERATIONAL,
    }
    assert {o.observed_at for o in first} == {NOW}
    again = await setup.poll()
    assert statuses(again) == {}
    assert health(again).outcome is Outcome.UNCHANGED
    site.body = page("major_outage", indicator="critical")
    changed = await setup.poll()
    assert statuses(changed) == {"Tessera DB": Status.MAJOR_OUTAGE, "Clusters us-east-1": Status.MAJOR_OUTAGE}
    assert {o.observed_at for o in changed} == {NOW + 2 * MINUTE}
    (hit,) = [o for o in changed if isinstance(o.body, ComponentStatus) and o.body.name == "Clusters us-east-1"]
    assert isinstance(hit.body, ComponentStatus)
    assert hit.body.scopes == (Scope("tessera", None, "us-east-1"),)


async def test_what_vanished_is_said_to_be_gone(setup: Setup, site: Site) -> None:
    await setup.poll()
    site.body = page(eu=False)
    gone = [o.body for o in await setup.poll() if isinstance(o.body, Gone)]
    assert gone == [Gone("component_status", "Clusters eu-central-1", (Scope("tessera", None, "eu-central-1"),))]


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        ("200 OK", b"<!doctype html><title>Sign in</title>", Outcome.PARSE),
        ("200 OK", b"", Outcome.PARSE),
        ("200 OK", page()[:-9], Outcome.PARSE),
        ("503 Service Unavailable", b"busy", Outcome.HTTP_ERROR),
        ("401 Unauthorized", b"", Outcome.HTTP_ERROR),
    ],
)
async def test_a_page_that_is_not_understood_changes_nothing_but_health(
    setup: Setup, site: Site, status: str, body: bytes, outcome: Outcome
) -> None:
    await setup.poll()
    site.status, site.body = status, body
    found = await setup.poll()
    assert len(found) == 1
    assert health(found).outcome is outcome
    assert health(found).last_success_at == NOW
    assert health(found).detail != ""
    site.status, site.body = "200 OK", page("degraded_performance", indicator="minor")
    back = await setup.poll()
    assert statuses(back) == {"Tessera DB": Status.DEGRADED, "Clusters us-east-1": Status.DEGRADED}


async def test_failures_are_polled_ever_less_often_and_a_success_restores_the_rhythm(setup: Setup, site: Site) -> None:
    await setup.poll()
    site.status = "500 Internal Server Error"
    times = []
    for _ in range(5):
        await setup.poll()
        times.append((setup.clock.now() - NOW) // MINUTE)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]
    site.status = "200 OK"
    await setup.poll()
    before = setup.clock.now()
    await setup.poll()
    assert setup.clock.now() - before == MINUTE


async def test_every_six_hours_the_whole_picture_is_sent_again(setup: Setup) -> None:
    await setup.poll()
    setup.clock.move(NOW + timedelta(hours=6))
    assert len(statuses(await setup.poll())) == 3


async def test_the_answer_is_archived_and_the_observations_name_it(setup: Setup, database: Database) -> None:
    found = await setup.poll()
    (name,) = {o.raw for o in found if isinstance(o.body, ComponentStatus)}
    assert name is not None
    kept = await database.read(lambda c: raw.find(c, name))
    assert kept is not None
    assert kept.body == page()


async def test_another_collector_goes_on_from_what_the_first_remembered(setup: Setup, database: Database, site: Site) -> None:
    await setup.poll()
    second = Setup(database, site)
    await second.collector.declare()
    second._position = setup._position
    second.clock.move(setup.clock.now())
    assert statuses(await second.poll()) == {}
    await second.close()
    (state,) = await database.read(sources.all_states)
    assert (state.outcome, state.lease_until) == ("unchanged", None)
