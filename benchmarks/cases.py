"""What is measured: the log of the day, decoded, through the rules, into the store; and what the same work costs without ours."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.estate import responder, rules
from benchmarks.measure import Stopwatch
from secondsource.adapters.sql import log, outbox, signals
from secondsource.adapters.sql.database import Database
from secondsource.domain.context import Context
from secondsource.domain.ledger import digest
from secondsource.domain.observations import Batch
from secondsource.domain.signals import Signal
from secondsource.engine.engine import Engine
from secondsource.runtimes.detector import Detector
from secondsource.runtimes.replay import replay

PART = 1000
"""So many batches arrive together, and are kept in one transaction."""


class Day:
    """The log as bytes, which is how a log is kept and sent, and what the cases make of it.

    Each case times what it measures with the watch that it is given, and returns what must be the same each time.
    """

    def __init__(self, packed: Sequence[bytes], context: Context) -> None:
        self.packed = packed
        self.context = context
        self.ledgers: dict[str, list[Signal]] = {}
        self.messages = 0

    def decode(self, watch: Stopwatch) -> str:
        """Bytes to values, and nothing else."""
        decode = msgspec.msgpack.Decoder(Batch).decode
        with watch:
            for one in self.packed:
                decode(one)
        return ""

    def decode_and_count(self, watch: Stopwatch) -> str:
        """Bytes to values, and the least that a loop in Python can do with each observation."""
        decode = msgspec.msgpack.Decoder(Batch).decode
        counts: dict[type, int] = {}
        with watch:
            for one in self.packed:
                for observation in decode(one).observations:
                    kind = type(observation.body)
                    counts[kind] = counts.get(kind, 0) + 1
        return str(sum(counts.values()))

    def replay(self, watch: Stopwatch) -> str:
        """Bytes to values, through all rules."""
        decode = msgspec.msgpack.Decoder(Batch).decode
        engine = Engine(rules(), self.context)
        with watch:
            ledger = list(replay(map(decode, self.packed), engine))
        return self._keep("replay", ledger)

    def log_only(self, watch: Stopwatch) -> str:
        """Values into the durable log: one transaction for each part, nothing applied."""

        async def run(folder: str) -> int:
            database = Database(Path(folder) / "store.db")
            try:
                for part in self._parts():
                    with watch:
                        await database.write(lambda connection, part=part: log.append(connection, part))  # type: ignore[misc]
                return await database.read(lambda connection: log.lag(connection, "nobody"))
            finally:
                database.close()

        with tempfile.TemporaryDirectory() as folder:
            return str(asyncio.run(run(folder)))

    def embedded(self, watch: Stopwatch) -> str:
        """Values into the durable log, through all rules into register, runs of runbooks and outbox, part after part."""

        async def run(folder: str) -> list[Signal]:
            database = Database(Path(folder) / "store.db")
            try:
                detector = Detector(database, rules(), self.context, responder(self.context))
                for part in self._parts():
                    with watch:
                        await database.write(lambda connection, part=part: log.append(connection, part))  # type: ignore[misc]
                        while await detector.run():
                            pass
                if problems := database.integrity():
                    raise RuntimeError(f"the database is damaged: {problems}")
                self.messages = sum((await database.read(outbox.counts)).values())
                return await database.read(lambda connection: list(signals.read_all(connection)))
            finally:
                database.close()

        with tempfile.TemporaryDirectory() as folder:
            return self._keep("embedded", asyncio.run(run(folder)))

    def _parts(self) -> Iterator[list[Batch]]:
        decode = msgspec.msgpack.Decoder(Batch).decode
        for start in range(0, len(self.packed), PART):
            yield [decode(one) for one in self.packed[start : start + PART]]

    def _keep(self, name: str, ledger: list[Signal]) -> str:
        self.ledgers[name] = ledger
        return digest(ledger)
