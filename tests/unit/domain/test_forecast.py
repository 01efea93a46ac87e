"""The forecast of daily peaks: answers worked out by hand, and how often its interval holds what comes."""

from __future__ import annotations

import pytest

from benchmarks.forecast import SHAPES, Coverage, Use, coverage, coverage_of_the_day, growing, weekly_growing
from secondsource.domain.forecast import LEAST_DAYS, Forecast, Outlook, error, outlook, since_reset

WEEK = [100.0, 102, 104, 102, 100, 60, 50]


def line(days: int, start: float = 20, step: float = 2) -> list[float | None]:
    return [start + step * day for day in range(days)]


def test_a_line_goes_on_and_has_no_error() -> None:
    days = line(28)
    assert Forecast(days).trend == 2
    assert Forecast(days).ahead(10) == 94  # 74 on the last day
    assert error(days) == 0
    assert outlook(days, 100, 60) == Outlook(likely=13, early=13, late=13)


def test_the_season_of_the_week_is_no_trend() -> None:
    days: list[float | None] = WEEK * 4
    forecast = Forecast(days[:26])  # ends on a day of 100, with the 60 and the 50 of the weekend to come
    assert forecast.trend == 0
    assert [forecast.ahead(ahead) for ahead in range(1, 8)] == [60, 50, 100, 102, 104, 102, 100]
    assert outlook(days, 110, 60) == Outlook(None, None, None)


def test_a_step_of_the_level_is_followed_within_a_week_and_leaves_no_trend() -> None:
    days: list[float | None] = [100.0] * 28 + [150.0] * 7
    assert Forecast(days).trend == 0
    assert Forecast(days).ahead(5) == 150


def test_single_bursts_move_nothing() -> None:
    days = line(28)
    days[5] = days[16] = days[27] = 500
    assert Forecast(days).ahead(10) == pytest.approx(94)


def test_days_of_which_nothing_is_known_are_left_out_not_taken_for_zero() -> None:
    days = line(35)
    days[8] = days[20] = days[21] = days[34] = None
    assert Forecast(days).ahead(1) == 90
    assert outlook(days, 100, 60) == Outlook(likely=6, early=6, late=6)


@pytest.mark.parametrize("days", [[], [50.0], line(3), line(LEAST_DAYS - 1), [*line(LEAST_DAYS - 1), *[None] * 20], [None] * 49])
def test_little_history_gives_no_forecast(days: list[float | None]) -> None:
    assert outlook(days, 100, 60) is None


def test_what_is_constant_or_nothing_divides_by_nothing() -> None:
    assert outlook([0.0] * 30, 100, 60) == Outlook(None, None, None)
    assert outlook([100.0] * 30, 100, 60) == Outlook(1, 1, 1)


def test_a_forecast_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        Forecast([None, None])


def test_a_counter_is_told_from_a_week() -> None:
    month = line(30)
    assert since_reset([*month, *line(9)]) == 9
    assert since_reset([*month, *line(9)[:-1], None]) == 9
    assert since_reset(month) is None
    assert since_reset(WEEK * 6) is None
    assert since_reset([]) is None


@pytest.mark.parametrize("use", SHAPES, ids=lambda use: use.__name__)
def test_the_interval_of_90_per_cent_holds_what_comes_as_often_as_it_says(use: Use) -> None:
    found = coverage(use, 20)
    assert found.made == 480
    assert 85 * found.made <= 100 * found.held <= 95 * found.made


def test_over_all_shapes_it_is_right_to_a_few_per_cent() -> None:
    each = [coverage(use, 8) for use in SHAPES]
    whole = Coverage(sum(one.held for one in each), sum(one.made for one in each))
    assert 0.88 <= whole.part <= 0.94


@pytest.mark.parametrize("use", [growing, weekly_growing], ids=lambda use: use.__name__)
def test_the_day_on_which_the_limit_is_met_lies_within_its_interval(use: Use) -> None:
    found = coverage_of_the_day(use, 6)
    assert found.made > 50
    assert found.part >= 0.9
