"""Runs of runbooks, event by event: who is told when, and what stops it."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from secondsource.plans import run as ev
from secondsource.plans.interpreter import run_id, step, wake_of
from secondsource.plans.run import Notify, RequestApproval, Run, RunState, SetRisk, StartPlan, Step
from tests.unit.plans.books import (
    AGAIN,
    ANSWER,
    BOOK,
    PAGE,
    PLAN,
    RISK,
    T0,
    at,
    begin,
    contingency,
    escalation,
    minutes,
    play,
    run_of,
)


def told(steps: list[Step]) -> list[tuple[float, str, str]]:
    return [
        ((line_at(s) - T0).total_seconds() / 60, o.to, o.occasion)
        for s in steps for o in s.outputs if isinstance(o, Notify)
    ]  # fmt: skip


def line_at(found: Step) -> datetime:
    return found.log[0].at


def asks(found: Step) -> list[RequestApproval]:
    return [o for o in found.outputs if isinstance(o, RequestApproval)]


def test_start_tells_the_first_and_waits() -> None:
    first = begin(BOOK)
    assert first.run.state is RunState.WAITING
    assert first.run.step == "answer"
    assert first.wake_at == at(10)
    assert first.outputs == (Notify(f"{first.run.id}/page/1/role:on-call", "role:on-call", "first", "vendor_outage opened"),)
    assert first.run.version == BOOK.digest
    assert first.run.id == run_id("book", RISK, T0)


def test_no_answer_escalates_then_repeats_as_often_as_said_then_ends() -> None:
    steps = play(BOOK, (60, ev.RiskChanged(RISK)))
    assert told(steps) == [
        (0, "role:on-call", "first"),
        (10, "role:lead", "escalation"), (10, "channel:ops", "escalation"),
        (15, "role:lead", "escalation"), (15, "channel:ops", "escalation"),
        (20, "role:lead", "escalation"), (20, "channel:ops", "escalation"),
    ]  # fmt: skip
    outputs = [o for s in steps for o in s.outputs if isinstance(o, Notify)]
    assert outputs[1].reason == "escalated: nobody answered within 10m"
    assert outputs[3].reason == "repeat 1 of 2: escalated: nobody answered within 5m"
    assert outputs[1].text == "support hurt"
    assert len({o.key for o in outputs}) == len(outputs)
    assert run_of(steps).state is RunState.DONE
    assert run_of(steps).outcome == "nobody answered"


def test_acknowledgement_stops_the_escalation_and_everyone_told_hears_who_has_it() -> None:
    steps = play(BOOK, (12, ev.Acknowledged("mara")), (300, ev.RiskChanged(RISK)))
    assert [(to, occasion) for minute, to, occasion in told(steps) if minute == 12] == [
        ("role:on-call", "acknowledged"), ("role:lead", "acknowledged"), ("channel:ops", "acknowledged"),
    ]  # fmt: skip
    assert not [x for x in told(steps) if x[0] > 12]


def test_acknowledgement_leads_to_the_question_and_the_yes_to_the_plan() -> None:
    *_, acked, approved = play(BOOK, (4, ev.Acknowledged("mara")), (6, ev.Approved("ines", "go", ("commander",))))
    assert acked.run.state is RunState.AWAITING_APPROVAL
    (question,) = asks(acked)
    assert (question.role, question.within, question.until, question.plan) == ("commander", minutes(15), at(19), "failover")
    assert question.text == "Start failover?"
    assert [o.plan for o in approved.outputs if isinstance(o, StartPlan)] == ["failover"]
    assert approved.run.state is RunState.DONE
    assert next((line.actor, line.text) for line in approved.log) == ("ines", "approved by ines: go")


def test_no_plan_fits_so_nobody_is_asked() -> None:
    risk = msgspec.structs.replace(RISK, plans=())
    *_, acked = play(BOOK, (4, ev.Acknowledged("mara")), risk=risk)
    assert asks(acked) == []
    assert acked.run.state is RunState.DONE
    assert "no plan fits" in acked.log[1].text


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (ev.Approved("ines", "", ("on-call",)), "ines does not have the role commander"),
        (ev.Declined("ines", "", ()), "ines does not have the role commander"),
        (ev.Ticked("x", "ines"), "awaiting approval"),
        (ev.Acknowledged("ines"), "already acknowledged by mara"),
        (ev.RollBack("ines"), "no way back"),
        (ev.Started(RISK), "has no meaning"),
    ],
)  # fmt: skip
def test_refusals_leave_the_run_and_its_timer_alone(event: ev.AnyEvent, why: str) -> None:
    asking = play(BOOK, (4, ev.Acknowledged("mara")))[-1]
    found = step(BOOK, asking.run, event, at(6))
    assert why in found.refused
    assert found.run == asking.run
    assert (found.outputs, found.log, found.wake_at) == ((), (), at(19))


def test_a_late_answer_to_a_question_is_refused() -> None:
    asking = play(BOOK, (4, ev.Acknowledged("mara")))[-1]
    assert "lapsed" in step(BOOK, asking.run, ev.Approved("ines"), at(19)).refused


def test_no_to_the_question_and_no_answer_to_it() -> None:
    *_, declined = play(BOOK, (4, ev.Acknowledged("mara")), (6, ev.Declined("ines", "too risky")))
    assert declined.run.state is RunState.DONE
    assert not [o for o in declined.outputs if isinstance(o, StartPlan)]
    *_, _, lapsed = play(BOOK, (4, ev.Acknowledged("mara")), (60, ev.Woke()))
    assert lapsed.run.outcome == "handled"


@pytest.mark.parametrize("minute", [1, 5, 12, 17])
def test_clear_cancels_all_that_is_pending(minute: float) -> None:
    steps = play(BOOK, (minute, ev.RiskCleared()), (300, ev.Woke()))
    cleared = next(s for s in steps if s.run.state is RunState.CANCELLED)
    assert cleared.wake_at is None
    assert {o.to for o in cleared.outputs if isinstance(o, Notify)} == set(cleared.run.notified)
    assert not [x for x in told(steps) if x[0] > minute]
    assert cleared.run.outcome == "the finding cleared; nothing more is asked"


def test_clear_withdraws_the_question() -> None:
    *_, cleared, late = play(BOOK, (4, ev.Acknowledged("mara")), (6, ev.RiskCleared()), (7, ev.Approved("ines")))
    assert cleared.run.state is RunState.CANCELLED
    assert "cancelled" in late.refused
    assert late.outputs == ()


def test_an_ended_run_still_says_once_that_the_risk_was_taken_and_cleared() -> None:
    steps = play(BOOK, (60, ev.Acknowledged("mara")), (70, ev.RiskCleared()), (71, ev.RiskCleared()))
    *_, acked, cleared, again = steps
    assert acked.run.state is RunState.DONE
    assert {o.occasion for o in acked.outputs if isinstance(o, Notify)} == {"acknowledged"}
    assert {o.occasion for o in cleared.outputs if isinstance(o, Notify)} == {"cleared"}
    assert again.refused
    assert again.outputs == ()


def test_close_by_a_person_cancels_and_says_so_once() -> None:
    *_, closed, cleared = play(BOOK, (3, ev.RiskClosed("mara", "known")), (5, ev.RiskCleared()))
    assert closed.run.state is RunState.CANCELLED
    assert [o.occasion for o in closed.outputs if isinstance(o, Notify)] == ["update"]
    assert cleared.refused


def test_a_change_of_the_risk_neither_pages_again_nor_undoes_an_acknowledgement() -> None:
    worse = msgspec.structs.replace(RISK, title="Halcyon: worse", functions=("support", "search"))
    *_, changed, same = play(BOOK, (3, ev.Acknowledged("mara")), (4, ev.RiskChanged(worse)), (5, ev.RiskChanged(worse)))
    assert changed.outputs == ()
    assert changed.run.acked_by == "mara"
    assert changed.run.risk == worse
    assert changed.wake_at == at(18)
    assert same.log == ()


def test_another_risk_does_not_get_in() -> None:
    other = msgspec.structs.replace(RISK, exercise="drill-1")
    assert step(BOOK, begin(BOOK).run, ev.RiskChanged(other), at(1)).refused


def test_wake_too_early_changes_nothing() -> None:
    first = begin(BOOK)
    early = step(BOOK, first.run, ev.Woke(), at(9.99))
    assert early.run == first.run
    assert early.wake_at == at(10)
    assert early.outputs == ()


def test_pause_keeps_what_is_left_of_the_wait() -> None:
    steps = play(BOOK, (4, ev.Paused("mara")), (100, ev.Resumed("mara")))
    assert steps[-2].run.state is RunState.PAUSED
    assert steps[-2].wake_at is None
    assert steps[-1].run.state is RunState.WAITING
    assert steps[-1].wake_at == at(106)


def test_acknowledged_while_paused_goes_on_from_the_acknowledgement() -> None:
    *_, acked, resumed = play(BOOK, (4, ev.Paused("mara")), (5, ev.Acknowledged("ines")), (6, ev.Resumed("mara")))
    assert acked.run.state is RunState.PAUSED
    assert resumed.run.step == "ask"


def test_cleared_while_paused_is_not_resumed() -> None:
    *_, cleared, resumed = play(BOOK, (4, ev.Paused("mara")), (5, ev.RiskCleared()), (6, ev.Resumed("mara")))
    assert cleared.run.state is RunState.CANCELLED
    assert resumed.refused


def test_acknowledged_in_a_plain_wait_of_an_escalation() -> None:
    steps = [PAGE, {"id": "breathe", "wait": {"for": "30m"}}, {"id": "more", "notify": {"to": ["role:lead"]}}, {"id": "x", "end": "x"}]
    *_, acked = play(escalation(*steps), (4, ev.Acknowledged("mara")))
    assert acked.run.state is RunState.DONE
    assert acked.run.outcome == "acknowledged by mara"
    *_, acked = play(escalation(*steps, on_ack="x"), (4, ev.Acknowledged("mara")))
    assert acked.run.outcome == "x"
    late = play(escalation(*steps), (31, ev.Acknowledged("mara")))
    assert told(late)[1] == (30, "role:lead", "first")


def test_an_acknowledgement_given_before_passes_later_waits_for_one() -> None:
    book = escalation(PAGE, {"id": "tend", "approve": {"by": "lead", "within": "5m", "text": "?", "on_decline": "again",
                                                       "on_timeout": "again"}}, {**AGAIN, "wait_ack": {"for": "5m"}})  # fmt: skip
    *_, acked, declined = play(book, (1, ev.Acknowledged("mara")), (2, ev.Declined("ines")))
    assert acked.run.state is RunState.AWAITING_APPROVAL
    assert declined.run.state is RunState.DONE


def test_cancelled_by_a_person() -> None:
    *_, cancelled = play(BOOK, (2, ev.Cancelled("mara", "test page")))
    assert cancelled.run.outcome == "cancelled by mara: test page"
    assert cancelled.log[-1].actor == "mara"
    assert wake_of(cancelled.run) is None


def test_a_circle_without_a_wait_is_stopped() -> None:
    book = escalation({**PAGE, "next": "log"}, {"id": "log", "note": "again", "next": "page"})
    found = begin(book)
    assert found.run.state is RunState.CANCELLED
    assert len([o for o in found.outputs if isinstance(o, Notify)]) == 1


def test_a_missing_step_stops_the_run() -> None:
    assert "does not exist" in begin(escalation({**PAGE, "next": "elsewhere"})).run.outcome


def test_only_started_begins_a_run_and_the_version_is_pinned() -> None:
    with pytest.raises(ValueError, match="only Started begins one"):
        step(BOOK, None, ev.Woke(), T0)
    with pytest.raises(ValueError, match="began with version"):
        step(escalation(PAGE, ANSWER, {"id": "ask", "end": "x"}), begin(BOOK).run, ev.Woke(), at(10))


def test_plan_is_walked_to_its_end_and_back() -> None:
    steps = play(
        PLAN,
        (5, ev.Ticked("route", "mara")),
        (7, ev.Ticked("see", "mara")),
        (8, ev.Ticked("see", "mara", "p95 is 400 ms")),
        (100, ev.RiskCleared()),
        (110, ev.Ticked("return", "ines")),
    )
    started, routed, blind, seen, cleared, back = steps
    assert next(o for o in started.outputs if isinstance(o, SetRisk)).reason == "failing over for Halcyon: major outage"
    assert started.run.state is RunState.RUNNING
    assert routed.run.step == "switch"
    assert blind.refused == "see needs a word on what was seen"
    assert seen.run.step == "hold"
    assert seen.wake_at == at(8 + 240)
    assert cleared.run.step == "back"
    assert (back.run.state, back.run.outcome) == (RunState.DONE, "back home")
    assert routed.log[0].text == "done: Route to halcyon's stand-in"
    assert back.run.ticks["switch/see"].evidence == "p95 is 400 ms"


def test_a_late_checklist_reminds_and_keeps_its_ticks() -> None:
    steps = play(PLAN, (5, ev.Ticked("route", "mara")), (21, ev.Ticked("route", "ines")), (22, ev.Ticked("see", "ines", "ok")))
    reminder = next(o for s in steps for o in s.outputs if isinstance(o, Notify))
    assert reminder.reason == "late: 1 of 2 items still open after 20m"
    assert steps[-2].refused == "already done by mara"
    assert steps[-1].run.step == "hold"


def test_unknown_item_is_refused_with_those_there_are() -> None:
    found = step(PLAN, begin(PLAN).run, ev.Ticked("rout", "mara"), at(1))
    assert found.refused == "no item 'rout' here; the items are route, see"


def test_a_plan_under_way_does_not_vanish_when_the_trouble_ends() -> None:
    *_, cleared, seen = play(PLAN, (5, ev.RiskCleared()), (8, ev.Ticked("route", "mara")))
    assert cleared.run.state is RunState.RUNNING
    (note,) = cleared.outputs
    assert isinstance(note, Notify)
    assert (note.to, note.occasion) == ("role:commander", "roll_back")
    done = step(PLAN, seen.run, ev.Ticked("see", "mara", "ok"), at(9))
    assert done.run.step == "back"  # it need not wait for an end that has come


def test_a_plan_that_nobody_has_begun_ends_with_the_trouble() -> None:
    plan = contingency({"id": "think", "wait": {"for": "5m"}}, {"id": "done", "end": "x"})
    *_, cleared = play(plan, (1, ev.RiskCleared()))
    assert cleared.run.state is RunState.CANCELLED


def test_a_closed_risk_leaves_a_plan_under_way_to_its_owner() -> None:
    *_, closed = play(PLAN, (5, ev.RiskClosed("mara")))
    assert closed.run.state is RunState.RUNNING
    assert [o.to for o in closed.outputs if isinstance(o, Notify)] == ["role:commander"]


@pytest.mark.parametrize("paused", [False, True])
def test_roll_back_at_any_time(paused: bool) -> None:
    first = play(PLAN, *([(2.0, ev.Paused("mara"))] if paused else []), (5, ev.RollBack("mara", "stand-in is slow")))[-1]
    assert first.run.step == "back"
    assert first.wake_at == at(65)
    assert first.log[0].text == "roll-back begun by mara: stand-in is slow"


def test_still_in_trouble_reminds_and_waits_on() -> None:
    steps = play(PLAN, (5, ev.Ticked("route", "m")), (8, ev.Ticked("see", "m", "ok")), (500, ev.RiskCleared()))
    assert [minute for minute, _, occasion in told(steps) if occasion == "reminder"] == [248, 488]
    assert run_of(steps).step == "back"


def test_cleared_while_a_plan_is_paused_at_its_wait() -> None:
    before: list[tuple[float, ev.AnyEvent]] = [(5, ev.Ticked("route", "m")), (8, ev.Ticked("see", "m", "ok")), (9, ev.Paused("m"))]
    *_, cleared, resumed = play(PLAN, *before, (10, ev.RiskCleared()), (11, ev.Resumed("m")))
    assert cleared.run.state is RunState.PAUSED
    assert resumed.run.step == "back"


def test_a_run_can_be_written_down_and_read_back_at_every_point() -> None:
    for found in play(PLAN, (5, ev.Ticked("route", "m")), (8, ev.Ticked("see", "m", "ok")), (9, ev.Paused("m")), (10, ev.Cancelled("m"))):
        assert msgspec.json.decode(msgspec.json.encode(found.run), type=Run) == found.run
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(found.run), type=Run) == found.run


def test_history_counts_without_gaps() -> None:
    steps = play(BOOK, (12, ev.Acknowledged("mara")), (14, ev.Approved("ines")))
    lines = [line for s in steps for line in s.log]
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert run_of(steps).seq == len(lines)
    assert {line.run for line in lines} == {run_of(steps).id}
