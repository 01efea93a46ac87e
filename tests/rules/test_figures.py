"""Known answers of the arithmetic, worked out by hand or on paper."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.figures import (
    held_median,
    herfindahl,
    median,
    next_on_grid,
    percent,
    plain,
    rounded,
    shares,
    steepest_trend,
    theil_sen,
)

START = datetime(2025, 1, 6, tzinfo=UTC)


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


def test_shares_of_a_known_market() -> None:
    parts = shares({"b": Fraction(30), "a": Fraction(60), "c": Fraction(10), "credit": Fraction(-5), "none": Fraction(0)})
    assert list(parts.items()) == [("a", Fraction(3, 5)), ("b", Fraction(3, 10)), ("c", Fraction(1, 10))]
    assert herfindahl(parts.values()) == Fraction(46, 100)
    assert rounded(1 / herfindahl(parts.values()), 4) == Decimal("2.1739")


def test_the_index_of_the_textbook_market() -> None:
    # 30, 30, 20 and 20 per cent: the example of the US Horizontal Merger Guidelines, 2,600 points
    parts = shares({name: Fraction(size) for name, size in zip("abcd", (30, 30, 20, 20), strict=True)})
    assert herfindahl(parts.values()) * 10_000 == 2600


@given(st.dictionaries(st.text(max_size=3), st.fractions(min_value=0, max_value=10**6), max_size=20))
def test_shares_add_up_and_the_index_stays_in_its_bounds(weights: dict[str, Fraction]) -> None:
    parts = shares(weights)
    if not parts:
        assert all(weight <= 0 for weight in weights.values())
        return
    assert sum(parts.values()) == 1
    assert Fraction(1, len(parts)) <= herfindahl(parts.values()) <= 1
    assert list(parts.values()) == sorted(parts.values(), reverse=True)


@given(st.integers(min_value=1, max_value=200))
def test_equal_parts_have_the_index_of_their_number(number: int) -> None:
    assert 1 / herfindahl(shares({str(index): Fraction(7) for index in range(number)}).values()) == number


def test_rounding_is_to_even_and_exact() -> None:
    assert rounded(Fraction(1, 8), 2) == Decimal("0.12")
    assert rounded(Fraction(3, 8), 2) == Decimal("0.38")
    assert str(rounded(Fraction(2, 3), 4)) == "0.6667"
    assert str(rounded(Fraction(100), 0)) == "100"
    assert percent(Fraction(1, 3), 1) == "33.3 %"
    assert percent(0.5) == "50 %"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234567.891", "1,234,567.89"),
        ("3.00", "3"),
        ("0", "0"),
        ("0.000001", "0.000001"),
        ("0.0123456", "0.0123"),
        ("-0.5", "-0.5"),
        ("100", "100"),
    ],
)
def test_amounts_for_people(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


def test_theil_sen_of_a_line_is_its_slope() -> None:
    assert theil_sen([(hours(index), 10 + 3.6 * index) for index in range(10)]) == pytest.approx(0.001)


def test_theil_sen_of_a_worked_example() -> None:
    # values 1, 3, 2, 8 at 0, 1, 2, 3 s: slopes 2, 1/2, 7/3, -1, 5/2, 6; the middle two are 2 and 7/3
    points = [(START + timedelta(seconds=index), value) for index, value in enumerate([1.0, 3.0, 2.0, 8.0])]
    assert theil_sen(points) == pytest.approx((2 + 7 / 3) / 2)


def test_theil_sen_is_not_bent_by_less_than_a_quarter_of_wild_points() -> None:
    points = [(hours(index), float(index)) for index in range(20)]
    for wild in (3, 9, 14, 19):
        points[wild] = (hours(wild), 1e9)
    slope = theil_sen(points)
    assert slope is not None
    assert slope * 3600 == pytest.approx(1, rel=0.2)


def test_no_trend_without_two_instants() -> None:
    assert theil_sen([]) is None
    assert theil_sen([(START, 1.0)]) is None
    assert theil_sen([(START, 1.0), (START, 9.0)]) is None


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(-1e6, 1e6)), min_size=2, max_size=12))
def test_no_trend_is_steeper_than_its_bound(drawn: list[tuple[int, float]]) -> None:
    points, after = [], 0
    for gap, value in drawn:
        after += gap
        points.append((START + timedelta(seconds=after), value))
    trend, bound = theil_sen(points), steepest_trend(points)
    assert trend is not None
    assert trend <= bound + 1e-9 * abs(bound)


@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=1, max_size=30))
def test_median_is_that_of_the_standard_library(values: list[float]) -> None:
    assert median(values) == statistics.median(values)


def test_a_value_counts_for_as_long_as_it_held() -> None:
    steps = [(hours(0), Decimal(2)), (hours(6), Decimal(5)), (hours(7), Decimal(9))]
    assert held_median(steps, hours(0), hours(10)) == 2
    assert held_median(steps, hours(0), hours(13)) == 5  # 2 for six hours, 9 for six, 5 for the one between
    assert held_median(steps, hours(6.5), hours(10)) == 9
    assert held_median(steps, hours(8), hours(8)) is None
    assert held_median([], hours(0), hours(1)) is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=12),
    st.integers(-3, 60),
    st.integers(-3, 60),
)
def test_the_held_median_is_that_of_every_instant(drawn: list[tuple[int, int]], since: int, until: int) -> None:
    def instant(number: int) -> datetime:
        return START + timedelta(microseconds=number)

    steps, after = [], 0
    for gap, value in drawn:
        after += gap
        steps.append((instant(after), Decimal(value)))
    held = [[value for at, value in steps if at <= instant(number)] for number in range(since, until)]
    values = sorted(known[-1] for known in held if known)
    expected = values[(len(values) - 1) // 2] if values else None
    assert held_median(steps, instant(since), instant(until)) == expected


@given(st.integers(0, 4 * 10**15), st.integers(1, 10**6))
def test_the_grid_is_the_same_for_all_and_always_ahead(microseconds: int, seconds: int) -> None:
    now = datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    every = timedelta(seconds=seconds)
    due = next_on_grid(now, every)
    assert now < due <= now + every
    assert (due - datetime(1970, 1, 1, tzinfo=UTC)) % every == timedelta(0)
    assert next_on_grid(due - timedelta(microseconds=1), every) == due
