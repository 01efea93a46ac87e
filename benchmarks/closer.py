"""Where replay's time goes, and what it is spent on: one pass that looks closer, outside of what is measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from benchmarks.estate import rules
from secondsource.contracts.rule import Rule, Step
from secondsource.domain.context import Context
from secondsource.domain.observations import Batch, Observation, kind_of
from secondsource.engine.engine import Engine


class Kind(msgspec.Struct):
    """Batches that begin with one kind of observation. Times are in seconds."""

    batches: int = 0
    observations: int = 0
    decoding: float = 0.0
    rules: float = 0.0


def by_kind(packed: Sequence[bytes], context: Context) -> dict[str, Kind]:
    """What decoding and rules take for each kind of batch, the dearest first."""
    decode = msgspec.msgpack.Decoder(Batch).decode
    engine = Engine(rules(), context)
    found: dict[str, Kind] = {}
    seen: set[str] = set()
    for one in packed:
        began = time.perf_counter()
        batch = decode(one)
        decoded = time.perf_counter()
        if batch.id in seen:
            continue
        seen.add(batch.id)
        engine.apply(batch)
        engine.drop_changes()
        ended = time.perf_counter()
        kind = found.setdefault(kind_of(batch.observations[0].body), Kind())
        kind.batches += 1
        kind.observations += len(batch.observations)
        kind.decoding += decoded - began
        kind.rules += ended - decoded
    return dict(sorted(found.items(), key=lambda item: -(item[1].decoding + item[1].rules)))


class _Count:
    """Of the observations that change a state; each counts once, however many rules it changes."""

    def __init__(self) -> None:
        self.number = 0
        self._last: Observation | None = None

    def add(self, observation: Observation) -> None:
        if observation is not self._last:
            self._last = observation
            self.number += 1


def changing(packed: Sequence[bytes], context: Context) -> int:
    """How many observations change the state of at least one rule."""
    decode = msgspec.msgpack.Decoder(Batch).decode
    count = _Count()
    engine = Engine({name: _counted(rule, count) for name, rule in rules().items()}, context)
    seen: set[str] = set()
    for batch in map(decode, packed):
        if batch.id not in seen:
            seen.add(batch.id)
            engine.apply(batch)
    return count.number


def _counted(rule: Rule, count: _Count) -> Rule:
    kind: Any = type(rule)

    class Counted(kind):  # type: ignore[misc]
        def on_observation(self, key: str, state: Any, observation: Observation, now: datetime, context: Context) -> Step | None:
            step: Step | None = kind.on_observation(self, key, state, observation, now, context)
            if step is not None:
                count.add(observation)
            return step

    counted: Rule = Counted(kind.Params())
    return counted
