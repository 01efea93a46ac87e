"""Runbooks and risks that the tests of this folder walk through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from secondsource.domain.scope import Scope
from secondsource.domain.signals import Severity
from secondsource.plans.facts import RiskFacts
from secondsource.plans.interpreter import step
from secondsource.plans.run import AnyEvent, Run, Started, Step
from secondsource.plans.schema import DOCUMENT, Contingency, Escalation

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)

RISK = RiskFacts(
    id="r-7",
    rule="vendor_outage",
    severity=Severity.HIGH,
    title="Halcyon: major outage",
    vendor="halcyon",
    subject="halcyon",
    episode="e1",
    functions=("support",),
    scopes=(Scope("halcyon", "api"),),
    plans=("failover",),
)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def at(count: float) -> datetime:
    return T0 + minutes(count)


_COMMON = {"version": 1, "description": "For tests.", "owner": "platform", "review_by": "2027-01-01"}


def escalation(*steps: dict[str, Any], **more: Any) -> Escalation:
    data = {"id": "book", "title": "Book", "kind": "escalation", "triggers": {}, "steps": steps, **_COMMON, **more}
    found = DOCUMENT.validate_python(data)
    assert isinstance(found, Escalation)
    return found


def contingency(*steps: dict[str, Any], **more: Any) -> Contingency:
    data = {
        "id": "failover",
        "title": "Failover",
        "kind": "contingency",
        "triggers": {},
        "decision_owner": "commander",
        "alternates": [{"scope": {"vendor": "borealis"}}, {"scope": {"vendor": "cobalt"}}],
        "preconditions": {},
        "time_objective": "30m",
        "rollback": steps[-1]["id"],
        "steps": steps,
        **_COMMON,
        **more,
    }
    found = DOCUMENT.validate_python(data)
    assert isinstance(found, Contingency)
    return found


PAGE = {"id": "page", "notify": {"to": ["role:on-call"]}}
ANSWER = {"id": "answer", "wait_ack": {"for": "10m", "on_ack": "ask"}}
BOSS = {"id": "boss", "notify": {"to": ["role:lead", "channel:ops"], "occasion": "escalation", "text": "${functions} hurt"}}
AGAIN = {"id": "again", "wait_ack": {"for": "5m", "on_ack": "ask"}}
ROUND = {"id": "round", "repeat": {"from": "boss", "times": 2}}
NOBODY = {"id": "nobody", "end": "nobody answered"}
ASK = {
    "id": "ask",
    "approve": {
        "by": "commander", "within": "15m", "text": "Start ${plan}?", "plan": "${plan}",
        "otherwise": "none", "on_decline": "none", "on_timeout": "none",
    },
}  # fmt: skip
START = {"id": "start", "start_plan": {"plan": "${plan}"}, "next": "none"}
NONE = {"id": "none", "end": "handled"}

BOOK = escalation(PAGE, ANSWER, BOSS, AGAIN, ROUND, NOBODY, ASK, START, NONE)

PLAN = contingency(
    {"id": "declare", "mitigate": "failing over for ${risk.title}"},
    {
        "id": "switch",
        "checklist": {
            "items": [{"id": "route", "text": "Route to ${vendor}'s stand-in"}, {"id": "see", "text": "Look", "evidence": True}],
            "within": "20m",
            "on_timeout": "late",
        },
    },
    {"id": "hold", "wait_clear": {"for": "4h", "on_timeout": "remind"}},
    {"id": "back", "checklist": {"items": [{"id": "return", "text": "Route back"}], "within": "1h", "on_timeout": "late-back"}},
    {"id": "done", "end": "back home"},
    {"id": "late", "notify": {"to": ["role:commander"], "occasion": "reminder"}, "next": "switch"},
    {"id": "remind", "notify": {"to": ["role:commander"], "occasion": "reminder"}, "next": "hold"},
    {"id": "late-back", "notify": {"to": ["role:commander"], "occasion": "reminder"}, "next": "back"},
    rollback="back",
)


def begin(book: Escalation | Contingency, risk: RiskFacts = RISK) -> Step:
    return step(book, None, Started(risk), T0)


def play(book: Escalation | Contingency, *events: tuple[float, AnyEvent], risk: RiskFacts = RISK) -> list[Step]:
    """Each step of a run that starts at minute 0; wakes come by themselves, in time, before what happens later."""
    steps = [begin(book, risk)]

    def wake(until: datetime) -> None:
        from secondsource.plans.run import Woke

        while (due := steps[-1].wake_at) is not None and due <= until:
            steps.append(step(book, steps[-1].run, Woke(), due))

    for minute, event in events:
        wake(at(minute))
        steps.append(step(book, steps[-1].run, event, at(minute)))
    return steps


def run_of(steps: list[Step]) -> Run:
    return steps[-1].run
