"""How bad a risk is for this company: a sum of points, with its arithmetic in a sentence."""

from __future__ import annotations

from datetime import datetime, timedelta

from secondsource.domain.hits import Exposure, FunctionHit, weight
from secondsource.domain.signals import Severity
from secondsource.domain.words import duration

# Points of an outage: the finding (0 to 4), the impact level (0 to 5), criticality (0 to 2), time to hurt (0 to 2).
_STEPS = ((11, Severity.CRITICAL), (8, Severity.HIGH), (5, Severity.MEDIUM), (3, Severity.LOW), (0, Severity.INFO))

AT_ONCE = timedelta(hours=1)
SOON = timedelta(hours=4)
MINOR_LOSS = 0.25  # of a function's capacity: below it the impact counts one level less


def risk_severity(finding: Severity, exposure: Exposure, now: datetime) -> tuple[Severity, str]:
    """Severity and reason. ``finding`` is what the signal says, ``exposure`` is as old as ``now``.

    An outage is as severe as it is to the worst function hit; any other finding keeps its own severity. Where nobody is
    hit it is low at most, where the hit is only possible it is one step lower. Whom it hits unknown: the finding's own.
    """
    if not exposure.known:
        return finding, f"{finding.value} as the finding itself: whom it hits is not known"
    if not exposure.hits:
        severity = min(finding, Severity.LOW)
        return severity, f"no function is known to rest on it: {severity.value}, though the finding is {finding.value}"
    if not exposure.outage:
        sure = any(hit.certain for hit in exposure.hits)
        reason = f"the finding is {finding.value}; {exposure.hits[0].name} rests on it"
        return (finding, reason) if sure else (_lower(finding), f"{reason}, which is only possible: one lower")
    return max((_of_hit(finding, hit, now) for hit in exposure.hits), key=lambda judged: judged[0].rank)


def next_turn(exposure: Exposure, now: datetime) -> datetime | None:
    """When time alone next changes the numbers: a threshold is crossed, or comes within an hour or four. None for never."""
    ahead = (hit.hurts_at - before for hit in exposure.hits if hit.hurts_at is not None for before in (timedelta(0), AT_ONCE, SOON))
    return min((at for at in ahead if at > now), default=None)


def _of_hit(finding: Severity, hit: FunctionHit, now: datetime) -> tuple[Severity, str]:
    level, what = hit.level_now, f"impact level {hit.level_now} reached"
    left = hit.hurts_at - now if hit.hurts_at is not None else None
    if left is not None and (left <= AT_ONCE or not hit.level_now):
        level, what = hit.next_level, f"impact level {hit.next_level} in {duration(left)}"
    if hit.lost is not None and hit.lost < MINOR_LOSS:
        level = max(0, level - 1)
        what += f" with {hit.lost:.0%} lost, one less"
    time = 2 if hit.level_now or (left is not None and left <= AT_ONCE) else 1 if left is not None and left <= SOON else 0
    points = finding.rank + level + weight(hit.criticality) + time
    severity = next(severity for least, severity in _STEPS if points >= least)
    reason = (
        f"{hit.name}: finding {finding.value} {finding.rank} + {what} {level} + {hit.criticality.value} {weight(hit.criticality)}"
        f" + time to hurt {time} = {points} points: {severity.value}"
    )
    if not hit.certain:
        severity = _lower(severity)
        reason += f", the hit is only possible: {severity.value}"
    return severity, reason


def _lower(severity: Severity) -> Severity:
    return list(Severity)[max(0, severity.rank - 1)]
