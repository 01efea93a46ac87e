"""From an entry to a message: to the letter, within the limits, and the same again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from secondsource.contracts.sender import Message
from secondsource.domain.exposure import Exposure, expose
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import Acknowledge, Entry, event_of
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Phase, Signal
from secondsource.domain.transitions import step
from secondsource.engine.announce import Occasion, announce
from tests.support.company import EAST, T0, at, company, outage

READY = PlanNote("failover", "failover plan", passed_at=T0 - timedelta(days=12))


def risk(signal: Signal | None = None, down: frozenset[Scope] = frozenset()) -> Entry:
    signal = signal or replace(outage(scopes=(EAST,)), evidence=Evidence(("o1",), facts=("AWS says: increased error rates",)))
    return step(None, event_of(signal, expose(signal, at(7), company(), down)), at(7))[0]


def resolved(entry: Entry, after: float) -> Entry:
    signal = outage(Phase.CLEARED, now=at(after))
    return step(entry, event_of(signal, Exposure()), at(after))[0]


def say(entry: Entry, after: float = 23, **changes: Any) -> Message:
    given: dict[str, Any] = {
        "channel": "slack",
        "recipient": "U1",
        "reason": "on call for Support assistant",
        "occasion": "opened",
        "links": lambda verb: f"https://example.org/{verb}",
        "plan": READY,
    }
    return announce(entry, at(after), **(given | changes))


def test_a_new_risk() -> None:
    message = say(risk(), told=("Ben", "#incidents"))
    assert message.headline == (
        "Halcyon AI: major outage for 23 min; Support assistant (and 1 more) is hurt in 7 min; "
        "failover plan is ready (drill passed 12 days ago)"
    )
    assert message.lines == (
        "Support assistant → Chat inference → Halcyon AI → AWS us-east-1 (also hit: Shop search)",
        "Since 06:48 UTC, known here since 06:55 UTC",
        "How we know: AWS says: increased error rates; surely reaches us, the chain is known to 90%",
        "Severity critical; risk 5 x 4 = 20 of 25 (extreme)",
        "Fallback Cirrus AI: 60% of the load, 10 min to switch",
        "Told: Ben, #incidents",
    )
    assert message.subject == "[critical] Halcyon AI: Support assistant (and 1 more) hurt in 7 min"
    assert [action.verb for action in message.actions] == ["acknowledge", "open"]
    assert message.actions[0].url == "https://example.org/acknowledge"
    assert (message.severity, message.state, message.replaces, message.reason) == (
        "critical", "open", False, "on call for Support assistant",
    )  # fmt: skip
    assert (message.risk, message.exercise, message.created_at) == (risk().id, None, at(23))
    assert message.data["functions"] == "support shop"


def test_a_hollow_fallback_and_none_are_said() -> None:
    assert (
        "Fallback Borealis AI is hollow: it sits on AWS us-east-1, which is in trouble"
        in say(risk(down=frozenset({Scope("cirrus")}))).lines
    )
    assert "No fallback covers it" in say(risk(outage(scopes=(Scope("gpuco"),)))).lines


def test_what_a_plan_would_leave_is_said_where_the_register_knows_it() -> None:
    entry = replace(risk(), residual=replace(risk().residual, likelihood=3, impact=3))
    assert "Severity critical; risk 5 x 4 = 20 of 25 (extreme), 9 after the plan" in say(entry).lines


@pytest.mark.parametrize(
    ("occasion", "acknowledged", "verbs", "replaces"),
    [
        ("opened", False, ["acknowledge", "open"], False),
        ("updated", False, ["acknowledge", "open"], True),
        ("updated", True, ["open"], True),
        ("escalated", False, ["acknowledge", "open"], False),
        ("reminder", True, ["open"], False),
        ("approval", False, ["approve", "decline", "open"], False),
        ("approval", True, ["approve", "decline", "open"], False),
        ("resolved", False, ["open"], True),
    ],
)
def test_actions_stand_in_the_order_of_their_use(occasion: Occasion, acknowledged: bool, verbs: list[str], replaces: bool) -> None:
    entry = risk()
    if acknowledged:
        entry, _ = step(entry, Acknowledge("person:ana"), at(8))
    message = say(entry, occasion=occasion)
    assert [action.verb for action in message.actions] == verbs
    assert message.replaces is replaces


def test_a_decision_is_asked_for_in_the_first_words() -> None:
    assert say(risk(), occasion="approval").headline.startswith("Your decision is needed: Halcyon AI: major outage for 23 min; ")
    drill = say(risk(outage(exercise="d1")), occasion="approval")
    assert drill.headline.startswith("[DRILL] Your decision is needed: Halcyon AI")
    assert drill.subject.startswith("[DRILL] Your decision is needed: [critical] Halcyon AI")
    assert drill.exercise == "d1"


def test_a_resolved_one_folds_to_two_lines() -> None:
    message = say(resolved(risk(), 80), 80, occasion="resolved")
    assert message.headline == "Halcyon AI: major outage, over after 1 h 20 min; Support assistant was hurt"
    assert message.lines == ("06:48 UTC to 08:08 UTC, 1 h 20 min; Support assistant reached impact level 4",)
    brief = say(resolved(risk(), 10), 10, occasion="resolved")
    assert brief.lines == ("06:48 UTC to 06:58 UTC, 10 min; 2 functions touched, none hurt",)


def test_days_are_named_where_they_differ() -> None:
    message = say(risk(), 24 * 60)
    assert message.lines[1] == "Since 2025-10-20 06:48 UTC, known here since 2025-10-20 06:55 UTC"


def test_many_functions_are_counted() -> None:
    entry = risk()
    hits = tuple(replace(entry.exposure.hits[0], function=f"f{n}", name=f"F{n}") for n in range(7))
    assert say(replace(entry, exposure=replace(entry.exposure, hits=hits))).lines[0].endswith("(also hit: F1, F2, F3, and 3 more)")


@pytest.mark.parametrize("occasion", get_args(Occasion))
def test_no_message_has_more_lines_than_a_telephone_shows(occasion: Occasion) -> None:
    for entry in (risk(), risk(outage(scopes=(Scope("nobody"),))), resolved(risk(), 80)):
        lines = say(entry, occasion=occasion, told=("Ben",)).lines
        assert 1 <= len(lines) <= 6
        assert all(lines)


def test_composed_again_it_is_the_same_message_and_any_other_is_not() -> None:
    first = say(risk(), step="s1:0")
    assert say(risk(), 40, step="s1:0").idempotency_key == first.idempotency_key
    again, _ = step(resolved(risk(), 80), event_of(outage(now=at(90), since=at(90)), Exposure(outage=True)), at(90))
    others = [
        say(risk(), step="s2:0"),
        say(risk(), step="s1:0", recipient="U2"),
        say(risk(), step="s1:0", channel="mail"),
        say(risk(), step="s1:0", occasion="escalated"),
        say(risk(outage(exercise="d1")), step="s1:0"),
        say(again, 90, step="s1:0"),
    ]
    assert len({message.idempotency_key for message in (first, *others)}) == 7
    assert len({message.id for message in (first, *others)}) == 7


def test_one_episode_is_one_thread() -> None:
    entry = risk()
    assert say(entry).thread == say(resolved(entry, 80), 80, occasion="resolved").thread == f"{entry.id}/1"
    again, _ = step(resolved(entry, 80), event_of(outage(now=at(90), since=at(90)), Exposure(outage=True)), at(90))
    assert say(again, 90).thread == f"{entry.id}/2"
