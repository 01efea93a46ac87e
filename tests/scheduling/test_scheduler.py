"""Scheduled jobs: once for each due time, caught up after a pause, and never twice by two processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger

from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.scheduling.scheduler import Job, Scheduler, latest_due
from secondsource.adapters.sql import jobs
from secondsource.adapters.sql.database import Database

START = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "store.db")
    yield opened
    opened.close()


class Ran:
    """Writes down the due times for which it ran; fails where told to."""

    def __init__(self) -> None:
        self.due: list[datetime] = []
        self.fails = False

    async def __call__(self, due: datetime) -> str:
        self.due.append(due)
        if self.fails:
            raise OSError("the disk is full")
        return "done"


async def test_a_new_job_begins_with_its_next_due_time(database: Database) -> None:
    clock, ran = VirtualClock(START), Ran()
    scheduler = Scheduler(database, clock, [Job("daily", "17 3 * * *", ran)])
    assert not await scheduler.run_due("daily")
    clock.move(START + 15 * HOUR)
    assert not await scheduler.run_due("daily")
    clock.move(START + 16 * HOUR)
    assert await scheduler.run_due("daily")
    assert not await scheduler.run_due("daily")
    assert ran.due == [datetime(2026, 3, 29, 3, 17, tzinfo=UTC)]


async def test_of_what_was_missed_the_last_is_caught_up_once(database: Database) -> None:
    clock, ran = VirtualClock(START), Ran()
    scheduler = Scheduler(database, clock, [Job("daily", "0 6 * * *", ran)])
    await scheduler.run_due("daily")
    clock.move(START + timedelta(days=9))
    assert await scheduler.run_due("daily")
    assert not await scheduler.run_due("daily")
    assert ran.due == [datetime(2026, 4, 6, 6, 0, tzinfo=UTC)]


async def test_two_schedulers_run_it_once(database: Database) -> None:
    clock, one, two = VirtualClock(START), Ran(), Ran()
    first, second = (Scheduler(database, clock, [Job("daily", "0 6 * * *", ran)]) for ran in (one, two))
    await first.run_due("daily")
    clock.move(START + 24 * HOUR)
    assert [await first.run_due("daily"), await second.run_due("daily")] == [True, False]
    assert (len(one.due), len(two.due)) == (1, 0)


async def test_a_job_that_fails_is_written_down_and_runs_again_at_its_next_time(database: Database) -> None:
    clock, ran = VirtualClock(START), Ran()
    scheduler = Scheduler(database, clock, [Job("daily", "0 6 * * *", ran)])
    await scheduler.run_due("daily")
    ran.fails = True
    clock.move(START + 24 * HOUR)
    assert await scheduler.run_due("daily")
    ran.fails = False
    clock.move(START + 48 * HOUR)
    assert await scheduler.run_due("daily")
    outcomes = database.read_now(lambda c: [row.outcome for row in jobs.all_of(c, "daily")])
    assert outcomes == ["first seen", "failed: OSError: the disk is full", "done"]


async def test_starting_catches_up_at_once_and_closing_ends_it(database: Database) -> None:
    clock, ran = VirtualClock(START), Ran()
    job = Job("daily", "0 6 * * *", ran)
    await Scheduler(database, clock, [job]).run_due("daily")
    clock.move(START + 24 * HOUR)
    scheduler = Scheduler(database, clock, [job])
    await scheduler.start()
    await scheduler.close()
    assert ran.due == [datetime(2026, 3, 29, 6, 0, tzinfo=UTC)]


def test_summer_time_changes_nothing_because_due_times_are_in_utc() -> None:
    trigger = CronTrigger.from_crontab("30 2 * * *", timezone=UTC)
    days = [latest_due(trigger, START, START + timedelta(days=n)) for n in range(1, 4)]
    assert days == [datetime(2026, 3, 28 + n, 2, 30, tzinfo=UTC) for n in range(1, 4)]
