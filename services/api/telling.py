"""From an entry of the register to what the API says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import asdict, replace

from secondsource.domain.exposure import age
from secondsource.domain.hits import Exposure, FunctionHit
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import Change, Entry
from secondsource.domain.scoring import Score
from secondsource.domain.sentence import sentence
from secondsource.domain.subjects import vendor_of
from secondsource.plans.run import Run
from services.api.shapes import ExposureShape, HitShape, PlanShape, RiskDetail, RiskItem, RunOfRisk, ScoreShape, fallback


def aged(entry: Entry, now: datetime) -> Entry:
    """The entry with the thresholds that time has crossed since it was written down."""
    return entry if entry.cleared_at is not None else replace(entry, exposure=age(entry.exposure, now))


def item(entry: Entry, now: datetime) -> RiskItem:
    """The entry in a list."""
    exposure = aged(entry, now).exposure
    return RiskItem(
        id=entry.id,
        sentence=sentence(entry, now),
        title=entry.title,
        rule=entry.rule,
        vendor=vendor_of(entry.subject, entry.scopes),
        subject=entry.subject,
        state=entry.state,
        severity=entry.severity,
        score=entry.current.value,
        functions=tuple(hit.function for hit in exposure.hits),
        owner=entry.owner,
        acknowledged_by=entry.acknowledged_by,
        since=entry.since,
        opened_at=entry.opened_at,
        updated_at=entry.updated_at,
        cleared_at=entry.cleared_at,
        hurts_at=exposure.hurts_at,
        first_hurt_at=exposure.first_hurt_at,
        exercise=entry.exercise,
        version=entry.version,
    )


def detail(entry: Entry, now: datetime, history: Sequence[Change], runs: Sequence[Run]) -> RiskDetail:
    """All of the entry, as old as ``now``."""
    entry = aged(entry, now)
    return RiskDetail(
        **asdict(item(entry, now)),
        reason=entry.reason,
        finding=entry.finding,
        severity_reason=entry.severity_reason,
        inherent=score(entry.inherent),
        current=score(entry.current),
        residual=score(entry.residual),
        exposure=_exposure(entry.exposure),
        scopes=entry.scopes,
        evidence=entry.evidence,
        plan=_plan(entry.plan),
        episode=entry.episode,
        episode_no=entry.episode_no,
        closed_at=entry.closed_at,
        acknowledged_at=entry.acknowledged_at,
        accepted_by=entry.accepted_by,
        accepted_until=entry.accepted_until,
        accepted_reason=entry.accepted_reason,
        runs=tuple(RunOfRisk(run.id, run.runbook, run.kind, run.state, run.started_at, run.step) for run in runs),
        history=tuple(history),
        cause=entry.cause,
        covers=entry.covers,
    )


def score(score: Score) -> ScoreShape:
    """A score as the API says it."""
    return ScoreShape(score.likelihood, score.impact, score.value, score.band.value, score.reason)


def _exposure(exposure: Exposure) -> ExposureShape:
    return ExposureShape(exposure.outage, exposure.known, exposure.hurts_at, tuple(map(hit_shape, exposure.hits)))


def hit_shape(hit: FunctionHit) -> HitShape:
    """A function that is hit, or would be."""
    return HitShape(
        function=hit.function,
        name=hit.name,
        criticality=hit.criticality.value,
        owner=hit.owner,
        chain=hit.chain,
        certain=hit.certain,
        confidence=hit.confidence,
        lost=hit.lost,
        level_now=hit.level_now,
        hurts_at=hit.hurts_at,
        next_level=hit.next_level,
        fallbacks=tuple(map(fallback, hit.standbys)),
    )


def _plan(note: PlanNote | None) -> PlanShape | None:
    if note is None:
        return None
    return PlanShape(note.id, note.name, note.passed_at, note.failed_at, note.hollow, note.progress, note.run)
