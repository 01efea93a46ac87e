"""The exposure join: which of my functions a finding hits, through which chain, and how soon it hurts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.context import Context
from secondsource.domain.fallbacks import Assessor, hollow_fallbacks
from secondsource.domain.hits import Exposure, FunctionHit, HollowFallback, Standby, aged, exposure_of
from secondsource.domain.portfolio import Criticality, Dependency, Function, Impact
from secondsource.domain.reach import Index, Reach, index_of
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Signal
from secondsource.domain.subjects import on_subject

__all__ = [
    "Exposure", "FunctionHit", "HollowFallback", "Standby", "age", "dependents", "expose", "hollow_fallbacks", "join", "join_subject",
    "names", "over",
]  # fmt: skip

OUTAGE_RULES = frozenset({"vendor_outage"})
"""What says that a part of a vendor does not work."""

TIMED_RULES = OUTAGE_RULES | {"common_cause"}
"""Whose findings hurt with time: an outage, and what explains several."""

# What the RTO stands for where a function has no impact thresholds: it is the time that the business said it can bear.
_RTO_LEVELS = {Criticality.STANDARD: 2, Criticality.IMPORTANT: 3, Criticality.CRITICAL: 4}


class _Strike(msgspec.Struct, frozen=True):
    need: Dependency
    certain: bool
    reach: Reach

    @property
    def merit(self) -> tuple[object, ...]:
        return (not self.certain, *self.reach.merit, self.need.id)


def join(scopes: tuple[Scope, ...], since: datetime, now: datetime, context: Context, down: frozenset[Scope] = frozenset()) -> Exposure:
    """Functions hit by an outage of ``scopes`` that began at ``since``.

    ``down`` is what else is in trouble at ``now``: it hits nobody here, but makes fallbacks hollow.
    """
    index = index_of(context)
    strikes = _strikes(index, scopes, supply=False)
    assessor = Assessor(index, {*scopes, *down})
    hits = (aged(_hit(function, found, index, assessor, since), now) for function, found in _by_function(strikes, index))
    return exposure_of(hits, outage=True)


def join_subject(signal: Signal, context: Context, down: frozenset[Scope] = frozenset()) -> Exposure:
    """Functions that rest on the subject of a finding without outage (price, quota, concentration, shortage).

    What a subject means is told in :mod:`secondsource.domain.subjects`. The hits have no times.
    """
    index = index_of(context)
    found = on_subject(signal, index)
    if found is None:
        return Exposure(known=False)
    strikes = [_Strike(need, certain, reach) for need, certain, reach in found]
    assessor = Assessor(index, down)
    hits = (_hit(function, struck, index, assessor, None) for function, struck in _by_function(strikes, index))
    return exposure_of(hits, outage=False)


def expose(signal: Signal, now: datetime, context: Context, down: frozenset[Scope] = frozenset(), outage: bool | None = None) -> Exposure:
    """The one entry: :func:`join` for outages, else :func:`join_subject`.

    ``outage`` None decides by the rule: see :data:`TIMED_RULES`.
    """
    if outage is None:
        outage = signal.rule in TIMED_RULES
    if outage:
        return join(signal.scopes, signal.since, now, context, down)
    return join_subject(signal, context, down)


def age(exposure: Exposure, now: datetime) -> Exposure:
    """The same exposure as time has passed: levels reached, next threshold. Needs no context."""
    if not exposure.outage:
        return exposure
    return exposure_of((aged(hit, now) for hit in exposure.hits), outage=True, known=exposure.known)


def over(exposure: Exposure, at: datetime) -> Exposure:
    """The exposure of a trouble that ended at ``at``: what it reached stays, nothing further is ahead."""
    ended = age(exposure, at)
    hits = (msgspec.structs.replace(hit, hurts_at=None, next_level=0) for hit in ended.hits)
    return exposure_of(hits, outage=ended.outage, known=ended.known)


def dependents(scope: Scope, context: Context) -> Exposure:
    """Functions that rest on ``scope``, for a vendor's page: hits without times, by way of supply too."""
    index = index_of(context)
    strikes = _strikes(index, (scope,), supply=True)
    assessor = Assessor(index, ())
    return exposure_of((_hit(function, found, index, assessor, None) for function, found in _by_function(strikes, index)), outage=False)


def names(hits: Iterable[FunctionHit]) -> tuple[str, ...]:
    """Names of the functions hit, in order."""
    return tuple(hit.name for hit in hits)


def _strikes(index: Index, troubles: tuple[Scope, ...], *, supply: bool) -> list[_Strike]:
    return [
        _Strike(need, certain, reach)
        for root, (certain, reach, _) in index.struck(troubles, supply=supply).items()
        for need in index.by_scope[root]
    ]


def _by_function(strikes: Iterable[_Strike], index: Index) -> Iterator[tuple[Function, list[_Strike]]]:
    found: dict[str, tuple[Function, list[_Strike]]] = {}
    for strike in strikes:
        for function in index.functions_of.get(strike.need.workload, ()):
            found.setdefault(function.id, (function, []))[1].append(strike)
    yield from found.values()


def _hit(function: Function, strikes: list[_Strike], index: Index, assessor: Assessor, since: datetime | None) -> FunctionHit:
    """What strikes one function. Where some strike it surely, those that only may are left out of loss and fallback."""
    strikes = sorted(strikes, key=lambda strike: strike.merit)
    main = strikes[0]
    counted = [strike.need for strike in strikes if strike.certain == main.certain]
    by_need = [assessor.standbys(need) for need in sorted(counted, key=lambda need: need.id)]
    fallback = max((options[0] for options in by_need), key=lambda standby: standby.order) if all(by_need) else None
    workload = main.need.workload
    return FunctionHit(
        function=function.id,
        name=function.name,
        criticality=function.criticality,
        owner=function.owner,
        chain=(function.name, index.workload_names.get(workload, workload), *map(index.name, main.reach.path)),
        chain_ids=(function.id, workload, *map(str, main.reach.path)),
        certain=main.certain,
        confidence=main.reach.confidence,
        lost=_lost(counted) if since is not None else None,
        since=since,
        impact=_thresholds(function) if since is not None else (),
        fallback=fallback,
        standbys=tuple(sorted((standby for options in by_need for standby in options), key=lambda standby: standby.order)),
        dependencies=tuple(sorted(strike.need.id for strike in strikes)),
    )


def _lost(needs: Iterable[Dependency]) -> float | None:
    """The worst loss over the groups that provide the same thing to the same workload; shares of one group add up."""
    groups: dict[tuple[str, str], float | None] = {}
    for need in needs:
        before = groups.get((need.workload, need.provides), 0.0)
        groups[need.workload, need.provides] = None if before is None or need.share is None else min(1.0, round(before + need.share, 9))
    measured = max((lost for lost in groups.values() if lost is not None), default=None)
    if measured == 1.0 or None not in groups.values():
        return measured
    return None  # an unmeasured group may have lost more than the measured ones


def _thresholds(function: Function) -> tuple[Impact, ...]:
    if function.impact:
        return tuple(sorted(function.impact, key=lambda impact: (impact.after, impact.level)))
    return (Impact(max(function.rto, timedelta(0)), _RTO_LEVELS[function.criticality], "recovery time objective"),)
