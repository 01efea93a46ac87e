"""What a rule has to say: a finding that opened, changed or cleared."""

from __future__ import annotations

import enum
import re
from datetime import datetime
from decimal import Decimal
from functools import total_ordering
from typing import TYPE_CHECKING

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


if TYPE_CHECKING:
    Value = Decimal | float | int | str
else:
    Value = float | int | str  # as written down: msgspec tells no decimal from a text, see Measure

_DECIMAL = re.compile(r"-?\d+(\.\d+)?(E[+-]?\d+)?", re.ASCII)


class Measure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A number that a finding rests on, and the threshold that it was held against.

    Decimals are written down as texts; a text that reads as one is one, so that what is read back equals what was written.
    """

    name: str
    value: Value
    unit: str = ""
    threshold: Decimal | float | int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.value, str) and _DECIMAL.fullmatch(self.value):
            msgspec.structs.force_setattr(self, "value", Decimal(self.value))


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why: the observations that count, and the arithmetic."""

    observations: tuple[str, ...] = ()  # ids, oldest first, at most 50; of signals where a rule hears findings
    measures: tuple[Measure, ...] = ()
    facts: tuple[str, ...] = ()  # sentences: what was said, by whom


class Signal(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the ledger.

    ``key`` is what the rule keeps apart (``aws/us-east-1``), ``episode`` one stay in trouble of that key, ``scopes`` the
    parts of vendors that are in trouble, ``since`` when the trouble began as far as this program saw. ``covers`` names findings
    of others that this one explains, as ``rule:key``.
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
    covers: tuple[str, ...] = ()


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
    covers: tuple[str, ...] = (),
) -> Signal:
    """A signal with its id worked out from all of its content; the title is cut to 120 characters."""
    title = title if len(title) <= 120 else title[:119] + "…"
    parts = (rule, key, episode, phase, severity, subject, at, since, title, reason, scopes, evidence, exercise)
    identity = content_id(*parts, covers) if covers else content_id(*parts)
    return Signal(
        identity, rule, key, episode, phase, severity, subject, at, since, title, reason, scopes, evidence, exercise, covers,
    )  # fmt: skip
