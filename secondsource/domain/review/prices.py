"""What the vendor's prices did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import msgspec

from secondsource.domain.figures import rounded
from secondsource.domain.items import normalised
from secondsource.domain.observations import Gone, Observation, Price
from secondsource.domain.review.basis import Basis, Missing, basis
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.sight import Sight
from secondsource.domain.review.spans import Span, within

DRAWN = 400
"""Steps of one series that are kept for its chart; of more, the first, least, greatest and last of each stretch."""

MOVES = 20
MOVES_EACH = 3
"""Of one series, lest one that never rests hides the others."""


class Step(msgspec.Struct, frozen=True):
    """A price from ``at`` on; ``amount`` None: no longer listed."""

    at: datetime
    amount: Decimal | None
    observation: str


class Series(msgspec.Struct, frozen=True):
    """One price as one source tells it. ``first`` is that at the start of the period, or the first in it; ``change`` in per cent, None
    where there is none to compare. ``known`` is when it was read."""

    item: str
    dimension: str
    region: str | None
    conditions: str
    unit: str
    currency: str
    source: str
    ours: bool
    first: Decimal
    last: Decimal | None
    low: Decimal
    high: Decimal
    change: Decimal | None
    moves: int
    steps: tuple[Step, ...]
    known: tuple[Span, ...]

    @property
    def name(self) -> str:
        """``h100, spot, eu-1``."""
        return ", ".join(part for part in (self.item, self.dimension.replace("_", " "), self.region, self.conditions) if part)


class Move(msgspec.Struct, frozen=True):
    """One change of one price. ``effective_at`` is from when the vendor says that it holds."""

    series: str
    source: str
    ours: bool
    unit: str
    currency: str
    before: Decimal
    after: Decimal | None
    change: Decimal | None
    at: datetime
    effective_at: datetime | None
    basis: Basis


class Prices(msgspec.Struct, frozen=True, tag=True):
    """``moved`` are the series that changed in the period, what we use first, then the largest change. ``still`` is how many did not.

    ``moves`` are the largest single changes, at most :data:`MOVES_EACH` of a series and :data:`MOVES` in all.
    """

    moved: tuple[Series, ...]
    still: int
    ours: int  # series of items that we use, moved or not
    moves: tuple[Move, ...]
    basis: Basis


def prices(facts: Facts, sources: Mapping[str, Sight]) -> Prices | Missing:
    """All prices of the vendor over the period."""
    read: dict[tuple[str, str], list[Observation]] = {}
    for observation in facts.observations:
        if observation.vendor == facts.vendor and (_is_price(observation.body)):
            read.setdefault((observation.source, observation.subject), []).append(observation)
    used = {normalised(item) for need in facts.context.portfolio.dependencies if need.scope.vendor == facts.vendor for item in need.items}
    found = [pair for key, told in sorted(read.items()) if (pair := _series(told, sources[key[0]], used, facts)) is not None]
    if not found:
        return Missing("no source reads prices of it" if not read else "no price of it was known in the period")
    moved = sorted((series for series, _ in found if series.moves), key=_interest)
    largest = (move for _, made in found for move in sorted(made, key=lambda one: (-_size(one.change), one.at))[:MOVES_EACH])
    moves = sorted(largest, key=lambda one: (not one.ours, -_size(one.change), one.at, one.series))
    names = ", ".join(sorted({series.source for series, _ in found}))
    return Prices(
        moved=tuple(moved),
        still=len(found) - len(moved),
        ours=sum(series.ours for series, _ in found),
        moves=tuple(moves[:MOVES]),
        basis=basis(
            f"List prices as {names} gave them, from when they were read.",
            [step.observation for series in moved for step in series.steps],
        ),
    )


def _is_price(body: object) -> bool:
    return isinstance(body, Price) or (isinstance(body, Gone) and body.was == "price")


def _interest(series: Series) -> tuple[bool, Decimal, str, str]:
    return (not series.ours, -_size(series.change), series.name, series.source)


def _size(change: Decimal | None) -> Decimal:
    return abs(change) if change is not None else Decimal(0)


def _series(told: list[Observation], sight: Sight, used: set[str], facts: Facts) -> tuple[Series, list[Move]] | None:
    period = facts.period
    before = [o for o in told if o.observed_at <= period.start][-1:]
    spoken = [*before, *(o for o in told if period.start < o.observed_at < period.end)]
    while spoken and not isinstance(spoken[0].body, Price):
        spoken.pop(0)
    if not spoken:
        return None
    body = spoken[-1].body if isinstance(spoken[-1].body, Price) else next(o.body for o in reversed(spoken) if isinstance(o.body, Price))
    # a new unit or currency begins a new series: the old figures can not stand beside the new
    same = [o for o in spoken if not isinstance(o.body, Price) or (o.body.unit, o.body.currency) == (body.unit, body.currency)]
    steps: list[Step] = []
    moves: list[tuple[Step, Step, Observation]] = []
    for observation in same:
        amount = observation.body.amount if isinstance(observation.body, Price) else None
        step = Step(max(observation.observed_at, period.start), amount, observation.id)
        if steps and steps[-1].amount == amount:
            continue
        if steps:
            moves.append((steps[-1], step, observation))
        steps.append(step)
    amounts = [step.amount for step in steps if step.amount is not None]
    item = normalised(body.item)
    series = Series(
        item=body.item,
        dimension=body.dimension,
        region=body.region,
        conditions=body.conditions,
        unit=body.unit.value,
        currency=body.currency,
        source=sight.source,
        ours=bool({item, item.rpartition("/")[2]} & used),
        first=amounts[0],
        last=steps[-1].amount,
        low=min(amounts),
        high=max(amounts),
        change=_change(amounts[0], steps[-1].amount),
        moves=len(moves),
        steps=tuple(_thinned(steps, period.start, period.end)),
        known=within(sight.readable, period.start, period.end),
    )
    return series, [_move(series, *move) for move in moves if move[0].amount is not None]


def _move(series: Series, before: Step, after: Step, observation: Observation) -> Move:
    assert before.amount is not None
    return Move(
        series=series.name,
        source=series.source,
        ours=series.ours,
        unit=series.unit,
        currency=series.currency,
        before=before.amount,
        after=after.amount,
        change=_change(before.amount, after.amount),
        at=after.at,
        effective_at=observation.body.effective_at if isinstance(observation.body, Price) else None,
        basis=basis("The readings before and after.", [before.observation, after.observation]),
    )


def _change(before: Decimal, after: Decimal | None) -> Decimal | None:
    """In per cent; None where one is missing or the first was nothing."""
    if after is None or not before:
        return None
    return rounded((Fraction(after) - Fraction(before)) / Fraction(before) * 100, 1)


def _thinned(steps: Sequence[Step], start: datetime, end: datetime) -> Iterable[Step]:
    """The steps that a chart can show: no height that was reached is lost."""
    if len(steps) <= DRAWN:
        return steps
    width = (end - start) / (DRAWN // 4)
    buckets: dict[int, list[Step]] = {}
    for step in steps:
        buckets.setdefault((step.at - start) // width, []).append(step)
    kept: dict[Step, None] = {}
    for found in buckets.values():
        listed = [step for step in found if step.amount is not None] or found
        ends = (found[0], min(listed, key=_height), max(listed, key=_height), found[-1])
        kept.update(dict.fromkeys(sorted(ends, key=lambda step: step.at)))
    return kept


def _height(step: Step) -> Decimal:
    return step.amount if step.amount is not None else Decimal(0)
