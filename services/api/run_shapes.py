"""What the API says of runs of runbooks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import asdict

from secondsource.plans import run as running
from secondsource.plans.facts import RiskFacts
from secondsource.plans.placeholders import facts_for, fill
from secondsource.plans.run import Run, RunLog, RunState
from secondsource.plans.says import says
from secondsource.plans.schema import Contingency, Runbook, StepSpec
from secondsource.plans.transitions import allowed

_PROBES: tuple[tuple[str, running.Event], ...] = (
    ("approve", running.Approved("")),
    ("decline", running.Declined("")),
    ("tick", running.Ticked("", "")),
    ("pause", running.Paused("")),
    ("resume", running.Resumed("")),
    ("hand-over", running.HandedOver("", "", "")),
    ("rollback", running.RollBack("")),
    ("cancel", running.Cancelled("")),
)
VERBS = tuple(verb for verb, _ in _PROBES)


class ItemShape(msgspec.Struct, frozen=True):
    """One thing to do. ``evidence``: a tick needs a word on what was seen; ``seen`` is that word."""

    id: str
    text: str
    evidence: bool
    done_by: str | None
    done_at: datetime | None
    seen: str


class QuestionShape(msgspec.Struct, frozen=True):
    """The decision that the run waits for: who may take it, and until when. ``approvals`` different people must say yes; ``given``
    have."""

    text: str
    role: str
    until: datetime | None
    approvals: int
    given: tuple[str, ...]


class RunItem(msgspec.Struct, frozen=True):
    """One run in a list. ``checklist`` and ``question`` are those of the step that it stands at; ``can`` is what may be posted."""

    id: str
    runbook: str
    title: str
    kind: str
    state: RunState
    step: str | None
    standing: str  # what it does there, in words
    since: datetime | None
    until: datetime | None
    risk: str
    risk_title: str
    exercise: str | None
    started_at: datetime
    outcome: str
    holder: str | None  # who has it in hand
    checklist: tuple[ItemShape, ...]
    question: QuestionShape | None
    can: tuple[str, ...]


class RunPage(msgspec.Struct, frozen=True):
    """A page of runs; ``next`` is the cursor of the next one."""

    items: tuple[RunItem, ...]
    next: str | None


class StepShape(msgspec.Struct, frozen=True):
    """One step of the text. ``place``: past, here or ahead; a step behind a branch not taken counts as ahead."""

    id: str
    verb: str
    says: str
    place: str
    visits: int


class RunDetail(RunItem, frozen=True):
    """All of a run."""

    version: str
    owner: str
    description: str
    steps: tuple[StepShape, ...]
    log: tuple[RunLog, ...]


def run_item(run: Run, runbook: Runbook) -> RunItem:
    """The run in a list. ``runbook`` is the text that it began with."""
    spec, facts = runbook.step(run.step) if run.step is not None else None, facts_for(runbook, run.risk)
    return RunItem(
        id=run.id,
        runbook=run.runbook,
        title=runbook.title,
        kind=run.kind,
        state=run.state,
        step=run.step,
        standing=says(spec, facts) if spec is not None else run.outcome,
        since=run.since,
        until=run.until,
        risk=run.risk.id,
        risk_title=run.risk.title,
        exercise=run.risk.exercise,
        started_at=run.started_at,
        outcome=run.outcome,
        holder=run.holder,
        checklist=_checklist(spec, run, facts),
        question=_question(spec, run, facts),
        can=tuple(
            verb for verb, event in _PROBES if allowed(run.state, event) and (verb != "rollback" or isinstance(runbook, Contingency))
        ),
    )


def run_detail(run: Run, runbook: Runbook, log: Iterable[RunLog]) -> RunDetail:
    """All of the run."""
    return RunDetail(
        **asdict(run_item(run, runbook)),
        version=run.version,
        owner=runbook.owner,
        description=runbook.description,
        steps=tuple(_step(spec, run, facts_for(runbook, run.risk)) for spec in runbook.steps),
        log=tuple(log),
    )


def _checklist(spec: StepSpec | None, run: Run, facts: RiskFacts) -> tuple[ItemShape, ...]:
    if spec is None or spec.checklist is None:
        return ()
    found = []
    for item in spec.checklist.items:
        tick = run.ticks.get(f"{spec.id}/{item.id}")
        by, at, seen = (tick.by, tick.at, tick.evidence) if tick is not None else (None, None, "")
        found.append(ItemShape(item.id, fill(item.text, facts), item.evidence, by, at, seen))
    return tuple(found)


def _question(spec: StepSpec | None, run: Run, facts: RiskFacts) -> QuestionShape | None:
    if spec is None or spec.approve is None:
        return None
    return QuestionShape(fill(spec.approve.text, facts), spec.approve.by, run.until, spec.approve.approvals, run.approvals)


def _step(spec: StepSpec, run: Run, facts: RiskFacts) -> StepShape:
    visits = run.visits.get(spec.id, 0)
    place = "here" if spec.id == run.step else "past" if visits else "ahead"
    return StepShape(spec.id, spec.verb, says(spec, facts), place, visits)
