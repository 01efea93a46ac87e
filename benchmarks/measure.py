"""Measuring several cases side by side: wall time and processor time, in turns, so that a noisy neighbour meets them all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import msgspec


class Stopwatch:
    """Adds up the wall time and the processor time of this process, all its threads, while it runs."""

    def __init__(self) -> None:
        self.wall = 0.0
        self.cpu = 0.0

    def __enter__(self) -> Stopwatch:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wall += time.perf_counter() - self._wall
        self.cpu += time.process_time() - self._cpu


Case = Callable[[Stopwatch], str]
"""Does its work, of which it times the part that counts; returns its answer."""


class Row(msgspec.Struct, frozen=True):
    """What a case gave: observations per second of wall time, processor time for each, and the one answer of all rounds."""

    per_second: int
    slowest: int
    fastest: int
    cpu_us: float
    answer: str


class Unsteady(Exception):
    """A case gave another answer in another round."""


def measure(cases: Mapping[str, Case], rounds: int, observations: int, told: Callable[[int], Any] = lambda turn: None) -> dict[str, Row]:
    """Each case in ``rounds`` turns, after one to warm up; the order moves on from turn to turn.

    ``told`` is called before each turn. Raises :class:`Unsteady` for a case whose answers differ.
    """
    watches: dict[str, list[Stopwatch]] = {name: [] for name in cases}
    answers: dict[str, set[str]] = {name: set() for name in cases}
    names = list(cases)
    for turn in range(rounds + 1):
        told(turn)
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            watch = Stopwatch()
            gc.collect()
            answers[name].add(cases[name](watch))
            if turn:
                watches[name].append(watch)
    for name, given in answers.items():
        if len(given) != 1:
            raise Unsteady(f"{name} gave {len(given)} different answers in {rounds + 1} rounds")
    return {name: _row(watches[name], observations, answers[name].pop()) for name in names}


def _row(watches: Sequence[Stopwatch], observations: int, answer: str) -> Row:
    walls, cpus = [watch.wall for watch in watches], [watch.cpu for watch in watches]
    return Row(
        per_second=round(observations / statistics.median(walls)),
        slowest=round(observations / max(walls)),
        fastest=round(observations / min(walls)),
        cpu_us=round(statistics.median(cpus) / observations * 1e6, 2),
        answer=answer,
    )
