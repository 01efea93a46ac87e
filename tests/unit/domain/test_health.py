"""What news makes of a vendor's health: outlets, age and denials, by known answers and by what holds for any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.health import DENIED, MAX_REPORTS, Report, capped, denials, either, left, stories

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HALF = Fraction(1, 2)


def report(title: str, outlet: str, after: timedelta = timedelta(0), weight: float = 1.0, **more: object) -> Report:
    labels = {} if more.get("denies") else {"insolvency": weight}
    return Report(NOON + after, f"{outlet} {title} {after}", title, outlet, labels, **more)  # type: ignore[arg-type]


def scores(*reports: Report, now: datetime = NOON) -> list[Fraction]:
    return [told.score for told in stories(reports, "insolvency", Fraction(1), 30 * DAY, now)]


@pytest.mark.parametrize(
    ("title", "denied"),
    [
        ("Corvid denies bankruptcy report", ("insolvency",)),
        ("Corvid emerges from Chapter 11", ("insolvency",)),
        ("Corvid collapses into bankruptcy", ()),
        ("Corvid merger talks end", ("acquisition",)),
        ("Takeover of Corvid falls through", ("acquisition",)),
        ("Corvid acquires Rook", ()),
        ("Strike at Corvid called off", ("labour",)),
        ("Washington lifts export ban on Basalt", ("export_control",)),
        ("Power restored after blackout at Corvid", ("energy",)),
        ("Corvid opens a data center", ()),
    ],
)
def test_headlines_that_take_something_back(title: str, denied: tuple[str, ...]) -> None:
    assert denials(title) == denied


def test_half_is_left_after_each_half_life_and_nothing_after_four() -> None:
    ages = (-DAY, 0 * DAY, 5 * DAY, 10 * DAY, 15 * DAY, 20 * DAY, 39 * DAY, 40 * DAY)
    told = [left(age, 10 * DAY) for age in ages]
    assert told == [1, 1, Fraction(3, 4), HALF, Fraction(3, 8), Fraction(1, 4), Fraction(11, 160), 0]


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(1, 10**7))
def test_what_is_older_never_counts_more(first: int, more: int, half: int) -> None:
    young, old = (left(timedelta(seconds=age), timedelta(seconds=half)) for age in (first, first + more))
    assert 0 <= old <= young <= 1


def test_each_further_outlet_takes_half_of_the_doubt() -> None:
    told = [report("Corvid files for bankruptcy", outlet) for outlet in "abc"]
    assert [scores(*told[:number]) for number in (1, 2, 3)] == [[HALF], [Fraction(3, 4)], [Fraction(7, 8)]]
    assert scores(told[0], report("Corvid files for bankruptcy", "a", DAY / 24)) == [HALF]  # the same outlet again


def test_the_notice_of_an_authority_needs_nobody_to_confirm_it() -> None:
    assert scores(report("Corvid put into receivership", "court", weight=0.6, official=True)) == [Fraction(3, 5)]


def test_a_denial_counts_against_what_was_told_before_it_only() -> None:
    denial = report("Corvid denies bankruptcy", "wire", DAY, denies=("insolvency",))
    before, later = report("Corvid nears bankruptcy", "a"), report("Court opens proceedings against Corvid's creditors", "a", 2 * DAY)
    found = stories((later, denial, before), "insolvency", Fraction(1), 30 * DAY, NOON)
    assert [(told.denied, told.score) for told in found] == [(True, HALF * DENIED), (False, HALF)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.sampled_from((0.3, 0.6, 1.0))), max_size=8), st.randoms())
def test_the_order_in_which_reports_come_does_not_matter(drawn: list[tuple[str, int, float]], random: object) -> None:
    told = [report(f"Corvid files for bankruptcy {day}", outlet, day * DAY, weight) for outlet, day, weight in drawn]
    shuffled = list(told)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    now = NOON + 3 * DAY
    # two reports with one id are one report, told once: which of them is not said by the sources
    if len({each.id for each in told}) == len(told):
        assert scores(*told, now=now) == scores(*shuffled, now=now)
    places = {f"{number}": each for number, each in enumerate(told)}
    assert 0 <= either(scores(*told, now=now)) <= 1
    assert capped(places) == capped(dict(reversed(places.items())))


def test_of_too_many_reports_the_newest_stay() -> None:
    many = {f"{number:03}": report("Corvid", "a", number * DAY) for number in range(MAX_REPORTS + 5)}
    assert sorted(capped(many)) == sorted(many)[5:]
