"""Lengths of time, as files have them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from secondsource.contracts.durations import Duration, Span, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("45s", 45), ("10m", 600), ("1h30m", 5400), ("90d", 7_776_000), ("2w", 1_209_600), ("1w2d3h4m5s", 788_645), (0, 0)],
)
def test_lengths_that_are_read(text: object, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "m", "1.5h", "10 m", "30m1h", "-1h", "PT1H", "1h\n", "٣m", 10, 1.0, True, False, None, [], "9" * 200 + "s"]
)
def test_lengths_that_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a length of time; write it as 45s, 10m, 1h30m or 90d"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["99999999999999w", "36601d"])
def test_lengths_beyond_all_use_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="longer than a hundred years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(days=90), "90d"),
        (timedelta(days=14), "2w"),
        (timedelta(days=8, hours=1), "8d1h"),
        (timedelta(minutes=90), "1h30m"),
    ],
)
def test_they_are_written_as_people_would(length: timedelta, text: str) -> None:
    assert format_duration(length) == text


@given(st.integers(0, 3_000_000_000))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


def test_a_span_is_longer_than_nothing() -> None:
    assert TypeAdapter(Duration).validate_python("0s") == timedelta(0)
    assert TypeAdapter(Span).dump_python(timedelta(minutes=90), mode="json") == "1h30m"
    with pytest.raises(ValidationError, match="longer than nothing"):
        TypeAdapter(Span).validate_python("0s")
