"""From signals to register, runs and messages on a real store, with the runbooks that are shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from secondsource.adapters.sql import drills, outbox, risks, runs, sources
from secondsource.adapters.sql.database import Database
from secondsource.domain import register
from secondsource.domain.portfolio import Person
from secondsource.domain.register import State, risk_id
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Severity, Signal
from secondsource.plans import run as running
from secondsource.plans.drill import DrillReport
from secondsource.plans.load import load
from secondsource.plans.run import RunState
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.responder import Responder
from tests.support.company import DEPENDENCIES, T0, at, company, minutes, outage

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
RISK = risk_id("vendor_outage", "halcyon")
PEOPLE = (
    Person("ana", "Ana", "ana@example.org", "U1", ("on-call",)),
    Person("ben", "Ben", None, "U2", ("duty-manager",)),
    Person("cy", "Cy", "cy@example.org", None, ("incident-commander",)),
)
CHANNELS = (Channel("slack", "slack", "C1"), Channel("mail", "email", "ops@example.org"))


class Desk:
    """A responder on a store, and what was said, as (minute, recipient, occasion)."""

    def __init__(self, database: Database, *, failover: str = "failover", people: Sequence[Person] = PEOPLE) -> None:
        """``failover`` is the plan that the fallbacks of the chat's main dependency name."""
        self.database = database
        main = DEPENDENCIES[0]
        fallbacks = tuple(msgspec.structs.replace(fallback, plan=failover) for fallback in main.fallbacks)
        context = company(dependencies=(msgspec.structs.replace(main, fallbacks=fallbacks), *DEPENDENCIES[1:]))
        playbook = Playbook(load([RUNBOOKS]).documents, context, {"statuspage"})
        links: Callable[[str, str], str] = lambda id_, verb: f"https://ss.example/{id_}/{verb}"  # noqa: E731
        self.responder = Responder(context, playbook, Directory(people, CHANNELS), links)

    def hear(self, signal: Signal) -> None:
        self.database.write_now(lambda c: self.responder.on_signals(c, [signal]))

    def pass_time(self, minute: float) -> None:
        self.database.write_now(lambda c: self.responder.on_tick(c, at(minute)))

    def act(self, minute: float, event: register.AnyEvent, risk: str = RISK) -> register.Entry:
        return self.database.write_now(lambda c: self.responder.act(c, risk, event, at(minute)))

    def on_run(self, minute: float, run: str, event: running.AnyEvent) -> running.Step:
        return self.database.write_now(lambda c: self.responder.act_on_run(c, run, event, at(minute)))

    def said(self) -> list[tuple[float, str, str]]:
        rows = self.database.read_now(outbox.read)
        return [(_minute(row.message.created_at), row.message.recipient, row.message.data["occasion"]) for row in rows]

    def entry(self, risk: str = RISK) -> register.Entry:
        found = self.database.read_now(lambda c: risks.get(c, risk))
        assert found is not None
        return found

    def runs(self, kind: str, *, live: bool = True) -> list[running.Run]:
        return [run for run in self.database.read_now(lambda c: runs.of_risk(c, RISK, live=live)) if run.kind == kind]


def _minute(when: datetime | None) -> float:
    assert when is not None
    return (when - T0) / minutes(1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database(tmp_path / "store.db")
    yield Desk(database)
    database.close()


def test_nobody_answers_so_it_escalates_and_each_is_told_once_a_step(desk: Desk) -> None:
    desk.hear(outage())
    assert desk.said() == [(0, "U1", "opened"), (0, "ana@example.org", "opened")]
    desk.pass_time(9)
    assert len(desk.said()) == 2
    desk.pass_time(12)
    assert desk.said()[2:] == [(10, "U1", "escalated"), (10, "ana@example.org", "escalated"), (10, "U2", "escalated")]
    desk.pass_time(12)
    assert len(desk.said()) == 5


@pytest.mark.parametrize(
    ("people", "recipients"),
    [
        ((Person("ana", "Ana", None, "U1", ("on-call", "duty-manager")),), ["U1"]),  # two roles in one person
        ((), ["C1"]),  # nobody has either role: the channel hears it in their place
    ],
)
def test_who_is_meant_twice_by_one_step_is_told_once(tmp_path: Path, people: tuple[Person, ...], recipients: list[str]) -> None:
    database = Database(tmp_path / "store.db")
    desk = Desk(database, people=people)
    desk.hear(outage())
    desk.pass_time(10)
    assert desk.said() == [(minute, who, said) for minute, said in ((0, "opened"), (10, "escalated")) for who in recipients]
    database.close()


def test_an_acknowledgement_stops_the_escalation_and_asks_for_the_decision(desk: Desk) -> None:
    desk.hear(outage())
    entry = desk.act(4, register.Acknowledge("person:ana"))
    assert (entry.state, entry.acknowledged_by) == (State.ACKNOWLEDGED, "person:ana")
    assert [who for minute, who, occasion in desk.said() if occasion == "approval"] == []  # no plan is meant for this company's fallbacks
    desk.pass_time(60)
    assert all(occasion != "escalated" for _, _, occasion in desk.said())


def test_the_same_signal_twice_is_one_risk_and_one_message(desk: Desk) -> None:
    desk.hear(outage())
    before = (desk.said(), desk.entry())
    desk.hear(outage())
    assert (desk.said(), desk.entry()) == before


def test_a_clear_resolves_tells_those_who_were_told_and_cancels_what_was_pending(desk: Desk) -> None:
    desk.hear(outage())
    desk.hear(outage(Phase.CLEARED, now=at(7)))
    assert desk.entry().state is State.CLOSED
    assert desk.said()[2:] == [(7, "U1", "resolved"), (7, "ana@example.org", "resolved")]
    assert desk.runs("escalation") == []
    desk.pass_time(600)
    assert len(desk.said()) == 4


def test_a_timer_that_ran_out_before_the_clear_fires_before_it(desk: Desk) -> None:
    desk.hear(outage())
    desk.hear(outage(Phase.CLEARED, now=at(15)))
    assert [(minute, occasion) for minute, who, occasion in desk.said() if who == "U2"] == [(10, "escalated"), (15, "resolved")]


def test_a_risk_that_comes_back_is_a_new_episode_with_a_run_of_its_own(desk: Desk) -> None:
    desk.hear(outage())
    desk.hear(outage(Phase.CLEARED, now=at(7)))
    desk.hear(outage(now=at(30), since=at(30), episode=at(30)))
    assert (desk.entry().state, desk.entry().episode_no) == (State.OPEN, 2)
    assert [run.state for run in desk.runs("escalation", live=False)] == [RunState.CANCELLED, RunState.WAITING]
    assert desk.said()[4:] == [(30, "U1", "opened"), (30, "ana@example.org", "opened")]


def test_a_drill_is_another_risk_and_says_so(desk: Desk) -> None:
    desk.hear(outage(exercise="drill-1"))
    (message, *_) = [row.message for row in desk.database.read_now(outbox.read)]
    assert message.headline.startswith("[DRILL] ")
    assert desk.entry(risk_id("vendor_outage", "halcyon", "drill-1")).exercise == "drill-1"
    assert desk.database.read_now(lambda c: risks.get(c, RISK)) is None


def test_each_message_says_to_its_reader_why_it_came(desk: Desk) -> None:
    desk.hear(outage())
    desk.act(4, register.Acknowledge("person:ana"))
    desk.hear(outage(Phase.CLEARED, now=at(7)))
    reasons = {row.message.data["occasion"]: row.message.reason for row in desk.database.read_now(outbox.read)}
    assert reasons == {
        "opened": "You are on-call: vendor_outage opened",
        "updated": "You are on-call: acknowledged by Ana",
        "resolved": "You are on-call: the finding cleared",
    }


def test_refused_and_unknown_leave_no_trace(desk: Desk) -> None:
    desk.hear(outage())
    desk.act(1, register.Acknowledge("person:ana"))
    before = desk.entry()
    with pytest.raises(register.Refused):
        desk.act(2, register.Reopen("person:ana", "why not"))
    with pytest.raises(LookupError, match="there is no risk R-none"):
        desk.act(2, register.Acknowledge("person:ana"), "R-none")
    with pytest.raises(LookupError, match="there is no run none"):
        desk.on_run(2, "none", running.Approved("person:cy"))
    assert desk.entry() == before


@pytest.fixture
def planned(tmp_path: Path) -> Iterator[Desk]:
    """The company names the shipped failover for its fallbacks."""
    database = Database(tmp_path / "planned.db")
    yield Desk(database, failover="model-api-failover")
    database.close()


def proven(desk: Desk) -> None:
    """Cirrus is watched and well, and a drill of the plan passed an hour ago."""
    report = DrillReport("d1", "vendor-outage", "Drill", "model-api-failover", at(-90), (), True)

    def work(connection: Connection) -> None:
        (drill,) = load([RUNBOOKS]).drills.values()
        drills.begin(connection, drills.Underway("d1", drill, drill.scope.scope, at(-90)))
        drills.end(connection, report, at(-60))
        sources.declare(connection, [("cirrus", "cirrus", "statuspage")], at(-90))
        sources.save(connection, sources.SourceState("cirrus", "cirrus", "statuspage", at(1), succeeded_at=at(-1), outcome="ok"))

    desk.database.write_now(work)


def test_a_plan_that_nothing_proves_is_said_to_be_hollow(planned: Desk) -> None:
    planned.hear(outage())
    note = planned.entry().plan
    assert note is not None
    assert "no drill of it has passed" in note.hollow
    assert "cirrus is unknown" in note.hollow


def test_a_proven_plan_goes_from_decision_to_checklist_to_mitigation(planned: Desk) -> None:
    proven(planned)
    planned.hear(outage())
    note = planned.entry().plan
    assert note is not None
    assert (note.id, note.hollow, note.passed_at) == ("model-api-failover", "", at(-60))
    planned.act(4, register.Acknowledge("person:ana"))
    (asked,) = [m for row in planned.database.read_now(outbox.read) if (m := row.message).data["occasion"] == "approval"]
    assert (asked.recipient, asked.created_at) == ("cy@example.org", at(4))
    assert asked.reason.startswith("Start model-api-failover? Halcyon AI is failing. It carries Support assistant, Shop search.")
    (escalation,) = planned.runs("escalation")
    assert escalation.state is RunState.AWAITING_APPROVAL
    assert planned.on_run(6, escalation.id, running.Approved("person:ana", roles=("on-call",))).refused != ""
    assert planned.on_run(6, escalation.id, running.Approved("person:cy", roles=("incident-commander",))).refused == ""
    (plan,) = planned.runs("contingency")
    assert (plan.state, plan.step) == (RunState.RUNNING, "switch")
    assert planned.entry().state is State.MITIGATING
    assert planned.on_run(8, plan.id, running.Ticked("room", "person:ana")).refused != ""
    for minute, item in enumerate(("room", "credentials", "some", "all", "tell"), 8):
        assert planned.on_run(minute, plan.id, running.Ticked(item, "person:ana", "seen")).refused == ""
    (plan,) = planned.runs("contingency")
    assert (plan.state, plan.step) == (RunState.WAITING, "hold")
    planned.hear(outage(Phase.CLEARED, now=at(90)))
    assert planned.entry().state is State.MONITORING
    (plan,) = planned.runs("contingency")
    assert (plan.state, plan.step) == (RunState.AWAITING_APPROVAL, "confirm")


def test_what_a_plan_says_counts_those_whom_the_escalation_told(planned: Desk) -> None:
    proven(planned)
    planned.hear(outage())
    planned.pass_time(10)
    planned.act(12, register.Acknowledge("person:ana"))
    (escalation,) = planned.runs("escalation")
    planned.on_run(14, escalation.id, running.Approved("person:cy", roles=("incident-commander",)))
    begun = planned.database.read_now(outbox.read)[-1].message
    assert (begun.recipient, begun.reason) == (
        "ana@example.org",
        "You are on-call: the plan Failover to another model API has begun. Work through the checklist of the failover",
    )
    assert begun.lines[-1] == "Told: Ben"


def test_every_change_of_the_register_is_a_row_that_names_its_actor(planned: Desk) -> None:
    proven(planned)
    planned.hear(outage())
    planned.act(4, register.Acknowledge("person:ana"))
    (escalation,) = planned.runs("escalation")
    planned.on_run(6, escalation.id, running.Approved("person:cy", roles=("incident-commander",)))
    history = planned.database.read_now(lambda c: list(risks.history(c, RISK)))
    assert [change.seq for change in history] == list(range(1, len(history) + 1)) == list(range(1, planned.entry().version + 1))
    (plan,) = planned.runs("contingency")
    acted = [(change.event, change.actor) for change in history if change.event in ("opened", "acknowledge", "mitigate")]
    assert acted == [("opened", "detection"), ("acknowledge", "person:ana"), ("mitigate", f"run:{plan.id}")]


def test_a_risk_closed_and_taken_up_again_in_one_instant_has_two_runs(desk: Desk) -> None:
    desk.hear(outage())
    desk.act(0, register.Close("person:ana", "a mistake of the page"))
    desk.act(0, register.Reopen("person:ana", "it is none"))
    assert len(desk.runs("escalation", live=False)) == 2
    assert len(desk.runs("escalation")) == 1


def test_what_a_person_closed_while_it_fires_is_still_no_place_to_move_to(planned: Desk) -> None:
    proven(planned)
    planned.hear(outage(subject="cirrus", scopes=(Scope("cirrus"),), title="Cirrus AI: major outage"))
    planned.act(1, register.Close("person:ana", "we do not use it"), risk_id("vendor_outage", "cirrus"))
    planned.hear(outage(now=at(2), since=at(2)))
    note = planned.entry().plan
    assert note is not None
    assert "cirrus is major outage" in note.hollow


def case(phase: Phase, minute: float, *covers: str) -> Signal:
    """What ``common_cause`` says of the region that everything here rests on."""
    found = outage(phase, now=at(minute), since=T0, subject="aws/us-east-1", rule="common_cause", scopes=(Scope("halcyon"),))
    return msgspec.structs.replace(found, id=f"{phase.value}{minute}", subject="aws", covers=covers)


CASE = risk_id("common_cause", "aws/us-east-1")


def sent_of(desk: Desk, risk: str) -> list[tuple[float, str, str]]:
    """(minute, recipient, occasion) of what was put in line for a risk, held-back ones apart."""
    rows = desk.database.read_now(lambda c: outbox.read(c, risk=risk))
    return [
        (_minute(r.message.created_at), r.message.recipient, r.message.data["occasion"]) for r in rows if r.progress.state.value != "held"
    ]


def held_of(desk: Desk, risk: str) -> set[tuple[float, str, str]]:
    """(minute, occasion, why) of what was held back."""
    rows = desk.database.read_now(lambda c: outbox.read(c, risk=risk))
    return {
        (_minute(r.message.created_at), r.message.data["occasion"], r.progress.reason) for r in rows if r.progress.state.value == "held"
    }


def test_a_consequence_calls_nobody_any_more_and_who_takes_the_case_takes_it(desk: Desk) -> None:
    desk.hear(outage())
    desk.hear(case(Phase.OPENED, 5, "vendor_outage:halcyon"))
    assert (desk.entry().cause, desk.entry(CASE).covers) == (CASE, (RISK,))
    desk.pass_time(12)  # nobody answered: the case escalates, its consequence does not
    assert sent_of(desk, RISK) == [(0, "U1", "opened"), (0, "ana@example.org", "opened")]
    assert held_of(desk, RISK) == {(10, "escalated", f"held back: it is part of {CASE}")}
    desk.pass_time(16)
    assert next(said for said in sent_of(desk, CASE) if said[2] == "escalated") == (15, "U1", "escalated")
    desk.act(17, register.Acknowledge("person:ana"), CASE)
    taken = desk.entry()
    assert (taken.state, taken.acknowledged_by) == (State.ACKNOWLEDGED, "person:ana")
    assert (17, "U1", "updated") in sent_of(desk, RISK)  # they were called for it before, and hear that it is taken


def test_what_fails_later_joins_the_case_before_anybody_is_called_for_it(desk: Desk) -> None:
    desk.hear(case(Phase.OPENED, 0))
    desk.act(1, register.Acknowledge("person:ana"), CASE)
    desk.hear(outage(now=at(2), since=at(2)))
    assert (desk.entry().cause, desk.entry().state) == (CASE, State.ACKNOWLEDGED)
    assert sent_of(desk, RISK) == []
    assert {(minute, occasion) for minute, occasion, _ in held_of(desk, RISK)} == {(2, "opened"), (2, "updated")}
    # an outage of what does not rest on the region stays by itself
    desk.hear(outage(now=at(3), since=at(3), subject="cirrus", scopes=(Scope("cirrus"),)))
    assert desk.entry(risk_id("vendor_outage", "cirrus")).cause is None


def test_a_decision_is_asked_for_all_the_same(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.db")
    desk = Desk(database, failover="model-api-failover")
    desk.hear(case(Phase.OPENED, 0))
    desk.hear(outage(now=at(1), since=at(1)))
    desk.act(2, register.Acknowledge("person:ana"), CASE)
    desk.hear(case(Phase.UPDATED, 3, "vendor_outage:halcyon"))  # the next tick tells what has joined; who took the case has taken it
    assert [said for said in sent_of(desk, RISK) if said[2] == "approval"] == [(3, "cy@example.org", "approval")]
    database.close()


def test_when_the_case_is_closed_what_still_fires_is_told(desk: Desk) -> None:
    desk.hear(case(Phase.OPENED, 0))
    desk.hear(outage(now=at(1), since=at(1)))
    desk.hear(case(Phase.UPDATED, 2, "vendor_outage:halcyon"))
    desk.act(3, register.Close("person:ana", "not the cause"), CASE)
    assert desk.entry().cause is None
    assert sent_of(desk, RISK) == [(3, "U1", "updated"), (3, "ana@example.org", "updated")]


def test_when_the_case_clears_its_consequences_stand_by_themselves(desk: Desk) -> None:
    desk.hear(outage())
    desk.hear(case(Phase.OPENED, 5, "vendor_outage:halcyon"))
    desk.hear(outage(Phase.CLEARED, now=at(30)))
    desk.hear(case(Phase.CLEARED, 40, "vendor_outage:halcyon"))
    assert (desk.entry().cause, desk.entry().state) == (None, State.CLOSED)
    assert [said for said in sent_of(desk, RISK) if said[0] == 40] == []


def test_what_was_too_slight_for_a_runbook_is_escalated_when_it_is_no_longer(desk: Desk) -> None:
    """The end of a model is announced long before, and nobody is called for that; near it somebody is. The hit is only possible here, so
    the risk is one lower than the finding."""
    subject = {"rule": "retirement", "subject": "halcyon/large", "scopes": ()}
    desk.hear(outage(severity=Severity.INFO, **subject))  # type: ignore[arg-type]
    desk.hear(outage(Phase.UPDATED, now=at(10), severity=Severity.LOW, episode=T0, **subject))  # type: ignore[arg-type]
    assert desk.said() == []
    desk.hear(outage(Phase.UPDATED, now=at(20), severity=Severity.HIGH, episode=T0, **subject))  # type: ignore[arg-type]
    assert {(minute, occasion) for minute, _, occasion in desk.said()} == {(20, "opened")}
    before = len(desk.said())
    desk.hear(outage(Phase.UPDATED, now=at(30), severity=Severity.CRITICAL, episode=T0, **subject))  # type: ignore[arg-type]
    assert {(minute, occasion) for minute, _, occasion in desk.said()[before:]} == {(30, "updated")}


def test_an_outage_that_becomes_severe_with_time_alone_is_escalated_then(tmp_path: Path) -> None:
    """Model training can do without its machines for two days; nobody is called for that before it comes near."""
    database = Database(tmp_path / "store.db")
    desk = Desk(database)
    desk.hear(outage(severity=Severity.LOW, subject="gpuco", scopes=(Scope("gpuco"),)))
    risk = risk_id("vendor_outage", "gpuco")
    first = desk.entry(risk).severity
    assert desk.said() == []
    for minute in range(60, 3 * 24 * 60, 60):
        desk.pass_time(minute)
    assert desk.entry(risk).severity > first
    assert first < Severity.MEDIUM
    assert min(desk.said())[0] >= 44 * 60  # four hours before it hurts
    database.close()


def test_a_case_that_somebody_closed_takes_in_nothing_more(desk: Desk) -> None:
    """It goes on being found, but nobody is called for it: what it would take in must call by itself."""
    desk.hear(case(Phase.OPENED, 0))
    desk.act(1, register.Close("person:ana", "not the cause"), CASE)
    desk.hear(outage(now=at(2), since=at(2)))
    desk.hear(case(Phase.UPDATED, 3, "vendor_outage:halcyon"))
    assert desk.entry().cause is None
    assert (2, "U1", "opened") in sent_of(desk, RISK)
    desk.pass_time(13)
    assert (12, "U2", "escalated") in sent_of(desk, RISK)
