"""``python -m benchmarks.collector``: the collector row of the performance budget.

The same status pages on loopback, served by a process of their own, are read by a bare httpx2 loop and by the collector with its
guarded fetcher, parser, difference and durable log. Pages that change at every poll are the hardest that there is; of the pages of a
real estate nearly all say that nothing changed, and for these the processor time of 1,000 sources a minute is told.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import click
import httpx2
import msgspec

from benchmarks.machine import machine
from benchmarks.measure import Row, Stopwatch, Unsteady, measure
from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.http.backoff import BackoffPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.domain.context import Context
from secondsource.domain.observations import Outcome, SourceHealth
from secondsource.ports.fetcher import FetchPolicy
from secondsource.runtimes.collector import Collector
from secondsource.runtimes.poll import Source

SIDE_BY_SIDE = 16
COMPONENTS = 30
MINUTE = timedelta(minutes=1)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
BARE, MOVING, STILL = "bare httpx2 loop", "collector, every page changed", "collector, no page changed"
BUDGET = 0.70
BUSY = 0.15
_ON_TIME = BackoffPolicy(jitter=0)


def page(number: int, turn: int) -> bytes:
    """The page of one source at its ``turn``-th poll: one of its components goes up and down."""
    words = ("operational", "degraded_performance")
    parts = [{"id": f"c{n}", "name": f"Service {n:02}", "status": words[n == turn % COMPONENTS]} for n in range(COMPONENTS)]
    block = {"id": f"p{number}", "name": f"Vendor {number}"}
    whole = {"page": block, "status": {"indicator": "none"}, "components": parts, "incidents": [], "scheduled_maintenances": []}
    return json.dumps(whole).encode()


class _Server(asyncio.Protocol):
    """Answers ``/moving/N/...`` differently each time and ``/still/N/...`` always alike; keeps connections open."""

    turns: dict[bytes, int]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._rest = transport, b""

    def data_received(self, data: bytes) -> None:
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1]
            _, kind, number, *_ = path.split(b"/")
            turn = self.turns.get(path, 0)
            if kind == b"moving":
                self.turns[path] = turn + 1
            body = page(int(number), turn)
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def _serve(told: Connection) -> None:
    async def run() -> None:
        _Server.turns = {}
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def served() -> Iterator[str]:
    """The address of the pages."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


class Pages:
    """So many sources at one address, and what the cases make of them. Each case gives what must be the same each time."""

    def __init__(self, address: str, sources: int) -> None:
        self._address = address
        self._sources = sources

    def bare(self, watch: Stopwatch) -> str:
        """Fetch every page, and nothing else."""

        async def run() -> int:
            limits = httpx2.Limits(max_connections=SIDE_BY_SIDE, max_keepalive_connections=SIDE_BY_SIDE)
            read = 0
            numbers = iter(range(self._sources))
            async with httpx2.AsyncClient(limits=limits, trust_env=False) as client:

                async def one_after_another() -> None:
                    nonlocal read
                    for number in numbers:
                        answer = await client.get(f"{self._address}/moving/{number}/api/v2/summary.json")
                        read += answer.status_code == 200 and answer.content.startswith(b"{")

                with watch:
                    await asyncio.gather(*(one_after_another() for _ in range(SIDE_BY_SIDE)))
            return read

        return str(asyncio.run(run()))

    def moving(self, watch: Stopwatch) -> str:
        """Poll every source once; each page says something else than before."""
        return self._polled("moving", Outcome.OK, watch)

    def still(self, watch: Stopwatch) -> str:
        """Poll every source once; no page says anything new."""
        return self._polled("still", Outcome.UNCHANGED, watch)

    def _polled(self, kind: str, wanted: Outcome, watch: Stopwatch) -> str:
        async def run(folder: str) -> int:
            clock, database, parser = VirtualClock(BEGAN), Database(Path(folder) / "store.db"), LimitedParser()
            try:
                async with HttpFetcher(now=clock.now, per_host=SIDE_BY_SIDE, max_connections=SIDE_BY_SIDE) as fetcher:
                    collector = Collector(database, self._configured(kind), Context(), clock, fetcher, parser, _ON_TIME)
                    await collector.declare()
                    while await collector.run():  # the first poll of a source tells the whole picture
                        pass
                    before = await database.read(lambda connection: log.lag(connection, "nobody"))
                    clock.move(BEGAN + MINUTE)
                    with watch:
                        while await collector.run():
                            pass
                    new = await database.read(lambda connection: log.after(connection, before, 2 * self._sources))
            finally:
                await parser.close()
                database.close()
            bodies = [observation.body for logged in new for observation in logged.batch.observations]
            return sum(isinstance(body, SourceHealth) and body.outcome is wanted for body in bodies)

        with tempfile.TemporaryDirectory() as folder:
            return str(asyncio.run(run(folder)))

    def _configured(self, kind: str) -> Iterator[Source]:
        reader = connector("statuspage")
        for number in range(self._sources):
            config = reader.spec.config.model_validate({"url": f"{self._address}/{kind}/{number}"})
            yield Source(f"s{number}", f"v{number}", reader, config, MINUTE, FetchPolicy(allow=("127.0.0.0/8",)))


class Report(msgspec.Struct, frozen=True):
    """One run. ``ratio`` is the collector's rate over that of the bare loop, ``busy`` the part of a core for 1,000 still pages a minute."""

    machine: dict[str, str]
    sources: int
    rounds: int
    rows: dict[str, Row]
    ratio: float
    busy: float
    wrong: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The table."""
        yield "  ".join(f"{name} {value}" for name, value in self.machine.items())
        yield f"{self.sources:,} status pages of {len(page(0, 0)):,} bytes on loopback, {SIDE_BY_SIDE} at once"
        yield ""
        yield f"{f'median of {self.rounds} rounds':32} {'polls/s':>10} {'slowest to fastest':>23} {'cpu ms/poll':>12} {'1,000/min':>14}"
        for name, row in self.rows.items():
            spread = f"{row.slowest:,} to {row.fastest:,}"
            yield f"{name:32} {row.per_second:>10,} {spread:>23} {row.cpu_us / 1000:>12.2f} {row.cpu_us / 60_000:>9.1%} core"
        yield f"the collector polls at {self.ratio:.0%} of the bare loop (budget: {BUDGET:.0%}, every page changed)"
        yield f"1,000 sources a minute take {self.busy:.1%} of a core (budget: {BUSY:.0%}, no page changed)"
        yield from self.wrong


@click.command()
@click.option("--sources", default=1000, show_default=True, type=click.IntRange(20), help="Status pages.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Rounds, after one to warm up.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(sources: int, rounds: int, as_json: bool) -> None:
    """Measure the collector row of the performance budget."""
    with served() as address:
        pages = Pages(address, sources)
        try:
            rows = measure({BARE: pages.bare, MOVING: pages.moving, STILL: pages.still}, rounds, sources)
        except Unsteady as error:
            raise click.ClickException(f"{error}: these figures are worth nothing") from error
    wrong = tuple(f"{name}: {row.answer} of {sources} were read as they should" for name, row in rows.items() if row.answer != str(sources))
    ratio = round(rows[MOVING].per_second / rows[BARE].per_second, 3)
    found = Report(machine(), sources, rounds, rows, ratio, round(rows[STILL].cpu_us / 60_000, 4), wrong)
    click.echo(msgspec.json.encode(found) if as_json else "\n".join(found.lines()))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
