"""The embedded runtime: what is due is done, in virtual time in a set order and live side by side, and failures pass."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from secondsource.adapters.clock import SystemClock, VirtualClock
from secondsource.adapters.http.backoff import BackoffPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.outbox.dispatcher import Dispatcher
from secondsource.adapters.plugins import connector
from secondsource.adapters.sql import log, outbox
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.outbox import SqlOutbox
from secondsource.contracts.sender import Delivered, Delivery, Message
from secondsource.domain.observations import ComponentStatus, batch_of, observe
from secondsource.domain.portfolio import Person
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status
from secondsource.plans.load import load
from secondsource.ports.fetcher import FetchPolicy
from secondsource.ports.outbox import State
from secondsource.runtimes.answers import Answers
from secondsource.runtimes.collector import Collector
from secondsource.runtimes.detector import Detector
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.drilling import Drilling
from secondsource.runtimes.embedded import Embedded
from secondsource.runtimes.heartbeat import Heartbeat
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.poll import Source
from secondsource.runtimes.responder import Responder
from secondsource.testing.standins.http import HttpStandIn, Received, Reply
from tests.support.company import T0, at, company, minutes
from tests.support.live import outage_rule
from tests.support.pages import statuspage

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
ANA = Person("ana", "Ana", "ana@example.org", None, ("on-call",))


class Page(HttpStandIn):
    """Halcyon's status page, as the test wants it next."""

    def __init__(self) -> None:
        super().__init__()
        self.status = "operational"

    async def respond(self, request: Received) -> Reply:
        return Reply(200, statuspage("Halcyon AI", {"API": self.status}))


class Mailbox:
    """A sender that takes everything."""

    kind = "email"

    def __init__(self) -> None:
        self.taken: list[Message] = []

    async def send(self, message: Message) -> Delivery:
        self.taken.append(message)
        return Delivered(str(len(self.taken)))

    async def close(self) -> None:
        pass


class Stopping(Mailbox):
    """Takes everything, and ends the run when the first finding is told."""

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__()
        self._stop = stop

    async def send(self, message: Message) -> Delivery:
        taken = await super().send(message)
        if message.data["occasion"] == "opened":
            self._stop.set()
        return taken


class World:
    """The whole embedded runtime on one page, in virtual time."""

    def __init__(self, path: Path, page: Page, clock: VirtualClock | SystemClock | None = None, mail: Mailbox | None = None) -> None:
        self.clock = clock or VirtualClock(T0)
        self.database = Database(path)
        self.mail = mail or Mailbox()
        context = company()
        statuspages = connector("statuspage")
        config = statuspages.spec.config.model_validate({"url": f"{page.url}/api/v2/summary.json"})
        source = Source("halcyon", "halcyon", statuspages, config, minutes(2), FetchPolicy(allow=("127.0.0.0/8",)))
        self.fetcher = HttpFetcher(now=self.clock.now)
        library = load([RUNBOOKS])
        playbook = Playbook(library.documents, context, {"statuspage"})
        directory = Directory([ANA], [Channel("mail", "email", "")])
        self.responder = Responder(context, playbook, directory, lambda id_, verb: f"https://ss.example/{id_}/{verb}")
        answers = Answers(
            self.responder, Drilling(library.drills, playbook, self.responder), Heartbeat("mail", "switch@example.org", minutes(5))
        )
        self.embedded = Embedded(
            self.database,
            self.clock,
            Collector(self.database, [source], context, self.clock, self.fetcher, LimitedParser(), BackoffPolicy(jitter=0)),
            Detector(self.database, outage_rule(), context, answers),
            Dispatcher(SqlOutbox(self.database), {"mail": self.mail}, self.clock.now),
            answers,
            every=timedelta(minutes=1) if clock is None or isinstance(clock, VirtualClock) else timedelta(milliseconds=1),
            pauses=(timedelta(0),),
        )

    async def __aenter__(self) -> World:
        await self.embedded.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.fetcher.close()
        self.database.close()

    async def play(self, until: datetime) -> None:
        """Turn after turn, each at its due time."""
        while True:
            await self.embedded.turn()
            due = await self.embedded.next_due()
            if due > until:
                return
            assert due > self.clock.now(), "a turn left something undone that is due now"
            await self.clock.wait_until(due)

    def said(self) -> list[tuple[float, str]]:
        return [(_minute(m.created_at), m.data["occasion"]) for m in self.mail.taken if m.data["occasion"] != "heartbeat"]


def _minute(when: datetime | None) -> float:
    assert when is not None
    return (when - T0) / minutes(1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


async def test_a_page_that_turns_red_is_told_at_its_poll_and_escalated_on_time(path: Path) -> None:
    async with Page() as page, World(path, page) as world:
        await world.play(at(5))
        page.status = "major_outage"
        await world.play(at(27))
        assert world.said() == [(6, "opened"), (16, "escalated"), (26, "escalated")]
        page.status = "operational"
        await world.play(at(60))
        assert world.said()[3:] == [(38, "resolved")]  # the poll at 28, and ten minutes of calm


async def test_the_heart_beats_the_whole_way_once_in_each_period(path: Path) -> None:
    async with Page() as page, World(path, page) as world:
        await world.play(at(21))
        beats = [_minute(m.created_at) for m in world.mail.taken if m.data["occasion"] == "heartbeat"]
        assert beats == [0, 2, 7, 12, 17]  # at the start, then at 6:50, 6:55 and so on


async def test_a_restart_loses_no_timer_and_repeats_no_message(path: Path) -> None:
    async with Page() as page:
        page.status = "major_outage"
        async with World(path, page) as world:
            await world.play(at(3))
            assert world.said() == [(0, "opened")]
        async with World(path, page, VirtualClock(at(14))) as later:  # the process was down when the escalation fell due
            await later.play(at(15))
            assert later.said() == [(10, "escalated")]  # at its own time, though it is written later


async def test_live_loops_send_what_is_found_and_stop_when_asked(path: Path) -> None:
    stop = asyncio.Event()
    async with Page() as page, World(path, page, SystemClock(), Stopping(stop)) as world:
        page.status = "major_outage"
        await world.embedded.run(stop)
        assert [m.data["occasion"] for m in world.mail.taken if m.data["occasion"] == "opened"] == ["opened"]
        assert world.embedded.troubles == {}
        rows = world.database.read_now(outbox.read)
        assert all(row.progress.state is not State.SENDING for row in rows)


async def test_a_loop_that_fails_says_so_and_goes_on_when_the_trouble_is_over(path: Path) -> None:
    stop, failures, seen = asyncio.Event(), 0, []
    async with Page() as page, World(path, page, SystemClock()) as world:
        whole = world.responder.on_tick

        def on_tick(connection: Connection, now: datetime) -> None:
            nonlocal failures
            if failures < 3:
                failures += 1
                raise OSError("no space left on device")
            whole(connection, now)
            if not stop.is_set():
                seen.append(world.embedded.troubles["detect"].reason)
            stop.set()

        world.responder.on_tick = on_tick  # type: ignore[method-assign]
        await world.embedded.run(stop)
        assert (failures, seen) == (3, ["OSError: no space left on device"])
        assert world.embedded.troubles == {}


async def test_what_was_pushed_is_looked_at_when_nudged(path: Path) -> None:
    stop = asyncio.Event()
    async with Page() as page, World(path, page, SystemClock(), Stopping(stop)) as world:
        running = asyncio.create_task(world.embedded.run(stop))
        now = world.clock.now()
        body = ComponentStatus("Search", Status.MAJOR_OUTAGE, scopes=(Scope("halcyon"),))
        said = observe(source="probe", vendor="halcyon", subject="component/search", observed_at=now, body=body)
        await world.database.write(lambda c: log.append(c, [batch_of("halcyon", "probe", now, (said,))]))
        world.embedded.nudge()
        await running
        assert [m.data["subject"] for m in world.mail.taken if m.data["occasion"] == "opened"] == ["halcyon"]
