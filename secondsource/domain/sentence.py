"""The words: one function composes the sentence that page, Slack, mail, command line and report share.

All of it is plain text, part of it from outside: who writes it somewhere escapes it for there.
"""

from __future__ import annotations

from datetime import datetime

from secondsource.domain.exposure import Exposure, FunctionHit, age
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import Entry, State
from secondsource.domain.signals import Severity
from secondsource.domain.words import duration

__all__ = ["DRILL", "chain_line", "duration", "hurt_clause", "mark", "plan_clause", "sentence", "subject_line"]

DRILL = "[DRILL] "

# The words of the subject line: how much it matters, as risk people say it.
_MARKS = {
    Severity.INFO: "info",
    Severity.LOW: "minor",
    Severity.MEDIUM: "moderate",
    Severity.HIGH: "major",
    Severity.CRITICAL: "critical",
}


def chain_line(hit: FunctionHit, arrow: str = " → ") -> str:
    """The way from the function to the trouble: ``Support assistant → Chat inference → Halcyon AI → AWS us-east-1``."""
    return arrow.join(hit.chain)


def mark(entry: Entry) -> str:
    """One word for the state of an entry: ``resolved``, ``closed``, ``accepted``, or how much it matters."""
    if entry.state is State.CLOSED and entry.cleared_at is None:
        return "closed"
    if entry.state in (State.CLOSED, State.MONITORING):
        return "resolved"
    return "accepted" if entry.state is State.ACCEPTED else _MARKS[entry.severity]


def sentence(entry: Entry, now: datetime, plan: PlanNote | None = None) -> str:
    """What it is, for how long, what hurts when, and whether the plan is ready; ``plan`` None takes the entry's own note.

    ``Halcyon AI: major outage for 23 min; Support assistant is hurt in 7 min; failover plan is ready (drill passed 12 days
    ago)``. Drills begin with ``[DRILL] ``. One that is over says how long it lasted and whom it hurt.
    """
    prefix = DRILL if entry.exercise else ""
    if entry.cleared_at is not None:
        taken_up = "; taken up again" if entry.state is State.OPEN else ""
        return f"{prefix}{entry.title}, over after {duration(entry.cleared_at - entry.since)}; {_hurt_by(entry.exposure)}{taken_up}"
    span = duration(now - entry.since)
    head = f"{entry.title} for {span}" if entry.exposure.outage else f"{entry.title}, seen for {span}"
    clauses = [f"{prefix}{head}", hurt_clause(entry.exposure, now), plan_clause(entry, now, plan), _handling(entry)]
    return "; ".join(clause for clause in clauses if clause)


def subject_line(entry: Entry, now: datetime) -> str:
    """For mail: ``[major] OpenAI API: Support assistant hurt in 7 min``. No line breaks, whatever the sources sent."""
    about, _, what = entry.title.partition(": ")
    exposure = entry.exposure
    if entry.cleared_at is not None:
        tail = f"over after {duration(entry.cleared_at - entry.since)}"
    elif exposure.outage and exposure.hits:
        tail = hurt_clause(exposure, now, brief=True)
    else:
        tail = what or hurt_clause(exposure, now, brief=True)
    line = f"{DRILL if entry.exercise else ''}[{mark(entry)}] {about}: {tail}"
    return " ".join(line.split())


def hurt_clause(exposure: Exposure, now: datetime, *, brief: bool = False) -> str:
    """Who is hurt when: ``Support assistant is hurt in 7 min``. ``brief`` leaves out the verb, as a subject line does."""
    exposure = age(exposure, now)  # thresholds may have been crossed since it was written down
    if not exposure.known:
        return "whom it hits is not known"
    if not exposure.hits:
        return "no function of ours is known to rest on it"
    first, *others = exposure.hits
    more = f" (and {len(others)} more)" if others else ""
    if not exposure.outage:
        return f"{first.name}{more} {'rests' if first.certain else 'may rest'} on it"
    verb = ("" if brief else "is ") if first.certain else "may be "
    since = first.hurt_since
    if since is not None:
        return f"{first.name}{more} {verb}hurt for {duration(now - since)}"
    if first.hurts_at is None:
        return f"{first.name}{more} {verb}hit"
    return f"{first.name}{more} {verb}hurt in {duration(first.hurts_at - now)}"


def plan_clause(entry: Entry, now: datetime, plan: PlanNote | None = None) -> str:
    """Whether a plan stands ready; without one, what the fallback is worth. Empty where there is nothing to say."""
    plan = plan or entry.plan
    if plan is None:
        hits = entry.exposure.hits
        standby = hits[0].fallback if hits else None
        if standby is None:
            if not hits or not entry.exposure.outage:
                return ""
            return "no fallback covers all of it" if hits[0].standbys else "no fallback"
        if standby.hollow:
            return f"fallback {standby.name} is hollow: {standby.hollow}"
        return f"fallback {standby.name} stands, without a plan" if standby.plan is None else ""
    if plan.progress:
        return f"{plan.name} is under way ({plan.progress})"
    if plan.hollow:
        return f"{plan.name} is hollow: {plan.hollow}"
    if plan.proven_at is not None:
        return f"{plan.name} is ready (drill passed {duration(now - plan.proven_at)} ago)"
    if plan.failed_at is not None:
        return f"{plan.name} is not proven (drill failed {duration(now - plan.failed_at)} ago)"
    return f"{plan.name} was never drilled"


def _hurt_by(exposure: Exposure) -> str:
    hurt = [hit.name for hit in exposure.hits if hit.level_now and hit.certain]
    if hurt:
        return f"{hurt[0]}{f' (and {len(hurt) - 1} more)' if len(hurt) > 1 else ''} was hurt"
    maybe = any(hit.level_now for hit in exposure.hits)
    return "some function may have been hurt" if maybe else "no function was hurt"


def _handling(entry: Entry) -> str:
    if entry.state is State.ACKNOWLEDGED and entry.acknowledged_by:
        return f"acknowledged by {entry.acknowledged_by.removeprefix('person:')}"
    if entry.state is State.ACCEPTED and entry.accepted_by and entry.accepted_until:
        return f"accepted by {entry.accepted_by.removeprefix('person:')} until {entry.accepted_until:%Y-%m-%d}"
    return {State.MITIGATING: "being mitigated", State.CLOSED: "closed while it still fires"}.get(entry.state, "")
