"""The store on a real SQLite file: what is written is read back, what was refused leaves no trace, what is newer is refused."""

from __future__ import annotations

import sqlite3
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import StatementError

from secondsource.adapters.sql import cells, jobs, keys, log, raw, sources
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.errors import StoreError
from secondsource.adapters.sql.tables import metadata
from secondsource.contracts.connector import Response
from secondsource.domain.observations import Batch, ComponentStatus, batch_of, observe, tick
from secondsource.domain.status import Status
from secondsource.engine.cells import StoredCell

NOW = datetime(2025, 10, 20, 6, 48, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path):
    opened = Database(tmp_path / "store.db")
    yield opened
    opened.close()


def batch(minute: int) -> Batch:
    at = NOW + timedelta(minutes=minute)
    body = ComponentStatus("API", Status.DEGRADED)
    return batch_of("aws", "aws-feed", at, (observe(source="aws-feed", vendor="aws", subject="component/1", observed_at=at, body=body),))


def wide(minute: int, components: int) -> Batch:
    at = NOW + timedelta(minutes=minute)
    body = ComponentStatus("API", Status.DEGRADED, native="degraded_performance")
    seen = [observe(source="feed", vendor="aws", subject=f"component/{n}", observed_at=at, body=body) for n in range(components)]
    return batch_of("aws", "feed", at, tuple(seen))


async def test_the_log_keeps_order_and_takes_a_batch_once(database: Database) -> None:
    batches = [batch(0), batch(5), tick(NOW + timedelta(minutes=6))]
    await database.write(lambda c: log.append(c, batches[:2]))
    await database.write(lambda c: log.append(c, batches))
    found = await database.read(lambda c: log.after(c, 0, 10))
    assert [logged.batch for logged in found] == batches
    assert [logged.batch for logged in await database.read(lambda c: log.after(c, found[0].position, 1))] == batches[1:2]
    assert list(await database.read(lambda c: list(log.read_all(c, chunk=1)))) == batches


async def test_what_is_read_at_once_is_bounded_by_batches_and_by_observations(database: Database) -> None:
    await database.write(lambda c: log.append(c, [wide(0, 3), wide(1, 3), wide(2, 3)]))
    for limit, observations, expected in ((10, None, 3), (2, None, 2), (10, 6, 2), (10, 7, 3), (10, 1, 1)):
        read = await database.read(lambda c, limit=limit, observations=observations: log.after(c, 0, limit, observations))
        assert len(read) == expected


@pytest.mark.parametrize(("components", "most"), [(1, 400), (2, 500), (50, 3_000), (2000, 80_000)])
def test_a_batch_is_kept_whole_and_in_little_room(components: int, most: int) -> None:
    one = wide(0, components)
    assert log.unpack(log.pack(one)) == one
    assert len(log.pack(one)) <= most


def test_batches_that_were_compressed_though_small_can_be_read() -> None:
    assert log.unpack(zlib.compress(log.pack(batch(0)), 1)) == batch(0)


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def fail(connection) -> None:
        log.append(connection, [batch(0)])
        log.advance(connection, "detector", 1)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await database.write(fail)
    assert await database.read(lambda c: (log.after(c, 0, 10), log.position_of(c, "detector"))) == ([], 0)


async def test_the_lag_is_what_the_consumer_has_not_applied(database: Database) -> None:
    await database.write(lambda c: log.append(c, [batch(0), batch(5), batch(10)]))
    first = (await database.read(lambda c: log.after(c, 0, 1)))[0]
    await database.write(lambda c: log.advance(c, "detector", first.position))
    assert await database.read(lambda c: log.lag(c, "detector")) == 2


async def test_cells_are_written_over_and_forgotten(database: Database) -> None:
    def cell(state: bytes | None, wake: datetime | None = None, exercise: str | None = None) -> StoredCell:
        return StoredCell("aws", exercise, "vendor_outage", "aws/us-east-1", state, wake)

    later = NOW + timedelta(minutes=10)
    await database.write(lambda c: cells.save(c, [cell(b"1"), cell(b"2", later), cell(b"drill", None, "d1")]))
    assert await database.read(lambda c: list(cells.SqlCells(c).load("aws", None))) == [cell(b"2", later)]
    assert await database.read(lambda c: list(cells.SqlCells(c).load("aws", "d1"))) == [cell(b"drill", None, "d1")]
    assert await database.read(lambda c: list(cells.SqlCells(c).earliest_wakes())) == [("aws", None, later)]
    await database.write(lambda c: cells.save(c, [cell(None)]))
    assert await database.read(lambda c: list(cells.SqlCells(c).load("aws", None))) == []


async def test_a_leased_source_is_not_given_twice_until_the_lease_is_over(database: Database) -> None:
    await database.write(lambda c: sources.declare(c, [("b", "aws", "feed_status"), ("a", "aws", "statuspage")], NOW))
    minute = timedelta(minutes=1)
    assert [s.id for s in await database.write(lambda c: sources.lease(c, NOW, minute, 10))] == ["a", "b"]
    assert await database.write(lambda c: sources.lease(c, NOW, minute, 10)) == []
    assert await database.read(sources.next_due) == NOW + minute
    again = await database.write(lambda c: sources.lease(c, NOW + minute, minute, 1))
    assert [s.id for s in again] == ["a"]
    done = sources.SourceState("a", "aws", "statuspage", NOW + timedelta(hours=1), polled_at=NOW, outcome="ok", cursor="7", memory=b"m")
    await database.write(lambda c: sources.save(c, done))
    assert await database.read(sources.all_states) == [
        done,
        sources.SourceState("b", "aws", "feed_status", NOW, NOW + minute),
    ]


async def test_declaring_keeps_the_memory_of_known_sources_and_drops_the_others(database: Database) -> None:
    await database.write(lambda c: sources.declare(c, [("a", "aws", "statuspage"), ("b", "aws", "statuspage")], NOW))
    kept = sources.SourceState("a", "aws", "statuspage", NOW + timedelta(hours=1), memory=b"m")
    await database.write(lambda c: sources.save(c, kept))
    await database.write(lambda c: sources.declare(c, [("a", "aws", "statuspage")], NOW))
    assert await database.read(sources.all_states) == [kept]


async def test_responses_are_kept_once_and_pruned_by_when_they_were_last_seen(database: Database) -> None:
    page = Response("https://status.example/summary.json", 200, {"content-type": "application/json"}, b"{}" * 500, NOW)
    hash_ = raw.hash_of(page.body)
    await database.write(lambda c: raw.keep(c, "s", page))
    later = Response(page.url, 200, page.headers, page.body, NOW + timedelta(days=1))
    await database.write(lambda c: raw.keep(c, "s", later))
    assert await database.read(lambda c: raw.find(c, hash_)) == later
    assert await database.write(lambda c: raw.prune(c, NOW + timedelta(hours=1))) == 0
    assert await database.write(lambda c: raw.prune(c, NOW + timedelta(days=2))) == 1
    assert await database.read(lambda c: raw.find(c, hash_)) is None


async def test_a_key_opens_only_with_its_whole_secret(database: Database) -> None:
    key = keys.make_key()
    await database.write(lambda c: keys.store(c, key, "demo", ["read", "respond"], NOW, person="ana"))
    holder = await database.read(lambda c: keys.find(c, key, NOW))
    assert holder == keys.KeyHolder("demo", "ana", frozenset({"read", "respond"}))
    for wrong in (key + "x", key[:-1], "ss_00000000_zzz", "", "nonsense"):
        assert await database.read(lambda c, wrong=wrong: keys.find(c, wrong, NOW)) is None
    assert key.encode() not in database.path.read_bytes()
    with pytest.raises(ValueError, match="no scope root"):
        await database.write(lambda c: keys.store(c, key, "demo", ["root"], NOW))


async def test_a_due_time_of_a_job_is_given_once(database: Database) -> None:
    assert await database.write(lambda c: jobs.claim(c, "review", NOW, NOW)) is True
    assert await database.write(lambda c: jobs.claim(c, "review", NOW, NOW)) is False
    assert await database.write(lambda c: jobs.claim(c, "review", NOW + timedelta(days=1), NOW)) is True
    assert await database.read(lambda c: jobs.last_due(c, "review")) == NOW + timedelta(days=1)


async def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        await database.write(lambda c: jobs.claim(c, "review", NOW.replace(tzinfo=None), NOW))


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.reader.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_durability_is_what_was_promised(database: Database) -> None:
    with database.writer.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert database.integrity() == []


def test_a_newer_schema_is_refused_in_one_sentence(tmp_path: Path) -> None:
    Database(tmp_path / "store.db").close()
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="schema 9999, which is newer than this program knows"):
        Database(tmp_path / "store.db")


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("my shopping list, " * 100)
    with pytest.raises(StoreError, match="is data_dir writable, and the file ours"):
        Database(tmp_path / "store.db")
    assert (tmp_path / "store.db").read_text().startswith("my shopping list")


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the data folder can not be made"):
        Database(tmp_path / "file" / "data" / "store.db")


def test_reading_only_needs_a_database_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database yet"):
        Database(tmp_path / "store.db", create=False)
