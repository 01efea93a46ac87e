"""Whether a contingency plan would help if it were needed now. Checked beforehand: on the day it is too late to find out.

Each check ends in one of three ways: it holds, something speaks against it (failed), or there is no evidence that is good enough (unknown).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from secondsource.contracts.durations import format_duration
from secondsource.domain.observations import CheckOutcome
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status
from secondsource.domain.words import count
from secondsource.plans.schema import Contingency

OK, FAILED, UNKNOWN = CheckOutcome.OK, CheckOutcome.FAILED, CheckOutcome.UNKNOWN
STALE = timedelta(hours=3)
"""An answer to an HTTP check that is older shows nothing: they are asked every hour."""

_USABLE = (Status.OPERATIONAL, Status.MAINTENANCE)
_WORSE = (OK, UNKNOWN, FAILED)
_RELIED_ON = frozenset({"alternate", "alternate_healthy", "no_shared_chokepoint", "drill_passed_within"})


class Room(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the quota of an alternate could take the load over, and a clause that says why or why not."""

    outcome: CheckOutcome = UNKNOWN
    reason: str = "its quota is not known"


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an HTTP check last went."""

    at: datetime
    outcome: CheckOutcome
    reason: str


class AlternateFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one place where the load could go.

    ``shared`` names what it and the thing that it replaces both sit on; None when that is not known.
    """

    scope: Scope
    status: Status = Status.UNKNOWN
    shared: tuple[str, ...] | None = None
    room: Room = Room()


class PlanFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What preconditions are checked against. ``alternates`` in order of preference, those of the plan or of the portfolio."""

    alternates: tuple[AlternateFacts, ...] = ()
    drill_passed_at: datetime | None = None
    drill_failed_at: datetime | None = None
    evaluated_at: datetime | None = None
    answers: Mapping[str, Answer] = {}


class Result(msgspec.Struct, frozen=True):
    """One precondition: how its check ended, and a clause that says why."""

    check: str
    outcome: CheckOutcome
    reason: str

    @property
    def holds(self) -> bool:
        """Whether it is known to hold."""
        return self.outcome is OK


def alternates_of(plan: Contingency, fallbacks: Sequence[Scope]) -> tuple[Scope, ...]:
    """Where the load of ``plan`` goes: its own list, or else ``fallbacks``, those of the portfolio that name the plan."""
    return tuple(alternate.scope.scope for alternate in plan.alternates) or tuple(fallbacks)


def check_preconditions(plan: Contingency, facts: PlanFacts, now: datetime) -> list[Result]:
    """Every precondition that the plan declares, and that it has an alternate at all where it needs one.

    ``alternate_healthy``, ``no_shared_chokepoint`` and ``quota_has_room`` must hold for one and the same alternate: a healthy one that
    goes down with what it replaces and an independent one that is down do not make one good one.
    """
    return [*_alternates(plan, facts), *_answers(plan, facts, now), *_evaluation(plan, facts, now), *_drill(plan, facts, now)]


def _alternates(plan: Contingency, facts: PlanFacts) -> list[Result]:
    left = list(facts.alternates)
    if not left:
        return [Result("alternate", FAILED, "it names no alternate, and no fallback names it")] if plan.needs_alternate else []
    results = [Result("alternate", OK, f"alternates: {', '.join(str(alternate.scope) for alternate in left)}")]
    wanted: tuple[tuple[str, bool, Callable[[AlternateFacts], CheckOutcome], Callable[[AlternateFacts], str]], ...] = (
        ("alternate_healthy", plan.preconditions.alternate_healthy, _health, lambda a: f"{a.scope} is {a.status.value.replace('_', ' ')}"),
        ("no_shared_chokepoint", plan.preconditions.no_shared_chokepoint, _apart, _sharing),
        ("quota_has_room", plan.preconditions.quota_has_room, lambda a: a.room.outcome, lambda a: f"{a.scope}: {a.room.reason}"),
    )
    for check, asked, judge, says in wanted:
        if asked:
            best = min(map(judge, left), key=_WORSE.index)
            good = [alternate for alternate in left if judge(alternate) is best]
            results.append(Result(check, best, "; ".join(map(says, good[:1] if best is OK else left))))
            left = good if best is OK else left
    return results


def _health(alternate: AlternateFacts) -> CheckOutcome:
    return OK if alternate.status in _USABLE else UNKNOWN if alternate.status is Status.UNKNOWN else FAILED


def _apart(alternate: AlternateFacts) -> CheckOutcome:
    return UNKNOWN if alternate.shared is None else FAILED if alternate.shared else OK


def _sharing(alternate: AlternateFacts) -> str:
    if alternate.shared is None:
        return f"what {alternate.scope} sits on is not known"
    if not alternate.shared:
        return f"{alternate.scope} shares nothing with what it replaces"
    return f"{alternate.scope} sits on {', '.join(alternate.shared)}, as what it replaces does"


def _answers(plan: Contingency, facts: PlanFacts, now: datetime) -> list[Result]:
    found = []
    for wanted in plan.preconditions.answers:
        answer = facts.answers.get(f"answers/{wanted.id}")
        if answer is None:
            outcome, reason = UNKNOWN, f"{wanted.id} was not asked yet"
        elif now - answer.at > STALE:
            outcome, reason = UNKNOWN, f"{wanted.id} was last asked at {answer.at:%Y-%m-%d %H:%M} UTC"
        else:
            outcome, reason = answer.outcome, answer.reason
        found.append(Result(f"answers/{wanted.id}", outcome, reason))
    return found


def _evaluation(plan: Contingency, facts: PlanFacts, now: datetime) -> list[Result]:
    within, at = plan.preconditions.evaluated_within, facts.evaluated_at
    if within is None:
        return []
    if at is None:
        return [Result("evaluated_within", UNKNOWN, "nobody has recorded that an alternate does the work well enough")]
    return [_dated("evaluated_within", "its alternate was evaluated", at, within, now)]


def _drill(plan: Contingency, facts: PlanFacts, now: datetime) -> list[Result]:
    within, passed, failed = plan.preconditions.drill_passed_within, facts.drill_passed_at, facts.drill_failed_at
    if within is None:
        return []
    if failed is not None and (passed is None or failed > passed):
        return [Result("drill_passed_within", FAILED, f"its last drill, {_ago(now - failed)}, failed")]
    if passed is None:
        return [Result("drill_passed_within", UNKNOWN, "no drill of it has passed")]
    return [_dated("drill_passed_within", "a drill passed", passed, within, now)]


def _dated(check: str, what: str, at: datetime, within: timedelta, now: datetime) -> Result:
    return Result(check, OK if now - at <= within else UNKNOWN, f"{what} {_ago(now - at)}, {format_duration(within)} are allowed")


def _ago(passed: timedelta) -> str:
    return f"{count(passed.days, 'day')} ago"


def merged(of_each: Iterable[Sequence[Result]]) -> list[Result]:
    """One list for what several dependencies need of one plan: of each check the worst, with every reason for that."""
    found: dict[str, list[Result]] = {}
    for results in of_each:
        for result in results:
            found.setdefault(result.check, []).append(result)
    return [_worst(results) for results in found.values()]


def _worst(results: Sequence[Result]) -> Result:
    outcome = max((result.outcome for result in results), key=_WORSE.index)
    reasons = dict.fromkeys(result.reason for result in results if result.outcome is outcome)
    return Result(results[0].check, outcome, "; ".join(reasons))


def hollow(results: Sequence[Result]) -> str:
    """Why nobody should rely on the plan, as one clause: what speaks against it, and what is not known of its alternates and its drills.
    Empty where nothing does."""
    return "; ".join(r.reason for r in results if r.outcome is FAILED or (r.outcome is UNKNOWN and r.check in _RELIED_ON))
