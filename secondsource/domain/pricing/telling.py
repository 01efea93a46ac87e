"""A finding on prices in words: title, reason and figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction

import msgspec

from secondsource.domain.figures import percent, plain, rounded
from secondsource.domain.pricing.amounts import Rates, converted
from secondsource.domain.pricing.moves import MOVED, Change, span
from secondsource.domain.signals import Measure
from secondsource.domain.words import count

MAX_TOLD = 4
"""Prices that a reason names one by one."""


class Words(msgspec.Struct, frozen=True):
    """What is said of some changes."""

    title: str
    reason: str
    measures: tuple[Measure, ...]


def told(name: str, changes: Sequence[Change], limits: tuple[float, float], rates: Rates, now: datetime) -> Words:
    """Of one item, which goes by ``name``. ``limits`` are the least moves reported, in per cent: of list prices, of spot prices."""
    if len(changes) == 1:
        return _one(name, changes[0], limits, rates, now)
    return _several(f"{name}: {count(len(changes), 'price')}", "By price", lambda change: change.line.name, changes, limits, rates, now)


def folded(vendor: str, changes: Sequence[Change], limits: tuple[float, float], rates: Rates, now: datetime) -> Words:
    """Of many items of ``vendor`` at once, those that moved most named first."""
    ordered = sorted(changes, key=lambda change: (-abs(change.part(rates) or 0), change.item, change.line.name, change.source))
    what = f"{count(len(changes), 'price')} of {vendor}"
    return _several(what, "Most of all", lambda change: f"{change.item} {change.line.name}".rstrip(), ordered, limits, rates, now)


def _one(name: str, change: Change, limits: tuple[float, float], rates: Rates, now: datetime) -> Words:
    old, new, limit = change.old, change.new, limits[change.line.spot]
    name = f"{name} {change.line.name}".rstrip()
    measures = [Measure("old price", old.value, old.measure), Measure("new price", new.value, new.measure)]
    when = _when(change, now)
    if change.withdrawn:
        title, reason = f"{name}: the price stays", f"The price of {old}, which was announced, does not come; it is {new}."
    elif change.doubt:
        title, reason = (
            f"{name}: {_doubt(change)}",
            f"Was {old}, is {new}: {_WHY[change.doubt == MOVED]}, so this is taken for no move of the price.",
        )
    elif (value := converted(new, old, rates)) is None:
        title = f"{name}: {'will be' if when else 'now'} priced in {new.measure}"
        reason = f"Was {old}, is {new}: unit or currency changed, so the two can not be compared."
    elif not old.value:
        title = f"{name}: no longer free{when}" if new.value else f"{name}: price back at {old}"
        reason = f"Was free, is {new}." if new.value else "It is free."
    else:
        part = value / Fraction(old.value) - 1
        way = _way(part)
        title = f"{name}: price {way} {percent(abs(part), 1)}{when}" if part else f"{name}: price back at {old}"
        said = plain(new.value) if old.alike(new) else str(new)
        reason = f"From {old} to {said}{when}, {percent(part, 1)} (from {limit:g} % on it is reported), by {change.source}."
        measures += [Measure("change", rounded(part * 100, 2), "%", limit), Measure("direction", way)]
    return Words(title, reason, tuple(measures))


def _several(
    what: str, opening: str, name: Callable[[Change], str], changes: Sequence[Change], limits: tuple[float, float], rates: Rates,
    now: datetime,
) -> Words:  # fmt: skip
    ahead = {_when(change, now) for change in changes}
    when = ahead.pop() if len(ahead) == 1 else ""
    between = span(changes, rates)
    doubts = sum(1 for change in changes if change.doubt)
    if all(change.withdrawn for change in changes):
        title = f"{what} stay: what was announced does not come"
    elif doubts == len(changes):
        title = f"{what}: {_doubt(changes[0])}"
    elif between is None:
        title = f"{what} changed{when}"
    elif not any(between):
        title = f"{what} back where they were"
    elif between[0] == between[1]:
        title = f"{what} {_way(between[0])} {percent(abs(between[0]), 1)}{when}"
    else:
        title = f"{what} changed, from {_signed(between[0])} to {_signed(between[1])}{when}"
    named = "; ".join(f"{name(change)} {_brief(change, rates)}" for change in changes[:MAX_TOLD])
    left = f"; and {len(changes) - MAX_TOLD} more" if len(changes) > MAX_TOLD else ""
    sources = " and ".join(sorted({change.source for change in changes}))
    reason = f"{opening}: {named}{left} (from {limits[0]:g} % on it is reported), by {sources}."
    if doubts:
        reason += f" Of {doubts} of them {_WHY[any(change.doubt == MOVED for change in changes)]}: they are taken for no moves."
    measures = [Measure("prices changed", len(changes))]
    if between is not None:
        measures += [
            Measure("least change", rounded(between[0] * 100, 2), "%"),
            Measure("change", rounded(between[1] * 100, 2), "%", limits[0]),
        ]
    return Words(title, reason, tuple(measures))


_WHY = ("the ratio is exactly that of two units", "what one price says is what another said before")


def _doubt(change: Change) -> str:
    return "the columns of the list seem to have moved" if change.doubt == MOVED else "the list seems to use another unit"


def _way(part: Fraction) -> str:
    return "up" if part > 0 else "down" if part < 0 else "back"


def _signed(part: Fraction) -> str:
    return f"+{percent(part, 1)}" if part > 0 else percent(part, 1)


def _when(change: Change, now: datetime) -> str:
    return f" from {change.effective:%Y-%m-%d %H:%M} UTC on" if change.effective is not None and change.effective > now else ""


def _brief(change: Change, rates: Rates) -> str:
    part = change.part(rates)
    said = plain(change.new.value) if change.old.alike(change.new) else str(change.new)
    return f"from {change.old} to {said}" + (f" ({_signed(part)})" if part is not None else "")
