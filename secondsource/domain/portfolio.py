"""What the company runs, what that needs, and how long it can do without."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from secondsource.domain.scope import Scope


class Criticality(enum.Enum):
    """How much the business rests on a function. ``CRITICAL`` is DORA's "critical or important function"."""

    STANDARD = "standard"
    IMPORTANT = "important"
    CRITICAL = "critical"


class Impact(msgspec.Struct, frozen=True, omit_defaults=True):
    """From ``after`` without the function on, the damage is ``level`` (1 negligible to 5 severe)."""

    after: timedelta
    level: int
    says: str = ""


class Function(msgspec.Struct, frozen=True, omit_defaults=True):
    """A business function: what customers or colleagues would miss.

    ``rto`` and ``rpo`` are the recovery time and point objectives; ``impact`` is ordered by ``after``.
    """

    id: str
    name: str
    owner: str
    criticality: Criticality
    workloads: tuple[str, ...]
    rto: timedelta
    rpo: timedelta | None = None
    impact: tuple[Impact, ...] = ()


class Fallback(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the load could go. ``capacity`` is the part of it (0 to 1) that the fallback can carry."""

    scope: Scope
    capacity: float = 1.0
    switch_time: timedelta = timedelta(0)
    plan: str | None = None


class Dependency(msgspec.Struct, frozen=True, omit_defaults=True):
    """``workload`` gets ``provides`` from ``scope``; ``share`` (0 to 1) of it, or None when nobody has measured it.

    Dependencies of a workload that provide the same thing share its load; what provides different things is all needed.
    """

    id: str
    workload: str
    provides: str  # "model API", "database", "GPU hours"
    scope: Scope
    share: float | None = None
    items: tuple[str, ...] = ()  # models, accelerators: names as in prices, offers and quotas
    spend: Decimal | None = None  # per month, in the portfolio's currency
    fallbacks: tuple[Fallback, ...] = ()


class Workload(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that runs and serves functions."""

    id: str
    name: str
    owner: str | None = None


class Credit(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the vendor owes for a month with an availability below ``below``: ``part`` of the month's bill, both in per cent."""

    below: float
    part: float


class SlaTerms(msgspec.Struct, frozen=True, omit_defaults=True):
    """What comes with a promised availability.

    ``credits`` are ordered from the mildest. ``claim_within`` counts from the end of the month. ``scopes`` are the parts that were
    promised; none: what is used of the vendor. Announced work counts as time down only where ``maintenance_counts``.
    """

    credits: tuple[Credit, ...] = ()
    claim_within: timedelta = timedelta(days=30)
    maintenance_counts: bool = False
    scopes: tuple[Scope, ...] = ()
    claim_to: str = ""


class Contract(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was signed with a vendor."""

    id: str
    vendor: str
    starts: date | None = None
    ends: date | None = None
    notice: timedelta | None = None  # how long before the end it must be given
    annual: Decimal | None = None
    currency: str = "USD"
    sla: float | None = None  # promised availability, per cent of a month
    terms: SlaTerms = SlaTerms()


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Someone who can be told. ``slack`` is a member id, ``roles`` what runbooks call them by."""

    id: str
    name: str
    email: str | None = None
    slack: str | None = None
    roles: tuple[str, ...] = ()


class Portfolio(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything of the company that findings are met with."""

    functions: tuple[Function, ...] = ()
    workloads: tuple[Workload, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    contracts: tuple[Contract, ...] = ()
    people: tuple[Person, ...] = ()
    currency: str = "USD"

    def by_workload(self) -> Mapping[str, tuple[Dependency, ...]]:
        """Dependencies of each workload, in the order of the configuration."""
        found: dict[str, list[Dependency]] = {}
        for dependency in self.dependencies:
            found.setdefault(dependency.workload, []).append(dependency)
        return {workload: tuple(needs) for workload, needs in found.items()}
