"""Where the marks of a chart stand: plain numbers, worked out once, drawn by the template.

Coordinates are texts with two decimals, so that the same paper is the same bytes on every machine. Status is told by height and
pattern as well as by colour, so that it can be read in grey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from secondsource.adapters.reports.paper import Level, StatusChart, StepChart
from secondsource.adapters.reports.words import MONTHS, STATUSES, instant, lasting
from secondsource.domain.figures import plain
from secondsource.domain.status import Status

WIDTH = 720
LABELS = 150  # of a status chart, to the left of its lanes
LANE = 26
THICK = 18  # a lane's mark for a major outage
AXIS = 22
HIGH = 110  # of a step chart's plot
SCALE = 76  # for its amounts, to the left
EDGE = 24
LEAST = 1.2  # width of the shortest trouble that can still be seen

_HEIGHTS = {
    Status.OPERATIONAL: 3,
    Status.MAINTENANCE: 6,
    Status.DEGRADED: 9,
    Status.PARTIAL_OUTAGE: 13,
    Status.MAJOR_OUTAGE: THICK,
    Status.UNKNOWN: THICK,
}
_STEPS = (
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 28, 56, 91, 182, 364)),
)
_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday, so that weeks begin on one
_TICKS = 9


class Mark(NamedTuple):
    """A rectangle with what is said of it."""

    kind: str
    x: str
    y: str
    width: str
    height: str
    says: str


class Tick(NamedTuple):
    """A line down the chart and the time that stands below it."""

    x: str
    text: str


class LaneDrawing(NamedTuple):
    """One row: its name, where that stands, and its marks."""

    name: str
    y: str
    marks: tuple[Mark, ...]


class StatusDrawing(NamedTuple):
    """A status chart, ready to be drawn."""

    width: int
    height: int
    left: int
    right: int
    bottom: int
    lanes: tuple[LaneDrawing, ...]
    ticks: tuple[Tick, ...]
    kinds: tuple[tuple[str, str, int], ...]  # those that occur: kind, words, height of the mark


class Line(NamedTuple):
    """A horizontal line at an amount."""

    y: str
    text: str


class StepDrawing(NamedTuple):
    """A step chart, ready to be drawn; ``paths`` are broken where nothing is known."""

    width: int
    height: int
    left: int
    right: int
    bottom: int
    paths: tuple[str, ...]
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    from_zero: bool


def status_drawing(chart: StatusChart) -> StatusDrawing:
    """The lanes below each other, over one axis."""
    bottom = LANE * len(chart.lanes) + 4
    across = _Across(chart.start, chart.end, LABELS, WIDTH - EDGE)
    lanes = []
    occurring: set[Status] = set()
    for number, lane in enumerate(chart.lanes):
        base = LANE * number + 4 + THICK
        marks = []
        for stretch in lane.stretches:
            occurring.add(stretch.status)
            x, width = across.at(stretch.start), across.at(stretch.end) - across.at(stretch.start)
            if stretch.status not in (Status.OPERATIONAL, Status.UNKNOWN):
                width = max(width, LEAST)
            height = _HEIGHTS[stretch.status]
            lasted = f"{instant(stretch.start)} to {instant(stretch.end)} UTC, {lasting(stretch.end - stretch.start)}"
            says = f"{STATUSES[stretch.status]}, {lasted}"
            marks.append(Mark(stretch.status.value, _at(x), _at(base - height), _at(width), _at(height), says))
        lanes.append(LaneDrawing(_short(lane.name), _at(base - 3), tuple(marks)))
    kinds = tuple((status.value, STATUSES[status], _HEIGHTS[status]) for status in Status if status in occurring)
    return StatusDrawing(WIDTH, bottom + AXIS, LABELS, WIDTH - EDGE, bottom, tuple(lanes), tuple(across.ticks()), kinds)


def step_drawing(chart: StepChart) -> StepDrawing:
    """The amounts as steps. The scale begins at zero unless that would flatten what there is to see; then it says so."""
    amounts = [level.amount for level in chart.levels]
    low, high = min(amounts, default=Decimal(0)), max(amounts, default=Decimal(1))
    from_zero = low >= 0 and low * 2 <= high
    pad = (high - low) / 8 or max(abs(high) / 10, Decimal("0.001"))
    floor, ceiling = (Decimal(0) if from_zero else low - pad), high + pad
    across = _Across(chart.start, chart.end, SCALE, WIDTH - EDGE)

    def up(amount: Decimal) -> float:
        return 6 + (HIGH - 6) * float((ceiling - amount) / (ceiling - floor))

    told = dict.fromkeys(([Decimal(0)] if from_zero else []) + [low, high])
    if from_zero and up(low) > HIGH - 12:
        told.pop(low)
    lines = tuple(Line(_at(up(amount)), plain(amount)) for amount in told)
    paths = tuple(_path(run, across, up) for run in _runs(chart.levels))
    return StepDrawing(WIDTH, HIGH + AXIS, SCALE, WIDTH - EDGE, HIGH, paths, lines, tuple(across.ticks()), from_zero)


class _Across:
    """Time to x."""

    def __init__(self, start: datetime, end: datetime, left: float, right: float) -> None:
        self._start, self._end, self._left, self._right = start, end, left, right

    def at(self, when: datetime) -> float:
        return self._left + (self._right - self._left) * ((when - self._start) / (self._end - self._start))

    def ticks(self) -> Iterator[Tick]:
        """At round times, as many as can be told apart."""
        length = self._end - self._start
        step = next((step for step in _STEPS if length / step <= _TICKS), _STEPS[-1])
        at = _EPOCH + -((_EPOCH - self._start) // step) * step
        while at <= self._end:
            clock = step < timedelta(days=1) and (at.hour or at.minute)
            # the year once, where it is not clear from its neighbours
            date = f"{at.day} {MONTHS[at.month - 1]}" + (f" {at.year}" if length > timedelta(days=300) else "")
            yield Tick(_at(self.at(at)), f"{at:%H:%M}" if clock else date)
            at += step


def _runs(levels: Sequence[Level]) -> Iterator[list[Level]]:
    """Levels that follow each other without a gap."""
    run = list(levels[:1])
    for before, level in pairwise(levels):
        if level.start > before.end:
            yield run
            run = []
        run.append(level)
    if run:
        yield run


def _path(run: Sequence[Level], across: _Across, up: Callable[[Decimal], float]) -> str:
    begin = f"M{_at(across.at(run[0].start))} {_at(up(run[0].amount))}"
    return begin + "".join(f"V{_at(up(level.amount))}H{_at(across.at(level.end))}" for level in run)


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23].rstrip() + "…"


def _at(value: float) -> str:
    return f"{value:.2f}"
