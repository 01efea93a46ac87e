"""The exposure join: which of my functions a finding hits, through which chain, and how soon it hurts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.context import Context
from secondsource.domain.portfolio import Criticality, Impact
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Signal


class Standby(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fallback of a dependency that is hit, as it stands now.

    ``hollow`` says why it would not help (it is in the same trouble, or sits on the same region as what it replaces); empty
    when nothing speaks against it. ``doubt`` says what could not be ruled out ("AWS under it: region not known").
    """

    dependency: str
    scope: Scope
    name: str  # "Borealis AI eu"
    capacity: float  # part of the load, 0 to 1
    switch_time: timedelta
    plan: str | None = None
    hollow: str = ""
    doubt: str = ""


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


class Exposure(msgspec.Struct, frozen=True, omit_defaults=True):
    """All functions hit, the first to hurt first, then the more critical, then by id.

    ``known`` is False when it could not be told whom the finding concerns: that is not the same as nobody.
    """

    hits: tuple[FunctionHit, ...] = ()
    hurts_at: datetime | None = None  # the earliest of the hits
    outage: bool = False
    known: bool = True


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


def join(
    scopes: tuple[Scope, ...], since: datetime, now: datetime, context: Context, down: frozenset[Scope] = frozenset()
) -> Exposure:
    """Functions hit by an outage of ``scopes`` that began at ``since``.

    ``down`` is what else is in trouble at ``now``: it hits nobody here, but makes fallbacks hollow.
    """
    raise NotImplementedError


def join_subject(signal: Signal, now: datetime, context: Context) -> Exposure:
    """Functions that rest on the subject of a finding without outage (price, quota, concentration, shortage).

    The subject is a vendor id, ``vendor/item``, or ``chip/<item>``, ``model/<item>``, ``item/<item>``, ``vendor/<id>``;
    items are matched with those of the dependencies, case and separators apart. Scopes of the signal narrow it.
    """
    raise NotImplementedError


def expose(
    signal: Signal, now: datetime, context: Context, down: frozenset[Scope] = frozenset(), outage: bool | None = None
) -> Exposure:
    """The one entry: :func:`join` for outages, else :func:`join_subject`.

    ``outage`` None decides by the rule: ``vendor_outage`` is one, all others are not.
    """
    raise NotImplementedError


def age(exposure: Exposure, now: datetime) -> Exposure:
    """The same exposure as time has passed: levels reached, next threshold. Needs no context."""
    raise NotImplementedError


def hollow_fallbacks(context: Context) -> tuple[HollowFallback, ...]:
    """Every fallback of the portfolio that sits on the same region as what it replaces; by dependency, then scope."""
    raise NotImplementedError


def dependents(scope: Scope, context: Context) -> Exposure:
    """Functions that rest on ``scope``, for a vendor's page: hits without times."""
    raise NotImplementedError


def names(hits: Iterable[FunctionHit]) -> tuple[str, ...]:
    """Names of the functions hit, in order."""
    return tuple(hit.name for hit in hits)
