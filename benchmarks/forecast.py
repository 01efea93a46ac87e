"""How often the interval of the quota forecast holds what came: ``python -m benchmarks.forecast``. Generated use, the same at every run."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from math import cos, log, pi, sin, sqrt
from typing import NamedTuple

from secondsource.domain.forecast import Forecast, error, outlook, widening

SEEN, DAYS = 49, 110
AHEAD = (1, 3, 7, 14)
WEEKDAYS = (1, 1.02, 1.03, 1, 0.95, 0.6, 0.55)

Use = Callable[[int, int], float]
"""The peak of a day (its number, second) of one series (its number, first)."""


def chance(*about: object) -> float:
    """Between 0 and 1, even, and always the same for the same ``about``."""
    return (int.from_bytes(blake2b(repr(about).encode(), digest_size=7).digest(), "big") + 0.5) / 2**56


def noise(*about: object) -> float:
    """Normal, of variance 1."""
    return sqrt(-2 * log(chance(*about, 0))) * cos(2 * pi * chance(*about, 1))


def flat(series: int, day: int) -> float:
    return 400 + 10 * noise("flat", series, day)


def growing(series: int, day: int) -> float:
    return 200 + (2 + series % 5) * day + 8 * noise("growing", series, day)


def weekly(series: int, day: int) -> float:
    return 500 * WEEKDAYS[(day + series) % 7] * (1 + 0.03 * noise("weekly", series, day))


def weekly_growing(series: int, day: int) -> float:
    return (300 + 3 * day) * WEEKDAYS[(day + series) % 7] + 8 * noise("weekly growing", series, day)


def swings(series: int, day: int) -> float:
    """The highest of the hours of a day that swings."""
    return max(300 + 150 * sin(2 * pi * (hour - 8) / 24) + 15 * noise("swings", series, day, hour) for hour in range(24))


def shift(series: int, day: int) -> float:
    return (300 if day < 30 + series % 40 else 420) + 9 * noise("shift", series, day)


def bursts(series: int, day: int) -> float:
    high = 200 * chance("height", series, day) if chance("burst", series, day) < 0.07 else 0
    return 300 + 8 * noise("bursts", series, day) + high


def heavy(series: int, day: int) -> float:
    """Student's t with three degrees of freedom about a level."""
    spread = sqrt(sum(noise("heavy", series, day, part) ** 2 for part in range(3)) / 3)
    return 400 + 12 * noise("heavy", series, day) / spread


def walk(series: int, day: int) -> float:
    return 400 + sum(6 * noise("walk", series, step) for step in range(day + 1))


def reset(series: int, day: int) -> float:
    """A counter that begins anew every 30 days."""
    return sum(15 + 2 * noise("reset", series, day - back) for back in range((day + series * 3) % 30 + 1))


SHAPES: tuple[Use, ...] = (flat, growing, weekly, weekly_growing, swings, shift, bursts, heavy, walk, reset)


class Coverage(NamedTuple):
    """How many forecasts were made, and how many of them held what came."""

    held: int
    made: int

    @property
    def part(self) -> float:
        return self.held / self.made


def coverage(use: Use, series: int) -> Coverage:
    """Of the 90 % interval of the peaks to come, over so many series."""
    outcomes: list[bool] = []
    for number in range(series):
        days = [use(number, day) for day in range(DAYS)]
        for today in range(SEEN, DAYS - max(AHEAD), 9):
            past = days[today - SEEN : today]
            forecast, width = Forecast(past), error(past)
            outcomes.extend(abs(days[today + ahead - 1] - forecast.ahead(ahead)) <= width * widening(ahead) for ahead in AHEAD)
    return Coverage(sum(outcomes), len(outcomes))


def coverage_of_the_day(use: Use, series: int) -> Coverage:
    """Of the interval of the day on which the limit is met, for limits that are met ten days ahead or later."""
    outcomes: list[bool] = []
    for number in range(series):
        days = [use(number, day) for day in range(DAYS)]
        for today in range(SEEN, DAYS - 30, 3):
            limit = max(days[: today + 10])
            met = next((ahead for ahead, value in enumerate(days[today:], 1) if value > limit), None)
            seen = outlook(days[today - SEEN : today], limit, 60)
            if seen is not None and met is not None:
                outcomes.append((seen.early or 61) <= met <= (seen.late or 61))
    return Coverage(sum(outcomes), len(outcomes))


def main() -> None:
    """Print a table."""
    found = {use.__name__: coverage(use, 20) for use in SHAPES}
    for name, each in found.items():
        print(f"{name.replace('_', ' '):16}{each.part:7.1%} of {each.made}")
    whole = Coverage(sum(each.held for each in found.values()), sum(each.made for each in found.values()))
    print(f"{'all':16}{whole.part:7.1%} of {whole.made}")
    for use in (growing, weekly_growing):
        day = coverage_of_the_day(use, 20)
        print(f"the day, {use.__name__.replace('_', ' ')}: {day.part:.1%} of {day.made}")


if __name__ == "__main__":
    main()
