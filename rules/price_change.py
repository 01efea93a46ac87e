"""A price moved by more than a threshold since it was last told of.

List prices are held against the last price told, so that many small steps add up, and are told at once. Spot prices are
noise: their threshold is higher, a move must stand for a while, and between two signals lies a quiet time. A finding stands
for ``standing`` after the last news of it, and then clears: a price change has no end of its own.

Sources are compared with themselves only: two price lists that differ are no change. Where another source comes to say
what was told already, nothing is told again. When the unit or currency changes, the amounts can not be compared; that is told as
what it is, never as a move.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.figures import percent, plain, rounded
from secondsource.domain.money import Unit
from secondsource.domain.observations import Observation, Price
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal

MAX_SOURCES = 8
"""For one price; a ninth source of the same price is not heard."""


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


class Amount(msgspec.Struct, frozen=True, array_like=True):
    """What is paid for what, and the observation that says so."""

    value: Decimal
    unit: Unit
    currency: str
    id: str

    def same(self, other: Amount) -> bool:
        """Whether both say the same price."""
        return self.value == other.value and self.comparable(other)

    def comparable(self, other: Amount) -> bool:
        """Whether the numbers mean the same."""
        return self.unit is other.unit and self.currency == other.currency

    def __str__(self) -> str:
        return f"{plain(self.value)} {self.currency} per {self.unit.value}"


class Quote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One source: the price last told of, the price now, and since when the two differ by enough."""

    told: Amount
    now: Amount
    off_since: datetime | None = None


class Finding(msgspec.Struct, frozen=True):
    """A change that stands: from what, to what, told when."""

    opened_at: datetime
    told_at: datetime
    old: Amount
    new: Amount
    source: str
    severity: Severity


class PriceState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One price: what it is of, what each source says, the finding that stands, and what was last told.

    ``heard`` is about when it was last told of: not every time is written down, only what brings it forward by much.
    """

    vendor: str
    item: str
    heard: datetime
    dimension: str = ""
    region: str | None = None
    conditions: str = ""
    quotes: dict[str, Quote] = {}
    finding: Finding | None = None
    told: Amount | None = None
    exercise: str | None = None


class PriceChange:
    """Opens at a change, is updated by further ones, and clears some time after the last."""

    meta: ClassVar[Meta] = Meta(
        id="price_change",
        version=1,
        title="Price changed",
        why="A price moves margins at once, and a rise is often the first sign of a shortage.",
        severity=Severity.MEDIUM,
        reach=Reach.VENDOR,
        consumes=("price",),
    )
    Params: ClassVar[type[BaseModel]] = PriceParams
    State: ClassVar[type[msgspec.Struct]] = PriceState

    def __init__(self, params: PriceParams) -> None:
        self._params = params
        self._threshold, self._spot_threshold = Decimal(str(params.threshold)), Decimal(str(params.spot_threshold))

    def keys(self, observation: Observation) -> Sequence[str]:
        body = observation.body
        if not isinstance(body, Price):
            return ()  # a price that is no longer listed is no change; what it was is kept for a while, in case it comes back
        key = f"{observation.vendor}/{body.item}/{body.dimension or '-'}"
        if body.region:
            key += f"@{body.region}"
        return (f"{key} ({body.conditions})" if body.conditions else key,)

    def on_observation(self, key: str, state: PriceState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body, at = observation.body, observation.observed_at
        assert isinstance(body, Price)
        source = observation.source
        if state is None:
            first = Amount(body.amount, body.unit, body.currency, observation.id)
            quotes = {source: Quote(first, first)}
            state = PriceState(
                observation.vendor, body.item, at, body.dimension, body.region, body.conditions, quotes, exercise=observation.exercise
            )
            return Step(state, (), at + self._params.forget)
        quote = state.quotes.get(source)
        if quote is not None and quote.now.id == observation.id:
            return self._again(key, state, at, now, context)
        amount = Amount(body.amount, body.unit, body.currency, observation.id)
        if quote is None:
            if len(state.quotes) >= MAX_SOURCES:
                return None
            quote = Quote(amount, amount)
        elif quote.now.same(amount):
            return self._again(key, state, at, now, context)
        else:
            quote = Quote(quote.told, amount, quote.off_since)
        heard = max(at, state.heard)
        return self._judge(key, msgspec.structs.replace(state, heard=heard, quotes={**state.quotes, source: quote}), now, context)

    def _again(self, key: str, state: PriceState, at: datetime, now: datetime, context: Context) -> Step | None:
        """A price that was told before: it need not be written down each time that it is still there."""
        if at - state.heard < self._params.forget / 4:
            return None
        return self._judge(key, msgspec.structs.replace(state, heard=at), now, context)

    def on_wake(self, key: str, state: PriceState, now: datetime, context: Context) -> Step | None:
        return self._judge(key, state, now, context)

    def _judge(self, key: str, state: PriceState, now: datetime, context: Context) -> Step:
        spot = state.dimension == "spot"
        hold = self._params.spot_hold if spot else self._params.hold
        quiet = self._params.spot_quiet if spot else self._params.quiet
        said: list[Signal] = []
        wakes: list[datetime] = []
        for source in sorted(state.quotes):
            quote = state.quotes[source]
            if quote.told.same(quote.now) or not self._off(quote, spot):
                settled = quote if quote.off_since is None else Quote(quote.told, quote.now)
            elif state.told is not None and quote.now.same(state.told):
                settled = Quote(quote.now, quote.now)  # it confirms what another source made known
            else:
                since = quote.off_since or now
                due = since + hold if state.finding is None else max(since + hold, state.finding.told_at + quiet)
                if now >= due:
                    state, spoken = self._tell(key, state, source, quote, now, context)
                    said.append(spoken)
                    settled = Quote(quote.now, quote.now)
                else:
                    settled = Quote(quote.told, quote.now, since)
                    wakes.append(due)
            if settled is not quote:
                state = msgspec.structs.replace(state, quotes={**state.quotes, source: settled})
        if state.finding is not None:
            ends = state.finding.told_at + self._params.standing
            if now >= ends:
                said.append(self._say(key, Phase.CLEARED, state, state.finding, now, context))
                state = msgspec.structs.replace(state, finding=None)
            else:
                wakes.append(ends)
        forgotten = state.heard + self._params.forget
        if forgotten > now:
            wakes.append(forgotten)
        elif state.finding is None:
            return Step(None, said)
        return Step(state, said, min(wakes))

    def _off(self, quote: Quote, spot: bool) -> bool:
        if not quote.told.comparable(quote.now) or quote.told.value == 0:
            return True
        threshold = self._spot_threshold if spot else self._threshold
        return abs(quote.now.value / quote.told.value - 1) * 100 >= threshold

    def _tell(self, key: str, state: PriceState, source: str, quote: Quote, now: datetime, context: Context) -> tuple[PriceState, Signal]:
        standing = state.finding
        old = quote.told if standing is None else standing.old
        severity = Severity.LOW
        if quote.told.comparable(quote.now) and quote.now.value > quote.told.value:
            steep = quote.told.value == 0 or _change(quote.told, quote.now) * 100 >= Fraction(str(self._params.high_threshold))
            severity = Severity.HIGH if steep else self.meta.severity
        finding = Finding(standing.opened_at if standing else now, now, quote.told, quote.now, source, severity)
        spoken = self._say(key, Phase.UPDATED if standing else Phase.OPENED, state, finding, now, context)
        kept = msgspec.structs.replace(finding, old=old)
        return msgspec.structs.replace(state, finding=kept, told=quote.now), spoken

    def _say(self, key: str, phase: Phase, state: PriceState, finding: Finding, now: datetime, context: Context) -> Signal:
        old, new = finding.old, finding.new
        parts = (state.dimension.replace("_", " "), state.region or "", f"({state.conditions})" if state.conditions else "")
        name = " ".join(part for part in (context.graph.name(state.vendor), state.item, *parts) if part)
        measures = [Measure("old price", old.value, _unit(old)), Measure("new price", new.value, _unit(new))]
        if not old.comparable(new):
            title = f"{name}: now priced in {_unit(new)}"
            reason = f"Was {old}, is {new}: unit or currency changed, so the two can not be compared."
        elif old.value == 0 and new.value > 0:
            title, reason = f"{name}: no longer free", f"Was free, is {new}."
        else:
            change = _change(old, new) if old.value else Fraction(0)
            way = "up" if change > 0 else "down" if change < 0 else "back"
            threshold = self._params.spot_threshold if state.dimension == "spot" else self._params.threshold
            title = f"{name}: price {way} {percent(abs(change), 1)}" if change else f"{name}: price back at {old}"
            reason = (
                f"From {old} to {plain(new.value)}, {percent(change, 1)} (from {threshold:g} % on it is reported), by {finding.source}."
            )
            measures.append(Measure("change", rounded(change * 100, 2), "%", threshold))
            measures.append(Measure("direction", way))
        if phase is Phase.CLEARED:
            reason = f"No further change since {finding.told_at:%Y-%m-%d %H:%M} UTC. {reason}"
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(finding.opened_at),
            phase=phase,
            severity=finding.severity,
            subject=f"{state.vendor}/{state.item}",
            at=now,
            since=finding.opened_at,
            title=title,
            reason=reason,
            scopes=(Scope(state.vendor, region=state.region),),
            evidence=Evidence(tuple(dict.fromkeys((old.id, new.id))), tuple(measures)),
            exercise=state.exercise,
        )


def _change(old: Amount, new: Amount) -> Fraction:
    return (Fraction(new.value) - Fraction(old.value)) / Fraction(old.value)


def _unit(amount: Amount) -> str:
    return f"{amount.currency}/{amount.unit.value}"
