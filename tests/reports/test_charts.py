"""Where marks stand: to scale, broken where nothing is known, never too thin to be seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.adapters.reports.charts import EDGE, LABELS, LEAST, SCALE, WIDTH, status_drawing, step_drawing
from secondsource.adapters.reports.paper import Lane, Level, StatusChart, StepChart, Stretch, Text
from secondsource.domain.status import Status
from tests.reports.world import END, START, clock


def lanes(*stretches: Stretch, start: datetime = START, end: datetime = END) -> StatusChart:
    return StatusChart("t", Text("s."), "page", start, end, (Lane("API", stretches),))


def steps(*levels: tuple[str, str, str]) -> StepChart:
    made = tuple(Level(Decimal(amount), clock(start), clock(end)) for amount, start, end in levels)
    return StepChart("t", Text("s."), "list", "USD", START, END, made)


def test_a_stretch_is_to_scale() -> None:
    drawing = status_drawing(lanes(Stretch(Status.MAJOR_OUTAGE, clock("06:00"), clock("12:00"))))
    (mark,) = drawing.lanes[0].marks
    plot = WIDTH - EDGE - LABELS
    assert (mark.x, mark.width) == (f"{LABELS + plot / 4:.2f}", f"{plot / 4:.2f}")
    assert mark.says == "major outage, 2025-10-20 06:00 to 2025-10-20 12:00 UTC, 6 h"


def test_each_status_has_its_own_height_or_pattern() -> None:
    drawn = {}
    for status in Status:
        (mark,) = status_drawing(lanes(Stretch(status, START, END))).lanes[0].marks
        drawn[status] = (mark.height, mark.kind == "unknown")
    assert len(set(drawn.values())) == len(Status)


def test_the_shortest_trouble_of_a_quarter_can_still_be_seen() -> None:
    end = START + timedelta(days=92)
    short = Stretch(Status.DEGRADED, clock("06:00"), clock("06:02"))
    (mark,) = status_drawing(lanes(short, end=end)).lanes[0].marks
    assert float(mark.width) == pytest.approx(LEAST, abs=0.01)


def test_only_what_occurs_is_explained() -> None:
    drawing = status_drawing(lanes(Stretch(Status.OPERATIONAL, START, clock("06:00")), Stretch(Status.UNKNOWN, clock("06:00"), END)))
    assert [words for _, words, _ in drawing.kinds] == ["operational", "not known"]


def test_a_gap_breaks_the_line() -> None:
    drawing = step_drawing(steps(("1", "00:00", "06:00"), ("2", "06:00", "08:00"), ("2", "12:00", "18:00")))
    assert len(drawing.paths) == 2
    assert drawing.paths[0].count("H") == 2


def test_the_scale_begins_at_zero_unless_that_flattens_it() -> None:
    assert step_drawing(steps(("1", "00:00", "06:00"), ("2", "06:00", "08:00"))).from_zero
    assert not step_drawing(steps(("10", "00:00", "06:00"), ("11", "06:00", "08:00"))).from_zero
    assert step_drawing(steps(("0", "00:00", "06:00"), ("11", "06:00", "08:00"))).from_zero


def test_nothing_known_is_nothing_drawn() -> None:
    assert step_drawing(steps()).paths == ()


@given(st.integers(1, 800 * 24 * 60), st.integers(0, 5_000_000))
def test_ticks_stand_in_the_chart_in_order_and_apart(minutes: int, shift: int) -> None:
    start = START + timedelta(minutes=shift)
    drawing = status_drawing(lanes(start=start, end=start + timedelta(minutes=minutes)))
    places = [float(tick.x) for tick in drawing.ticks]
    assert 0 < len(places) <= 10 or minutes == 1
    assert all(LABELS <= place <= WIDTH - EDGE for place in places)
    assert all(after - before >= 55 for before, after in pairwise(places))
    assert all(tick.text for tick in drawing.ticks)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 60)), min_size=1, max_size=20))
def test_steps_stand_in_the_chart(told: list[tuple[int, int]]) -> None:
    at, levels = START, []
    for amount, minutes in told:
        levels.append(Level(Decimal(amount), at, at + timedelta(minutes=minutes)))
        at += timedelta(minutes=minutes)
    drawing = step_drawing(StepChart("t", Text("s."), "list", "USD", START, END, tuple(levels)))
    heights = [float(line.y) for line in drawing.lines]
    assert all(0 <= height <= drawing.bottom for height in heights)
    assert len(drawing.paths) == 1
    assert drawing.paths[0].startswith(f"M{SCALE:.2f} ")
