"""Runs the real engine over inputs in virtual time: from due time to due time, with the wakes between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from secondsource.contracts.rule import Rule
from secondsource.domain.context import Context
from secondsource.domain.observations import Batch, Observation, batch_of, tick
from secondsource.domain.signals import Signal
from secondsource.engine.cells import StoredCell
from secondsource.engine.engine import Engine

MAX_TICKS = 100_000


class RestlessRule(Exception):
    """A rule asks to be woken again and again, for ever."""


class Cells:
    """A store of cells in memory, as an engine reads and leaves them."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str | None, str, str], StoredCell] = {}

    def keep(self, changes: Iterable[StoredCell]) -> None:
        """Take in what changed."""
        for cell in changes:
            place = (cell.partition, cell.exercise, cell.rule, cell.key)
            if cell.state is None:
                self._cells.pop(place, None)
            else:
                self._cells[place] = cell

    def load(self, partition: str, exercise: str | None) -> Iterable[StoredCell]:
        """All cells of a partition."""
        return [cell for cell in self._cells.values() if (cell.partition, cell.exercise) == (partition, exercise)]

    def earliest_wakes(self) -> Iterable[tuple[str, str | None, datetime]]:
        """For each partition with a wake: its key, its drill, and when the first falls due."""
        found: dict[tuple[str, str | None], datetime] = {}
        for cell in self._cells.values():
            if cell.wake_at is not None:
                place = (cell.partition, cell.exercise)
                found[place] = min(found.get(place, cell.wake_at), cell.wake_at)
        return [(key, exercise, due) for (key, exercise), due in found.items()]


def batches(observations: Iterable[Observation]) -> list[Batch]:
    """The polls that made ``observations``: one for each instant, source, vendor and drill, by time and then in the order given."""
    polls: dict[tuple[datetime, str, str, str | None], list[Observation]] = {}
    for observation in observations:
        polls.setdefault((observation.observed_at, observation.vendor, observation.source, observation.exercise), []).append(observation)
    ordered = sorted(polls.items(), key=lambda item: item[0][0])
    return [batch_of(vendor, source, at, tuple(made)) for (at, vendor, source, _), made in ordered]


def play(rules: Sequence[Rule], context: Context, inputs: Iterable[Batch], until: datetime, *, restarts: bool = False) -> list[Signal]:
    """The ledger of ``inputs``, in order. With ``restarts``, the engine is made anew from its store after every step.

    Raises :class:`secondsource.engine.errors.RuleError` for a rule that fails, :class:`RestlessRule` for one that never rests.
    """
    named = {rule.meta.id: rule for rule in rules}
    cells = Cells()
    engine = Engine(named, context, cells)
    said: list[Signal] = []
    ticks = 0

    def step(batch: Batch) -> None:
        nonlocal engine
        said.extend(engine.apply(batch))
        cells.keep(engine.take_changes())
        if restarts:
            engine = Engine(named, context, cells)

    def wait(end: datetime) -> None:
        nonlocal ticks
        while (due := engine.next_wake()) is not None and due <= end:
            ticks += 1
            if ticks > MAX_TICKS:
                raise RestlessRule(f"after {MAX_TICKS:,} wakes a rule still asks for another, at {due}")
            step(tick(due))

    for batch in inputs:
        wait(batch.at)
        step(batch)
    wait(until)
    return said
