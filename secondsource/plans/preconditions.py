"""Whether a contingency plan would help if it were needed now. Checked beforehand: on the day it is too late to find out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from secondsource.contracts.durations import format_duration
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status
from secondsource.plans.schema import Contingency

_USABLE = (Status.OPERATIONAL, Status.MAINTENANCE)


class AlternateFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one place where the load could go.

    ``shared`` names what it and the thing that it replaces both sit on; None when that is not known.
    """

    scope: Scope
    status: Status = Status.UNKNOWN
    shared: tuple[str, ...] | None = None


class PlanFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What preconditions are checked against. ``alternates`` in order of preference, those of the plan or of the portfolio."""

    alternates: tuple[AlternateFacts, ...] = ()
    drill_passed_at: datetime | None = None
    drill_failed_at: datetime | None = None


class Result(msgspec.Struct, frozen=True):
    """One precondition: whether it holds, and a clause that says why or why not. What is not known does not hold."""

    check: str
    holds: bool
    reason: str


def alternates_of(plan: Contingency, fallbacks: Sequence[Scope]) -> tuple[Scope, ...]:
    """Where the load of ``plan`` goes: its own list, or else ``fallbacks``, those of the portfolio that name the plan."""
    return tuple(alternate.scope.scope for alternate in plan.alternates) or tuple(fallbacks)


def check_preconditions(plan: Contingency, facts: PlanFacts, now: datetime) -> list[Result]:
    """Every precondition that the plan declares, and that it has an alternate at all.

    ``alternate_healthy`` and ``no_shared_chokepoint`` must hold for one and the same alternate: a healthy one that goes down with
    what it replaces and an independent one that is down do not make one good one.
    """
    if not facts.alternates:
        return [Result("alternate", False, "it names no alternate, and no fallback names it"), *_drill(plan, facts, now)]
    names = ", ".join(str(alternate.scope) for alternate in facts.alternates)
    results = [Result("alternate", True, f"alternates: {names}")]
    left = list(facts.alternates)
    if plan.preconditions.alternate_healthy:
        healthy = [alternate for alternate in left if alternate.status in _USABLE]
        said = "; ".join(f"{a.scope} is {a.status.value.replace('_', ' ')}" for a in healthy[:1] or left)
        results.append(Result("alternate_healthy", bool(healthy), said))
        left = healthy or left
    if plan.preconditions.no_shared_chokepoint:
        apart = [alternate for alternate in left if alternate.shared == ()]
        said = "; ".join(_sharing(alternate) for alternate in apart[:1] or left)
        results.append(Result("no_shared_chokepoint", bool(apart), said))
    return [*results, *_drill(plan, facts, now)]


def _sharing(alternate: AlternateFacts) -> str:
    if alternate.shared is None:
        return f"what {alternate.scope} sits on is not known"
    if not alternate.shared:
        return f"{alternate.scope} shares nothing with what it replaces"
    return f"{alternate.scope} sits on {', '.join(alternate.shared)}, as what it replaces does"


def _drill(plan: Contingency, facts: PlanFacts, now: datetime) -> list[Result]:
    within = plan.preconditions.drill_passed_within
    if within is None:
        return []
    passed, failed = facts.drill_passed_at, facts.drill_failed_at
    if passed is None:
        return [Result("drill_passed_within", False, "no drill of it has passed")]
    if failed is not None and failed > passed:
        return [Result("drill_passed_within", False, f"its last drill, {(now - failed).days} days ago, failed")]
    said = f"a drill passed {(now - passed).days} days ago, {format_duration(within)} are allowed"
    return [Result("drill_passed_within", now - passed <= within, said)]


def hollow(results: Sequence[Result]) -> str:
    """Why the plan would not help, as one clause; empty when every precondition holds."""
    return "; ".join(result.reason for result in results if not result.holds)
