"""A contingency plan that somebody counts on would not help now, or is not known to.

Preconditions of plans are checked on a schedule; each result is an observation. A plan is *hollow* when something speaks against one of
them: the alternate is down, its quota has no room, our credentials are refused, it sits on what it is to replace, its last drill failed.
It is *not proven* when a precondition has had no good evidence for a while: nobody watches the alternate, nobody drilled it lately.
That is said as such, and is less severe. On the day, both are found out too late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.detection import Detection, Edge, Phase, detect
from secondsource.domain.observations import CheckOutcome, Observation, PlanCheck
from secondsource.domain.signals import Evidence, Measure, Severity, Signal, episode_id, signal
from secondsource.domain.signals import Phase as Said

_MOST = 50


class HollowParams(BaseModel):
    """How long it must be so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hold: timedelta = Field(default=timedelta(minutes=10), ge=timedelta(0), description="How long a plan must be hollow or not proven.")
    clear_hold: timedelta = Field(default=timedelta(minutes=10), ge=timedelta(0), description="How long it must be neither.")
    grace: timedelta = Field(
        default=timedelta(days=1), ge=timedelta(0), description="From then on a precondition without good evidence counts as not proven."
    )


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one check stands. ``since`` is when its outcome became what it is."""

    outcome: CheckOutcome
    reason: str
    since: datetime
    heard: datetime
    id: str


class HollowState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a plan, and what was last told: ``told`` are the checks, ``severity`` how bad."""

    title: str
    checks: Mapping[str, Mark] = {}
    machine: Detection = Detection()
    told: tuple[str, ...] = ()
    severity: Severity = Severity.LOW
    exercise: str | None = None


class HollowPlan:
    """One finding for each plan; opens and clears with a hold, and is told again when other preconditions fail."""

    meta: ClassVar[Meta] = Meta(
        id="hollow_plan",
        version=1,
        title="Plan would not help",
        why="A plan that is taken from the shelf and does not work costs the hour in which another could have been made.",
        severity=Severity.MEDIUM,
        reach=Reach.VENDOR,
        consumes=("plan_check",),
    )
    Params: ClassVar[type[BaseModel]] = HollowParams
    State: ClassVar[type[msgspec.Struct]] = HollowState

    def __init__(self, params: HollowParams) -> None:
        self._params = params

    def keys(self, observation: Observation) -> Sequence[str]:
        plan, _ = _named(observation)
        return (plan,) if plan else ()

    def on_observation(self, key: str, state: HollowState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body, at = observation.body, observation.observed_at
        _, check = _named(observation)
        before = state.checks.get(check) if state is not None else None
        if before is not None and (before.heard, before.id) >= (at, observation.id):
            return None
        if isinstance(body, PlanCheck):
            same = before is not None and before.outcome is body.outcome
            mark = Mark(body.outcome, body.reason, before.since if before is not None and same else at, at, observation.id)
            known = state or HollowState(body.title, exercise=observation.exercise)
            if before is None and len(known.checks) >= _MOST:
                return None
            return self._judge(key, msgspec.structs.replace(known, title=body.title, checks={**known.checks, check: mark}), now)
        if state is None or before is None:
            return None
        left = {name: mark for name, mark in state.checks.items() if name != check}
        return self._judge(key, msgspec.structs.replace(state, checks=left), now)

    def on_wake(self, key: str, state: HollowState, now: datetime, context: Context) -> Step | None:
        return self._judge(key, state, now)

    def _judge(self, key: str, state: HollowState, now: datetime) -> Step:
        failed = [check for check, mark in state.checks.items() if mark.outcome is CheckOutcome.FAILED]
        doubted = [check for check, mark in state.checks.items() if mark.outcome is CheckOutcome.UNKNOWN]
        unproven = [check for check in doubted if now - state.checks[check].since >= self._params.grace]
        wrong = tuple(failed + unproven)
        severity = Severity.MEDIUM if failed else Severity.LOW
        before = state.machine
        machine, edge, wake = detect(before, bool(wrong), now, self._params.hold, self._params.clear_hold)
        graces = [state.checks[check].since + self._params.grace for check in doubted if check not in unproven]
        wake = min((due for due in (wake, *graces) if due is not None), default=None)
        if not state.checks and machine.phase is Phase.CLEAR and edge is None:
            return Step(None)
        after = msgspec.structs.replace(state, machine=machine)
        said: tuple[Signal, ...] = ()
        if edge is Edge.CLEARED:
            said = (self._say(key, Said.CLEARED, after, before, state.told, state.severity, now),)
            after = msgspec.structs.replace(after, told=())
        elif edge is Edge.OPENED or (machine.phase is Phase.FIRING and (set(wrong) != set(state.told) or severity is not state.severity)):
            phase = Said.OPENED if edge is Edge.OPENED else Said.UPDATED
            said = (self._say(key, phase, after, machine, wrong, severity, now),)
            after = msgspec.structs.replace(after, told=wrong, severity=severity)
        if not state.checks and machine.phase is Phase.CLEAR:
            return Step(None, said)
        return Step(after, said, wake)

    def _say(
        self, key: str, phase: Said, state: HollowState, machine: Detection, wrong: Sequence[str], severity: Severity, now: datetime
    ) -> Signal:
        assert machine.opened_at is not None
        failed = sum(mark.outcome is CheckOutcome.FAILED for mark in state.checks.values())
        unknown = sum(mark.outcome is CheckOutcome.UNKNOWN for mark in state.checks.values())
        if phase is Said.CLEARED:
            words = "would help again" if state.checks else "is counted on no more"
            reason = "Every precondition holds." if state.checks else "Nobody counts on it any more, so it is not checked."
        else:
            words = "would not help now" if severity is Severity.MEDIUM else "is not proven"
            reasons = [state.checks[check].reason or check for check in wrong]
            reason = f"{'; '.join(reasons)}."
        marks = sorted(state.checks.items(), key=lambda item: (item[1].heard, item[0]))
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=severity,
            subject=f"plan/{key}",
            at=now,
            since=machine.onset or machine.opened_at,
            title=f"Plan “{state.title}” {words}",
            reason=reason[:1].upper() + reason[1:],
            evidence=Evidence(
                tuple(mark.id for _, mark in marks),
                (
                    Measure("preconditions", len(state.checks)),
                    Measure("failed", failed, "", 0),
                    Measure("without evidence", unknown, "", 0),
                ),
                tuple(f"{check.replace('_', ' ')}: {mark.outcome.value}, {mark.reason}" for check, mark in sorted(state.checks.items())),
            ),
            exercise=state.exercise,
        )


def _named(observation: Observation) -> tuple[str, str]:
    """Plan and check: of ``plan/failover/quota_has_room``, and of a check whose own name has a slash."""
    head, _, rest = observation.subject.partition("/")
    plan, _, check = rest.partition("/")
    return (plan, check) if head == "plan" else ("", "")
