"""What the API says of why a risk is what it is, as values: the names and forms of the JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from secondsource.domain.register import State
from secondsource.domain.signals import Severity, Signal
from services.api.shapes import ScoreShape

Origin = Literal["response", "dropped", "responses", "poll", "absence", "pushed", "drill", "finding", "unknown"]
"""Where an observation comes from: a response that is kept, one that is no longer, several; this program's own poll; that the source no
longer had it; a push, a drill, another rule; or it was not found."""


class NumberShape(msgspec.Struct, frozen=True):
    """A number of the risk that changed: severity, a score, or when it hurts next."""

    at: datetime
    name: str
    before: str | None
    after: str | None
    reason: str
    event: str
    actor: str


class EdgeShape(msgspec.Struct, frozen=True):
    """That ``upper`` rests on ``lower``, how that is known, and how well (0 to 1).

    All three are None where the configuration of today has no such edge: it had one when the risk was last judged.
    """

    upper: str
    lower: str
    kind: str | None
    basis: str | None
    confidence: float | None


class ReachShape(msgspec.Struct, frozen=True):
    """A function hit. ``chain`` goes from it to the trouble; ``edges`` are those of its steps that lie between vendors."""

    function: str
    name: str
    certain: bool
    confidence: float
    chain: tuple[str, ...]
    edges: tuple[EdgeShape, ...]


class ResponseShape(msgspec.Struct, frozen=True):
    """An archived response. ``fetched_at`` is when it last came with this content, ``size`` is in bytes, ``url`` is without its query."""

    hash: str
    fetched_at: datetime
    url: str
    status: int
    size: int


class FindingShape(msgspec.Struct, frozen=True):
    """A finding of another rule, and its risk."""

    risk: str
    rule: str
    title: str


class EvidenceShape(msgspec.Struct, frozen=True):
    """One observation that a signal names. ``origin`` says where it comes from, ``says`` the same in words; what is not known is None."""

    id: str
    origin: Origin
    says: str
    source: str | None = None
    vendor: str | None = None
    subject: str | None = None
    kind: str | None = None
    observed_at: datetime | None = None
    statement: str | None = None
    response: ResponseShape | None = None
    finding: FindingShape | None = None


class Explanation(msgspec.Struct, frozen=True):
    """Why a risk is what it is. ``signals`` are the newest of its last episode; ``earlier_signals`` counts those left out."""

    id: str
    sentence: str
    state: State
    reason: str
    finding: Severity
    severity: Severity
    severity_reason: str
    inherent: ScoreShape
    current: ScoreShape
    residual: ScoreShape
    numbers: tuple[NumberShape, ...]
    exposure_known: bool
    exposure: tuple[ReachShape, ...]
    signals: tuple[Signal, ...]
    earlier_signals: int
    evidence: tuple[EvidenceShape, ...]
