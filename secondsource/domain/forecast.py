"""How high use will go on the days to come, and when that meets a limit, with an interval.

The figures are one a day, the highest of that day, so that use that swings over the day and stock that only grows are forecast alike:
what matters is when the peak meets the limit. The trend is the median of the changes over one week and over two: it compares like
weekdays, so that the week's season does not bend it, and a step of the level or a burst bends few of them. The season is the median
distance of each weekday from the trend, the level the median of the last week. How far such forecasts go wrong is measured, not
assumed: they are made from earlier days of the same figures, and the interval is as wide as holds the given part of their errors
(split conformal prediction).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf, sqrt

import msgspec

from secondsource.domain.figures import median

WEEK = 7
LEAST_DAYS = 3 * WEEK
"""With fewer days that are known, there is no forecast: the errors of earlier ones would be too few to measure."""
_FIRST = 2 * WEEK  # the days that the earliest of the earlier forecasts is made from
_AHEAD = (1, 2, 3, 5, 7, 10, 14)  # how many days ahead the errors are measured


class Outlook(msgspec.Struct, frozen=True, gc=False):
    """Days from the last one known until the peak meets the limit: likely, and at the earliest and latest that are plausible.

    None is "not within the horizon".
    """

    likely: int | None
    early: int | None
    late: int | None


class Forecast:
    """The days after ``days``, of which the last is yesterday; None stands for a day of which nothing is known."""

    def __init__(self, days: Sequence[float | None]) -> None:
        self._known = [(number, value) for number, value in enumerate(days) if value is not None]
        if not self._known:
            raise ValueError("a forecast needs at least one day that is known")
        self._last = len(days) - 1
        values = dict(self._known)
        changes = [
            (value - values[number - lag]) / lag for lag in (WEEK, 2 * WEEK) for number, value in self._known if number - lag in values
        ]
        self.trend = median(changes) if changes else 0.0
        level = [(number, value - self.trend * number) for number, value in self._known]
        centre = median([value for _, value in level])
        season = [
            median([value for number, value in level[-4 * WEEK :] if number % WEEK == day] or [centre]) - centre for day in range(WEEK)
        ]
        self._season = season if len(self._known) >= _FIRST else [0.0] * WEEK
        self._level = median([value - self._season[number % WEEK] for number, value in level[-WEEK:]])

    def ahead(self, days: int) -> float:
        """The peak that is likely on the day that is ``days`` after the last one."""
        number = self._last + days
        return self._level + self.trend * number + self._season[number % WEEK]


def widening(days: int) -> float:
    """How much wider the interval is so many days ahead than the day after."""
    return sqrt(1 + (days - 1) / WEEK)


def error(days: Sequence[float | None], part: float = 0.9) -> float:
    """What ``part`` of the errors of earlier forecasts do not exceed, each divided by :func:`widening`; infinite where they are too few."""
    found: list[float] = []
    for origin in range(_FIRST, len(days)):
        past = days[max(0, origin - 6 * WEEK) : origin]
        if sum(value is not None for value in past) < _FIRST - 2:
            continue
        forecast = Forecast(past)
        for ahead in _AHEAD:
            value = days[origin + ahead - 1] if origin + ahead <= len(days) else None
            if value is not None:
                found.append(abs(value - forecast.ahead(ahead)) / widening(ahead))
    rank = ceil(part * (len(found) + 1))
    return sorted(found)[rank - 1] if rank <= len(found) else inf


def outlook(days: Sequence[float | None], limit: float, horizon: int, part: float = 0.9) -> Outlook | None:
    """When the peak meets ``limit``; None for too little history."""
    if sum(value is not None for value in days) < LEAST_DAYS or (width := error(days, part)) == inf:
        return None
    forecast = Forecast(days)
    middles = [(ahead, forecast.ahead(ahead), width * widening(ahead)) for ahead in range(1, horizon + 1)]
    return Outlook(
        likely=next((ahead for ahead, middle, _ in middles if middle >= limit), None),
        early=next((ahead for ahead, middle, wide in middles if middle + wide >= limit), None),
        late=next((ahead for ahead, middle, wide in middles if middle - wide >= limit), None),
    )


def since_reset(days: Sequence[float | None]) -> int | None:
    """How many days at the end lie after the last reset of a counter: a fall by half or more after two weeks without any.

    None for no such reset. What falls every weekend is no counter.
    """
    reset, risen, before = None, 0, 0.0
    for number, value in enumerate(days):
        if value is None:
            continue
        if value >= before:
            risen += 1
        else:
            reset = number if risen >= 2 * WEEK and value <= before / 2 else reset
            risen = 1
        before = value
    return None if reset is None else len(days) - reset
