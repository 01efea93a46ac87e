"""``make bench``: the performance budget's rows, each beside its ceiling, measured in the same run; the answers are checked.

``--observations N`` (default 100,000) and ``--rounds N`` (default 5, after one to warm up); ``--json`` prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from sqlalchemy import Connection

from benchmarks.corpus import history
from secondsource.adapters.plugins import rules as all_rules
from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.contracts.rule import Rule
from secondsource.domain.context import Context
from secondsource.domain.ledger import digest
from secondsource.domain.observations import Batch
from secondsource.domain.signals import Signal
from secondsource.engine.engine import Engine
from secondsource.runtimes.detector import Detector
from secondsource.runtimes.replay import replay


def _rules() -> dict[str, Rule]:
    return {name: rule(rule.Params()) for name, rule in all_rules().items()}


class _Heard:
    def __init__(self) -> None:
        self.signals: list[Signal] = []

    def on_signals(self, connection: Connection, signals: Sequence[Signal]) -> None:
        self.signals.extend(signals)

    def on_tick(self, connection: Connection, now: Any) -> None:
        """Nothing has timers here."""


def _decode(packed: list[bytes]) -> str:
    decoder = msgspec.msgpack.Decoder(Batch)
    return str(sum(len(decoder.decode(one).observations) for one in packed))


def _decode_and_rules(packed: list[bytes]) -> str:
    decoder = msgspec.msgpack.Decoder(Batch)
    return digest(replay((decoder.decode(one) for one in packed), Engine(_rules(), Context())))


def _store_only(batches: list[Batch]) -> str:
    async def run(folder: str) -> int:
        database = Database(Path(folder) / "store.db")
        try:
            for start in range(0, len(batches), 200):
                part = batches[start : start + 200]
                await database.write(lambda connection, part=part: log.append(connection, part))  # type: ignore[misc]
            return await database.read(lambda connection: log.lag(connection, "nobody"))
        finally:
            database.close()

    with tempfile.TemporaryDirectory() as folder:
        return str(asyncio.run(run(folder)))


def _embedded(batches: list[Batch]) -> str:
    async def run(folder: str) -> str:
        database = Database(Path(folder) / "store.db")
        heard = _Heard()
        try:
            detector = Detector(database, _rules(), Context(), heard)
            for start in range(0, len(batches), 200):
                part = batches[start : start + 200]
                await database.write(lambda connection, part=part: log.append(connection, part))  # type: ignore[misc]
                while await detector.run():
                    pass
            if problems := database.integrity():
                raise RuntimeError(f"the database is damaged: {problems}")
            return digest(heard.signals)
        finally:
            database.close()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(folder))


def _measure(cases: dict[str, Callable[[], str]], rounds: int, observations: int) -> dict[str, dict[str, Any]]:
    times: dict[str, list[float]] = {name: [] for name in cases}
    answers: dict[str, set[str]] = {name: set() for name in cases}
    names = list(cases)
    for turn in range(rounds + 1):
        order = names[turn % len(names) :] + names[: turn % len(names)]
        for name in order:
            began = time.perf_counter()
            answers[name].add(cases[name]())
            if turn:  # the first round warms up
                times[name].append(time.perf_counter() - began)
    return {
        name: {
            "per_second": round(observations / statistics.median(spent)),
            "slowest": round(observations / max(spent)),
            "fastest": round(observations / min(spent)),
            "answer": answers[name].pop() if len(answers[name]) == 1 else "DIFFERS FROM ROUND TO ROUND",
        }
        for name, spent in times.items()
    }


@click.command()
@click.option("--observations", default=100_000, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(observations: int, rounds: int, as_json: bool) -> None:
    """Measure the replay and embedded rows of the performance budget."""
    batches = list(history(observations))
    count = sum(len(batch.observations) for batch in batches)
    encode = msgspec.msgpack.Encoder(decimal_format="string").encode
    packed = [encode(batch) for batch in batches]
    cases: dict[str, Callable[[], str]] = {
        "decode (ceiling)": lambda: _decode(packed),
        "decode and all rules, replay": lambda: _decode_and_rules(packed),
        "durable log only (ceiling)": lambda: _store_only(batches),
        "embedded, durable, all rules": lambda: _embedded(batches),
    }
    rows = _measure(cases, rounds, count)
    replayed, embedded = rows["decode and all rules, replay"], rows["embedded, durable, all rules"]
    same = replayed["answer"] == embedded["answer"]
    result = {
        "observations": count,
        "bytes_per_observation": round(sum(map(len, packed)) / count),
        "compressed_bytes_per_observation": round(sum(len(zlib.compress(one, 1)) for one in packed) / count),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "rows": rows,
        "same_ledger": same,
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        click.echo(f"{count:,} observations in {len(batches):,} batches, median of {rounds} rounds, load {result['load']:.1f}")
        for name, row in rows.items():
            click.echo(f"  {name:32} {row['per_second']:>9,}/s   ({row['slowest']:,} to {row['fastest']:,})")
        click.echo("the ledgers are the same" if same else "THE LEDGERS DIFFER: these figures are worth nothing")
    raise SystemExit(0 if same else 1)


if __name__ == "__main__":
    main()
