"""Arithmetic that findings rest on: concentration, trends, medians over time. Exact where the input is exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import combinations, pairwise
from math import lcm
from operator import itemgetter
from typing import TypeVar

N = TypeVar("N", float, Fraction, Decimal)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def shares(weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The part of the whole that each has, the largest first, then by name; weights of zero or less count for nothing."""
    counted = {name: weight for name, weight in weights.items() if weight > 0}
    numbers, _ = _over_one_denominator(counted.values())
    whole = sum(numbers)
    largest_first = sorted(zip(counted, numbers, strict=True), key=lambda item: (-item[1], item[0]))
    return {name: Fraction(number, whole) for name, number in largest_first}


def herfindahl(parts: Iterable[Fraction]) -> Fraction:
    """The Herfindahl index of shares that add up to 1: from 1/n for n equal ones to 1 for a single one.

    Times 10,000 it is the figure that competition authorities use; its inverse is the number of equal parts with the same index.
    """
    numbers, denominator = _over_one_denominator(parts)
    return Fraction(sum(number * number for number in numbers), denominator * denominator)


def _over_one_denominator(values: Iterable[Fraction]) -> tuple[list[int], int]:
    """The numerators of ``values`` over their least common denominator, and that; whole numbers are much quicker to add and compare."""
    values = list(values)
    denominator = lcm(*(value.denominator for value in values))
    return [value.numerator * (denominator // value.denominator) for value in values], denominator


def rounded(value: Fraction, places: int) -> Decimal:
    """``value`` with ``places`` decimals, halves to even, so that it prints the same everywhere."""
    scale = 10**places
    return Decimal(round(value * scale)).scaleb(-places)


def percent(value: Fraction | float | Decimal, places: int = 0) -> str:
    """A part of 1 as ``62 %``."""
    return f"{rounded(Fraction(value) * 100, places):f} %"


def plain(amount: Decimal, places: int = 2) -> str:
    """An amount for people: thousands separated, at most ``places`` decimals, or as many as show a small one's first three digits."""
    if amount and abs(amount) < Decimal("0.1"):
        places = max(places, 2 - amount.adjusted())
    text = f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def median(values: Sequence[N]) -> N:
    """The middle one, or the mean of the two in the middle. At least one is needed."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def theil_sen(points: Sequence[tuple[datetime, float]]) -> float | None:
    """The median slope over all pairs of points, per second: a trend that up to 29 % of wild points can not bend.

    None where no two points differ in time. The work grows with the square of the number of points.
    """
    slopes = [(later - earlier) / (end - start) for (start, earlier), (end, later) in combinations(_timed(points), 2) if end != start]
    return median(slopes) if slopes else None


def steepest_trend(points: Sequence[tuple[datetime, float]]) -> float:
    """What :func:`theil_sen` does not exceed, per second, with little work: the steepest slope between neighbours.

    No two points, however far apart, have a steeper one. Of five points or more the last does not count: more than half of the pairs are
    without it. ``points`` are at least two, in the order of time and at different instants.
    """
    timed = _timed(points if len(points) < 5 else points[:-1])
    return max((later - earlier) / (end - start) for (start, earlier), (end, later) in pairwise(timed))


def _timed(points: Sequence[tuple[datetime, float]]) -> list[tuple[float, float]]:
    return [(at.timestamp(), value) for at, value in points]


def held_median(steps: Sequence[tuple[datetime, Decimal]], since: datetime, until: datetime) -> Decimal | None:
    """The median over time of a value that holds until its next step: half of the time it was at most this.

    ``steps`` are in the order of time; what they say before ``since`` counts only as the value at ``since``. None without any time.
    """
    spans: list[tuple[Decimal, timedelta]] = []
    end = until
    for at, value in reversed(steps):
        start = at if at > since else since
        if start < end:
            spans.append((value, end - start))
            end = start
        if start is since:
            break
    half, passed = -((end - until) // 2), timedelta(0)  # rounded up
    for value, span in sorted(spans, key=itemgetter(0)):
        passed += span
        if passed >= half:
            return value
    return None


def next_on_grid(now: datetime, every: timedelta) -> datetime:
    """The first instant after ``now`` that is a whole number of ``every`` after 1970, so that all processes mean the same."""
    return _EPOCH + ((now - _EPOCH) // every + 1) * every
