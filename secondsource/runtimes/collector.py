"""From sources that are due to batches in the log: lease, poll, difference, append."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog
from sqlalchemy import Connection

from secondsource.adapters.http.backoff import ANSWERED, DEFAULT_BACKOFF, BackoffPolicy, PollState, next_poll
from secondsource.adapters.sql import log, raw, sources
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.sources import SourceState
from secondsource.domain.context import Context
from secondsource.domain.difference import FULL_EVERY, Picture, difference, says_new
from secondsource.domain.observations import Batch, Observation, Outcome, SourceHealth, batch_of, observe
from secondsource.domain.scoping import enrich
from secondsource.ports.clock import Clock
from secondsource.ports.fetcher import NO_VALIDATORS, Fetcher, Validators
from secondsource.runtimes.gathered import Gathered
from secondsource.runtimes.poll import Parser, Polled, Source, poll
from secondsource.runtimes.recognition import Seen, seen_after

LEASE = timedelta(minutes=3)
"""Longer than any poll may take, so that nobody else begins one that is still under way."""

_logger = structlog.get_logger(__name__)


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a source from poll to poll."""

    picture: Picture = Picture()
    validators: Validators = NO_VALIDATORS
    pace: PollState = PollState()
    seen: Seen = Seen()


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Memory).decode


class Collector:
    """Polls what is due. Any number of collectors share the sources of one database."""

    def __init__(
        self,
        database: Database,
        configured: Iterable[Source],
        context: Context,
        clock: Clock,
        fetcher: Fetcher,
        parser: Parser,
        backoff: BackoffPolicy = DEFAULT_BACKOFF,
        crash_point: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._database = database
        self._writes = Gathered(database)
        self._sources: Mapping[str, Source] = {source.id: source for source in configured}
        self._context = context
        self._clock = clock
        self._fetcher = fetcher
        self._parser = parser
        self._backoff = backoff
        self._crash_point = crash_point

    async def declare(self) -> None:
        """Tell the database which sources there are; new ones are due at once."""
        declared = [(s.id, s.vendor, s.connector.spec.name) for s in self._sources.values()]
        now = self._clock.now()
        await self._database.write(lambda connection: sources.declare(connection, declared, now))

    async def next_due(self) -> datetime | None:
        """When the next source is to be polled."""
        return await self._database.read(sources.next_due)

    async def run(self, limit: int = 100) -> int:
        """Poll what is due, side by side, each into the log as soon as it is read; returns how many were polled."""
        leased = await self.lease(limit)
        await asyncio.gather(*(self.poll(state) for state in leased))
        return len(leased)

    async def lease(self, limit: int) -> Sequence[SourceState]:
        """Take what is due, longest due first; nobody else polls it before :data:`LEASE` has passed."""
        now = self._clock.now()
        return await self._database.write(lambda connection: sources.lease(connection, now, LEASE, limit))

    async def poll(self, state: SourceState) -> None:
        """Poll one leased source into the log and give its lease back."""
        source = self._sources[state.id]
        memory = _unpack(state.memory) if state.memory else Memory()
        due = state.next_poll_at
        # from time to time the whole picture is sent again; for that the page itself is needed, changed or not
        stale = memory.picture.full_at is None or self._clock.now() - memory.picture.full_at >= FULL_EVERY
        polled = await poll(source, state.cursor, NO_VALIDATORS if stale else memory.validators, self._fetcher, self._parser)
        now = self._clock.now()
        picture = memory.picture
        changed: tuple[Observation, ...] = ()
        if polled.outcome is Outcome.OK or polled.readings:
            picture, changed = difference(memory.picture, self._observations(source, polled, now), polled.complete, now)
        answered = polled.outcome in ANSWERED
        pace, next_at = next_poll(
            memory.pace,
            polled.outcome,
            source=source.id,
            now=max(due, now - source.interval) if answered else now,
            interval=source.interval,
            retry_after=polled.retry_after,
            policy=self._backoff,
        )
        understood = polled.outcome in (Outcome.OK, Outcome.UNCHANGED)
        succeeded = now if understood else state.succeeded_at
        seen = await seen_after(source, polled, memory.seen, now, says_new(memory.picture, changed))
        moved = seen.looks_like if polled.outcome is Outcome.PARSE else ""
        detail = f"{polled.detail[:400]}; it looks like {moved} now" if moved else polled.detail[:500]
        health = SourceHealth(
            polled.outcome, source.connector.spec.name, detail, polled.latency_ms, polled.bytes,
            int(source.interval.total_seconds()), succeeded, seen.platform, seen.confidence, seen.content_at, moved,
        )  # fmt: skip
        said = observe(source=source.id, vendor=source.vendor, subject=f"source/{source.id}", observed_at=now, body=health)
        after = SourceState(
            state.id, state.vendor, state.connector, next_at, None, now, succeeded, polled.outcome.value, detail,
            polled.cursor, _pack(Memory(picture, polled.validators if understood else NO_VALIDATORS, pace, seen)),
        )  # fmt: skip
        batches = _by_vendor(source, now, [*changed, said])

        def keep(connection: Connection) -> None:
            for response in polled.responses:
                raw.keep(connection, source.id, response)
            log.append(connection, batches)
            sources.save(connection, after)

        self._crash_point("polled")
        await self._writes.write(keep)
        self._crash_point("logged")
        if not understood:
            _logger.warning("source not read", source=source.id, outcome=polled.outcome.value, detail=detail)

    def _observations(self, source: Source, polled: Polled, now: datetime) -> list[Observation]:
        archived = raw.hash_of(polled.responses[0].body) if len(polled.responses) == 1 else None
        found = []
        for reading in polled.readings:
            vendor = reading.vendor or source.vendor
            found.append(
                observe(
                    source=source.id,
                    vendor=vendor,
                    subject=reading.subject,
                    observed_at=now,
                    body=enrich(reading.body, self._context.graph, vendor),
                    occurred_at=reading.occurred_at,
                    raw=archived,
                )
            )
        return found


def _by_vendor(source: Source, now: datetime, observations: Iterable[Observation]) -> list[Batch]:
    parts: dict[str, list[Observation]] = {}
    for observation in observations:
        parts.setdefault(observation.vendor, []).append(observation)
    return [batch_of(vendor, source.id, now, tuple(part)) for vendor, part in sorted(parts.items())]
