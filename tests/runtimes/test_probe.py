"""A probe through the collector, against servers on loopback that answer, break down and come back."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.http.backoff import BackoffPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.contracts.connector import Failure, Parsed
from secondsource.domain.context import Context
from secondsource.domain.observations import ComponentStatus, Observation, Outcome, SourceHealth
from secondsource.domain.status import Status
from secondsource.domain.vendors import VendorGraph
from secondsource.ports.fetcher import NO_VALIDATORS, FetchPolicy
from secondsource.runtimes.collector import Collector
from secondsource.runtimes.poll import Source, poll

NOW = datetime(2025, 10, 20, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TLS = Path(__file__).parents[1] / "senders" / "tls"
LOCAL = FetchPolicy(allow=("127.0.0.0/8",))


class Endpoint:
    """An https server on loopback that can go away and come back at its port."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong"
        self.asked = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.asked += 1
                top, _, body = self.answer.partition(b"\r\n\r\n")
                writer.write(top + b"\r\n\r\n" + (b"" if head.startswith(b"HEAD") else body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            self._open.discard(writer)

    def says(self, status: str, *headers: str) -> None:
        self.answer = "\r\n".join((f"HTTP/1.1 {status}", "Content-Length: 0", *headers, "", "")).encode()


class Stopwatch:
    """Seconds that pass only between the beginning and the end of a fetch."""

    def __init__(self) -> None:
        self.now = 0.0
        self.each = 0.01

    def __call__(self) -> float:
        self.now += self.each
        return self.now


class World:
    """A collector with one probe; what it wrote is read back poll by poll."""

    def __init__(self, database: Database, endpoint: Endpoint, control: Endpoint, **more: Any) -> None:
        self.clock = VirtualClock(NOW)
        self.stopwatch = Stopwatch()
        trusting = ssl.create_default_context(cafile=str(TLS / "cert.pem"))
        self.fetcher = HttpFetcher(now=self.clock.now, monotonic=self.stopwatch, ssl_context=trusting)
        self.parser = LimitedParser()
        self.probe = connector("http_probe")
        self.config = self.probe.spec.config.model_validate(
            {
                "url": f"https://127.0.0.1:{endpoint.port}/ping",
                "name": "Inference API",
                "controls": [f"https://127.0.0.1:{control.port}/"],
                **more,
            }
        )
        self.source = Source("probe", "borealis", self.probe, self.config, MINUTE, LOCAL)
        context = Context(graph=VendorGraph([]))
        self.collector = Collector(database, [self.source], context, self.clock, self.fetcher, self.parser, BackoffPolicy(jitter=0))
        self._database = database
        self._position = 0

    async def poll(self) -> tuple[Outcome, Status | None, str]:
        """How the next poll ended, and what it told: status and numbers."""
        due = await self.collector.next_due()
        assert due is not None
        await self.clock.wait_until(due)
        assert await self.collector.run() == 1
        found = await self._database.read(lambda c: log.after(c, self._position, 100))
        self._position = found[-1].position
        told: list[Observation] = [observation for logged in found for observation in logged.batch.observations]
        (health,) = [o.body for o in told if isinstance(o.body, SourceHealth)]
        status, numbers = None, ""
        for observation in told:
            if isinstance(observation.body, ComponentStatus):
                assert observation.subject == "probe/endpoint"
                status, numbers = observation.body.status, observation.body.native or ""
        return health.outcome, status, numbers


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def control() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def world(tmp_path: Path, endpoint: Endpoint, control: Endpoint) -> AsyncIterator[World]:
    database = Database(tmp_path / "store.db")
    made = World(database, endpoint, control)
    await made.collector.declare()
    yield made
    await made.fetcher.close()
    await made.parser.close()
    database.close()


async def test_two_bad_answers_in_a_row_are_an_outage_and_one_good_one_ends_it(world: World, endpoint: Endpoint, control: Endpoint) -> None:
    assert await world.poll() == (Outcome.OK, Status.OPERATIONAL, "HTTP 200")
    assert await world.poll() == (Outcome.OK, None, "")  # as before, so nothing is sent on
    good = endpoint.answer
    endpoint.says("503 Service Unavailable")
    assert await world.poll() == (Outcome.OK, None, "")
    assert await world.poll() == (Outcome.OK, Status.MAJOR_OUTAGE, "HTTP 503, 2xx expected")
    assert await world.poll() == (Outcome.OK, None, "")
    endpoint.answer = good
    assert await world.poll() == (Outcome.OK, Status.OPERATIONAL, "HTTP 200")
    assert endpoint.asked == 6
    assert control.asked == 0
    endpoint.says("500 Internal Server Error")
    assert await world.poll() == (Outcome.OK, None, "")  # the count began anew


async def test_no_answer_is_an_outage_while_the_control_answers(world: World, endpoint: Endpoint, control: Endpoint) -> None:
    assert (await world.poll())[1] is Status.OPERATIONAL
    await endpoint.stop()
    control.says("404 Not Found")
    assert await world.poll() == (Outcome.OK, None, "")
    outcome, status, numbers = await world.poll()
    assert (outcome, status) == (Outcome.OK, Status.MAJOR_OUTAGE)
    assert numbers == f"no answer: could not connect to https://127.0.0.1:{endpoint.port}: Connection refused"
    assert control.asked == 2
    await endpoint.start()
    assert (await world.poll())[1] is Status.OPERATIONAL


async def test_no_answer_is_unknown_while_the_control_gives_none_either(world: World, endpoint: Endpoint, control: Endpoint) -> None:
    assert (await world.poll())[1] is Status.OPERATIONAL
    await endpoint.stop()
    await control.stop()
    outcome, status, numbers = await world.poll()
    assert (outcome, status) == (Outcome.NETWORK, Status.UNKNOWN)
    assert numbers.endswith("1 control gave no answer either, so the fault may be on our side")
    before = world.clock.now()
    assert await world.poll() == (Outcome.NETWORK, None, "")
    # nothing that happened meanwhile counts as a bad probe
    await control.start()
    assert await world.poll() == (Outcome.OK, None, "")
    assert world.clock.now() - before > 2 * MINUTE
    assert (await world.poll())[1] is Status.MAJOR_OUTAGE


async def test_an_answer_that_speaks_of_us_is_unknown_and_leaves_the_source_unread(world: World, endpoint: Endpoint) -> None:
    assert (await world.poll())[1] is Status.OPERATIONAL
    endpoint.says("401 Unauthorized")
    assert await world.poll() == (Outcome.HTTP_ERROR, Status.UNKNOWN, "HTTP 401, 2xx expected")


async def test_slowness_is_measured(world: World) -> None:
    assert (await world.poll())[1] is Status.OPERATIONAL
    world.stopwatch.each = 3.4
    assert (await world.poll())[1] is None
    assert await world.poll() == (Outcome.OK, Status.DEGRADED, "HTTP 200 after 3 s, slow from 2 s")


async def test_an_endpoint_that_asks_for_patience_gets_it(world: World, endpoint: Endpoint) -> None:
    endpoint.says("503 Service Unavailable", "Retry-After: 600")
    await world.poll()
    assert await world.collector.next_due() == world.clock.now() + timedelta(minutes=10)


async def test_answers_to_a_probe_are_not_archived(world: World) -> None:
    await world.poll()
    assert await world._database.read(lambda connection: connection.execute(text("select count(*) from raw")).scalar()) == 0


async def test_without_a_control_no_answer_says_nothing(tmp_path: Path, endpoint: Endpoint, control: Endpoint) -> None:
    database = Database(tmp_path / "store.db")
    world = World(database, endpoint, control, controls=[])
    await endpoint.stop()
    polled = await poll(world.source, "7", NO_VALIDATORS, world.fetcher, world.parser)
    assert polled.outcome is Outcome.NETWORK
    assert polled.cursor == "7"
    assert polled.detail.endswith("no control is configured, so the fault may be on our side")
    assert [reading.body.status for reading in polled.readings if isinstance(reading.body, ComponentStatus)] == [Status.UNKNOWN]
    await world.fetcher.close()
    await world.parser.close()
    database.close()


async def test_what_our_own_policy_refuses_asks_no_control(tmp_path: Path, endpoint: Endpoint, control: Endpoint) -> None:
    database = Database(tmp_path / "store.db")
    world = World(database, endpoint, control)
    refused = Source("probe", "borealis", world.probe, world.config, MINUTE)
    polled = await poll(refused, None, NO_VALIDATORS, world.fetcher, world.parser)
    assert polled.outcome is Outcome.REFUSED
    assert "is not a public address" in polled.detail
    assert (endpoint.asked, control.asked) == (0, 0)
    await world.fetcher.close()
    await world.parser.close()
    database.close()


async def test_a_defect_of_a_connector_that_reads_failures_is_told(
    world: World, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, failure: Failure, config: object) -> Parsed:
        raise KeyError("nothing there")

    monkeypatch.setattr(type(world.probe), "on_failure", broken)
    await endpoint.stop()
    polled = await poll(world.source, None, NO_VALIDATORS, world.fetcher, world.parser)
    assert polled.outcome is Outcome.PARSE
    assert polled.detail.startswith("connector http_probe: it failed on this page (KeyError: ")
