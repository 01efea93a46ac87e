"""The risk register: entries, what can happen to them, and the append-only history."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.exposure import Exposure
from secondsource.domain.ids import short_id
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.scope import Scope
from secondsource.domain.scoring import Score
from secondsource.domain.signals import Evidence, Phase, Severity, Signal


class State(enum.Enum):
    """Where the handling of a risk stands. It says nothing of detection: a closed risk may still be firing."""

    OPEN = "open"  # nobody has taken it
    ACKNOWLEDGED = "acknowledged"  # a person has seen it and will act
    MITIGATING = "mitigating"  # a plan or a person is at work on it
    MONITORING = "monitoring"  # detection cleared while it was being mitigated; watched before it is closed
    ACCEPTED = "accepted"  # a person bears it, for a reason, until a date
    CLOSED = "closed"


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One risk as it stands: a projection of its history.

    ``id`` is the same for the same rule, key and drill for ever; each new stay in trouble is an episode of it (``episode``
    is the signal's name of it, ``episode_no`` counts from 1). ``cleared_at`` is when detection said that it is over; None
    while it fires. ``wake_at`` is when :func:`secondsource.domain.transitions.due` next has something; None for never. ``cause`` is
    the risk that this one is a consequence of, ``covers`` are the risks that this one explains.
    """

    id: str
    rule: str
    key: str
    episode: str
    title: str
    reason: str
    finding: Severity  # the signal's own severity
    severity: Severity  # the risk's
    severity_reason: str
    subject: str
    since: datetime
    opened_at: datetime  # this episode, in the register
    updated_at: datetime
    last_signal: str
    inherent: Score
    current: Score
    residual: Score
    heard_at: datetime  # ``at`` of the newest signal
    heard: tuple[str, ...]  # ids of the signals with that ``at``: what arrives again is recognised
    exposure: Exposure = Exposure()
    scopes: tuple[Scope, ...] = ()
    evidence: Evidence = Evidence()
    state: State = State.OPEN
    exercise: str | None = None
    episode_no: int = 1
    cleared_at: datetime | None = None
    closed_at: datetime | None = None
    owner: str | None = None  # of the function that hurts first
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    accepted_by: str | None = None
    accepted_until: datetime | None = None
    accepted_reason: str | None = None
    accepted_severity: Severity | None = None
    plan: PlanNote | None = None
    wake_at: datetime | None = None
    version: int = 1
    cause: str | None = None
    covers: tuple[str, ...] = ()


class Number(msgspec.Struct, frozen=True, omit_defaults=True):
    """A number of an entry that changed: ``severity``, ``inherent``, ``current``, ``residual``, ``hurts_at``."""

    name: str
    before: str | None
    after: str | None
    reason: str = ""


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of the history, never altered. ``seq`` counts from 1 for each risk and equals the entry's version."""

    risk: str
    seq: int
    at: datetime
    actor: str  # "detection", "timer", "person:<id>", "run:<id>"
    event: str
    to_state: State
    reason: str
    from_state: State | None = None  # None for the first
    episode: str = ""
    signal: str | None = None
    evidence: tuple[str, ...] = ()  # observation ids
    numbers: tuple[Number, ...] = ()


class Event(msgspec.Struct, frozen=True, tag=str.lower, tag_field="event"):
    """Something that happens to a risk. The tag is its name: ``opened``, ``acknowledge``, ``expire`` and so on."""


class Opened(Event, frozen=True):
    """Detection found it."""

    signal: Signal
    exposure: Exposure


class Updated(Event, frozen=True):
    """Detection has more to say."""

    signal: Signal
    exposure: Exposure


class Cleared(Event, frozen=True):
    """Detection says that it is over."""

    signal: Signal
    exposure: Exposure


class Acknowledge(Event, frozen=True):
    """A person takes it. ``by`` is an actor: ``person:<id>``."""

    by: str
    reason: str = ""


class Mitigate(Event, frozen=True):
    """Work on it begins, by a person or a run of a plan (``run:<id>``)."""

    by: str
    reason: str = ""


class Accept(Event, frozen=True):
    """A person bears it until a date. Reason and a date in the future are required."""

    by: str
    until: datetime
    reason: str


class Close(Event, frozen=True):
    """A person ends it. A reason is required."""

    by: str
    reason: str


class Reopen(Event, frozen=True):
    """A person takes a closed one up again. A reason is required."""

    by: str
    reason: str


class Expire(Event, frozen=True):
    """The acceptance ran out."""


class Settle(Event, frozen=True):
    """It stayed quiet for the monitoring period."""


class Rescore(Event, frozen=True):
    """Time or a plan changed the numbers, not the state. ``plan`` None keeps the note that the entry has."""

    plan: PlanNote | None = None
    by: str = "timer"


class Fold(Event, frozen=True):
    """It is found to be a consequence of ``cause``, another risk; None: it is no longer. The state stays as it is."""

    cause: str | None
    reason: str
    by: str = "detection"


AnyEvent = Opened | Updated | Cleared | Acknowledge | Mitigate | Accept | Close | Reopen | Expire | Settle | Rescore | Fold
EVENTS: tuple[type[Event], ...] = (
    Opened, Updated, Cleared, Acknowledge, Mitigate, Accept, Close, Reopen, Expire, Settle, Rescore, Fold,
)  # fmt: skip


def name_of(event: Event | type[Event]) -> str:
    """The name of an event: its class in lower case."""
    return str(event.__struct_config__.tag)


class Policy(msgspec.Struct, frozen=True):
    """Times that the register goes by."""

    settle: timedelta = timedelta(hours=24)  # quiet for so long in monitoring, then closed
    drill_valid: timedelta = timedelta(days=90)  # how long a passed drill proves a plan


class Refused(Exception):
    """The event may not happen in this state. ``state`` is None for a risk that does not exist."""

    def __init__(self, state: State | None, event: str, why: str) -> None:
        super().__init__(why)
        self.state = state
        self.event = event
        self.why = why


def risk_id(rule: str, key: str, exercise: str | None = None) -> str:
    """The name of a risk, as a person types it: ``R-`` and ten characters."""
    return "R-" + short_id(rule, key, exercise)


def covered(signal: Signal) -> tuple[str, ...]:
    """The risks that the signal explains."""
    names = (name.partition(":") for name in signal.covers)
    return tuple(risk_id(rule, key, signal.exercise) for rule, _, key in names)


def event_of(signal: Signal, exposure: Exposure) -> Opened | Updated | Cleared:
    """The event that a signal is to the register."""
    if signal.phase is Phase.OPENED:
        return Opened(signal, exposure)
    if signal.phase is Phase.UPDATED:
        return Updated(signal, exposure)
    return Cleared(signal, exposure)
