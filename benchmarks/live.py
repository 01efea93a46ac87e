"""How long a batch waits, from its arrival until its findings and messages are committed, while others arrive at a steady rate."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec

from benchmarks.estate import responder, rules
from secondsource.adapters.clock import SystemClock
from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.domain.context import Context
from secondsource.domain.observations import Batch
from secondsource.runtimes.detector import CONSUMER, Detector

GATHERED = timedelta(milliseconds=5)
"""What arrives within this time is kept in one transaction, as pushes that meet are."""


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds over all batches, and the rate in observations per second that they were measured at."""

    rate: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def latency(packed: Sequence[bytes], context: Context, rate: int) -> Latency:
    """Play the log at ``rate`` observations per second."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "store.db")
        try:
            waits = asyncio.run(_play(database, packed, context, rate))
        finally:
            database.close()
    waits.sort()
    return Latency(rate, *(round(waits[min(int(len(waits) * part), len(waits) - 1)] * 1000, 1) for part in (0.5, 0.99, 1.0)))


async def _play(database: Database, packed: Sequence[bytes], context: Context, rate: int) -> list[float]:
    """The wait of each batch, in seconds."""
    decode = msgspec.msgpack.Decoder(Batch).decode
    detector = Detector(database, rules(), context, responder(context))
    clock = SystemClock()
    kept: deque[tuple[float, int]] = deque()  # arrival and size of what is in the log and not yet applied
    waits: list[float] = []
    arrived, ended = asyncio.Event(), False

    async def apply() -> None:
        while not (ended and not kept):
            await arrived.wait()
            arrived.clear()
            while applied := await detector.run():
                now = time.perf_counter()
                while applied:
                    at, size = kept.popleft()
                    waits.append(now - at)
                    applied -= size

    applying = asyncio.create_task(apply())
    began, place, sent, seen = time.perf_counter(), 0, 0, set[str]()
    while place < len(packed):
        part: list[Batch] = []
        times: list[tuple[float, int]] = []
        while place < len(packed) and (at := began + sent / rate) <= time.perf_counter():
            batch = decode(packed[place])
            place += 1
            if batch.id not in seen:  # what is delivered twice is kept once
                seen.add(batch.id)
                part.append(batch)
                times.append((at, len(batch.observations)))
                sent += len(batch.observations)
        if part:
            # before the write: the detector may see the batches as soon as they are committed
            kept.extend(times)
            await database.write(lambda connection, part=part: log.append(connection, part))  # type: ignore[misc]
            arrived.set()
        await clock.wait_until(clock.now() + GATHERED)
    ended = True
    arrived.set()
    await applying
    if left := await database.read(lambda connection: log.lag(connection, CONSUMER)):
        raise RuntimeError(f"{left} batches were never applied")
    return waits
