"""Names made from content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.ids import content_id, timed_id

instants = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(instants, instants, st.text(), st.text())
def test_timed_names_sort_by_time_and_tell_contents_apart(first: datetime, second: datetime, one: str, other: str) -> None:
    names = timed_id(first, one), timed_id(second, other)
    if first != second:
        assert (names[0] < names[1]) == (first < second)
    assert (names[0] == names[1]) == (first == second and one == other)
    assert {len(name) for name in names} == {30}


def test_names_are_the_same_in_every_version() -> None:
    at = datetime(2025, 10, 20, 6, 48, tzinfo=UTC)
    assert content_id("aws", 1, at) == "laa5jnmkqz6eh6ql5wrbwltlme"
    assert timed_id(at, "aws") == "06419176d508003xgvwxn27finm4cw"
    assert timed_id(at + timedelta(microseconds=1), "aws")[:14] == f"{int(timed_id(at, 'aws')[:14], 16) + 1:014x}"
