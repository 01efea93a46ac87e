"""Stretches of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.review.spans import Span, holds, joined, lasting, median, total, within
from tests.reports.world import START

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=8).map(
    lambda pairs: [Span(minute(start), minute(start + length)) for start, length in pairs]
)


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@given(spans, st.integers(0, 50), st.integers(0, 50))
def test_against_counting_minutes(told: list[Span], start: int, length: int) -> None:
    covered = {n for n in range(100) if any(span.start <= minute(n) < span.end for span in told)}
    found = joined(told)
    assert total(told) == timedelta(minutes=len(covered))
    assert {n for n in range(100) if holds(found, minute(n))} == covered
    assert all(before.end < after.start for before, after in pairwise(found))
    assert joined(found) == found
    assert total(within(told, minute(start), minute(start + length))) == timedelta(minutes=len(covered & set(range(start, start + length))))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=80), "1 h 20 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(hours=69, minutes=50), "2 days 21 h"),
    ],
)
def test_days_keep_their_hours(span: timedelta, words: str) -> None:
    assert lasting(span) == words


def test_the_median_of_an_even_number_lies_between() -> None:
    assert median([timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=2), timedelta(minutes=9)]) == timedelta(minutes=3)
