"""Any sequence of events, in order or not, once or twice: what always holds of the register."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from secondsource.domain.exposure import expose
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import (
    Accept,
    Acknowledge,
    AnyEvent,
    Change,
    Close,
    Entry,
    Mitigate,
    Policy,
    Refused,
    Reopen,
    Rescore,
    State,
    event_of,
    name_of,
)
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Severity
from secondsource.domain.transitions import TABLE, due, step
from tests.support.company import T0, company, minutes, outage

CONTEXT = company()
POLICY = Policy(settle=timedelta(hours=3))
PLAN = PlanNote("failover", "failover plan", passed_at=T0 - timedelta(days=12))
BY = "person:ana"


class Register(RuleBasedStateMachine):
    """Detection opens, updates and clears as detection does; people do what they like; the timer fires when due."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = T0
        self.entry: Entry | None = None
        self.changes: list[Change] = []
        self.said: list[AnyEvent] = []
        self.episode: datetime | None = None  # of detection; None while it is clear

    def take(self, event: AnyEvent) -> bool:
        """Whether the register allowed it."""
        before = self.entry
        try:
            self.entry, changes = step(before, event, self.now, POLICY)
        except Refused:
            return False
        if changes:
            assert self.entry.state in TABLE[before.state if before else None, name_of(event)]
        elif before is not None:
            assert (self.entry.version, self.entry.state) == (before.version, before.state)
        self.changes += changes
        return True

    def detect(self, phase: Phase, severity: Severity, scopes: tuple[Scope, ...]) -> None:
        assert self.episode is not None
        signal = outage(phase, now=self.now, since=self.episode, severity=severity, scopes=scopes)
        event = event_of(signal, expose(signal, self.now, CONTEXT))
        assert self.take(event)  # detection is never refused
        self.said.append(event)

    @rule(by=st.sampled_from((1, 7, 45, 200, 2000)))
    def time_passes(self, by: int) -> None:
        until = self.now + minutes(by)
        while self.entry is not None and self.entry.wake_at is not None and self.entry.wake_at <= until:
            self.now = max(self.now, self.entry.wake_at)
            event = due(self.entry, self.now, POLICY)
            assert event is not None
            assert self.take(event)  # the timer is never refused
            assert self.entry.wake_at is None or self.entry.wake_at > self.now
        self.now = until

    @rule(severity=st.sampled_from(Severity), scopes=st.sampled_from(((Scope("halcyon"),), (Scope("gpuco"),), ())))
    def trouble(self, severity: Severity, scopes: tuple[Scope, ...]) -> None:
        self.now += minutes(1)
        phase = Phase.OPENED if self.episode is None else Phase.UPDATED
        self.episode = self.episode or self.now
        self.detect(phase, severity, scopes)

    @precondition(lambda self: self.episode is not None)
    @rule()
    def all_clear(self) -> None:
        self.now += minutes(1)
        self.detect(Phase.CLEARED, Severity.HIGH, (Scope("halcyon"),))
        self.episode = None

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def redelivery(self, data: st.DataObject) -> None:
        before = self.entry
        assert self.take(data.draw(st.sampled_from(self.said)))
        assert self.entry == before

    @precondition(lambda self: self.entry is not None)
    @rule(event=st.sampled_from((Acknowledge(BY), Mitigate(BY), Close(BY, "done"), Reopen(BY, "not done"), Rescore(PLAN), Rescore())))
    def person(self, event: AnyEvent) -> None:
        assert self.entry is not None
        allowed = (self.entry.state, name_of(event)) in TABLE
        assert self.take(event) is allowed

    @precondition(lambda self: self.entry is not None)
    @rule(hours=st.sampled_from((1, 30)))
    def accept(self, hours: int) -> None:
        self.take(Accept(BY, self.now + timedelta(hours=hours), "borne"))

    @invariant()
    def the_history_is_whole(self) -> None:
        assert [change.seq for change in self.changes] == list(range(1, len(self.changes) + 1))
        assert all(a.to_state is b.from_state and a.at <= b.at for a, b in zip(self.changes, self.changes[1:], strict=False))
        if self.entry is not None:
            assert (self.changes[-1].to_state, self.entry.version) == (self.entry.state, len(self.changes))

    @invariant()
    def numbers_of_the_history_lead_to_those_of_the_entry(self) -> None:
        if self.entry is None:
            return
        last: dict[str, Any] = {}
        for change in self.changes:
            for number in change.numbers:
                assert number.before == last.get(number.name)
                last[number.name] = number.after
        assert last["severity"] == self.entry.severity.value
        assert last["current"].endswith(f"= {self.entry.current.value}")

    @invariant()
    def fields_agree_with_the_state(self) -> None:
        entry = self.entry
        if entry is None:
            return
        assert (entry.state is State.ACCEPTED) == (entry.accepted_until is not None) == (entry.accepted_severity is not None)
        assert (entry.state is State.CLOSED) == (entry.closed_at is not None)
        assert entry.state is not State.MONITORING or entry.cleared_at is not None
        assert entry.state is not State.CLOSED or entry.wake_at is None
        assert entry.residual.value <= entry.current.value <= entry.inherent.value
        if entry.state in (State.OPEN, State.ACKNOWLEDGED, State.MITIGATING) and entry.wake_at is not None:
            assert entry.cleared_at is None

    @invariant()
    def nothing_that_fires_is_forgotten(self) -> None:
        """What detection holds for true is in the register as not over; it is closed only where a person closed it."""
        if self.episode is None or self.entry is None:
            return
        assert self.entry.cleared_at is None
        if self.entry.state is State.CLOSED:
            assert [change for change in self.changes if change.to_state is not change.from_state][-1].actor == BY


TestRegister = Register.TestCase
TestRegister.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
