"""Likelihood x impact, 5 x 5, and the severity of a risk: each number with the sentence that explains it.

Likelihood is that of harm to this company (1 rare, 5 almost certain), impact how bad the harm would be (1 negligible, 5 severe).
Inherent counts nothing that was done, current what stands now, residual what the plan would leave. Residual is never above
current, current never above inherent.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.hits import Exposure, FunctionHit, weight
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.portfolio import Criticality
from secondsource.domain.severity import SOON
from secondsource.domain.signals import Severity
from secondsource.domain.words import count, duration


class Band(enum.Enum):
    """What a score means: low (1 to 4), moderate (5 to 9), high (10 to 16), extreme (17 to 25)."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    EXTREME = "extreme"


class Score(msgspec.Struct, frozen=True):
    """One cell of the 5 x 5 matrix. ``reason`` is a sentence with the numbers it was made of."""

    likelihood: int  # 1 rare to 5 almost certain
    impact: int  # 1 negligible to 5 severe
    reason: str

    @property
    def value(self) -> int:
        """Likelihood times impact, 1 to 25."""
        return self.likelihood * self.impact

    @property
    def band(self) -> Band:
        """The band that the value falls into."""
        return next(band for band, top in _TOPS if self.value <= top)


_TOPS = ((Band.LOW, 4), (Band.MODERATE, 9), (Band.HIGH, 16), (Band.EXTREME, 25))

# Where a finding is no outage, nothing tells how bad it gets but what rests on it.
_IMPACT_WITHOUT_TIMES = {Criticality.STANDARD: 2, Criticality.IMPORTANT: 3, Criticality.CRITICAL: 4}


class Scores(msgspec.Struct, frozen=True):
    """Inherent: nothing done. Current: with what stands now. Residual: after the plan. Never rising in this order."""

    inherent: Score
    current: Score
    residual: Score


def scores(
    finding: Severity, exposure: Exposure, now: datetime, *, mitigating: bool, cleared: bool, plan: PlanNote | None, drill_valid: timedelta
) -> Scores:
    """The three scores. ``exposure`` is as old as ``now``; a drill older than ``drill_valid`` proves nothing any more."""
    before = inherent(finding, exposure)
    between = current(before, exposure, now, mitigating=mitigating, cleared=cleared)
    return Scores(before, between, residual(between, plan, now, drill_valid))


def inherent(finding: Severity, exposure: Exposure) -> Score:
    """As if nothing had been done: the worst that the functions hit can come to, as likely as the finding is severe."""
    if not exposure.known:
        likelihood = finding.rank + 1
        return Score(likelihood, 3, f"finding is {finding.value}: likelihood {likelihood}; whom it hits is not known: impact 3, the middle")
    if not exposure.hits:
        return Score(1, 1, "no function is known to rest on it: likelihood 1, impact 1")
    worst = max(exposure.hits, key=lambda hit: (_worst_level(hit), weight(hit.criticality)))
    impact = _worst_level(worst)
    likelihood = finding.rank + 1
    because = f"finding is {finding.value}: {likelihood}"
    if exposure.outage and any(hit.certain for hit in exposure.hits):
        likelihood = min(5, likelihood + 1)
        because += f", and it surely reaches {_certain(exposure)}: {likelihood}"
    return Score(likelihood, impact, f"{because} of 5 likely; {worst.name} ({worst.criticality.value}) can come to impact {impact}")


def current(before: Score, exposure: Exposure, now: datetime, *, mitigating: bool, cleared: bool) -> Score:
    """With what stands now: the time that is left, fallbacks that would help, work under way, the end of the trouble."""
    if cleared:
        return Score(1, before.impact, f"detection says that it is over: likelihood {before.likelihood} to 1; impact stays {before.impact}")
    likelihood, impact, because = before.likelihood, before.impact, []
    hurting = [hit for hit in exposure.hits if hit.level_now]
    ahead = exposure.hurts_at - now if exposure.hurts_at is not None else None
    if hurting:
        because.append(f"{hurting[0].name} is hurt already")
    elif ahead is not None and ahead > SOON:
        likelihood -= 1
        because.append(f"it does not hurt for another {duration(ahead)}: likelihood -1")
    covered = [hit for hit in exposure.hits if hit.fallback is not None and not hit.fallback.hollow]
    if exposure.hits and len(covered) == len(exposure.hits):
        capacity = min(hit.fallback.capacity for hit in covered if hit.fallback is not None)
        less = 2 if capacity >= 0.8 else 1 if capacity >= 0.4 else 0
        impact -= less
        because.append(f"every function hit has a fallback, the least for {capacity:.0%} of the load: impact -{less}")
    elif hollow := next((hit.fallback for hit in exposure.hits if hit.fallback is not None and hit.fallback.hollow), None):
        because.append(f"fallback {hollow.name} is hollow: {hollow.hollow}")
    elif exposure.hits:
        because.append(f"{count(len(exposure.hits) - len(covered), 'function')} hit without a fallback")
    if mitigating:
        likelihood -= 1
        because.append("it is being mitigated: likelihood -1")
    return Score(max(1, likelihood), max(1, impact), _sum(before, max(1, likelihood), max(1, impact), because))


def residual(before: Score, plan: PlanNote | None, now: datetime, drill_valid: timedelta) -> Score:
    """What the plan would leave: much of it gone where a drill proved the plan of late, nothing where it is hollow."""
    if plan is None:
        return Score(before.likelihood, before.impact, "no plan: as the current score")
    if plan.hollow:
        return Score(before.likelihood, before.impact, f"{plan.name} is hollow ({plan.hollow}): as the current score")
    proven = plan.proven_at
    if proven is None:
        why = "its last drill failed" if plan.failed_at is not None else "it was never drilled"
        likelihood, impact, clause = before.likelihood - 1, before.impact, f"{why}: likelihood -1"
    elif now - proven > drill_valid:
        clause = f"its drill passed {duration(now - proven)} ago, more than {duration(drill_valid)}: likelihood -1"
        likelihood, impact = before.likelihood - 1, before.impact
    else:
        clause = f"its drill passed {duration(now - proven)} ago: likelihood -2, impact -1"
        likelihood, impact = before.likelihood - 2, before.impact - 1
    return Score(max(1, likelihood), max(1, impact), _sum(before, max(1, likelihood), max(1, impact), [f"{plan.name}: {clause}"]))


def _sum(before: Score, likelihood: int, impact: int, because: list[str]) -> str:
    why = "; ".join(because) or "nothing stands against it"
    return f"{why}; from {before.likelihood} x {before.impact} to {likelihood} x {impact} = {likelihood * impact}"


def _worst_level(hit: FunctionHit) -> int:
    if not hit.impact:
        return _IMPACT_WITHOUT_TIMES[hit.criticality]
    return min(5, max(1, max(impact.level for impact in hit.impact)))


def _certain(exposure: Exposure) -> str:
    return count(sum(hit.certain for hit in exposure.hits), "function")
