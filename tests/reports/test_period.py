"""Which stretch of time a review is about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from secondsource.domain.review.period import NoReview, last_full_quarter, months, period_of


def day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


NOW = day(2025, 11, 25)


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (day(2025, 11, 25), day(2025, 7, 1), day(2025, 10, 1)),
        (day(2025, 10, 1), day(2025, 7, 1), day(2025, 10, 1)),
        (day(2025, 2, 3), day(2024, 10, 1), day(2025, 1, 1)),
        (day(2025, 4, 1), day(2025, 1, 1), day(2025, 4, 1)),
    ],
)
def test_the_last_full_quarter(now: datetime, start: datetime, end: datetime) -> None:
    assert last_full_quarter(now) == (start, end)


def test_without_ends_it_is_the_last_full_quarter_where_data_reaches_over_its_start() -> None:
    found = period_of(None, None, (day(2025, 6, 30), NOW), NOW)
    assert (found.start, found.end, found.why) == (day(2025, 7, 1), day(2025, 10, 1), "the last full quarter")


@pytest.mark.parametrize(
    ("first", "newest", "end"),
    [
        (day(2025, 9, 2), day(2025, 11, 24), datetime(2025, 11, 24, 0, 1, tzinfo=UTC)),  # not old enough
        (day(2025, 5, 2), day(2025, 5, 3), datetime(2025, 5, 3, 0, 1, tzinfo=UTC)),  # nothing of the quarter
        (day(2025, 9, 2), NOW, NOW),  # and never beyond now
    ],
)
def test_else_it_is_all_that_there_is(first: datetime, newest: datetime, end: datetime) -> None:
    found = period_of(None, None, (first, newest), NOW)
    assert (found.start, found.end) == (first, end)
    assert found.why == "all that there is data of, which does not reach over the start of the last full quarter"


def test_without_any_data_it_is_the_last_full_quarter() -> None:
    assert period_of(None, None, None, NOW).why == "the last full quarter"


def test_one_end_alone() -> None:
    assert period_of(day(2025, 11, 1), None, None, NOW).end == NOW
    assert period_of(None, day(2025, 11, 1), (day(2025, 9, 2), NOW), NOW).start == day(2025, 9, 2)
    with pytest.raises(NoReview, match="say with --from"):
        period_of(None, day(2025, 11, 1), None, NOW)


def test_what_lies_ahead_is_cut() -> None:
    found = period_of(day(2025, 11, 1), day(2025, 12, 1), None, NOW)
    assert (found.end, found.why) == (NOW, "as asked for, cut at the time of this paper: what lies ahead is not known")


@pytest.mark.parametrize("end", [day(2025, 10, 1), day(2025, 9, 1)])
def test_a_period_without_time_is_refused(end: datetime) -> None:
    with pytest.raises(NoReview, match="must end after it starts"):
        period_of(day(2025, 10, 1), end, None, NOW)
    with pytest.raises(NoReview, match="must end after it starts"):
        period_of(day(2026, 10, 1), None, None, NOW)


def test_months_are_whole() -> None:
    found = period_of(day(2024, 12, 31), day(2025, 2, 2), None, NOW)
    assert list(months(found)) == [
        (day(2024, 12, 1), day(2025, 1, 1)), (day(2025, 1, 1), day(2025, 2, 1)), (day(2025, 2, 1), day(2025, 3, 1)),
    ]  # fmt: skip
