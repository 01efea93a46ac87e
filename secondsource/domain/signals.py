"""What a rule has to say: a finding that opened, changed or cleared."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from functools import total_ordering

import msgspec

from secondsource.domain.ids import content_id
from secondsource.domain.scope import Scope


class Phase(enum.Enum):
    """Where an episode stands."""

    OPENED = "opened"
    UPDATED = "updated"
    CLEARED = "cleared"


@total_ordering
class Severity(enum.Enum):
    """How bad a finding is by itself, before it is known whom it hurts."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (info) to 4 (critical)."""
        return _SEVERITIES.index(self)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Severity):
            return NotImplemented
        return self.rank < other.rank


_SEVERITIES = list(Severity)


class Measure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A number that a finding rests on, and the threshold that it was held against."""

    name: str
    value: Decimal | float | int | str
    unit: str = ""
    threshold: Decimal | float | int | None = None


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why: the observations that count, and the arithmetic."""

    observations: tuple[str, ...] = ()  # ids, oldest first, at most 50
    measures: tuple[Measure, ...] = ()
    facts: tuple[str, ...] = ()  # sentences: what was said, by whom


class Signal(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the ledger.

    ``key`` is what the rule keeps apart (``aws/us-east-1``), ``episode`` one stay in trouble of that key, ``scopes`` the
    parts of vendors that are in trouble, ``since`` when the trouble began as far as this program saw.
    """

    id: str
    rule: str
    key: str
    episode: str
    phase: Phase
    severity: Severity
    subject: str  # a vendor id, or what else the finding is about (``chip/h100``)
    at: datetime
    since: datetime
    title: str  # "AWS us-east-1: major outage", at most 120 characters
    reason: str  # one sentence with the numbers
    scopes: tuple[Scope, ...] = ()
    evidence: Evidence = Evidence()
    exercise: str | None = None


def episode_id(opened_at: datetime) -> str:
    """The name of an episode: the instant at which it opened, so that a lost state can not reuse it."""
    return opened_at.strftime("%Y%m%dT%H%M%S.%fZ")


def signal(
    *,
    rule: str,
    key: str,
    episode: str,
    phase: Phase,
    severity: Severity,
    subject: str,
    at: datetime,
    since: datetime,
    title: str,
    reason: str,
    scopes: tuple[Scope, ...] = (),
    evidence: Evidence = Evidence(),
    exercise: str | None = None,
) -> Signal:
    """A signal with its id worked out from all of its content; the title is cut to 120 characters."""
    title = title if len(title) <= 120 else title[:119] + "…"
    parts = (rule, key, episode, phase, severity, subject, at, since, title, reason, scopes, evidence, exercise)
    return Signal(
        content_id(*parts), rule, key, episode, phase, severity, subject, at, since, title, reason, scopes, evidence,
        exercise,
    )  # fmt: skip
