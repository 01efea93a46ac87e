"""Arithmetic that findings rest on: concentration, trends, medians over time. Exact where the input is exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import TypeVar

N = TypeVar("N", float, Fraction)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def shares(weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The part of the whole that each has, the largest first, then by name; weights of zero or less count for nothing."""
    counted = {name: weight for name, weight in weights.items() if weight > 0}
    whole = sum(counted.values(), Fraction(0))
    return {name: weight / whole for name, weight in sorted(counted.items(), key=lambda item: (-item[1], item[0]))}


def herfindahl(parts: Iterable[Fraction]) -> Fraction:
    """The Herfindahl index of shares that add up to 1: from 1/n for n equal ones to 1 for a single one.

    Times 10,000 it is the figure that competition authorities use; its inverse is the number of equal parts with the same index.
    """
    return sum((part * part for part in parts), Fraction(0))


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
    measured = [((at - _EPOCH).total_seconds(), value) for at, value in points]
    slopes = [
        (later - earlier) / (end - start)
        for index, (start, earlier) in enumerate(measured)
        for end, later in measured[index + 1 :]
        if end != start
    ]
    return median(slopes) if slopes else None


def held_median(steps: Sequence[tuple[datetime, Decimal]], since: datetime, until: datetime) -> Decimal | None:
    """The median over time of a value that holds until its next step: half of the time it was at most this.

    ``steps`` are in the order of time; what they say before ``since`` counts only as the value at ``since``. None without any time.
    """
    spans: list[tuple[Decimal, timedelta]] = []
    for index, (at, value) in enumerate(steps):
        start = max(at, since)
        end = min(steps[index + 1][0] if index + 1 < len(steps) else until, until)
        if end > start:
            spans.append((value, end - start))
    whole = sum((span for _, span in spans), timedelta(0))
    passed = timedelta(0)
    for value, span in sorted(spans):
        passed += span
        if passed * 2 >= whole:
            return value
    return None


def next_on_grid(now: datetime, every: timedelta) -> datetime:
    """The first instant after ``now`` that is a whole number of ``every`` after 1970, so that all processes mean the same."""
    return _EPOCH + ((now - _EPOCH) // every + 1) * every
