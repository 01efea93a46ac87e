"""What the API says of risks, as values: the names and forms of the JSON. Instants are ISO 8601 in UTC, spans are seconds."""

from __future__ import annotations

from datetime import datetime

import msgspec

from secondsource.domain.hits import Standby
from secondsource.domain.register import Change, State
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Severity
from secondsource.plans.run import RunState


class RiskItem(msgspec.Struct, frozen=True):
    """One risk in a list. ``sentence`` says it all; ``hurts_at`` is when the next threshold of a function is crossed."""

    id: str
    sentence: str
    title: str
    rule: str
    vendor: str | None  # None where it is about an item, whoever sells it
    subject: str
    state: State
    severity: Severity
    score: int  # current, 1 to 25
    functions: tuple[str, ...]  # ids, the first to hurt first
    owner: str | None
    acknowledged_by: str | None
    since: datetime
    opened_at: datetime
    updated_at: datetime
    cleared_at: datetime | None
    hurts_at: datetime | None
    first_hurt_at: datetime | None
    exercise: str | None
    version: int


class RiskPage(msgspec.Struct, frozen=True):
    """A page of risks; ``next`` is the cursor of the next one."""

    items: tuple[RiskItem, ...]
    next: str | None


class ScoreShape(msgspec.Struct, frozen=True):
    """One cell of the 5 x 5 matrix, with the sentence that explains it."""

    likelihood: int
    impact: int
    value: int
    band: str
    reason: str


class FallbackShape(msgspec.Struct, frozen=True):
    """Where the load could go. ``hollow`` says why it would not help; empty when nothing speaks against it."""

    name: str
    scope: Scope
    capacity: float
    switch_time_s: int
    plan: str | None
    hollow: str
    doubt: str


class HitShape(msgspec.Struct, frozen=True):
    """A business function that the finding reaches. ``chain`` goes from the function to the trouble."""

    function: str
    name: str
    criticality: str
    owner: str
    chain: tuple[str, ...]
    certain: bool
    confidence: float
    lost: float | None
    level_now: int
    hurts_at: datetime | None
    next_level: int
    fallbacks: tuple[FallbackShape, ...]


class ExposureShape(msgspec.Struct, frozen=True):
    """All functions hit. ``known`` false: it could not be told whom the finding concerns, which is not the same as nobody."""

    outage: bool
    known: bool
    hurts_at: datetime | None
    hits: tuple[HitShape, ...]


class PlanShape(msgspec.Struct, frozen=True):
    """The contingency plan, and what is known of it."""

    id: str
    name: str
    passed_at: datetime | None
    failed_at: datetime | None
    hollow: str
    progress: str
    run: str | None


class RunOfRisk(msgspec.Struct, frozen=True):
    """A run of a runbook for the risk."""

    id: str
    runbook: str
    kind: str
    state: RunState
    started_at: datetime
    step: str | None


class RiskDetail(RiskItem, frozen=True):
    """All of a risk: why, how bad and by which arithmetic, whom it hits, what stands ready, and everything that happened to it.

    ``cause`` is the risk that it is a consequence of, ``covers`` are the risks that it explains.
    """

    reason: str
    finding: Severity
    severity_reason: str
    inherent: ScoreShape
    current: ScoreShape
    residual: ScoreShape
    exposure: ExposureShape
    scopes: tuple[Scope, ...]
    evidence: Evidence
    plan: PlanShape | None
    episode: str
    episode_no: int
    closed_at: datetime | None
    acknowledged_at: datetime | None
    accepted_by: str | None
    accepted_until: datetime | None
    accepted_reason: str | None
    runs: tuple[RunOfRisk, ...]
    history: tuple[Change, ...]
    cause: str | None
    covers: tuple[str, ...]


def fallback(standby: Standby) -> FallbackShape:
    """A fallback as the API says it."""
    return FallbackShape(
        standby.name, standby.scope, standby.capacity, int(standby.switch_time.total_seconds()), standby.plan, standby.hollow, standby.doubt
    )
