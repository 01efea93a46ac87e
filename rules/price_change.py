"""Prices of what we buy moved: by how much, from when on, and what that does to the next bill.

List prices are held against the price last told, so that many small steps add up, and are told at once. Market prices swing: they
must leave their level by more, and by more than they usually swing, and stay away; then the new level is told. Sources are compared
with themselves only: two price lists that differ are no change, and what one says after another said it is not told again.

No move of a price is: another unit or currency, told as what it is where it can not be converted; a price that differs by exactly what lies
between two units; prices of an item that change places, as when the columns of a list move. A price that is announced for later is told
when it is announced, and again when it holds.

All changes of an item that one poll brings are one finding, and those of many items are one finding of the vendor. A finding stands for
``standing`` after the last news of it, and then clears: a price change has no end of its own. What nothing of ours buys is not followed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.figures import rounded
from secondsource.domain.observations import Observation, Price, Spend
from secondsource.domain.pricing.amounts import Amount
from secondsource.domain.pricing.book import Item, Limits, Quote, doubting, healed, heard, judged
from secondsource.domain.pricing.effect import Bill, effect, named, spoken
from secondsource.domain.pricing.moves import Change, Line, doubted, merged, span
from secondsource.domain.pricing.telling import folded, told
from secondsource.domain.pricing.usage import Use, Users, users
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal

MAX_ITEMS = 2000
"""Of one vendor that are followed where nobody names what is used; those that are named are always followed."""
MAX_LINES = 500
"""Prices of one item, over all sources, dimensions, regions and conditions; and lines of the bill for it."""
MAX_KEPT = 200
"""Changes that a finding remembers, to say at its end what became of them."""
MAX_KNOWN = 100_000
"""Items whose users are remembered between two readings."""
_FOLD = ""


class PriceParams(BaseModel):
    """From which change on a price is news."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(default=5.0, gt=0, description="List prices: per cent against the price last told of.")
    spot_threshold: float = Field(default=20.0, gt=0, description="Spot prices: per cent against the price last told of.")
    high_threshold: float = Field(default=50.0, gt=0, description="A rise by this many per cent is of high severity.")
    hold: timedelta = Field(default=timedelta(0), ge=timedelta(0), description="How long a changed list price must stand.")
    spot_hold: timedelta = Field(default=timedelta(minutes=15), ge=timedelta(0), description="How long a moved spot price must stand.")
    quiet: timedelta = Field(default=timedelta(hours=1), ge=timedelta(0), description="Least time between two signals on a list price.")
    spot_quiet: timedelta = Field(
        default=timedelta(hours=6), ge=timedelta(0), description="Least time between two signals on a spot price."
    )
    standing: timedelta = Field(
        default=timedelta(hours=24), gt=timedelta(0), description="How long a finding stands after its last signal."
    )
    forget: timedelta = Field(
        default=timedelta(days=62), ge=timedelta(days=1), description="A price not heard of for so long is forgotten."
    )
    fold: int = Field(default=5, ge=2, description="So many items of a vendor that change in one poll are one finding.")
    unused: Literal["off", "info"] = Field(
        default="off", description="Prices of what nothing in the portfolio uses: not followed, or told with severity info."
    )
    rates: dict[str, Decimal] = Field(
        default={}, description="What one of each currency is worth, all in the same one: {USD: 1, EUR: 1.08}. Without, none is converted."
    )


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """Changes that stand: told when, from what to what over all of the episode."""

    opened_at: datetime
    told_at: datetime
    severity: Severity
    changes: tuple[Change, ...]


class PriceState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The prices of one vendor or list that are followed, the findings that stand, and what the bill says of the items.

    ``stirred`` are the items with a price that is not yet judged for good; ``sweep`` is when to look for what is no longer heard of.
    """

    vendor: str
    sweep: datetime
    wake: datetime
    items: dict[str, Item] = {}
    stirred: tuple[str, ...] = ()
    findings: dict[str, Finding] = {}
    bills: dict[str, dict[str, Bill]] = {}
    exercise: str | None = None


class PriceChange:
    """Opens at a change, is updated by further ones, and clears some time after the last."""

    meta: ClassVar[Meta] = Meta(
        id="price_change",
        version=2,
        title="Price changed",
        why="A price moves margins at once, and a rise is often the first sign of a shortage.",
        severity=Severity.MEDIUM,
        reach=Reach.VENDOR,
        consumes=("price", "spend"),
    )
    Params: ClassVar[type[BaseModel]] = PriceParams
    State: ClassVar[type[msgspec.Struct]] = PriceState

    def __init__(self, params: PriceParams) -> None:
        self._params = params
        self._rates = {currency: Fraction(rate) for currency, rate in params.rates.items()}
        self._limits = (
            Limits(Decimal(str(params.threshold)) / 100, params.hold, params.quiet, self._rates),
            Limits(Decimal(str(params.spot_threshold)) / 100, params.spot_hold, params.spot_quiet, self._rates),
        )
        self._fresh = params.forget / 16
        self._lasts = params.forget - self._fresh
        self._context: Context | None = None
        self._known: dict[tuple[str, str], Users] = {}

    def keys(self, observation: Observation) -> Sequence[str]:
        body = observation.body
        if type(body) is Price or (type(body) is Spend and body.item):
            return (observation.vendor,)
        return ()  # a price that is no longer listed is no change; what it was is kept for a while, in case it comes back

    def on_observation(self, key: str, state: PriceState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body = observation.body
        if type(body) is not Price:
            return self._billed(state, observation, now, context)
        item = None if state is None else state.items.get(body.item)
        place = f"{observation.source}\n{observation.subject}"
        quote = None if item is None else item.quotes.get(place)
        if quote is not None and quote.id == observation.id and item is not None and now < item.fresh:
            return None
        use = self._users(key, body.item, context).use
        if use is Use.UNUSED and self._params.unused == "off":
            if state is None or item is None:
                return None
            items = {name: other for name, other in state.items.items() if name != body.item}
            return self._kept(msgspec.structs.replace(state, items=items))
        state = state or PriceState(key, now + self._fresh, now + self._fresh, exercise=observation.exercise)
        if item is not None and item.fresh + self._lasts <= now:
            item = quote = None
        if item is None:
            if len(state.items) >= MAX_ITEMS and use is not Use.NAMED:
                return None
            item = Item(now)
        elif quote is None and len(item.quotes) >= MAX_LINES:
            return None
        line = Line(body.dimension, body.region, body.conditions)
        amount = Amount(body.amount, body.unit, body.currency, observation.id)
        latest, stirs = heard(quote, line, observation.source, amount, body.effective_at, now, self._limits[line.spot])
        item = Item(now + self._fresh, {**item.quotes, place: latest})
        state = msgspec.structs.replace(state, items={**state.items, body.item: item})
        if not stirs:
            return self._kept(state)
        # The rest of this poll is yet to come: judge when all of it is here.
        stirred = state.stirred if body.item in state.stirred else (*state.stirred, body.item)
        return self._kept(msgspec.structs.replace(state, stirred=stirred, wake=now))

    def on_wake(self, key: str, state: PriceState, now: datetime, context: Context) -> Step | None:
        items, sound = healed(state.items, state.stirred, now)
        wakes, waiting, changes = [], [], []
        for name in state.stirred:
            if name not in items:
                continue
            items[name], found, due = judged(name, items[name], now, self._limits)
            changes += found
            if due is not None:
                wakes.append(due)
                waiting.append(name)
        changes = doubted(changes, sound)
        for name in dict.fromkeys(change.item for change in changes if change.doubt):
            items[name] = doubting(items[name], [change for change in changes if change.item == name])
        state = msgspec.structs.replace(state, items=items, stirred=tuple(waiting))
        said: list[Signal] = []
        findings = dict(state.findings)
        for name, together in self._grouped(changes).items():
            finding, spoken_ = self._tell(name, findings.get(name), together, state, now, context)
            findings[name] = finding
            said.append(spoken_)
        for name, finding in sorted(findings.items()):
            ends = self._ends(finding)
            if ends <= now:
                said.append(self._say(name, Phase.CLEARED, finding, finding.changes, state, now, context))
                del findings[name]
            else:
                wakes.append(ends)
        state = msgspec.structs.replace(state, findings=findings)
        if state.sweep <= now:
            state = self._swept(state, now)
        if not (state.items or state.findings or state.bills):
            return Step(None, said)
        state = msgspec.structs.replace(state, wake=min((state.sweep, *wakes)))
        return Step(state, said, state.wake)

    def _kept(self, state: PriceState) -> Step:
        return Step(state, (), state.wake)

    def _users(self, vendor: str, item: str, context: Context) -> Users:
        if context is not self._context:
            self._context, self._known = context, {}
        found = self._known.get((vendor, item))
        if found is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            found = self._known[vendor, item] = users(vendor, item, context)
        return found

    def _billed(self, state: PriceState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body = observation.body
        assert isinstance(body, Spend)
        assert body.item is not None
        if self._users(observation.vendor, body.item, context).use is not Use.NAMED:
            return None
        state = state or PriceState(observation.vendor, now + self._fresh, now + self._fresh, exercise=observation.exercise)
        lines = state.bills.get(named(body.item), {})
        place = f"{observation.source}\n{observation.subject}"
        before = lines.get(place)
        if (before is not None and before.id == observation.id) or (before is None and len(lines) >= MAX_LINES):
            return None
        bill = Bill(body.amount, body.currency, body.period, body.period_end or now, observation.id)
        bills = {**state.bills, named(body.item): {**lines, place: bill}}
        return self._kept(msgspec.structs.replace(state, bills=bills))

    def _swept(self, state: PriceState, now: datetime) -> PriceState:
        """Without what was not heard of for long."""
        items = {name: item for name, item in state.items.items() if item.fresh + self._lasts > now}
        bills = {
            name: kept
            for name, lines in state.bills.items()
            if (kept := {place: bill for place, bill in lines.items() if bill.until + self._params.forget > now})
        }
        return msgspec.structs.replace(state, items=items, bills=bills, sweep=now + self._fresh)

    def _grouped(self, changes: Sequence[Change]) -> Mapping[str, list[Change]]:
        """By the finding that they belong to: an item's, or that of the vendor where they are many."""
        by_item: dict[str, list[Change]] = defaultdict(list)
        for change in changes:
            by_item[change.item].append(change)
        return {_FOLD: list(changes)} if len(by_item) >= self._params.fold else dict(sorted(by_item.items()))

    def _ends(self, finding: Finding) -> datetime:
        """When a finding clears: some time after the last word of it, and after the last change that was announced for later holds."""
        ahead = max((change.effective for change in finding.changes if change.effective is not None), default=finding.told_at)
        return max(finding.told_at, ahead) + self._params.standing

    def _tell(
        self, name: str, standing: Finding | None, changes: Sequence[Change], state: PriceState, now: datetime, context: Context
    ) -> tuple[Finding, Signal]:  # fmt: skip
        severity = max(self._severity(change, context, state.vendor) for change in changes)
        before = standing.changes if standing is not None else ()
        finding = Finding(standing.opened_at if standing else now, now, severity, merged(before, changes)[:MAX_KEPT])
        phase = Phase.UPDATED if standing is not None else Phase.OPENED
        return finding, self._say(name, phase, finding, changes, state, now, context)

    def _severity(self, change: Change, context: Context, vendor: str) -> Severity:
        use = self._users(vendor, change.item, context).use
        part = change.part(self._rates)
        severity = Severity.LOW
        if not change.doubt and not change.withdrawn:
            if not change.old.value and change.new.value:
                severity = Severity.HIGH  # no longer free
            elif part is not None and part > 0:
                severity = Severity.HIGH if part * 100 >= Fraction(str(self._params.high_threshold)) else self.meta.severity
        if use is Use.UNUSED:
            return Severity.INFO
        if use is Use.ELSEWHERE and vendor in context.graph.vendors:
            return min(severity, Severity.LOW)  # another seller's price is news of the market
        return min(severity, Severity.MEDIUM) if use is Use.POSSIBLE else severity

    def _say(
        self, name: str, phase: Phase, finding: Finding, changes: Sequence[Change], state: PriceState, now: datetime, context: Context
    ) -> Signal:  # fmt: skip
        limits = (self._params.threshold, self._params.spot_threshold)
        if name == _FOLD:
            owner, subject, key = state.vendor, state.vendor, state.vendor
            words = folded(context.graph.name(owner), changes, limits, self._rates, now)
        else:
            owner = self._users(state.vendor, name, context).vendor
            item = name.removeprefix(f"{owner}/")
            subject, key = f"{owner}/{item}", f"{state.vendor}/{name}"
            words = told(f"{context.graph.name(owner)} {item}", changes, limits, self._rates, now)
        reason, measures = words.reason, words.measures
        bills: tuple[str, ...] = ()
        if phase is Phase.CLEARED:
            reason = f"No further change since {finding.told_at:%Y-%m-%d %H:%M} UTC. {reason}"
        else:
            sentence, figures, bills = self._effect(changes, state, now, context)
            reason, measures = f"{reason} {sentence}".rstrip(), (*measures, *figures)
        regions = sorted({change.line.region or "" for change in changes})
        ids = dict.fromkeys(id_ for change in changes for id_ in (change.old.id, change.new.id))
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(finding.opened_at),
            phase=phase,
            severity=finding.severity,
            subject=subject,
            at=now,
            since=finding.opened_at,
            title=words.title,
            reason=reason,
            scopes=(Scope(owner),) if "" in regions else tuple(Scope(owner, None, region) for region in regions),
            evidence=Evidence((*ids, *bills)[:50], measures),
            exercise=state.exercise,
        )

    def _effect(
        self, changes: Sequence[Change], state: PriceState, now: datetime, context: Context
    ) -> tuple[str, tuple[Measure, ...], tuple[str, ...]]:
        """What the changes do to the bill: in words, in figures, and what that rests on."""
        real = [change for change in changes if not change.doubt and not change.withdrawn]
        bought = {change.item: found for change in real if (found := self._users(state.vendor, change.item, context)).use in _BOUGHT}
        if not bought:
            return "", (), ()
        moves = {item: self._move(item, [change for change in real if change.item == item], state) for item in bought}
        needs = {need.id: need for found in bought.values() for need in found.needs}
        bills = {name: tuple(lines.values()) for name, lines in state.bills.items()}
        currency = context.portfolio.currency
        change_of_bill = effect(moves, [needs[id_] for id_ in sorted(needs)], bills, currency, self._rates, now)
        holds = max((change.effective for change in real if change.effective is not None), default=now)
        month = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        measures: tuple[Measure, ...] = ()
        if change_of_bill.known:
            unit = f"{currency}/month"
            measures = (
                Measure("bill", rounded(change_of_bill.total, 2), unit),
                Measure("bill changes by at least", rounded(change_of_bill.low, 2), unit),
                Measure("bill changes by at most", rounded(change_of_bill.high, 2), unit),
            )
        return spoken(change_of_bill, "Next month's bill" if holds <= month else "A full month's bill"), measures, change_of_bill.bills

    def _move(self, item: str, changes: Sequence[Change], state: PriceState) -> tuple[Fraction, Fraction] | None:
        """From the least to the largest move of any price of the item; a price that stays counts as none."""
        if any(change.part(self._rates) is None for change in changes):
            return None
        between = span(changes, self._rates)
        sources, changed = {change.source for change in changes}, {change.place for change in changes}
        listed = state.items.get(item)
        quotes: Sequence[Quote] = tuple(listed.quotes.values()) if listed is not None else ()
        if between is not None and any(q.source in sources and (item, q.line, q.source) not in changed for q in quotes):
            return min(between[0], Fraction(0)), max(between[1], Fraction(0))
        return between


_BOUGHT = frozenset({Use.NAMED, Use.POSSIBLE})
