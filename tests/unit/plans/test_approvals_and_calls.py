"""Several pairs of eyes, hand-overs, and calls of programs: what is asked of whom, and what their answers do."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from secondsource.plans import run as ev
from secondsource.plans.interpreter import step
from secondsource.plans.run import CallWebhook, Notify, RunState, Step, call_key
from secondsource.plans.schema import DOCUMENT, pin, unpin
from tests.unit.plans.books import BOOK, PLAN, RISK, T0, at, begin, contingency, play

NO = {"id": "no", "end": "declined"}
TWO = contingency(
    {"id": "look", "checklist": {"items": [{"id": "see", "text": "x"}], "within": "1h", "on_timeout": "no"}},
    {"id": "ask", "approve": {"by": "commander", "approvals": 2, "within": "1h", "text": "Go?", "on_decline": "no", "on_timeout": "no"}},
    {"id": "go", "end": "gone"},
    NO,
)
URL = "https://automation.example/reroute"
HOOK: dict[str, Any] = {"url": URL, "within": "10m", "body": {"to": "${alternate}", "risk": "${risk.id}"}, "on_failure": "by-hand"}
CALLING = contingency(
    {"id": "call", "webhook": HOOK},
    {"id": "moved", "end": "moved"},
    {"id": "by-hand", "checklist": {"items": [{"id": "route", "text": "x"}], "within": "1h", "on_timeout": "moved"}},
)


def asked(by: str = "mara") -> Step:
    return play(TWO, (1, ev.Ticked("see", by)))[-1]


def test_two_different_people_must_say_yes() -> None:
    asking = asked()
    (question,) = asking.outputs
    assert isinstance(question, ev.RequestApproval)
    assert question.approvals == 2
    first = step(TWO, asking.run, ev.Approved("ines"), at(2))
    assert (first.run.state, first.run.approvals, first.outputs) == (RunState.AWAITING_APPROVAL, ("ines",), ())
    assert first.wake_at == asking.wake_at
    assert first.log[0].text == "approved by ines (1 of 2)"
    assert step(TWO, first.run, ev.Approved("ines"), at(3)).refused == "ines has said yes already; somebody else must, too"
    second = step(TWO, first.run, ev.Approved("olaf", "go"), at(4))
    assert (second.run.state, second.run.outcome) == (RunState.DONE, "gone")
    assert second.log[0].text == "approved by ines, olaf: go"


def test_who_brought_the_run_to_the_question_can_not_answer_it_but_may_withdraw() -> None:
    asking = asked("ines")
    assert step(TWO, asking.run, ev.Approved("ines"), at(2)).refused == "ines brought the run to this question; others must answer it"
    assert step(TWO, asking.run, ev.Declined("ines", "too early"), at(2)).run.outcome == "declined"


def test_a_key_that_belongs_to_nobody_is_no_pair_of_eyes() -> None:
    assert "a key that belongs to nobody" in step(TWO, asked().run, ev.Approved("key:robot"), at(2)).refused


def test_one_no_is_a_no_and_a_lapsed_question_forgets_who_said_yes() -> None:
    first = step(TWO, asked().run, ev.Approved("ines"), at(2))
    assert step(TWO, first.run, ev.Declined("olaf"), at(3)).run.outcome == "declined"
    assert step(TWO, first.run, ev.Woke(), at(61)).run.approvals == ()


def test_yeses_survive_a_pause() -> None:
    first = step(TWO, asked().run, ev.Approved("ines"), at(2))
    held = step(TWO, first.run, ev.Paused("mara"), at(3))
    resumed = step(TWO, held.run, ev.Resumed("mara"), at(500))
    assert step(TWO, resumed.run, ev.Approved("olaf"), at(501)).run.outcome == "gone"


def test_who_rolls_back_to_a_question_is_who_asked() -> None:
    book = contingency(
        {"id": "wait", "wait": {"for": "1h"}},
        {"id": "ask", "approve": {"by": "c", "approvals": 2, "within": "1h", "text": "?", "on_decline": "no", "on_timeout": "no"}},
        NO,
        rollback="ask",
    )
    asking = play(book, (1, ev.RollBack("mara", "enough")))[-1]
    assert "brought the run to this question" in step(book, asking.run, ev.Approved("mara"), at(2)).refused
    assert play(book, (60, ev.RiskChanged(RISK)))[-1].run.asked_by is None  # time asked


def test_a_hand_over_says_who_has_it_and_tells_them() -> None:
    acked = play(BOOK, (4, ev.Acknowledged("mara")))[-1]
    assert acked.run.holder == "mara"
    found = step(BOOK, acked.run, ev.HandedOver("mara", "ben", "end of my shift"), at(5))
    (message,) = found.outputs
    assert isinstance(message, Notify)
    assert (message.to, message.occasion, message.reason) == ("person:ben", "handed_over", "handed over to you by mara: end of my shift")
    assert (found.run.holder, found.run.state, found.wake_at) == ("ben", acked.run.state, acked.wake_at)
    assert found.log[0].text == "handed over from mara to ben: end of my shift"
    assert "person:ben" in found.run.notified
    assert step(BOOK, found.run, ev.HandedOver("mara", "ben", "again"), at(6)).refused == "ben has it already"
    assert step(BOOK, found.run, ev.HandedOver("mara", "zoe", "  "), at(6)).refused == "a hand-over needs a reason"


def test_a_run_that_is_held_can_be_handed_over_one_that_is_over_can_not() -> None:
    paused = play(PLAN, (1, ev.Paused("mara")))[-1]
    assert step(PLAN, paused.run, ev.HandedOver("mara", "ben", "x"), at(2)).run.state is RunState.PAUSED
    over = play(PLAN, (1, ev.Cancelled("mara")))[-1]
    assert "cancelled" in step(PLAN, over.run, ev.HandedOver("mara", "ben", "x"), at(2)).refused


def test_a_call_says_what_and_where_to_and_waits_for_its_end() -> None:
    first = begin(CALLING)
    (call,) = first.outputs
    assert isinstance(call, CallWebhook)
    assert (call.key, call.url, call.until, call.expect) == (f"{first.run.id}/call/1", URL, at(10), ())
    assert call.body == {"to": "borealis", "risk": "r-7"}
    assert (first.run.state, first.wake_at, first.run.engaged) == (RunState.WAITING, at(10), True)


@pytest.mark.parametrize(("ok", "where"), [(True, None), (False, "by-hand")])
def test_its_end_leads_on(ok: bool, where: str | None) -> None:
    first = begin(CALLING)
    ended = step(CALLING, first.run, ev.CallEnded(call_key(first.run), ok, "answered so"), at(1))
    assert ended.run.step == where
    assert ended.log[0].text == f"the call {'succeeded' if ok else 'failed'}: answered so"
    assert "known already" in step(CALLING, ended.run, ev.CallEnded(call_key(first.run), True), at(2)).refused


def test_no_end_in_time_is_a_failure_and_a_late_end_is_written_down() -> None:
    first = begin(CALLING)
    late = step(CALLING, first.run, ev.Woke(), at(10))
    assert late.run.step == "by-hand"
    told = step(CALLING, late.run, ev.CallEnded(call_key(first.run), True, "answered 200"), at(11))
    assert (told.run.step, told.log[0].text) == ("by-hand", "the call succeeded: answered 200; the run had gone on")


def test_an_end_that_comes_while_the_run_is_held_counts_when_it_goes_on() -> None:
    first = begin(CALLING)
    key = call_key(first.run)
    held = step(CALLING, first.run, ev.Paused("mara"), at(1))
    told = step(CALLING, held.run, ev.CallEnded(key, False, "answered 403"), at(2))
    assert told.run.state is RunState.PAUSED
    assert step(CALLING, told.run, ev.Resumed("mara"), at(3)).run.step == "by-hand"
    waiting = step(CALLING, held.run, ev.Resumed("mara"), at(3))
    assert (waiting.run.step, waiting.wake_at) == ("call", at(12))


def test_in_a_drill_nothing_is_called() -> None:
    found = begin(CALLING, msgspec.structs.replace(RISK, exercise="D-1"))
    assert found.outputs == ()
    assert [line.text for line in found.log if "would call" in line.text] == [
        f"would call {URL} with to: borealis, risk: r-7; in a drill nothing is called"
    ]
    assert found.run.outcome == "moved"


def test_a_call_nobody_asked_for_is_refused() -> None:
    assert "asked for no call 'x'" in step(CALLING, begin(CALLING).run, ev.CallEnded("x", True), at(1)).refused


def test_a_field_that_a_later_program_adds_does_not_rename_a_run_s_version() -> None:
    stored = json.loads(pin(PLAN))
    for verb in (spec["approve"] for spec in stored["steps"] if spec.get("approve")):
        del verb["approvals"]  # as an earlier program wrote it
    for spec in stored["steps"]:
        del spec["webhook"]
    assert unpin(json.dumps(stored).encode()).digest == PLAN.digest
    assert DOCUMENT.validate_python({**stored, "title": "Else"}).digest != PLAN.digest
    assert begin(PLAN).run.started_at == T0
