"""What a review is worked out from: plain values that a reader of the store fills in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from secondsource.domain.context import Context
from secondsource.domain.observations import Observation
from secondsource.domain.register import Change, Entry
from secondsource.domain.review.period import Period
from secondsource.domain.signals import Signal


class Told(msgspec.Struct, frozen=True):
    """A message that was written about a risk. ``occasion``: opened, updated, escalated, resolved, reminder, approval."""

    at: datetime
    occasion: str


class RiskRecord(msgspec.Struct, frozen=True):
    """All that is stored of one risk, each part oldest first."""

    entry: Entry
    changes: tuple[Change, ...] = ()
    signals: tuple[Signal, ...] = ()
    told: tuple[Told, ...] = ()


class DrillRecord(msgspec.Struct, frozen=True):
    """A drill that was scored. ``recovered_in`` is how long it took from its start until the load was carried elsewhere; None for never.

    ``says`` tells measure by measure how it went.
    """

    id: str
    plan: str | None
    ended_at: datetime
    passed: bool
    recovered_in: timedelta | None = None
    says: str = ""


class PlanRecord(msgspec.Struct, frozen=True):
    """A contingency plan that is written down. ``drill_within`` is how old its last passed drill may be; None for the register's own."""

    id: str
    title: str
    drill_within: timedelta | None = None
    review_by: date | None = None


class RunRecord(msgspec.Struct, frozen=True):
    """A run of a contingency plan for a risk of the vendor."""

    id: str
    plan: str
    started_at: datetime


class Facts(msgspec.Struct, frozen=True):
    """Everything about one vendor, of the real world only (drills apart), up to the end of the period.

    ``observations`` are the vendor's own, and the health of every source that gave one, by time; they reach back before the period, so
    that what stood at its start is known. ``spends`` are those of all vendors. ``kinds`` gives, by connector, what it can read.
    ``until`` is the time of the newest stored data, None where there is none.
    """

    vendor: str
    period: Period
    now: datetime
    until: datetime | None
    context: Context
    observations: tuple[Observation, ...] = ()
    spends: tuple[Observation, ...] = ()
    risks: tuple[RiskRecord, ...] = ()
    drills: tuple[DrillRecord, ...] = ()
    plans: tuple[PlanRecord, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    kinds: Mapping[str, frozenset[str]] = {}

    @property
    def name(self) -> str:
        """The vendor's name as people know it."""
        return self.context.graph.name(self.vendor)
