"""The outbox in SQL does what the one in memory does, step for step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from secondsource.adapters.outbox import delivery
from secondsource.adapters.sql import outbox
from secondsource.adapters.sql.database import Database
from secondsource.contracts.sender import Delivered, Message, Rejected, Retry
from secondsource.ports.outbox import OutboxRow, State
from secondsource.testing.memory_outbox import MemoryOutbox

NOW = datetime(2025, 10, 20, 7, 11, tzinfo=UTC)
LEASE = timedelta(seconds=30)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "store.db")
    yield opened
    opened.close()


def message(n: int, *, thread: str | None = "t", replaces: bool = False, severity: str = "low", channel: str = "slack") -> Message:
    return Message(
        str(n), f"key-{n}", channel, "C1", f"message {n}", thread=thread, replaces=replaces, severity=severity, risk="R-1", created_at=NOW
    )


async def test_a_message_is_put_in_line_once(database: Database) -> None:
    again = msgspec.structs.replace(message(1), id="other")
    assert [await database.write(lambda c, m=m: outbox.add(c, m)) for m in (message(1), again)] == [True, False]
    assert [row.message for row in await database.read(lambda c: outbox.read(c, risk="R-1"))] == [message(1)]
    assert await database.read(lambda c: outbox.read(c, risk="R-2")) == []
    assert await database.read(outbox.counts) == {"pending": 1}


async def test_a_try_that_was_taken_over_changes_nothing_any_more(database: Database) -> None:
    await database.write(lambda c: outbox.add(c, message(1)))
    box = outbox.SqlOutbox(database)
    (first,) = await box.claim(NOW, 10, LEASE)
    (second,) = await box.claim(NOW + LEASE, 10, LEASE)
    sent = delivery.settle(first.progress, Delivered("C1:1"), NOW + LEASE, "key-1")
    assert await box.mark(first, sent) is False
    assert await box.mark(second, delivery.settle(second.progress, Delivered("C1:2"), NOW + LEASE, "key-1")) is True
    assert await box.receipt("t", "C1", "slack") == "C1:2"


async def test_a_reply_is_no_card_where_the_lanes_first_message_failed(database: Database) -> None:
    box = outbox.SqlOutbox(database)
    for n, outcome in ((1, Rejected("no")), (2, Delivered("C1:2")), (3, Delivered("C1:3"))):
        await database.write(lambda c, n=n: outbox.add(c, message(n, replaces=n == 3)))
        (row,) = await box.claim(NOW, 10, LEASE)
        await box.mark(row, delivery.settle(row.progress, outcome, NOW, row.message.idempotency_key))
        assert await box.receipt("t", "C1", "slack") == ("C1:3" if n == 3 else None)


_messages = st.builds(
    message,
    st.integers(1, 30),
    thread=st.sampled_from([None, "t", "u"]),
    replaces=st.booleans(),
    severity=st.sampled_from(["low", "high"]),
    channel=st.sampled_from(["slack", "mail"]),
)
_outcomes = st.sampled_from([Delivered("receipt"), Rejected("no"), Retry("later", timedelta(seconds=5)), None])


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.lists(
        st.one_of(st.tuples(st.just("add"), _messages), st.tuples(st.just("turn"), st.integers(0, 40), _outcomes, st.integers(1, 3))),
        max_size=25,
    )
)
async def test_it_walks_in_step_with_the_outbox_in_memory(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[object, ...]]
) -> None:
    database = Database(tmp_path_factory.mktemp("outbox") / "store.db")
    memory, box, now = MemoryOutbox(), outbox.SqlOutbox(database), NOW
    try:
        for step in steps:
            match step:
                case ("add", Message() as given_message):
                    if given_message.id not in memory.rows:
                        memory.add(given_message)
                        await database.write(lambda c, m=given_message: outbox.add(c, m))
                case ("turn", int() as seconds, outcome, int() as limit):
                    now += timedelta(seconds=seconds)
                    wanted, found = await memory.claim(now, limit, LEASE), await box.claim(now, limit, LEASE)
                    assert _plain(found) == _plain(wanted)
                    for expected, row in zip(wanted, found, strict=True):
                        assert await box.newer(row) == await memory.newer(expected)
                        if outcome is not None:
                            progress = delivery.settle(row.progress, outcome, now, row.message.idempotency_key)  # type: ignore[arg-type]
                            assert await box.mark(row, progress) == await memory.mark(expected, progress)
            assert await box.next_due() == await memory.next_due()
            for thread in ("t", "u"):
                assert await box.receipt(thread, "C1", "slack") == await memory.receipt(thread, "C1", "slack")
        states = {row.id: row.progress.state for row in await database.read(outbox.read)}
        assert states == memory.states()
        assert all(isinstance(state, State) for state in states.values())
    finally:
        database.close()


def _plain(rows: list[OutboxRow]) -> list[tuple[object, ...]]:
    return [(row.id, row.message, row.progress) for row in rows]
