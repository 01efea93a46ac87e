"""Rules over recorded history, in virtual time and without a store: for backtests, rule tests and what-if."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from secondsource.domain.observations import Batch
from secondsource.domain.signals import Signal
from secondsource.engine.engine import Engine


def replay(batches: Iterable[Batch], engine: Engine, progress: Callable[[int], None] | None = None) -> Iterator[Signal]:
    """The signals that the engine gives for the log, as they arise.

    A batch that was delivered before is passed over, as the log of a live system would. ``progress`` is called after each
    batch with the number of its observations. Raises :class:`secondsource.engine.errors.RuleError` for a batch that a rule can
    not digest: a replay is for finding that out.
    """
    seen: set[str] = set()
    for batch in batches:
        if batch.id in seen:
            continue
        seen.add(batch.id)
        yield from engine.apply(batch)
        if len(seen) % 1000 == 0:
            engine.drop_changes()
        if progress is not None:
            progress(len(batch.observations))
