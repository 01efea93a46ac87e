"""A run of a runbook: its state, what can happen to it, and what it asks of the world. Values only.

A run survives the process: everything here is a frozen msgspec struct that can be written down and read back.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from secondsource.plans.facts import RiskFacts


class RunState(enum.Enum):
    """Where a run stands."""

    RUNNING = "running"  # people work through a checklist
    WAITING = "waiting"  # for time, an acknowledgement or the end of the trouble
    AWAITING_APPROVAL = "awaiting_approval"
    PAUSED = "paused"  # by a person; no timer runs
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether the run has ended: it asks for nothing more, but still passes on that the risk was taken or cleared."""
        return self in (RunState.DONE, RunState.CANCELLED)


class Tick(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item of a checklist, done."""

    by: str
    at: datetime
    evidence: str = ""


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call of a webhook step. ``ended_at`` None: nobody has said yet how it ended."""

    at: datetime
    ended_at: datetime | None = None
    ok: bool = False
    detail: str = ""


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """One run of one runbook for one episode of a risk.

    ``version`` is the content hash of the runbook that the run began with: it is walked to its end by that text, whatever becomes of
    the file. ``visits`` counts how often each step was entered, ``ticks`` is keyed ``step/item``, ``seq`` is the
    number of log lines so far.
    """

    id: str
    runbook: str
    kind: str  # escalation, contingency
    version: str
    risk: RiskFacts
    state: RunState
    started_at: datetime
    step: str | None = None  # the step it stands at; None once it is over
    since: datetime | None = None  # when it came to stand there
    until: datetime | None = None  # when the wait at this step runs out
    seq: int = 0
    visits: Mapping[str, int] = {}
    ticks: Mapping[str, Tick] = {}
    notified: tuple[str, ...] = ()  # targets told so far, in order
    acked_by: str | None = None
    acked_at: datetime | None = None
    cleared: bool = False  # detection says that the trouble is over
    engaged: bool = False  # people have begun to change the world: an item ticked or mitigation declared
    remaining: timedelta | None = None  # while paused: what was left of the wait
    resume_to: RunState | None = None  # while paused: the state to go back to
    outcome: str = ""  # why it ended
    holder: str | None = None  # who has it in hand: who acknowledged or started it, then whom it was handed to
    asked_by: str | None = None  # while it asks: who brought it to the question, where a person did
    approvals: tuple[str, ...] = ()  # while it asks: who has said yes so far
    calls: Mapping[str, Call] = {}  # by the key of the output that asked for the call


def call_key(run: Run) -> str:
    """The name of the call that the step at which ``run`` stands asked for, if it is one that calls."""
    step = run.step or ""
    return f"{run.id}/{step}/{run.visits.get(step, 0)}"


class Event(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Something that happened to a run."""


class Started(Event, frozen=True):
    """A risk opened and this runbook was chosen. ``by`` is a person where one chose it; ``nth`` tells runs apart that start in one
    instant, as when a person closes a risk and takes it up again at once."""

    risk: RiskFacts
    by: str = "secondsource"
    nth: int = 1


class RiskChanged(Event, frozen=True):
    """The finding says more or something else. Nothing is stopped, repeated or begun by it."""

    risk: RiskFacts


class Acknowledged(Event, frozen=True):
    """A person has taken the risk: escalation stops."""

    by: str


class Ticked(Event, frozen=True):
    """A person has done ``item`` of the checklist that the run stands at."""

    item: str
    by: str
    evidence: str = ""


class Approved(Event, frozen=True):
    """A person said yes. ``roles`` are that person's; None says that the caller has checked them."""

    by: str
    comment: str = ""
    roles: tuple[str, ...] | None = None


class Declined(Event, frozen=True):
    """A person said no. ``roles`` as in :class:`Approved`."""

    by: str
    comment: str = ""
    roles: tuple[str, ...] | None = None


class Woke(Event, frozen=True):
    """The ``wake_at`` that the run asked for has come. Too early, or asked for no more: nothing happens."""


class RiskCleared(Event, frozen=True):
    """Detection says that the trouble is over."""


class RiskClosed(Event, frozen=True):
    """A person closed or accepted the risk."""

    by: str = ""
    reason: str = ""


class Paused(Event, frozen=True):
    """A person holds the run; what is left of a wait is kept."""

    by: str


class Resumed(Event, frozen=True):
    """A person lets the run go on."""

    by: str


class HandedOver(Event, frozen=True):
    """Somebody else has the run in hand from now on. ``to`` is a person's id, with or without ``person:``."""

    by: str
    to: str
    reason: str


class CallEnded(Event, frozen=True):
    """What ``call`` (the key of a :class:`CallWebhook`) came to. It may come late, after the run has gone on."""

    call: str
    ok: bool
    detail: str = ""


class RollBack(Event, frozen=True):
    """A person ends a contingency plan in good order: the run goes to its roll-back step."""

    by: str
    reason: str = ""


class Cancelled(Event, frozen=True):
    """A person ends the run where it stands."""

    by: str
    reason: str = ""


AnyEvent = (
    Started
    | RiskChanged
    | Acknowledged
    | Ticked
    | Approved
    | Declined
    | Woke
    | RiskCleared
    | RiskClosed
    | Paused
    | Resumed
    | HandedOver
    | CallEnded
    | RollBack
    | Cancelled
)


class Output(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Something that a run asks for. ``key`` is the same whenever the same run comes to the same point."""

    key: str


class Notify(Output, frozen=True):
    """Tell ``to`` (``person:ID``, ``role:NAME`` or ``channel:NAME``). ``reason`` says why this message is sent.

    ``occasion`` is one of :data:`secondsource.plans.schema.OCCASIONS`, or ``acknowledged`` or ``cleared``, which go by themselves
    to everyone told before, or ``handed_over``, which goes to whom the run was handed.
    """

    to: str
    occasion: str
    reason: str
    text: str = ""


class StartPlan(Output, frozen=True):
    """Start a run of the contingency plan ``plan`` for the same risk."""

    plan: str


class RequestApproval(Output, frozen=True):
    """Ask those who have ``role``; the question lapses at ``until``. ``approvals`` different people must say yes."""

    role: str
    within: timedelta
    until: datetime
    text: str
    plan: str | None = None
    approvals: int = 1


class CallWebhook(Output, frozen=True):
    """Post ``body`` to ``url``, again and again until ``until``, and tell the run of the end by :class:`CallEnded`.

    ``key`` names the call; ``auth`` is a credential's name; ``expect`` are the answers that mean success, empty for any 2xx.
    """

    url: str
    body: Mapping[str, str]
    until: datetime
    timeout: timedelta
    auth: str | None = None
    expect: tuple[int, ...] = ()


class SetRisk(Output, frozen=True):
    """Move the risk: ``verb`` is one of the register's (``mitigate``)."""

    verb: str
    reason: str


AnyOutput = Notify | StartPlan | RequestApproval | CallWebhook | SetRisk


class RunLog(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a run's history, never changed. ``seq`` counts from 1 without gaps within the run."""

    run: str
    seq: int
    at: datetime
    actor: str
    step: str | None
    event: str
    text: str


class Step(msgspec.Struct, frozen=True):
    """What one event did. ``wake_at`` replaces the wake asked for before; None asks for none.

    ``refused`` is empty, or the sentence that tells the person why the event was not accepted; then ``run`` is as before and
    there is neither output nor log.
    """

    run: Run
    outputs: tuple[AnyOutput, ...] = ()
    log: tuple[RunLog, ...] = ()
    wake_at: datetime | None = None
    refused: str = ""
