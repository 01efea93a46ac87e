"""Everything in one process on one SQLite file: collect, detect, respond, send. The default way to run.

The same parts are driven in two ways. :meth:`Embedded.run` is live: three loops side by side, so that a slow page holds up no
message. :meth:`Embedded.turn` is for virtual time: what is due now, one thing after another in a set order, so that a day of history
gives the same ledger and the same messages each time it is played.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from secondsource.adapters.outbox.dispatcher import Dispatcher
from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.outbox import SqlOutbox
from secondsource.domain.observations import tick
from secondsource.ports.clock import Clock
from secondsource.runtimes.answers import Answers
from secondsource.runtimes.collector import Collector
from secondsource.runtimes.detector import Detector
from secondsource.runtimes.ticks import EVERY, Ticks

GRACE = timedelta(seconds=10)
"""How long a stop waits for what is under way."""

IN_FLIGHT = 50
"""Polls under way at once."""

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 30))
"""Between tries after a failure that may pass: the disk is full, the file is locked. The last one repeats."""

_logger = structlog.get_logger(__name__)


class Trouble(msgspec.Struct, frozen=True):
    """A loop that fails: since when, and the last reason. It goes on trying."""

    since: datetime
    reason: str


class Embedded:
    """The parts of one process, and how they are driven."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        collector: Collector,
        detector: Detector,
        dispatcher: Dispatcher,
        answers: Answers,
        *,
        every: timedelta = EVERY,
        pauses: Sequence[timedelta] = PAUSES,
    ) -> None:
        self._database = database
        self._clock = clock
        self._collector = collector
        self._detector = detector
        self._dispatcher = dispatcher
        self._outbox = SqlOutbox(database)
        self._answers = answers
        self._ticks = Ticks(clock.now(), every)
        self._pauses = pauses
        self._stopping = asyncio.Event()
        self._to_detect = asyncio.Event()
        self._to_send = asyncio.Event()
        self.troubles: dict[str, Trouble] = {}

    async def begin(self) -> None:
        """Tell the database which sources there are, and take up what a former process held when it ended."""
        await self._collector.declare()
        await self._outbox.release(self._clock.now())

    def nudge(self) -> None:
        """Something was written from outside (an observation pushed, a risk acknowledged): look at once."""
        self._to_detect.set()
        self._to_send.set()

    async def turn(self) -> None:
        """Do all that is due now, in a set order: poll, tick, detect, send."""
        while leased := await self._collector.lease(IN_FLIGHT):
            for state in leased:
                await self._collector.poll(state)
        await self._tick()
        while await self._detector.run():
            pass
        await self._dispatcher.run_due(self._clock.now())

    async def next_due(self) -> datetime:
        """When the next turn has something to do."""
        dues = (await self._collector.next_due(), await self._next_tick(), await self._outbox.next_due())
        return min(due for due in dues if due is not None)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; what is under way then is given :data:`GRACE` to end."""
        await self.begin()
        loops = [
            asyncio.create_task(self._loop("collect", self._collect)),
            asyncio.create_task(self._loop("detect", self._detect)),
            asyncio.create_task(self._loop("send", self._send)),
        ]
        try:
            await stop.wait()
        finally:
            self._stopping.set()
            _, late = await asyncio.wait(loops, timeout=GRACE.total_seconds())
            for task in late:
                task.cancel()
            ended = await asyncio.gather(*loops, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def _loop(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Work in turns until the end. A turn that fails is told and tried again: the other loops, and the next turn, go on."""
        failures = 0
        while not self._stopping.is_set():
            try:
                await work()
            except Exception as error:  # whatever it is, a monitor that ends because of it would be worse; health shows it
                since = self.troubles[name].since if name in self.troubles else self._clock.now()
                self.troubles[name] = Trouble(since, f"{type(error).__name__}: {error}")
                _logger.exception("turn failed", loop=name)
                await self._wait(self._clock.now() + self._pauses[min(failures, len(self._pauses) - 1)])
                failures += 1
            else:
                failures = 0
                self.troubles.pop(name, None)

    async def _collect(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        try:
            while not self._stopping.is_set():
                for state in await self._collector.lease(IN_FLIGHT - len(under_way)):
                    under_way.add(asyncio.create_task(self._collector.poll(state)))
                full = len(under_way) >= IN_FLIGHT
                await self._wait(None if full else await self._collector.next_due(), *under_way)
                done = {task for task in under_way if task.done()}
                under_way -= done
                if done:
                    self._to_detect.set()
                for task in done:
                    task.result()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _detect(self) -> None:
        self._to_detect.clear()
        await self._tick()
        while await self._detector.run() and not self._stopping.is_set():
            self._to_send.set()
        await self._wait(await self._next_tick(), self._to_detect)

    async def _send(self) -> None:
        self._to_send.clear()
        await self._dispatcher.run_due(self._clock.now())
        await self._wait(await self._outbox.next_due(), self._to_send)

    async def _tick(self) -> None:
        now, timer = self._clock.now(), await self._timer()
        if self._ticks.take(now, timer):
            batch = tick(now)
            await self._database.write(lambda connection: log.append(connection, [batch]))

    async def _next_tick(self) -> datetime:
        return self._ticks.next(await self._timer())

    async def _timer(self) -> datetime | None:
        dues = (self._detector.next_wake(), await self._database.read(self._answers.next_due))
        return min((due for due in dues if due is not None), default=None)

    async def _wait(self, due: datetime | None, *others: asyncio.Event | asyncio.Task[None]) -> None:
        """Until ``due``, until one of ``others`` has happened, or until the end, whichever is first."""
        own = [asyncio.create_task(self._clock.wait_until(due)), asyncio.create_task(self._stopping.wait())]
        own += [asyncio.create_task(_set(other)) for other in others if isinstance(other, asyncio.Event)]
        try:
            await asyncio.wait({*own, *(other for other in others if isinstance(other, asyncio.Task))}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in own:
                task.cancel()
            await asyncio.gather(*own, return_exceptions=True)


async def _set(event: asyncio.Event) -> None:
    await event.wait()
