"""How a company's functions, workloads, dependencies and contracts are written."""

from __future__ import annotations

from pydantic import Field

from secondsource.contracts.durations import Duration, Span
from secondsource.domain.portfolio import Criticality
from secondsource.settings.base import Amount, AnyPlace, Currency, Day, Id, Room, Share, Text, Whole


class ImpactForm(Room):
    """How bad it is from then on."""

    after: Duration = Field(description="So long after the function was lost.")
    level: Whole = Field(ge=1, le=5, description="1 negligible, 2 minor, 3 moderate, 4 major, 5 severe.")
    says: Text | None = Field(default=None, description="What happens then, in a few words.")


class FunctionForm(Room):
    """A business function: what customers or colleagues would miss."""

    name: Text | None = Field(default=None, description="How people call it; absent: its id.")
    owner: Id = Field(description="The person or role that answers for it.")
    criticality: Criticality = Field(
        default=Criticality.STANDARD, description="How much the business rests on it: standard, important or critical."
    )
    workloads: tuple[Id, ...] = Field(min_length=1, description="What must run for it.")
    rto: Span = Field(description="Recovery time objective: how long the business can do without.")
    rpo: Duration | None = Field(default=None, description="Recovery point objective: how much of the latest data may be lost.")
    impact: tuple[ImpactForm, ...] = Field(
        default=(), description="How the damage grows with time, earliest first; absent: it begins at the `rto`."
    )


class FallbackForm(Room):
    """Where the load could go instead."""

    to: AnyPlace = Field(description="Who would carry it.")
    capacity: Share = Field(default=1.0, description="The part of the load that it can carry, 0 to 1.")
    switch_time: Duration | None = Field(default=None, description="How long it takes to move; absent: none.")
    plan: Id | None = Field(default=None, description="The contingency plan that says how.")


class NeedForm(Room):
    """What a workload gets from a vendor. Needs that provide the same thing share its load; all different things are needed."""

    id: Id | None = Field(default=None, description="How it is called; absent: made of workload, vendor, product and region.")
    provides: Text = Field(description="What is got: model API, database, GPU hours.")
    source: AnyPlace = Field(alias="from", description="Where it comes from: a vendor, or a product or region of one.")
    share: Share | None = Field(default=None, description="The part of what is provided that comes from there, 0 to 1; absent: unmeasured.")
    items: tuple[Text, ...] = Field(default=(), description="Models, accelerators or the like, as price lists and quotas name them.")
    spend: Amount | None = Field(default=None, description="What it costs in a month, in the file's currency.")
    fallbacks: tuple[FallbackForm, ...] = Field(default=(), description="Where the load could go, best first.")


class WorkloadForm(Room):
    """Something that runs, and what it needs."""

    name: Text | None = Field(default=None, description="How people call it; absent: its id.")
    owner: Id | None = Field(default=None, description="The person or role that runs it.")
    needs: tuple[NeedForm, ...] = Field(default=(), description="What it gets from vendors.")


class CreditForm(Room):
    """What is owed for a month below an availability."""

    below: float = Field(gt=0, le=100, description="The availability below which it is owed, per cent of the month.")
    part: float = Field(gt=0, le=100, description="How much, per cent of the month's bill.")


class SlaTermsForm(Room):
    """What comes with the promise of an availability."""

    credits: tuple[CreditForm, ...] = Field(default=(), description="What is owed, by how far the promise was missed.")
    claim_within: Span | None = Field(default=None, description="How long after the end of the month a claim is heard; absent: 30d.")
    maintenance_counts: bool = Field(default=False, description="Whether announced work counts as time down.")
    scopes: tuple[AnyPlace, ...] = Field(default=(), description="The parts that were promised; absent: what is used of the vendor.")
    claim_to: Text | None = Field(default=None, description="Where a claim goes: a mail address or a web form.")


class ContractForm(Room):
    """What was signed with a vendor."""

    vendor: Id = Field(description="With whom.")
    starts: Day | None = Field(default=None, description="The first day.")
    ends: Day | None = Field(default=None, description="The last day.")
    notice: Span | None = Field(default=None, description="How long before the end notice must be given.")
    annual: Amount | None = Field(default=None, description="What it costs in a year.")
    currency: Currency | None = Field(default=None, description="In which currency; absent: the file's.")
    sla: float | None = Field(default=None, gt=0, le=100, description="The availability that was promised, per cent of a month.")
    sla_terms: SlaTermsForm | None = Field(default=None, description="Credits, deadline and exclusions of that promise.")
