"""The step driver: batches in, signals out, in virtual time. The same code runs embedded, streaming and in replay.

What is guaranteed:

- Before an input of a partition at *t*, every wake of that partition due at or before *t* fires, at its own due time, ordered by
  (due, rule, key). A tick at *t* does so for all partitions.
- Wakes of portfolio-scoped rules fire on ticks only, at the tick's time: by then everything observed before has been gathered. Until
  then the earliest wake that a key asked for stands, whichever observation asked for it.
- So the signals depend on the order of the inputs of each key, and on nothing else.
- What rules find is heard by those rules that consume findings, which are of the portfolio and so decide with the next tick. Their own
  findings are heard by none, so that nothing can go round in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from secondsource.contracts.rule import Reach, Rule, Step
from secondsource.domain.context import Context
from secondsource.domain.findings import FINDING, heard
from secondsource.domain.observations import KINDS, TICK_KEY, Batch, Body, Gone
from secondsource.domain.signals import Signal
from secondsource.engine.cells import PORTFOLIO, Cell, Partition, StateCodec, StoredCell
from secondsource.engine.errors import RuleError


class CellSource(Protocol):
    """Where cells are read from. Reading is synchronous: it happens once for each partition."""

    def load(self, partition: str, exercise: str | None) -> Iterable[StoredCell]:
        """All cells of a partition."""

    def earliest_wakes(self) -> Iterable[tuple[str, str | None, datetime]]:
        """For each partition with a wake: its key, its drill, and when the first falls due."""


class _Target:
    """A rule with its place among the rules; what the hot path needs is bound once."""

    __slots__ = ("at_once", "id", "index", "keys", "on_observation", "on_wake")

    def __init__(self, index: int, rule: Rule) -> None:
        self.index = index
        self.id = rule.meta.id
        self.at_once = rule.meta.reach is Reach.VENDOR
        self.keys = rule.keys
        self.on_observation = rule.on_observation
        self.on_wake = rule.on_wake


class Engine:
    """Applies batches to rules. Not thread-safe; one for each process or partition of the stream."""

    def __init__(self, rules: Mapping[str, Rule], context: Context, source: CellSource | None = None) -> None:
        ordered = [rules[name] for name in sorted(rules)]
        self.context = context
        self._targets = [_Target(index, rule) for index, rule in enumerate(ordered)]
        self._index = {target.id: target.index for target in self._targets}
        self._codec = StateCodec([type(rule) for rule in ordered])
        self._source = source
        self._by_kind: dict[str, list[_Target]] = {
            kind: [t for t, rule in zip(self._targets, ordered, strict=True) if kind in rule.meta.consumes] for kind in KINDS
        }
        self._hearing = [t for t, rule in zip(self._targets, ordered, strict=True) if FINDING in rule.meta.consumes]
        self._deaf = frozenset(target.id for target in self._hearing)
        self._routes: dict[type[Body], list[_Target]] = {KINDS[kind]: targets for kind, targets in self._by_kind.items()}
        self.reset()

    def reset(self) -> None:
        """Forget everything in memory; what the store holds is loaded again when needed. For after a failed commit."""
        self._partitions: dict[tuple[str, str | None], Partition] = {}
        self._asleep: dict[tuple[str, str | None], datetime] = {}
        self._dirty: list[tuple[Partition, int, str, Cell]] = []
        if self._source is not None:
            self._asleep = {(key, exercise): due for key, exercise, due in self._source.earliest_wakes()}

    def apply(self, batch: Batch) -> list[Signal]:
        """Take in one batch; returns the signals in the order in which they arose.

        Raises :class:`RuleError` when a rule fails; memory is then ahead of the store and must be :meth:`reset`.
        """
        signals: list[Signal] = []
        now = batch.at
        if batch.key == TICK_KEY:
            self._tick(now, signals)
            return signals
        exercise = batch.exercise
        own = self._partitions.get((batch.key, exercise)) or self._partition(batch.key, exercise)
        if own.wakes and own.wakes[0][0] <= now:
            self._fire(own, now, signals)
        shared: Partition | None = None
        context, routes = self.context, self._routes
        for observation in batch.observations:
            body = observation.body
            targets = self._by_kind.get(body.was, ()) if type(body) is Gone else routes[type(body)]
            for target in targets:
                if target.at_once:
                    home = own
                elif shared is None:
                    home = shared = self._partition(PORTFOLIO, exercise)
                else:
                    home = shared
                cells = home.cells[target.index]
                try:
                    for key in target.keys(observation):
                        cell = cells.get(key)
                        if cell is None:
                            state = None
                        elif cell.packed is None:
                            state = cell.state
                        else:
                            state = self._unpack(target, cell)
                        step = target.on_observation(key, state, observation, now, context)
                        if step is not None:
                            self._keep(home, target, key, cell, step, signals)
                except RuleError:
                    raise
                except Exception as error:
                    raise RuleError(target.id, observation.subject, f"{type(error).__name__}: {error}") from error
        if own.wakes and own.wakes[0][0] <= now:
            self._fire(own, now, signals)
        self._hear(signals)
        return signals

    def next_wake(self) -> datetime | None:
        """When the next wake of any partition falls due."""
        dues = [due for partition in self._partitions.values() if (due := partition.next_wake()) is not None]
        dues.extend(due for place, due in self._asleep.items() if place not in self._partitions)
        return min(dues, default=None)

    def take_changes(self) -> list[StoredCell]:
        """The cells that changed since the last call to this or :meth:`drop_changes`, each once, as a store keeps them."""
        changes = []
        for partition, rule, key, cell in self._dirty:
            cell.dirty = False
            live = partition.cells[rule].get(key) is cell
            packed = self._codec.pack(cell.state) if live else None
            wake_at = cell.wake_at if live else None
            changes.append(StoredCell(partition.key, partition.exercise, self._targets[rule].id, key, packed, wake_at))
        self._dirty.clear()
        return changes

    def drop_changes(self) -> None:
        """Nobody keeps what changed so far: for runs without a store."""
        for _, _, _, cell in self._dirty:
            cell.dirty = False
        self._dirty.clear()

    def drop(self, keep: Callable[[str], bool]) -> None:
        """Let go of the partitions whose key ``keep`` refuses: they were taken over by another worker."""
        for place in [place for place in self._partitions if not keep(place[0])]:
            del self._partitions[place]

    def _partition(self, key: str, exercise: str | None) -> Partition:
        partition = self._partitions.get((key, exercise))
        if partition is None:
            partition = Partition(key, exercise, len(self._targets))
            if self._source is not None:
                partition.load(self._source.load(key, exercise), self._index)
            self._partitions[(key, exercise)] = partition
            self._asleep.pop((key, exercise), None)
        return partition

    def _tick(self, now: datetime, signals: list[Signal]) -> None:
        due = [place for place, partition in self._partitions.items() if partition.wakes and partition.wakes[0][0] <= now]
        due += [place for place, first in self._asleep.items() if first <= now]
        for place in sorted(due, key=_place_order):
            self._fire(self._partition(*place), now, signals)
        for exercise in self._hear(signals):  # the same tick decides on what it brought to light
            self._fire(self._partition(PORTFOLIO, exercise), now, signals)
        signals.sort(key=_ledger_order)

    def _hear(self, signals: list[Signal]) -> list[str | None]:
        """Let the rules that consume findings gather what the others found; returns the worlds in which they heard something."""
        worlds: dict[str | None, None] = {}
        for signal in signals if self._hearing else ():
            if signal.rule in self._deaf:
                continue
            worlds[signal.exercise] = None
            observation, shared = heard(signal), self._partition(PORTFOLIO, signal.exercise)
            for target in self._hearing:
                try:
                    for key in target.keys(observation):
                        cell = shared.cells[target.index].get(key)
                        state = None if cell is None else cell.state if cell.packed is None else self._unpack(target, cell)
                        step = target.on_observation(key, state, observation, signal.at, self.context)
                        if step is not None:
                            self._keep(shared, target, key, cell, step, [])
                except RuleError:
                    raise
                except Exception as error:
                    raise RuleError(target.id, observation.subject, f"{type(error).__name__}: {error}") from error
        return sorted(worlds, key=lambda world: world or "")

    def _fire(self, partition: Partition, now: datetime, signals: list[Signal]) -> None:
        while (due := partition.next_wake()) is not None and due <= now:
            index, key, cell = partition.take_wake()
            target = self._targets[index]
            woken = due if target.at_once else now
            state = cell.state if cell.packed is None else self._unpack(target, cell)
            try:
                step = target.on_wake(key, state, woken, self.context)
            except Exception as error:
                raise RuleError(target.id, key, f"{type(error).__name__}: {error}") from error
            if step is None:
                step = Step(state)
            if step.wake_at is not None and step.wake_at <= woken:
                raise RuleError(target.id, key, f"asked at {woken} to be woken at {step.wake_at}, which is not later")
            self._keep(partition, target, key, cell, step, signals, waking=True)

    def _keep(
        self, home: Partition, target: _Target, key: str, cell: Cell | None, step: Step, signals: list[Signal], *, waking: bool = False
    ) -> None:
        state, wake_at = step.state, step.wake_at
        if step.signals:
            if not (target.at_once or waking):
                raise RuleError(target.id, key, "a portfolio-scoped rule signals on a wake, never on an observation")
            signals.extend(step.signals)
        if cell is None:
            if state is None:
                return
            cell = home.cells[target.index][key] = Cell()
        elif state is None:
            del home.cells[target.index][key]
        cell.state = state
        cell.packed = None
        if not (target.at_once or waking) and cell.wake_at is not None:
            wake_at = cell.wake_at if wake_at is None else min(wake_at, cell.wake_at)
        cell.wake_at = wake_at
        if wake_at is not None and (cell.queued is None or wake_at < cell.queued):
            home.queue(target.index, key, cell, wake_at)
        if not cell.dirty:
            cell.dirty = True
            self._dirty.append((home, target.index, key, cell))

    def _unpack(self, target: _Target, cell: Cell) -> object:
        assert cell.packed is not None
        cell.state = self._codec.unpack(target.index, cell.packed)
        cell.packed = None
        return cell.state


def _ledger_order(signal: Signal) -> tuple[datetime, str, str]:
    return signal.at, signal.rule, signal.key


def _place_order(place: tuple[str, str | None]) -> tuple[str, str]:
    return place[0], place[1] or ""
