"""The arithmetic of availability, and promises held against it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.portfolio import Contract
from secondsource.domain.review.availability import Availability, availability, sla_months
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.period import Period
from secondsource.domain.review.timeline import Band
from secondsource.domain.status import Status
from tests.reports.world import START

MINUTE = timedelta(minutes=1)
OCTOBER, NOVEMBER = datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)


def bands(*parts: tuple[Status, float], start: datetime = START) -> list[Band]:
    """Stretches of so many minutes, one after the other."""
    found = []
    for number, (status, minutes) in enumerate(parts):
        found.append(Band(status, start, start + minutes * MINUTE, (f"o{number}",)))
        start += minutes * MINUTE
    return found


def measured(*parts: tuple[Status, float]) -> Availability:
    found = availability(bands(*parts), "it")
    assert isinstance(found, Availability)
    return found


def test_a_major_outage_counts_whole_and_a_partial_one_three_tenths() -> None:
    up = measured((Status.OPERATIONAL, 880), (Status.MAJOR_OUTAGE, 60), (Status.PARTIAL_OUTAGE, 60))
    assert up.down == 78 * MINUTE
    assert up.up == Decimal("92.200")
    assert up.basis.observations == ("o1", "o2")


def test_degraded_service_and_maintenance_are_no_time_down() -> None:
    up = measured((Status.DEGRADED, 500), (Status.MAINTENANCE, 500))
    assert (up.up, up.down) == (Decimal("100.000"), timedelta(0))


def test_unread_time_is_neither_up_nor_down_and_the_bounds_say_what_it_could_be() -> None:
    up = measured((Status.OPERATIONAL, 400), (Status.MAJOR_OUTAGE, 100), (Status.UNKNOWN, 500))
    assert (up.up, up.least, up.most) == (Decimal("80.000"), Decimal("40.000"), Decimal("90.000"))
    assert (up.known, up.unknown) == (500 * MINUTE, 500 * MINUTE)


def test_without_any_reading_there_is_no_figure() -> None:
    assert isinstance(availability(bands((Status.UNKNOWN, 60)), "it"), Missing)


def test_a_hundred_is_only_said_of_what_was_never_down() -> None:
    assert measured((Status.OPERATIONAL, 1_000_000), (Status.MAJOR_OUTAGE, 1)).up == Decimal("99.999")


parts = st.lists(st.tuples(st.sampled_from(Status), st.integers(1, 3000)), min_size=1, max_size=12)


@given(parts)
def test_the_parts_are_the_whole_and_the_figure_lies_between_its_bounds(told: list[tuple[Status, int]]) -> None:
    found = availability(bands(*told), "it")
    spent = {status: sum(minutes for other, minutes in told if other is status) for status in Status}
    if isinstance(found, Missing):
        assert {status for status, _ in told} == {Status.UNKNOWN}
        return
    whole = sum(spent.values())
    assert found.known + found.unknown == whole * MINUTE
    assert found.unknown == spent[Status.UNKNOWN] * MINUTE
    assert sum(found.spent.values(), timedelta(0)) == whole * MINUTE
    assert found.least <= found.up <= found.most
    assert Decimal(0) <= found.least
    assert found.most <= 100
    # in tenths of a minute, whole numbers throughout
    down = 10 * spent[Status.MAJOR_OUTAGE] + 3 * spent[Status.PARTIAL_OUTAGE]
    assert found.down == down * MINUTE / 10
    known = 10 * (whole - spent[Status.UNKNOWN])
    assert found.up == Decimal((known - down) * 100_000 // known) / 1000
    assert (found.up == 100) is (down == 0)


@given(parts, st.integers(0, 11), st.integers(1, 2000))
def test_cutting_a_stretch_in_two_changes_nothing(told: list[tuple[Status, int]], place: int, cut: int) -> None:
    place %= len(told)
    status, minutes = told[place]
    if cut >= minutes:
        return
    split = [*told[:place], (status, cut), (status, minutes - cut), *told[place + 1 :]]
    one, two = availability(bands(*told), "it"), availability(bands(*split), "it")
    if isinstance(one, Missing) or isinstance(two, Missing):
        assert one == two
    else:
        assert msgspec.structs.replace(one, basis=two.basis) == two


def verdict(down: float, unknown: float = 0.0, *, sla: float = 99.9, whole: bool = True, **dates: date) -> str:
    """October has 44,640 minutes, of which 99.9 % allows 44.64 to be down."""
    rest = (44_640 if whole else 1440) - down - unknown
    told = bands((Status.MAJOR_OUTAGE, down), (Status.UNKNOWN, unknown), (Status.OPERATIONAL, rest), start=OCTOBER)
    end = NOVEMBER if whole else OCTOBER + timedelta(days=1)
    found = sla_months(told, [Contract("c", "halcyon", sla=sla, **dates)], Period(OCTOBER, end, ""))
    return found[0].verdict if found else "none"


@pytest.mark.parametrize(
    ("down", "unknown", "whole", "wanted"),
    [
        (44.6, 0, True, "kept"),
        (44.7, 0, True, "missed"),
        (40, 4, True, "kept"),
        (40, 5, True, "open"),  # had the unread minutes been down, it would be missed
        (44.7, 5, True, "missed"),
        (10, 0, False, "open"),  # the rest of the month is not known
        (45, 0, False, "missed"),
    ],
)
def test_a_promise_is_missed_or_kept_only_where_that_is_sure(down: float, unknown: float, whole: bool, wanted: str) -> None:
    assert verdict(down, unknown, whole=whole) == wanted


def test_a_month_in_which_the_contract_did_not_run_is_not_judged() -> None:
    assert verdict(100, starts=date(2025, 11, 1)) == "none"
    assert verdict(100, ends=date(2025, 9, 30)) == "none"
    assert verdict(100, starts=date(2025, 10, 31), ends=date(2025, 10, 31)) == "missed"


def test_each_month_is_judged_by_its_own_time() -> None:
    told = bands((Status.OPERATIONAL, 44_640 - 30), (Status.MAJOR_OUTAGE, 60), (Status.OPERATIONAL, 30 * 1440 - 30), start=OCTOBER)
    found = sla_months(told, [Contract("c", "halcyon", sla=99.9)], Period(OCTOBER, told[-1].end, ""))
    assert [(month.month, month.down, month.verdict) for month in found] == [
        ("2025-10", 30 * MINUTE, "kept"),
        ("2025-11", 30 * MINUTE, "kept"),
    ]
