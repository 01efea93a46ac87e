"""What leaving the vendor would take: alternatives in the portfolio, the plans that use them, and whether drills proved them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from secondsource.domain.fallbacks import Assessor
from secondsource.domain.hits import Standby
from secondsource.domain.portfolio import Dependency, Function
from secondsource.domain.reach import index_of
from secondsource.domain.register import Policy
from secondsource.domain.review.basis import Basis, basis
from secondsource.domain.review.facts import DrillRecord, Facts
from secondsource.domain.scope import Scope
from secondsource.domain.words import duration

DRILL_VALID = Policy().drill_valid


class Alternative(msgspec.Struct, frozen=True):
    """Where the load of one need could go. ``capacity`` is the part of it (0 to 1) that can be carried there.

    ``hollow`` says why it would not help, ``doubt`` what could not be ruled out. ``needed_within`` is how soon the first of the functions
    hurts; None where no function rests on the need. ``tested_in`` is how long the last passed drill of its plan took to carry the load;
    a drill proves nothing of a hollow one.
    """

    dependency: str
    workload: str
    functions: tuple[str, ...]  # names
    provides: str
    share: float | None
    scope: Scope
    name: str
    capacity: float
    switch_time: timedelta
    needed_within: timedelta | None
    plan: str | None
    outside: bool  # of another vendor: it helps to leave, not only over a part of this one
    hollow: str
    doubt: str
    tested_in: timedelta | None
    tested_at: datetime | None

    @property
    def sound(self) -> bool:
        """Whether nothing is known to speak against it."""
        return not self.hollow

    @property
    def takes(self) -> timedelta:
        """How long the switch takes: as tested, or else as declared."""
        return self.tested_in if self.tested_in is not None else self.switch_time

    @property
    def in_time(self) -> bool | None:
        """Whether the switch takes no longer than the functions can bear; None where none rests on it."""
        return None if self.needed_within is None else self.takes <= self.needed_within


class PlanLine(msgspec.Struct, frozen=True):
    """A plan that is meant for the vendor's trouble. ``hollow`` says in clauses why it would not help now; empty when it would.

    ``last_at`` is when its last drill ended, ``says`` how that went.
    """

    id: str
    title: str
    last_drill: str | None
    last_at: datetime | None
    last_passed: bool | None
    says: str
    valid_until: datetime | None  # of the last passed drill, unless one failed after it
    review_by: date | None
    hollow: tuple[str, ...]
    runs: int  # in the period
    basis: Basis


class WayOut(msgspec.Struct, frozen=True):
    """``bare`` names the functions that rest on the vendor with a need for which there is no sound alternative outside it."""

    alternatives: tuple[Alternative, ...]
    plans: tuple[PlanLine, ...]
    bare: tuple[str, ...]
    functions: tuple[str, ...]  # all that rest directly on the vendor
    basis: Basis


def way_out(facts: Facts) -> WayOut:
    """For the needs that come from the vendor itself."""
    index = index_of(facts.context)
    assessor = Assessor(index, ())
    needs = index.uses(facts.vendor)
    alternatives: list[Alternative] = []
    bare: dict[str, str] = {}
    resting: dict[str, str] = {}
    for need in needs:
        functions = index.functions_of.get(need.workload, [])
        found = [_alternative(need, standby, functions, facts) for standby in assessor.standbys(need)]
        alternatives += found
        resting |= {function.id: function.name for function in functions}
        if not any(alternative.sound and alternative.outside for alternative in found):
            bare |= {function.id: function.name for function in functions}
    return WayOut(
        alternatives=tuple(alternatives),
        plans=_plans(facts, alternatives),
        bare=tuple(name for _, name in sorted(bare.items())),
        functions=tuple(name for _, name in sorted(resting.items())),
        basis=basis(
            "The portfolio as it is configured now. An alternative is hollow where it rests on what it is to replace; capacity and switch "
            "time are as declared, the tested time is that of the last passed drill."
        ),
    )


def proven(drills: Iterable[DrillRecord], plan: str, before: datetime) -> DrillRecord | None:
    """The drill that last showed that the plan works: the last passed one, unless one failed after it."""
    last = _last(drills, plan, before)
    return last if last is not None and last.passed else None


def _last(drills: Iterable[DrillRecord], plan: str, before: datetime) -> DrillRecord | None:
    done = (drill for drill in drills if drill.plan == plan and drill.ended_at < before)
    return max(done, key=lambda drill: (drill.ended_at, drill.id), default=None)


def bears(function: Function) -> timedelta:
    """How long the function can do without before it hurts."""
    return min((impact.after for impact in function.impact), default=function.rto)


def _alternative(need: Dependency, standby: Standby, functions: Sequence[Function], facts: Facts) -> Alternative:
    drill = proven(facts.drills, standby.plan, facts.period.end) if standby.plan and not standby.hollow else None
    return Alternative(
        dependency=need.id,
        workload=index_of(facts.context).workload_names.get(need.workload, need.workload),
        functions=tuple(function.name for function in functions),
        provides=need.provides,
        share=need.share,
        scope=standby.scope,
        name=standby.name,
        capacity=standby.capacity,
        switch_time=standby.switch_time,
        needed_within=min(map(bears, functions), default=None),
        plan=standby.plan,
        outside=standby.scope.vendor != facts.vendor,
        hollow=standby.hollow,
        doubt=standby.doubt,
        tested_in=drill.recovered_in if drill else None,
        tested_at=drill.ended_at if drill else None,
    )


def _plans(facts: Facts, alternatives: Sequence[Alternative]) -> tuple[PlanLine, ...]:
    run = {record.plan for record in facts.runs}
    named = {alternative.plan for alternative in alternatives if alternative.plan}
    titles = {plan.id: plan for plan in facts.plans}
    lines = []
    for id_ in sorted(named | run):
        written = titles.get(id_)
        mine = [alternative for alternative in alternatives if alternative.plan == id_]
        last = _last(facts.drills, id_, facts.period.end)
        valid = (written.drill_within if written else None) or DRILL_VALID
        until = last.ended_at + valid if last is not None and last.passed else None
        runs = [record.id for record in facts.runs if record.plan == id_ and facts.period.start <= record.started_at < facts.period.end]
        drills = [last.id] if last else []
        lines.append(
            PlanLine(
                id=id_,
                title=written.title if written else id_,
                last_drill=last.id if last else None,
                last_at=last.ended_at if last else None,
                last_passed=last.passed if last else None,
                says=last.says if last else "",
                valid_until=until,
                review_by=written.review_by if written else None,
                hollow=tuple(_hollow(mine, last, until, valid, facts)),
                runs=len(runs),
                basis=basis("The plan's drills and runs, and the fallbacks that name it.", drills=drills, runs=runs),
            )
        )
    return tuple(lines)


def _hollow(mine: Sequence[Alternative], last: DrillRecord | None, until: datetime | None, valid: timedelta, facts: Facts) -> Iterable[str]:
    if mine and not any(alternative.sound for alternative in mine):
        yield "; ".join(f"{alternative.name}: {alternative.hollow}" for alternative in mine)
    if last is None:
        yield "no drill of it is on record"
    elif not last.passed:
        yield f"its last drill, on {last.ended_at:%Y-%m-%d}, failed"
    elif until is not None and until < facts.period.end:
        yield f"its last passed drill is older than {duration(valid)}"
