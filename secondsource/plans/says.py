"""What a step does, in a few words: for lists of runs, for the page, and for dry runs."""

from __future__ import annotations

from collections.abc import Sequence

from secondsource.contracts.durations import format_duration
from secondsource.plans.facts import RiskFacts
from secondsource.plans.placeholders import fill
from secondsource.plans.schema import StepSpec
from secondsource.plans.walk import FITTING_PLAN


def says(spec: StepSpec, risk: RiskFacts) -> str:
    """What ``spec`` does for ``risk``."""
    if spec.notify:
        return f"tell {_targets(spec.notify.to)}"
    if spec.wait_ack:
        return f"wait {format_duration(spec.wait_ack.for_)} for an acknowledgement"
    if spec.wait:
        return f"wait {format_duration(spec.wait.for_)}"
    if spec.wait_clear:
        return f"wait for the trouble to end, {format_duration(spec.wait_clear.for_)} at most"
    if spec.checklist:
        return f"checklist of {len(spec.checklist.items)}, within {format_duration(spec.checklist.within)}"
    if spec.approve:
        whom = spec.approve.by if spec.approve.approvals == 1 else f"{spec.approve.approvals} people with the role {spec.approve.by}"
        return f"ask {whom}: {fill(spec.approve.text, risk)}"
    if spec.start_plan:
        named = spec.start_plan.plan
        return "start the plan that fits" if named == FITTING_PLAN and not risk.plans else f"start the plan {fill(named, risk)}"
    if spec.webhook:
        return f"call {spec.webhook.url}, for {format_duration(spec.webhook.within)} at most"
    if spec.repeat:
        return f"go back to {spec.repeat.from_}, {spec.repeat.times} times at most"
    if spec.mitigate:
        return f"declare that {fill(spec.mitigate, risk)}"
    if spec.note:
        return f"note: {fill(spec.note, risk)}"
    return f"end: {fill(spec.end or '', risk)}"


def _targets(targets: Sequence[str]) -> str:
    return ", ".join(target.partition(":")[2] for target in targets)
