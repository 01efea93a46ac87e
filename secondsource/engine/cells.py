"""Keyed rule state in memory, with the wakes that it asked for.

A *partition* is what must be processed in order: one vendor (or, for portfolio-scoped rules, the portfolio), apart for each
drill. All of a partition's cells are loaded at its first use, in one read, and stay.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from secondsource.contracts.rule import Rule

PORTFOLIO = "~portfolio"
"""The partition key of portfolio-scoped rules. No vendor id begins with a tilde."""


class StoredCell(msgspec.Struct, frozen=True, array_like=True):
    """One cell as a store keeps it. ``state`` is msgpack; None says that the key is forgotten."""

    partition: str
    exercise: str | None
    rule: str
    key: str
    state: bytes | None
    wake_at: datetime | None


class Cell:
    """The state of one rule for one key. ``packed`` holds a loaded state until it is first needed.

    ``queued`` is where the cell stands in its partition's wake queue, never later than ``wake_at``: most wakes are put off
    before they fall due, and to put one off costs nothing.
    """

    __slots__ = ("dirty", "packed", "queued", "state", "wake_at")

    def __init__(self, packed: bytes | None = None, wake_at: datetime | None = None) -> None:
        self.state: Any = None
        self.packed = packed
        self.wake_at = wake_at
        self.queued = wake_at
        self.dirty = False


class Partition:
    """The cells of one partition, by rule and key, and its wake queue ordered by (due, rule, key)."""

    __slots__ = ("cells", "exercise", "key", "wakes")

    def __init__(self, key: str, exercise: str | None, rules: int) -> None:
        self.key = key
        self.exercise = exercise
        self.cells: list[dict[str, Cell]] = [{} for _ in range(rules)]
        self.wakes: list[tuple[datetime, int, str]] = []

    def load(self, stored: Iterable[StoredCell], index: dict[str, int]) -> None:
        """Take in what the store has; cells of rules that are switched off stay where they are."""
        for row in stored:
            rule = index.get(row.rule)
            if rule is None or row.state is None:
                continue
            self.cells[rule][row.key] = Cell(row.state, row.wake_at)
            if row.wake_at is not None:
                self.wakes.append((row.wake_at, rule, row.key))
        heapq.heapify(self.wakes)

    def queue(self, rule: int, key: str, cell: Cell, at: datetime) -> None:
        """Put the cell in the queue at ``at``; where it stood before no longer counts."""
        cell.queued = at
        heapq.heappush(self.wakes, (at, rule, key))

    def next_wake(self) -> datetime | None:
        """When the first wake falls due that still holds; it is then the first of the queue."""
        wakes = self.wakes
        while wakes:
            due, rule, key = wakes[0]
            cell = self.cells[rule].get(key)
            if cell is None or cell.queued != due:
                heapq.heappop(wakes)  # the cell was forgotten, or stands further ahead
            elif cell.wake_at == due:
                return due
            else:
                cell.queued = cell.wake_at
                if cell.wake_at is None:
                    heapq.heappop(wakes)
                else:
                    heapq.heapreplace(wakes, (cell.wake_at, rule, key))
        return None

    def take_wake(self) -> tuple[int, str, Cell]:
        """The first of the queue, which :meth:`next_wake` has found to hold: its rule, key and cell."""
        _, rule, key = heapq.heappop(self.wakes)
        cell = self.cells[rule][key]
        cell.queued = None
        return rule, key, cell


class StateCodec:
    """Rule states to bytes and back. Decoding tolerates fields that a newer version added or an older one had."""

    def __init__(self, rules: Sequence[type[Rule]]) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoders = [msgspec.msgpack.Decoder(rule.State) for rule in rules]

    def pack(self, state: Any) -> bytes:
        """The state as msgpack."""
        return self._encoder.encode(state)

    def unpack(self, rule: int, packed: bytes) -> Any:
        """The state of the rule with index ``rule``."""
        return self._decoders[rule].decode(packed)
