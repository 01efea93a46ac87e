"""The buyer's ledger of a promised availability: more time was down in a month than the contract allows.

Two accounts are kept for each contract and month: by the vendor's own page, and by our own probes. A month is missed when either
has more time down than was promised; the finding says by which, what is owed, and until when it can be claimed. It is told when the
allowance is used up, with the final figures at the end of the month, and a week before the claim lapses; it clears when that day
has passed. Time during announced work is counted apart and left out, unless the contract says otherwise. Time that nobody could
read counts as up: a claim must stand on what was seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.observations import PROBE, UNDER_WAY, ComponentStatus, Gone, Incident, Maintenance, Observation
from secondsource.domain.portfolio import Contract
from secondsource.domain.reach import index_of
from secondsource.domain.review.period import month_after, month_of
from secondsource.domain.review.timeline import PAGE, Said, judged
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal
from secondsource.domain.sla import TENTHS, Count, allowed, availability, claim_by, credit, in_force, promised
from secondsource.domain.status import Status
from secondsource.domain.words import duration

MAX_TOLD = 1000
"""Subjects of a vendor that are not well at a time; of more the rest is not counted."""

_SECOND = timedelta(seconds=1)
_KEPT = 20


class SlaParams(BaseModel):
    """When a miss is told again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    remind: timedelta = Field(default=timedelta(days=7), ge=timedelta(0), description="How long before a claim lapses it is told again.")


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a subject of a source says, as long as it is not well."""

    id: str
    kind: str
    status: Status
    scopes: tuple[Scope, ...]


class Month(msgspec.Struct, frozen=True, omit_defaults=True):
    """One contract in one month. ``page`` and ``own`` are the two accounts, ``work`` what announced work took out of the page's."""

    contract: str
    month: datetime
    page: Count = Count()
    own: Count = Count()
    work: Count = Count()
    ids: tuple[str, ...] = ()  # readings that made it so, the last twenty
    onset: datetime | None = None  # when it was first down
    opened_at: datetime | None = None
    told: int = 0  # 1: missed, 2: final, 3: claim soon lapses


class SlaState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A vendor with a promise. ``at`` is up to when the months are counted."""

    vendor: str
    at: datetime
    told: dict[str, Told] = {}
    months: tuple[Month, ...] = ()


class Sla:
    """Opens when the allowance of a month is used up, clears when the claim has lapsed."""

    meta: ClassVar[Meta] = Meta(
        id="sla",
        version=1,
        title="Promised availability missed",
        why="What is owed for a broken promise is paid to those who claim it in time, with evidence.",
        severity=Severity.LOW,
        reach=Reach.VENDOR,
        consumes=("component_status", "incident", "maintenance"),
    )
    Params: ClassVar[type[BaseModel]] = SlaParams
    State: ClassVar[type[msgspec.Struct]] = SlaState

    def __init__(self, params: SlaParams) -> None:
        self._params = params
        self._version = ""
        self._promising: Mapping[str, tuple[Contract, ...]] = {}

    def keys(self, observation: Observation) -> Sequence[str]:
        return (observation.vendor,) if observation.exercise is None else ()  # no drill breaks a promise

    def on_observation(self, key: str, state: SlaState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        if state is None and key not in self._contracts(context):
            return None
        place = f"{observation.source}\t{observation.subject}"
        old = state.told.get(place) if state is not None else None
        new = _read(observation)
        if new is old or (new is not None and old is not None and new == msgspec.structs.replace(old, id=new.id)):
            return None
        state = state or SlaState(key, now)
        told = {name: each for name, each in state.told.items() if name != place}
        if new is not None and len(told) < MAX_TOLD:
            told[place] = new
        # The rest of this poll is yet to come: count on when all of it is here.
        return Step(SlaState(state.vendor, state.at, told, state.months), (), now)

    def on_wake(self, key: str, state: SlaState, now: datetime, context: Context) -> Step | None:
        contracts = {contract.id: contract for contract in self._contracts(context).get(key, ())}
        start = month_of(now)
        months = [self._counted(month, state.at, now) for month in state.months]
        running = {month.contract for month in months if month.month == start}
        months += [Month(id_, start) for id_, contract in contracts.items() if id_ not in running and in_force(contract, start)]
        said: list[Signal] = []
        wakes: list[datetime] = []
        kept: list[Month] = []
        for month in months:
            contract = contracts.get(month.contract)
            if contract is None:
                if month.opened_at is not None:
                    said.append(self._lapsed(month, state, now, context, "The contract, or its promise, is no longer on record."))
                continue
            if month.month == start:
                month = _standing(month, contract, state, context, now)
            after, spoken = self._judge(month, contract, state, now, context)
            said += spoken
            due = self._due(after, contract, now) if after is not None else None
            if after is not None and (after.month == start or after.opened_at is not None):
                kept.append(after)
                wakes += [due] if due is not None else []
        quiet = not state.told and all(month.opened_at is None and not month.page.tenths and not month.own.tenths for month in kept)
        if quiet:
            return Step(None, said)
        return Step(SlaState(state.vendor, now, state.told, tuple(kept)), said, min(wakes, default=None))

    def _contracts(self, context: Context) -> Mapping[str, tuple[Contract, ...]]:
        if context.version != self._version:
            contracts = context.portfolio.contracts
            self._promising = {c.vendor: promised(contracts, c.vendor) for c in contracts if c.sla is not None}
            self._version = context.version
        return self._promising

    @staticmethod
    def _counted(month: Month, since: datetime, now: datetime) -> Month:
        """The month with the time up to ``now``, or up to its end."""
        passed = min(now, month_after(month.month)) - max(since, month.month)
        if passed <= timedelta(0):
            return month
        return msgspec.structs.replace(month, page=month.page.after(passed), own=month.own.after(passed), work=month.work.after(passed))

    def _judge(
        self, month: Month, contract: Contract, state: SlaState, now: datetime, context: Context
    ) -> tuple[Month | None, list[Signal]]:
        if month.opened_at is None:
            if max(month.page.down, month.own.down) <= allowed(contract, month.month):
                return month, []
            opened = msgspec.structs.replace(month, opened_at=now, told=1)
            return opened, [self._say(Phase.OPENED, opened, contract, state, now, context)]
        lapses = _lapse(contract, month.month)
        if now >= lapses:
            return None, [
                self._lapsed(month, state, now, context, f"The claim could be made until {claim_by(contract.terms, month.month)}.")
            ]
        stage = 3 if now >= lapses - self._params.remind else 2 if now >= month_after(month.month) else 1
        if stage <= month.told:
            return month, []
        told = msgspec.structs.replace(month, told=stage)
        return told, [self._say(Phase.UPDATED, told, contract, state, now, context)]

    def _due(self, month: Month, contract: Contract, now: datetime) -> datetime | None:
        """When time alone next changes something."""
        end, lapses = month_after(month.month), _lapse(contract, month.month)
        dues = [end]
        if month.opened_at is None:
            most = allowed(contract, month.month)
            dues += [now + left for left in (month.page.until(most), month.own.until(most)) if left is not None]
        else:
            dues += [lapses - self._params.remind, lapses]
        return min((due for due in dues if due > now), default=None)

    def _say(self, phase: Phase, month: Month, contract: Contract, state: SlaState, now: datetime, context: Context) -> Signal:
        most, over = allowed(contract, month.month), now >= month_after(month.month)
        page, own = month.page.down, month.own.down
        reached = availability(max(page, own), month.month)
        owed = credit(contract.terms, reached)
        by = claim_by(contract.terms, month.month)
        admitted = page > most
        name, words = context.graph.name(state.vendor), f"{month.month:%Y-%m}"
        accounts = f"{_length(page)} down by its own page, {_length(own)} by our probes"
        claim = f"credit by the contract {owed.part:g} % of the month's bill" if owed is not None else "what is owed is not on record"
        reason = f"{accounts}: more than the {_length(most)} that are allowed; {claim}; claim by {by}."
        measures = (
            Measure("down by its own page", page // _SECOND, "s", most // _SECOND),
            Measure("down by our probes", own // _SECOND, "s", most // _SECOND),
            Measure("left out for announced work", month.work.down // _SECOND, "s"),
            Measure("availability of the month" if over else "availability at best", reached, "%", contract.sla),
        )
        facts = [
            f"Contract {contract.id} promises {contract.sla:g} % of each month",
            "Its own page tells enough to claim on" if admitted else "Only our own probes show the miss; its page tells of less",
            "The month is over: these figures are final" if over else "The month is not over: more may come",
        ]
        if contract.terms.claim_to:
            facts.append(f"Claims go to {contract.terms.claim_to}")
        facts.append(f"`secondsource sla claim {contract.id} {month.month:%Y-%m}` drafts it")
        assert month.opened_at is not None
        return signal(
            rule=self.meta.id,
            key=_key(state, month),
            episode=episode_id(month.opened_at),
            phase=phase,
            severity=Severity.MEDIUM if month.told == 3 else Severity.LOW,
            subject=state.vendor,
            at=now,
            since=month.onset or month.opened_at,
            title=f"{name}: promise of {contract.sla:g} % missed in {words}" + (f", claim by {by}" if month.told > 1 else ""),
            reason=reason,
            scopes=contract.terms.scopes or (Scope(state.vendor),),
            evidence=Evidence(month.ids, measures, tuple(facts)),
        )

    def _lapsed(self, month: Month, state: SlaState, now: datetime, context: Context, reason: str) -> Signal:
        assert month.opened_at is not None
        return signal(
            rule=self.meta.id,
            key=_key(state, month),
            episode=episode_id(month.opened_at),
            phase=Phase.CLEARED,
            severity=Severity.LOW,
            subject=state.vendor,
            at=now,
            since=month.onset or month.opened_at,
            title=f"{context.graph.name(state.vendor)}: claim for {month.month:%Y-%m} lapsed",
            reason=reason,
            scopes=(Scope(state.vendor),),
            evidence=Evidence(month.ids),
        )


def _read(observation: Observation) -> Told | None:
    """What the reading leaves standing of its subject; None where that is well."""
    body, kind, status = observation.body, "component", Status.OPERATIONAL
    if isinstance(body, ComponentStatus):
        kind, status = (PAGE if observation.subject == PAGE else "component"), body.status
    elif isinstance(body, Incident):
        kind, status = "incident", Status.OPERATIONAL if body.resolved else body.status
    elif isinstance(body, Maintenance):
        kind, status = "maintenance", Status.MAINTENANCE if body.stage in UNDER_WAY else Status.OPERATIONAL
    if status is Status.OPERATIONAL or isinstance(body, Gone):
        return None
    scopes: tuple[Scope, ...] = getattr(body, "scopes", ()) or (Scope(observation.vendor),)
    return Told(observation.id, kind, status, scopes)


def _standing(month: Month, contract: Contract, state: SlaState, context: Context, now: datetime) -> Month:
    """The month with the weights that hold from now on."""
    wanted = contract.terms.scopes or index_of(context).used_parts(state.vendor)
    page, page_ids = _worst(state, wanted, own=False)
    own, own_ids = _worst(state, wanted, own=True)
    at_work = not contract.terms.maintenance_counts and any(
        told.kind == "maintenance" and _mine(told, wanted) for told in state.told.values()
    )
    counted, left_out = (0, page) if at_work else (page, 0)
    ids = tuple(dict.fromkeys((*month.ids, *page_ids, *own_ids)))[-_KEPT:]
    return msgspec.structs.replace(
        month,
        page=Count(month.page.tenths, counted),
        own=Count(month.own.tenths, 0 if at_work else own),
        work=Count(month.work.tenths, left_out),
        ids=ids,
        onset=month.onset or (now if counted or own else None),
    )


def _worst(state: SlaState, wanted: Collection[Scope], *, own: bool) -> tuple[int, tuple[str, ...]]:
    """The weight of the worst that any source says, and the readings that say so."""
    sources: dict[str, list[Said]] = {}
    for place, told in state.told.items():
        source, _, subject = place.partition("\t")
        if subject.startswith(PROBE) == own:
            sources.setdefault(source, []).append(Said(told.id, told.kind, told.status, _mine(told, wanted)))
    found = [(TENTHS.get(status, 0), ids) for status, ids in map(judged, sources.values()) if status is not None]
    weight = max((weight for weight, _ in found), default=0)
    return weight, tuple(id_ for each, ids in found if each == weight and weight for id_ in ids)


def _mine(told: Told, wanted: Collection[Scope]) -> bool:
    return not wanted or any(scope.touches(part) for scope in told.scopes for part in wanted)


def _lapse(contract: Contract, month: datetime) -> datetime:
    """The instant after the last day of the claim."""
    return datetime.combine(claim_by(contract.terms, month), time(), UTC) + timedelta(days=1)


def _key(state: SlaState, month: Month) -> str:
    return f"{state.vendor}/{month.contract}/{month.month:%Y-%m}"


def _length(span: timedelta) -> str:
    return "no time" if not span else duration(span)
