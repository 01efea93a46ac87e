"""Whether a plan would help: each precondition with evidence for it, against it, and without any."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from secondsource.domain.observations import CheckOutcome
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status
from secondsource.plans.preconditions import (
    AlternateFacts,
    Answer,
    PlanFacts,
    Result,
    Room,
    check_preconditions,
    hollow,
    merged,
)
from secondsource.plans.schema import Contingency
from tests.unit.plans.books import T0, contingency

OK, FAILED, UNKNOWN = CheckOutcome.OK, CheckOutcome.FAILED, CheckOutcome.UNKNOWN
UP, DOWN, DARK = Status.OPERATIONAL, Status.MAJOR_OUTAGE, Status.UNKNOWN
ROOM = Room(OK, "40 % free")
KEY = {"id": "key", "url": "https://api.borealis.example/v1/models", "auth": "borealis"}


def plan(**preconditions: Any) -> Contingency:
    return contingency({"id": "end", "end": "over"}, preconditions=preconditions)


def alternate(name: str, status: Status = UP, shared: tuple[str, ...] | None = (), room: Room = ROOM) -> AlternateFacts:
    return AlternateFacts(Scope(name), status, shared, room)


def outcome(book: Contingency, facts: PlanFacts, check: str) -> tuple[CheckOutcome, str]:
    (found,) = [result for result in check_preconditions(book, facts, T0) if result.check == check]
    return found.outcome, found.reason


def days(count: float) -> timedelta:
    return timedelta(days=count)


@pytest.mark.parametrize(
    ("alternates", "wanted", "reason"),
    [
        ([alternate("b")], OK, "b is operational"),
        ([alternate("b", Status.MAINTENANCE)], OK, "b is maintenance"),
        ([alternate("b", DOWN), alternate("c")], OK, "c is operational"),
        ([alternate("b", DOWN)], FAILED, "b is major outage"),
        ([alternate("b", Status.DEGRADED)], FAILED, "b is degraded"),
        ([alternate("b", DARK)], UNKNOWN, "b is unknown"),
        ([alternate("b", DOWN), alternate("c", DARK)], UNKNOWN, "b is major outage; c is unknown"),
    ],
)
def test_an_alternate_is_healthy_when_it_is_known_to_be(alternates: list[AlternateFacts], wanted: CheckOutcome, reason: str) -> None:
    assert outcome(plan(alternate_healthy=True), PlanFacts(tuple(alternates)), "alternate_healthy") == (wanted, reason)


@pytest.mark.parametrize(
    ("alternates", "check", "wanted"),
    [
        # healthy but tied, and apart but down, do not make one good one
        ([alternate("b", UP, ("AWS us-east-1",)), alternate("c", DOWN, ())], "no_shared_chokepoint", FAILED),
        ([alternate("b", UP, None), alternate("c", DOWN, ())], "no_shared_chokepoint", UNKNOWN),
        ([alternate("b", UP, ("x",)), alternate("c", UP, ())], "no_shared_chokepoint", OK),
        ([alternate("b", UP, (), Room(FAILED, "no")), alternate("c", DOWN, (), ROOM)], "quota_has_room", FAILED),
        ([alternate("b", UP, ("x",), ROOM), alternate("c", UP, (), Room())], "quota_has_room", UNKNOWN),
        ([alternate("b", UP, (), Room(FAILED, "no")), alternate("c")], "quota_has_room", OK),
    ],
)
def test_one_and_the_same_alternate_must_be_good(alternates: list[AlternateFacts], check: str, wanted: CheckOutcome) -> None:
    book = plan(alternate_healthy=True, no_shared_chokepoint=True, quota_has_room=True)
    assert outcome(book, PlanFacts(tuple(alternates)), check)[0] is wanted


def test_a_plan_without_alternates_helps_only_where_it_needs_none() -> None:
    assert outcome(plan(alternate_healthy=True), PlanFacts(), "alternate")[0] is FAILED
    makes_do = contingency({"id": "end", "end": "over"}, needs_alternate=False, alternates=[], preconditions={"drill_passed_within": "90d"})
    assert [result.check for result in check_preconditions(makes_do, PlanFacts(), T0)] == ["drill_passed_within"]


@pytest.mark.parametrize(
    ("passed", "failed", "wanted", "reason"),
    [
        (None, None, UNKNOWN, "no drill of it has passed"),
        (None, 3, FAILED, "its last drill, 3 days ago, failed"),
        (12, None, OK, "a drill passed 12 days ago, 90d are allowed"),
        (90, None, OK, "a drill passed 90 days ago, 90d are allowed"),
        (91, None, UNKNOWN, "a drill passed 91 days ago, 90d are allowed"),
        (12, 1, FAILED, "its last drill, 1 day ago, failed"),
        (1, 12, OK, "a drill passed 1 day ago, 90d are allowed"),
    ],
)
def test_the_last_drill_counts(passed: int | None, failed: int | None, wanted: CheckOutcome, reason: str) -> None:
    facts = PlanFacts(
        drill_passed_at=T0 - days(passed) if passed is not None else None, drill_failed_at=T0 - days(failed) if failed is not None else None
    )
    assert outcome(plan(drill_passed_within="90d"), facts, "drill_passed_within") == (wanted, reason)


@pytest.mark.parametrize(
    ("age", "wanted", "reason"),
    [
        (None, UNKNOWN, "nobody has recorded that an alternate does the work well enough"),
        (30, OK, "its alternate was evaluated 30 days ago, 30d are allowed"),
        (31, UNKNOWN, "its alternate was evaluated 31 days ago, 30d are allowed"),
    ],
)
def test_an_evaluation_has_a_day(age: int | None, wanted: CheckOutcome, reason: str) -> None:
    facts = PlanFacts(evaluated_at=T0 - days(age) if age is not None else None)
    assert outcome(plan(evaluated_within="30d"), facts, "evaluated_within") == (wanted, reason)


@pytest.mark.parametrize(
    ("answer", "wanted", "reason"),
    [
        (None, UNKNOWN, "key was not asked yet"),
        (Answer(T0, OK, "key answered 200"), OK, "key answered 200"),
        (Answer(T0, FAILED, "key answered 401, not 200"), FAILED, "key answered 401, not 200"),
        (Answer(T0 - timedelta(hours=4), OK, "key answered 200"), UNKNOWN, "key was last asked at 2026-03-01 08:00 UTC"),
    ],
)
def test_what_was_asked_long_ago_shows_nothing(answer: Answer | None, wanted: CheckOutcome, reason: str) -> None:
    facts = PlanFacts(answers={} if answer is None else {"answers/key": answer})
    assert outcome(plan(answers=[KEY]), facts, "answers/key") == (wanted, reason)


def test_only_what_is_asked_for_is_checked() -> None:
    assert [result.check for result in check_preconditions(plan(), PlanFacts((alternate("b"),)), T0)] == ["alternate"]


def test_several_dependencies_give_the_worst_of_each() -> None:
    one = [Result("alternate_healthy", OK, "b is operational"), Result("quota_has_room", UNKNOWN, "b: its quota is not known")]
    two = [Result("alternate_healthy", FAILED, "c is major outage"), Result("quota_has_room", UNKNOWN, "c: its quota is not known")]
    assert merged([one, two]) == [
        Result("alternate_healthy", FAILED, "c is major outage"),
        Result("quota_has_room", UNKNOWN, "b: its quota is not known; c: its quota is not known"),
    ]


def test_hollow_says_what_nobody_should_rely_on() -> None:
    results = [
        Result("alternate_healthy", UNKNOWN, "b is unknown"),
        Result("quota_has_room", UNKNOWN, "b: its quota is not known"),
        Result("evaluated_within", UNKNOWN, "nobody has recorded"),
        Result("answers/key", FAILED, "key answered 401, not 200"),
    ]
    assert hollow(results) == "b is unknown; key answered 401, not 200"
    assert hollow([Result("alternate", OK, "alternates: b")]) == ""
