"""Writes that share a commit: fewer commits, nothing lost, and a failure is its own writer's only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from secondsource.adapters.sql.database import Database
from secondsource.runtimes.gathered import Gathered


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "store.db")
    opened.write_now(lambda connection: connection.execute(text("create table said (word text primary key)")))
    yield opened
    opened.close()


@pytest.fixture
def commits(database: Database) -> list[int]:
    """Grows by one with each commit."""
    found: list[int] = []
    event.listen(database.writer, "commit", lambda connection: found.append(1))
    return found


def says(word: str) -> Callable[[Connection], None]:
    return lambda connection: connection.execute(text("insert into said values (:word)"), {"word": word}) and None


def words(database: Database) -> set[str]:
    return database.read_now(lambda connection: set(connection.execute(text("select word from said")).scalars()))


async def held(database: Database) -> tuple[asyncio.Task[None], threading.Event]:
    """The writer, busy until the event is set."""
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work(connection: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait(30)

    busy = asyncio.create_task(database.write(work))
    await begun.wait()
    return busy, go


async def test_what_comes_while_one_is_written_is_written_together(database: Database, commits: list[int]) -> None:
    gathered = Gathered(database)
    busy, go = await held(database)
    writes = [asyncio.create_task(gathered.write(says(f"w{number}"))) for number in range(40)]
    await asyncio.wait(writes, timeout=0)
    go.set()
    await asyncio.gather(busy, *writes)
    assert words(database) == {f"w{number}" for number in range(40)}
    assert len(commits) == 2
    await gathered.write(says("later"))
    assert "later" in words(database)


async def test_one_that_fails_fails_alone(database: Database) -> None:
    gathered = Gathered(database)
    busy, go = await held(database)
    writes = [asyncio.create_task(gathered.write(says(word))) for word in ("a", "b", "a", "c")]
    await asyncio.wait(writes, timeout=0)
    go.set()
    await busy
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["NoneType", "NoneType", "IntegrityError", "NoneType"]
    assert words(database) == {"a", "b", "c"}


async def test_whoever_gave_up_waiting_is_not_written_and_holds_up_nobody(database: Database) -> None:
    gathered = Gathered(database)
    busy, go = await held(database)
    first, second = (asyncio.create_task(gathered.write(says(word))) for word in ("given up", "kept"))
    await asyncio.wait([first, second], timeout=0)
    first.cancel()
    go.set()
    await busy
    await second
    with pytest.raises(asyncio.CancelledError):
        await first
    assert words(database) <= {"given up", "kept"}
    assert "kept" in words(database)
