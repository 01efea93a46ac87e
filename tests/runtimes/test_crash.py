"""``kill -9`` of the embedded process, at every named point and at random, with Slack and mail outside it.

Each story is played once undisturbed; the same story with kills must leave the same ledger, the same register and the same
messages, at most one of a channel doubled by each kill, and then with the same idempotency key.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from secondsource.adapters.sql import log, outbox, risks, signals
from secondsource.adapters.sql.database import Database
from secondsource.domain.ledger import lines
from secondsource.ports.outbox import State
from secondsource.runtimes.replay import replay
from secondsource.testing.standins.slack import SlackStandIn
from secondsource.testing.standins.smtp import SmtpStandIn
from tests.support.company import company
from tests.support.crash.life import DONE, KILLED, POINTS, TOKEN, Journal, Order
from tests.support.crash.story import Story
from tests.support.live import outage_engine

KILLS = int(os.environ.get("SECONDSOURCE_KILLS", "100"))
A_STORY = 10
"""Kills in one story."""


class Nursery:
    """The process that forks lives."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def live(self, order: Order) -> int:
        """How the life ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        await self._process.stdin.drain()
        answer = await self._process.stdout.readline()
        assert answer, "the nursery itself has ended"
        return int(answer)


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.crash.life", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    yield Nursery(process)
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


class World:
    """The outside of one process: who hears from it, and where its files are. It survives every life."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.seed = seed
        now = lambda: datetime(2025, 10, 20, tzinfo=UTC)  # noqa: E731
        self.slack = SlackStandIn(token=TOKEN, clock=now, channels={"C1": "risk"}, users={"U1": "ana@example.org", "U2": "ben@example.org"})
        self.mail = SmtpStandIn()
        self.kills = 0

    async def __aenter__(self) -> World:
        await self.slack.__aenter__()
        await self.mail.__aenter__()
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.slack.__aexit__(*reason)
        await self.mail.__aexit__(*reason)

    async def live(self, nursery: Nursery, point: str = "", hit: int = 0, delay: float = 0.0) -> bool:
        """One life; whether it came to the end of the story."""
        order = Order(str(self.folder), self.seed, self.slack.base_url, self.mail.port, point, hit, delay)
        ended = await nursery.live(order)
        assert ended in (DONE, KILLED), f"the process ended with {ended}, neither done nor killed"
        self.kills += ended == KILLED
        return ended == DONE

    def received(self) -> dict[str, Counter[str]]:
        """How often each message arrived, by channel and idempotency key."""
        chat: Counter[str] = Counter()
        for request in self.slack.requests:
            arguments = msgspec.json.decode(request.body)
            chat[arguments["metadata"]["event_payload"]["idempotency_key"]] += 1
        post = Counter(str(mail.message["X-SecondSource-Key"]) for mail in self.mail.mails)
        return {"chat": chat, "mail": post}

    def left(self) -> Left:
        """What is in the database."""
        database = Database(self.folder / "store.db")
        try:
            assert database.integrity() == []
            return database.read_now(_left)
        finally:
            database.close()


class Left(msgspec.Struct):
    """The ledger, the ledger that a replay of the log gives, the register, the messages with their states, and what was stored."""

    ledger: list[bytes]
    replayed: list[bytes]
    register: dict[str, tuple[str, str, int]]
    messages: dict[str, State]
    stored: set[str]


def _left(connection: log.Connection) -> Left:
    batches = list(log.read_all(connection))
    return Left(
        lines(signals.read_all(connection)),
        lines(replay(batches, outage_engine(company()))),
        {entry.id: (entry.state.value, entry.severity.value, entry.episode_no) for entry in risks.everything(connection)},
        {row.message.idempotency_key: row.progress.state for row in outbox.read(connection)},
        {observation.id for batch in batches for observation in batch.observations},
    )


def check(world: World, calm: Left) -> None:
    """Nothing lost, nothing made up, and no more said twice than there were kills."""
    left = world.left()
    assert set(Journal.read(world.folder, "accepted")) <= left.stored
    assert left.ledger == left.replayed == calm.ledger
    assert left.register == calm.register
    assert set(left.messages) == set(calm.messages)
    assert set(left.messages.values()) <= {State.SENT, State.SUPERSEDED}
    received = world.received()
    arrived = set().union(*received.values())
    assert arrived == {key for key, state in left.messages.items() if state is State.SENT}
    for channel, counts in received.items():
        doubled = sum(counts.values()) - len(counts)
        assert doubled <= world.kills, f"{doubled} messages by {channel} came twice after {world.kills} kills"


_calm: dict[int, Left] = {}


async def calm(nursery: Nursery, folder: Path, seed: int) -> Left:
    """The same story undisturbed, which says everything exactly once; played once for all tests of a story."""
    if seed not in _calm:
        async with World(folder, seed) as world:
            assert await world.live(nursery)
            left = world.left()
            check(world, left)
            assert len(left.ledger) >= 8, "too little happens in this story to lose anything"
            _calm[seed] = left
    return _calm[seed]


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_named_point(nursery: Nursery, tmp_path: Path, point: str) -> None:
    undisturbed = await calm(nursery, tmp_path / "calm", 1)
    async with World(tmp_path / "killed", 1) as world:
        for hit in (1, 2, 5):
            assert not await world.live(nursery, point, hit), f"the process never came to {point}"
        assert await world.live(nursery)
        check(world, undisturbed)


@pytest.mark.parametrize("seed", range(2, 2 + -(-KILLS // A_STORY)))
async def test_killed_at_random(nursery: Nursery, tmp_path: Path, seed: int) -> None:
    undisturbed = await calm(nursery, tmp_path / "calm", seed)
    story, kills, life = Story(seed), 0, 0
    while kills < A_STORY:  # a story that is over before it was killed so often is told again
        async with World(tmp_path / f"killed-{life}", seed) as world:
            ended = False
            while not ended:
                life += 1
                hit = 0 if kills + world.kills >= A_STORY or life % 2 else 1 + story.choose(60, "hit", life)
                delay = 0.0 if kills + world.kills >= A_STORY or hit else 0.02 + story.choose(400, "delay", life) / 1000
                ended = await world.live(nursery, hit=hit, delay=delay)
            check(world, undisturbed)
            kills += world.kills
    assert kills == A_STORY
