"""Scores and severity: worked by hand, and what must hold of all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from secondsource.domain.exposure import Exposure, age, expose, join
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.scope import Scope
from secondsource.domain.scoring import Band, Score, Scores, scores
from secondsource.domain.severity import next_turn, risk_severity
from secondsource.domain.signals import Severity
from tests.support.company import EAST, FUNCTIONS, T0, at, company, minutes, outage

HALCYON = join((Scope("halcyon"),), T0, T0, company())
READY = PlanNote("failover", "failover plan", passed_at=T0 - timedelta(days=12))
VALID = timedelta(days=90)


def scored(
    exposure: Exposure = HALCYON,
    finding: Severity = Severity.HIGH,
    now: datetime = T0,
    *,
    mitigating: bool = False,
    cleared: bool = False,
    plan: PlanNote | None = None,
) -> Scores:
    return scores(finding, age(exposure, now), now, mitigating=mitigating, cleared=cleared, plan=plan, drill_valid=VALID)


def cell(score: Score) -> tuple[int, int]:
    return score.likelihood, score.impact


@pytest.mark.parametrize(
    ("likelihood", "impact", "band"),
    [(1, 1, Band.LOW), (2, 2, Band.LOW), (1, 5, Band.MODERATE), (3, 3, Band.MODERATE), (2, 5, Band.HIGH), (4, 4, Band.HIGH),
     (4, 5, Band.EXTREME), (5, 5, Band.EXTREME)],
)  # fmt: skip
def test_bands(likelihood: int, impact: int, band: Band) -> None:
    score = Score(likelihood, impact, "")
    assert (score.value, score.band) == (likelihood * impact, band)


def test_inherent_is_the_worst_that_can_come_as_likely_as_the_finding_is_severe() -> None:
    assert cell(scored().inherent) == (5, 5)
    assert scored().inherent.reason == (
        "finding is high: 4, and it surely reaches 2 functions: 5 of 5 likely; Support assistant (critical) can come to impact 5"
    )
    assert cell(scored(finding=Severity.LOW).inherent) == (3, 5)


def test_nobody_hit_is_the_lowest_score_and_nobody_known_is_not() -> None:
    assert cell(scored(Exposure(outage=True)).inherent) == (1, 1)
    assert cell(scored(Exposure(known=False)).inherent) == (4, 3)


def test_a_fallback_for_every_function_lowers_the_impact_now() -> None:
    # Support: Cirrus for 60 %; Shop search: the same model. One step for 40 % and more.
    assert cell(scored().current) == (5, 4)
    assert scored().current.reason == (
        "every function hit has a fallback, the least for 60% of the load: impact -1; from 5 x 5 to 5 x 4 = 20"
    )


def test_a_hollow_fallback_lowers_nothing_and_is_named() -> None:
    exposure = join((Scope("halcyon"),), T0, T0, company(), frozenset({Scope("cirrus")}))
    current = scored(exposure).current
    assert cell(current) == (5, 5)
    assert "fallback Borealis AI is hollow: it sits on AWS us-east-1, as what it replaces does" in current.reason


def test_time_that_is_left_and_work_under_way_lower_the_likelihood() -> None:
    slow = join((Scope("gpuco"),), T0, T0, company())  # its recovery time objective is two days
    assert cell(scored(slow).current) == (4, 2)
    assert scored(slow).current.reason.startswith("it does not hurt for another 2 days: likelihood -1; 1 function hit without a fallback")
    assert cell(scored(slow, mitigating=True).current) == (3, 2)
    assert cell(scored(slow, now=T0 + timedelta(days=2)).current) == (5, 2)


def test_what_is_over_is_unlikely() -> None:
    assert cell(scored(cleared=True).current) == (1, 5)


@pytest.mark.parametrize(
    ("plan", "residual", "words"),
    [
        (None, (5, 4), "no plan: as the current score"),
        (READY, (3, 3), "failover plan: its drill passed 12 days ago: likelihood -2, impact -1; from 5 x 4 to 3 x 3 = 9"),
        (replace(READY, passed_at=T0 - timedelta(days=91)), (4, 4), "more than 90 days"),
        (replace(READY, passed_at=None), (4, 4), "it was never drilled"),
        (replace(READY, failed_at=T0 - timedelta(days=1)), (4, 4), "its last drill failed"),
        (replace(READY, failed_at=T0 - timedelta(days=20)), (3, 3), "its drill passed 12 days ago"),
        (replace(READY, hollow="its fallback is down"), (5, 4), "failover plan is hollow (its fallback is down)"),
    ],
)
def test_residual_is_what_a_proven_plan_leaves(plan: PlanNote | None, residual: tuple[int, int], words: str) -> None:
    found = scored(plan=plan).residual
    assert cell(found) == residual
    assert words in found.reason


def test_severity_is_a_sum_with_its_arithmetic() -> None:
    severity, reason = risk_severity(Severity.HIGH, age(HALCYON, at(23)), at(23))
    assert severity is Severity.CRITICAL
    assert reason == ("Support assistant: finding high 3 + impact level 4 in 7 min 4 + critical 2 + time to hurt 2 = 11 points: critical")


@pytest.mark.parametrize(
    ("finding", "after", "expected"),
    [
        (Severity.LOW, 0, Severity.HIGH),  # 1 + 4 + 2 + 2
        (Severity.INFO, 0, Severity.HIGH),  # 0 + 4 + 2 + 2
        (Severity.MEDIUM, 0, Severity.HIGH),  # 2 + 4 + 2 + 2
        (Severity.MEDIUM, 60, Severity.CRITICAL),  # level 5 is an hour away: 2 + 5 + 2 + 2
        (Severity.MEDIUM, 59, Severity.HIGH),  # not yet: 2 + 4 + 2 + 2
    ],
)
def test_severity_rises_as_the_hurt_comes_near(finding: Severity, after: float, expected: Severity) -> None:
    assert risk_severity(finding, age(HALCYON, at(after)), at(after))[0] is expected


def test_far_off_harm_to_a_standard_function_is_little() -> None:
    slow = join((Scope("gpuco"),), T0, T0, company())
    severity, reason = risk_severity(Severity.MEDIUM, slow, T0)
    assert (severity, "2 + impact level 2 in 2 days 2 + standard 0 + time to hurt 0 = 4 points" in reason) == (Severity.LOW, True)


def test_a_possible_hit_is_one_step_lower() -> None:
    exposure = Exposure(tuple(replace(hit, certain=False) for hit in HALCYON.hits), HALCYON.hurts_at, True)
    severity, reason = risk_severity(Severity.HIGH, exposure, T0)
    assert severity is Severity.HIGH
    assert reason.endswith("11 points: critical, the hit is only possible: high")


def test_a_small_loss_counts_one_level_less() -> None:
    slight = Exposure(tuple(replace(hit, lost=0.1) for hit in HALCYON.hits), HALCYON.hurts_at, True)
    assert risk_severity(Severity.HIGH, slight, T0)[0] is Severity.HIGH
    assert "with 10% lost, one less 3" in risk_severity(Severity.HIGH, slight, T0)[1]


def test_nobody_hit_is_low_at_most_and_unknown_keeps_the_finding() -> None:
    assert risk_severity(Severity.CRITICAL, Exposure(outage=True), T0)[0] is Severity.LOW
    assert risk_severity(Severity.INFO, Exposure(outage=True), T0)[0] is Severity.INFO
    assert risk_severity(Severity.HIGH, Exposure(known=False), T0)[0] is Severity.HIGH


def test_a_finding_without_outage_keeps_its_severity_where_it_is_sure() -> None:
    sure = expose(outage(rule="price_change"), T0, company())
    assert risk_severity(Severity.MEDIUM, sure, T0)[0] is Severity.MEDIUM
    maybe = Exposure(tuple(replace(hit, certain=False) for hit in sure.hits))
    assert risk_severity(Severity.MEDIUM, maybe, T0)[0] is Severity.LOW


STATES = st.tuples(
    st.sampled_from(Severity),
    st.sampled_from(((Scope("halcyon"),), (EAST,), (Scope("gpuco"),), (Scope("aws", "dynamodb"),), ())),
    st.sampled_from((frozenset(), frozenset({Scope("cirrus")}))),
    st.integers(0, 300),
    st.booleans(),
    st.booleans(),
    st.sampled_from((None, READY, replace(READY, hollow="x"), replace(READY, passed_at=None))),
)


@given(STATES)
def test_residual_is_never_above_current_nor_current_above_inherent(
    state: tuple[Severity, tuple[Scope, ...], frozenset[Scope], int, bool, bool, PlanNote | None],
) -> None:
    finding, troubles, down, after, mitigating, cleared, plan = state
    exposure = join(troubles, T0, at(after), company(), down)
    three = scored(exposure, finding, at(after), mitigating=mitigating, cleared=cleared, plan=plan)
    assert three.residual.value <= three.current.value <= three.inherent.value
    for score in (three.inherent, three.current, three.residual):
        assert 1 <= score.likelihood <= 5
        assert 1 <= score.impact <= 5
        assert score.reason


@given(st.sampled_from(Severity), st.integers(0, 300), st.integers(0, 300))
def test_between_two_turns_time_changes_no_number(finding: Severity, first: int, second: int) -> None:
    start, end = min(first, second), max(first, second)
    context = company(functions=FUNCTIONS)
    early = join((EAST,), T0, at(start), context)
    turn = next_turn(early, at(start))
    if turn is not None and turn <= at(end):
        end = (turn - T0) // minutes(1) - 1
        if end < start:
            return
    later = age(early, at(end))
    assert risk_severity(finding, early, at(start))[0] is risk_severity(finding, later, at(end))[0]
    before, after = scored(early, finding, at(start)), scored(later, finding, at(end))
    assert [cell(before.inherent), cell(before.current)] == [cell(after.inherent), cell(after.current)]
