"""The values of the exposure join: functions hit, the fallbacks they have, and what both come to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from secondsource.domain.portfolio import Criticality, Impact
from secondsource.domain.scope import Scope


class Standby(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fallback of a dependency that is hit, as it stands now.

    ``hollow`` says why it would not help ("it sits on AWS us-east-1 too"); empty when nothing speaks against it.
    ``doubt`` says what could not be ruled out ("it may sit on AWS us-east-1, which is in trouble").
    """

    dependency: str
    scope: Scope
    name: str  # "Borealis AI eu"
    capacity: float  # part of the load, 0 to 1
    switch_time: timedelta
    plan: str | None = None
    hollow: str = ""
    doubt: str = ""

    @property
    def order(self) -> tuple[bool, bool, float, timedelta, str, str]:
        """Sorts the better fallback first: sound, then not in doubt, then the larger, then the quicker."""
        return (bool(self.hollow), bool(self.doubt), -self.capacity, self.switch_time, str(self.scope), self.dependency)


class FunctionHit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A business function that a finding reaches.

    ``chain`` names the way, from the function to what is in trouble (``("Support assistant", "Chat inference", "Halcyon AI",
    "AWS us-east-1")``), ``chain_ids`` the same as ids. ``certain``: the trouble surely covers what is used; else it may.
    ``confidence`` (0 to 1) is how well the edges between vendors are known. ``lost`` is the part of the function's capacity
    that is gone (0 to 1), None where a share was never measured. ``level_now`` is the impact level already reached (0: none
    yet), ``hurts_at`` when the next, higher one (``next_level``) is reached. Findings without outage have neither.
    ``fallback`` is the weakest of the best fallbacks of all dependencies hit; None when one of them has none.
    """

    function: str
    name: str
    criticality: Criticality
    owner: str
    chain: tuple[str, ...]
    chain_ids: tuple[str, ...]
    certain: bool
    confidence: float = 1.0
    lost: float | None = None
    since: datetime | None = None  # set for outages
    impact: tuple[Impact, ...] = ()  # thresholds that count, by time; one made of the RTO where none is configured
    level_now: int = 0
    hurts_at: datetime | None = None
    next_level: int = 0
    fallback: Standby | None = None
    standbys: tuple[Standby, ...] = ()  # all fallbacks of all dependencies hit, best first
    dependencies: tuple[str, ...] = ()  # ids of those hit

    @property
    def hurt_since(self) -> datetime | None:
        """When the first threshold was crossed; None while none is."""
        if self.since is None or not self.level_now:
            return None
        return self.since + min(impact.after for impact in self.impact)


class Exposure(msgspec.Struct, frozen=True, omit_defaults=True):
    """All functions hit: those that hurt already, then the first to hurt; among equals the more critical, then by id.

    ``hurts_at`` is when the next threshold of any of them is crossed. ``known`` is False when it could not be told whom
    the finding concerns: that is not the same as nobody.
    """

    hits: tuple[FunctionHit, ...] = ()
    hurts_at: datetime | None = None
    outage: bool = False
    known: bool = True

    @property
    def first_hurt_at(self) -> datetime | None:
        """When it begins to hurt: past where it does already. What "by time to hurt" sorts by."""
        return min((at for hit in self.hits if (at := hit.hurt_since or hit.hurts_at) is not None), default=None)


class HollowFallback(msgspec.Struct, frozen=True):
    """A fallback that shares a chokepoint with what it replaces. ``shared`` names it: ``aws/us-east-1``."""

    dependency: str
    workload: str
    functions: tuple[str, ...]
    replaces: Scope
    fallback: Scope
    shared: Scope
    plan: str | None
    reason: str  # a sentence


_WEIGHTS = {criticality: weight for weight, criticality in enumerate(Criticality)}
_NEVER = datetime.max.replace(tzinfo=UTC)
_ALREADY = datetime.min.replace(tzinfo=UTC)


def weight(criticality: Criticality) -> int:
    """0 (standard) to 2 (critical)."""
    return _WEIGHTS[criticality]


def _order(hit: FunctionHit) -> tuple[datetime, int, str]:
    return (_ALREADY if hit.level_now else hit.hurts_at or _NEVER, -weight(hit.criticality), hit.function)


def exposure_of(hits: Iterable[FunctionHit], *, outage: bool, known: bool = True) -> Exposure:
    """The hits in their order, with the time of the next threshold."""
    ordered = tuple(sorted(hits, key=_order))
    hurts_at = min((hit.hurts_at for hit in ordered if hit.hurts_at is not None), default=None)
    return Exposure(ordered, hurts_at, outage, known)


def aged(hit: FunctionHit, now: datetime) -> FunctionHit:
    """The hit with the thresholds that time has crossed. A hit without times stays as it is."""
    if hit.since is None:
        return hit
    gone = now - hit.since
    level = max((impact.level for impact in hit.impact if impact.after <= gone), default=0)
    ahead = next((impact for impact in hit.impact if impact.after > gone and impact.level > level), None)
    return msgspec.structs.replace(
        hit,
        level_now=level,
        hurts_at=hit.since + ahead.after if ahead else None,
        next_level=ahead.level if ahead else 0,
    )
