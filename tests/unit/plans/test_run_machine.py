"""A run under everything that people, time and programs may do to it, in any order, written down and read back at each step."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from secondsource.plans import run as ev
from secondsource.plans.interpreter import step
from secondsource.plans.run import AnyEvent, AnyOutput, CallWebhook, Notify, Run, RunLog, RunState, Step
from secondsource.plans.transitions import TRANSITIONS
from tests.unit.plans.books import RISK, T0, contingency

BOOK = contingency(
    {"id": "declare", "mitigate": "moving"},
    {"id": "call", "webhook": {"url": "https://automation.example/x", "within": "10m", "on_failure": "by-hand"}},
    {"id": "check", "checklist": {"items": [{"id": "a", "text": "a"}, {"id": "b", "text": "b"}], "within": "1h", "on_timeout": "late"}},
    {"id": "hold", "wait_clear": {"for": "4h", "on_timeout": "remind"}},
    {"id": "ask", "approve": {"by": "boss", "approvals": 2, "within": "1h", "text": "Back?", "on_decline": "stay", "on_timeout": "remind"}},
    {"id": "back", "checklist": {"items": [{"id": "c", "text": "c"}], "within": "2h", "on_timeout": "late-back"}},
    {"id": "done", "end": "back home"},
    {"id": "by-hand", "note": "by hand then", "next": "check"},
    {"id": "late", "notify": {"to": ["role:boss"]}, "next": "check"},
    {"id": "late-back", "notify": {"to": ["role:boss"]}, "next": "back"},
    {"id": "remind", "notify": {"to": ["role:boss"]}, "next": "hold"},
    {"id": "stay", "wait": {"for": "2h"}, "next": "ask"},
    rollback="back",
)
PEOPLE = st.sampled_from(["ana", "ben", "cy", "dee"])
MINUTES = st.integers(0, 200)


class AnyRun(RuleBasedStateMachine):
    """Time only goes forward, and timers fire at their time: nobody wakes a run early or late."""

    run: Run

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.outputs: list[AnyOutput] = []
        self.lines: list[RunLog] = []
        self.wake: datetime | None = None

    def _do(self, event: AnyEvent) -> Step:
        before = msgspec.json.decode(msgspec.json.encode(self.run), type=Run)  # the process was killed and began again
        found = step(BOOK, before, event, self.now)
        assert found == step(BOOK, before, event, self.now)  # a transaction that was rolled back is repeated to the letter
        if found.refused:
            assert (found.run, found.outputs, found.log) == (before, (), ())
        else:
            assert found.run.state in TRANSITIONS[before.state, type(event)]
            assert found.log
        self._keep(found)
        return found

    def _keep(self, found: Step) -> None:
        self.run, self.wake = found.run, found.wake_at
        self.outputs += found.outputs
        self.lines += found.log

    def _pass(self, minutes: int) -> None:
        until = self.now + timedelta(minutes=minutes)
        while self.wake is not None and self.wake <= until:
            self.now = self.wake
            assert not self._do(ev.Woke()).refused
        self.now = until

    @initialize()
    def start(self) -> None:
        self._keep(step(BOOK, None, ev.Started(RISK), self.now))

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self._pass(minutes)

    @rule(item=st.sampled_from(["a", "b", "c"]), by=PEOPLE)
    def tick(self, item: str, by: str) -> None:
        before = self.run
        found = self._do(ev.Ticked(item, by))
        assert bool(found.refused) or len(found.run.ticks) == len(before.ticks) + 1

    @rule(by=PEOPLE)
    def approve(self, by: str) -> None:
        before = self.run
        found = self._do(ev.Approved(by))
        if not found.refused:
            assert by not in before.approvals
            assert by != before.asked_by
            assert (found.run.step == "back") == (len(before.approvals) == 1)

    @rule(by=PEOPLE)
    def decline(self, by: str) -> None:
        self._do(ev.Declined(by))

    @rule(by=PEOPLE)
    def pause_and_resume(self, by: str) -> None:
        left = None if self.wake is None else self.wake - self.now
        if self._do(ev.Paused(by)).refused:
            return
        assert self.wake is None
        self._pass(1000)
        step_before = self.run.step
        self._do(ev.Resumed(by))
        if self.run.step == step_before:
            assert self.wake is not None
            assert self.wake - self.now == left

    @rule(by=PEOPLE, to=PEOPLE)
    def hand_over(self, by: str, to: str) -> None:
        before = (self.run.state, self.run.step, self.wake)
        found = self._do(ev.HandedOver(by, to, "shift"))
        assert (found.run.state, found.run.step, found.wake_at) == before
        assert found.refused or found.run.holder == to

    @rule(ok=st.booleans(), which=st.integers(0, 5))
    @precondition(lambda self: self.run.calls)
    def a_call_ends(self, ok: bool, which: int) -> None:
        keys = sorted(self.run.calls)
        before, key = self.run, keys[which % len(keys)]
        found = self._do(ev.CallEnded(key, ok, "said"))
        assert bool(found.refused) == (before.calls[key].ended_at is not None)

    @rule()
    def the_trouble_ends(self) -> None:
        self._do(ev.RiskCleared())

    @rule(by=PEOPLE)
    def roll_back(self, by: str) -> None:
        found = self._do(ev.RollBack(by))
        assert found.refused or found.run.step in ("back", None)

    @rule(by=PEOPLE)
    @precondition(lambda self: len(self.lines) > 20)
    def cancel(self, by: str) -> None:
        self._do(ev.Cancelled(by))

    @invariant()
    def what_is_asked_for_is_asked_for_once(self) -> None:
        keys = [output.key for output in self.outputs]
        assert len(keys) == len(set(keys))

    @invariant()
    def history_has_no_gaps(self) -> None:
        assert [line.seq for line in self.lines] == list(range(1, len(self.lines) + 1))

    @invariant()
    def only_what_waits_has_a_timer(self) -> None:
        if self.lines:
            waits = self.run.state in (RunState.RUNNING, RunState.WAITING, RunState.AWAITING_APPROVAL)
            assert (self.wake is not None) == waits
            assert self.wake is None or self.wake > self.now
            assert (self.run.step is None) == self.run.state.over

    @invariant()
    def nothing_is_asked_of_anybody_after_the_end(self) -> None:
        if self.lines and self.run.state.over:
            end = next(n for n, line in enumerate(self.lines) if line.text.startswith(("done: back home", "cancelled: ")))
            assert not [line for line in self.lines[end + 1 :] if line.event in ("Woke", "Ticked", "Approved")]

    @invariant()
    def a_call_is_known_to_the_run_that_asked_for_it(self) -> None:
        asked = {output.key for output in self.outputs if isinstance(output, CallWebhook)}
        assert asked == (self.run.calls.keys() if self.lines else set())

    @invariant()
    def whoever_was_told_is_remembered(self) -> None:
        if self.lines:
            told = {output.to for output in self.outputs if isinstance(output, Notify) and output.occasion == "handed_over"}
            assert told <= set(self.run.notified)


AnyRun.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyRun = AnyRun.TestCase
