"""The one transaction: what it applies it applies whole, and what a rule can not digest does not stop the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.contracts.rule import Rule
from secondsource.domain.context import Context
from secondsource.domain.ledger import lines
from secondsource.domain.observations import Batch, Gone, batch_of, observe
from secondsource.domain.signals import Signal
from secondsource.runtimes.detector import CONSUMER, Detector
from secondsource.runtimes.replay import replay
from tests.support.small_rules import START, HoldRule, Params, SumRule, at, engine, price, spend


class Heard:
    """Collects what would be answered; forgets what its transaction did not commit, as the register would."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.ticks: list[datetime] = []

    def on_signals(self, connection: Connection, signals: Sequence[Signal]) -> None:
        self.signals.extend(signals)

    def on_tick(self, connection: Connection, now: datetime) -> None:
        self.ticks.append(now)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "store.db")
    yield opened
    opened.close()


def rules() -> dict[str, Rule]:
    return {"hold": HoldRule(Params()), "sum": SumRule(Params())}


async def applied(database: Database, batches: Sequence[Batch], limit: int, restart_every: int = 0) -> Heard:
    heard = Heard()
    await database.write(lambda c: log.append(c, batches))
    detector = Detector(database, rules(), Context(), heard)
    count = 0
    while await detector.run(limit):
        count += 1
        if restart_every and count % restart_every == 0:
            detector = Detector(database, rules(), Context(), heard)
    return heard


DAY = [
    price("a", 0, 5), spend("a", 1, 10), price("b", 2, 7), at(5), spend("b", 9, 20), price("a", 12, 6), at(20), price("b", 21, 8), at(60),
]  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("restart_every", [0, 1])
async def test_the_ledger_is_that_of_a_replay_whatever_the_transactions_hold(database: Database, limit: int, restart_every: int) -> None:
    heard = await applied(database, DAY, limit, restart_every)
    wanted = list(replay(DAY, engine()))
    assert len(wanted) == 5
    assert lines(heard.signals) == lines(wanted)
    assert heard.ticks == [START.replace(minute=5), START.replace(minute=20), START.replace(hour=1)]
    assert await database.read(lambda c: log.lag(c, CONSUMER)) == 0


async def test_a_poisonous_batch_is_buried_and_the_others_go_on(database: Database) -> None:
    poison = batch_of("a", "s", START, (observe(source="s", vendor="a", subject="x", observed_at=START, body=Gone("spend")),))
    heard = Heard()
    await database.write(lambda c: log.append(c, [price("a", 0, 5), poison, price("b", 2, 7), at(60)]))
    detector = Detector(database, rules(), Context(), heard)
    while await database.read(lambda c: log.lag(c, CONSUMER)):
        await detector.run()
    assert await database.read(log.dead_letters) == 1
    healthy = list(replay([price("a", 0, 5), price("b", 2, 7), at(60)], engine()))
    assert {signal.id for signal in heard.signals} == {signal.id for signal in healthy}


async def test_a_failed_commit_is_applied_again_whole(database: Database) -> None:
    heard = Heard()
    failing = True

    def crash(point: str) -> None:
        if failing and point == "before-commit":
            raise OSError("disk full")

    await database.write(lambda c: log.append(c, DAY))
    detector = Detector(database, rules(), Context(), heard, crash)
    with pytest.raises(OSError, match="disk full"):
        await detector.run()
    assert await database.read(lambda c: log.lag(c, CONSUMER)) == len(DAY)
    failing = False
    heard.signals.clear()
    while await detector.run():
        pass
    assert lines(heard.signals) == lines(replay(DAY, engine()))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(DAY), max_size=6), st.integers(1, 5))
async def test_redelivered_batches_change_nothing(tmp_path_factory: pytest.TempPathFactory, again: list[Batch], limit: int) -> None:
    database = Database(tmp_path_factory.mktemp("store") / "store.db")
    try:
        heard = await applied(database, [*DAY, *again], limit)
        assert lines(heard.signals) == lines(replay(DAY, engine()))
    finally:
        database.close()
