"""Scheduled jobs: each due time runs once, whatever the number of processes, and one that was missed is caught up.

What is due and what has run stands in the database. APScheduler only wakes us: its clock is UTC, its store is memory, and a wake that
comes late or twice does no harm, because every wake asks the database anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Connection

from secondsource.adapters.sql import jobs
from secondsource.adapters.sql.database import Database
from secondsource.ports.clock import Clock

Work = Callable[[datetime], Awaitable[str]]
"""Does the job for a due time; says in a few words what it did."""

_GRACE = timedelta(hours=1)
_logger = structlog.get_logger(__name__)


class Job(msgspec.Struct, frozen=True):
    """``cron`` has the five fields of crontab, in UTC."""

    name: str
    cron: str
    work: Work


class Scheduler:
    """Runs jobs when they are due. Of several due times that were missed, the last one is caught up."""

    def __init__(self, database: Database, clock: Clock, wanted: Iterable[Job]) -> None:
        """Raises ``ValueError`` for a crontab line that is none."""
        self._database = database
        self._clock = clock
        self._jobs = {job.name: (job, CronTrigger.from_crontab(job.cron, timezone=UTC)) for job in wanted}
        self._ticker = AsyncIOScheduler(timezone=UTC)

    async def start(self) -> None:
        """Catch up on what was missed, then be woken."""
        for name, (_, trigger) in self._jobs.items():
            await self.run_due(name)
            self._ticker.add_job(
                self.run_due, trigger, args=[name], id=name, coalesce=True, max_instances=1, misfire_grace_time=int(_GRACE.total_seconds())
            )
        self._ticker.start()

    async def close(self) -> None:
        """Be woken no more. A job that is under way is left to end."""
        if self._ticker.running:
            self._ticker.shutdown(wait=False)

    async def run_due(self, name: str) -> bool:
        """Run job ``name`` if a due time has come that nobody has run; whether it was run here.

        A job that is seen for the first time begins with its next due time. One that fails is written down as failed and runs again at
        its next due time.
        """
        job, trigger = self._jobs[name]
        now = self._clock.now()
        last = await self._database.read(lambda connection: jobs.last_due(connection, name))
        if last is None:
            await self._database.write(lambda connection: _begin(connection, name, now))
            return False
        due = latest_due(trigger, last, now)
        if due is None or not await self._database.write(lambda connection: jobs.claim(connection, name, due, now)):
            return False
        try:
            outcome = await job.work(due)
        except Exception as error:  # the next due time must find a scheduler that lives
            _logger.exception("job failed", job=name, due=due.isoformat())
            outcome = f"failed: {type(error).__name__}: {error}"
        ended = self._clock.now()
        await self._database.write(lambda connection: jobs.finish(connection, name, due, ended, outcome))
        return True


def latest_due(trigger: CronTrigger, after: datetime, now: datetime) -> datetime | None:
    """The last due time after ``after`` and not after ``now``; None where there is none."""
    found: datetime | None = None
    previous = after
    while (due := trigger.get_next_fire_time(previous, previous + timedelta(microseconds=1))) is not None and due <= now:
        found = previous = due.astimezone(UTC)
    return found


def _begin(connection: Connection, name: str, now: datetime) -> None:
    if jobs.claim(connection, name, now, now):
        jobs.finish(connection, name, now, now, "first seen")
