"""The arithmetic of a promised availability, against figures worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.portfolio import Contract, Credit, SlaTerms
from secondsource.domain.sla import Count, allowed, availability, claim_by, credit, in_force

OCTOBER, FEBRUARY = datetime(2025, 10, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("promise", "month", "seconds"),
    [
        (99.9, OCTOBER, 2678),  # 31 days are 2,678,400 s
        (99.99, OCTOBER, 267),
        (99.95, OCTOBER, 1339),
        (99.9, FEBRUARY, 2505),  # 29 days are 2,505,600 s
        (100, OCTOBER, 0),
    ],
)
def test_what_a_promise_allows(promise: float, month: datetime, seconds: int) -> None:
    assert allowed(Contract("c", "v", sla=promise), month) == timedelta(seconds=seconds)


def test_no_rounding_makes_an_availability_whole() -> None:
    assert availability(timedelta(0), OCTOBER) == 100
    assert availability(timedelta(seconds=1), OCTOBER) == 99.999
    assert availability(timedelta(days=31), OCTOBER) == 0


def test_the_credit_is_the_furthest_step_reached() -> None:
    terms = SlaTerms(credits=(Credit(99.9, 10), Credit(99.0, 25), Credit(95.0, 100)))
    owed = [credit(terms, reached) for reached in (99.9, 99.899, 99.0, 98.9, 90.0)]
    assert [each.part if each is not None else None for each in owed] == [None, 10, 10, 25, 100]


def test_the_deadline_counts_from_the_end_of_the_month() -> None:
    assert claim_by(SlaTerms(), OCTOBER) == date(2025, 11, 30)
    assert claim_by(SlaTerms(claim_within=timedelta(days=60)), FEBRUARY) == date(2024, 4, 29)


def test_a_contract_is_in_force_in_a_month_of_which_it_ran_a_day() -> None:
    assert in_force(Contract("c", "v", ends=date(2025, 10, 1)), OCTOBER)
    assert not in_force(Contract("c", "v", ends=date(2025, 9, 30)), OCTOBER)
    assert in_force(Contract("c", "v", starts=date(2025, 10, 31)), OCTOBER)
    assert not in_force(Contract("c", "v", starts=date(2025, 11, 1)), OCTOBER)


@given(st.lists(st.tuples(st.sampled_from([0, 3, 10]), st.integers(1, 10_000)), max_size=20), st.integers(1, 20_000))
def test_the_wake_is_the_first_second_at_which_more_is_down(told: list[tuple[int, int]], most: int) -> None:
    """However the time is cut: counting to the wake passes the limit, counting to the second before does not."""
    found = Count()
    for weight, seconds in told:
        found = Count(found.tenths, weight).after(timedelta(seconds=seconds))
    limit = timedelta(seconds=most)
    for weight in (3, 10):
        here = Count(found.tenths, weight)
        left = here.until(limit)
        assert left is not None
        assert here.after(left).down > limit
        if found.down <= limit:
            assert here.after(left - timedelta(seconds=1)).down <= limit
