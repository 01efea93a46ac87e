"""Too much of the spend lies with one vendor, in one region, or on one kind of accelerator.

For each dimension the share of the largest and the Herfindahl index are held against thresholds. What weighs is money per
month in the portfolio's currency: the bill where it says so, and where it does not, the spend of the portfolio's dependencies. What
neither places (a bill without region, a dependency on several accelerators at once, a currency without rate) is left out of the
shares and reported with its amount; it is never spread by guess.

Spend comes from all vendors in no certain order: it is gathered, and judged at instants of a fixed grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.figures import herfindahl, next_on_grid, percent, plain, rounded, shares
from secondsource.domain.items import CHIPS, matcher, normalised
from secondsource.domain.money import MONTHLY
from secondsource.domain.observations import Observation, Spend
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal

Dimension = Literal["vendor", "region", "chip"]
DIMENSIONS: tuple[Dimension, ...] = ("vendor", "region", "chip")

MAX_LINES = 10_000
"""Of spend. Beyond, new ones are not counted, and the evidence says so."""


class Limits(BaseModel):
    """From where on concentration in one dimension is a finding: either threshold suffices."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(default=0.5, gt=0, le=1, description="The largest share must not exceed this (0 to 1).")
    hhi: float = Field(default=0.25, gt=0, le=1, description="The Herfindahl index must not exceed this (0 to 1).")


class ConcentrationParams(BaseModel):
    """Thresholds by dimension, and when a finding is told again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: Limits | None = Field(default=Limits(), description="By vendor; null switches the dimension off.")
    region: Limits | None = Field(default=Limits(), description="By region of each vendor; null switches it off.")
    chip: Limits | None = Field(default=Limits(share=0.7, hhi=0.5), description="By kind of accelerator; null switches it off.")
    high_share: float = Field(default=0.75, gt=0, le=1, description="From this share on the severity is high.")
    margin: float = Field(
        default=0.05, ge=0, lt=1, description="A finding clears when share and index are this far below their thresholds."
    )
    step: float = Field(default=0.05, gt=0, le=1, description="An open finding is told again when its share has moved by this much.")
    every: timedelta = Field(default=timedelta(minutes=15), gt=timedelta(0), description="How often it is judged, at the latest.")
    forget: timedelta = Field(
        default=timedelta(days=62), gt=timedelta(0), description="Spend that was not heard of for so long is left out."
    )
    rates: dict[str, Decimal] = Field(default={}, description="Worth of one unit of other currencies in the portfolio's currency.")
    chips: tuple[str, ...] = Field(default=CHIPS, description="Names of items that are accelerators, with * and ?.")


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one subject of one source last said. ``amount`` None: it is gone."""

    at: datetime
    id: str
    vendor: str
    amount: Decimal | None = None
    currency: str = "USD"
    period: str = "month"
    region: str | None = None
    item: str | None = None


class Open(msgspec.Struct, frozen=True):
    """A finding that is open, as it was last told."""

    at: datetime
    subject: str
    leader: str
    share: Decimal
    severity: Severity
    scopes: tuple[Scope, ...]


class ConcentrationState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Spend by source and subject, and the open findings by dimension."""

    lines: dict[str, Line] = {}
    open: dict[str, Open] = {}
    overflow: bool = False
    exercise: str | None = None


class Weights(msgspec.Struct, frozen=True):
    """Money by what it lies with, in one dimension, and what could not be placed, with the reason."""

    placed: dict[str, Fraction]
    unplaced: dict[str, Fraction | None]


class Concentration:
    """One finding for each dimension; opens above a threshold, clears below both by a margin."""

    meta: ClassVar[Meta] = Meta(
        id="concentration",
        version=1,
        title="Spend is concentrated",
        why="What lies with one vendor, in one region or on one chip fails together, and is dear to move.",
        severity=Severity.MEDIUM,
        reach=Reach.PORTFOLIO,
        consumes=("spend",),
    )
    Params: ClassVar[type[BaseModel]] = ConcentrationParams
    State: ClassVar[type[msgspec.Struct]] = ConcentrationState

    def __init__(self, params: ConcentrationParams) -> None:
        self._params = params
        self._chips = matcher(params.chips)

    def keys(self, observation: Observation) -> Sequence[str]:
        return ("spend",)

    def on_observation(
        self, key: str, state: ConcentrationState | None, observation: Observation, now: datetime, context: Context
    ) -> Step | None:
        state = state or ConcentrationState(exercise=observation.exercise)
        place = f"{observation.vendor}\t{observation.source}\t{observation.subject}"
        body, at = observation.body, observation.observed_at
        if isinstance(body, Spend):
            line = Line(at, observation.id, observation.vendor, body.amount, body.currency, body.period, body.region, body.item)
        else:
            line = Line(at, observation.id, observation.vendor)
        before = state.lines.get(place)
        if before is not None and (before.at, before.id) >= (line.at, line.id):
            return None
        if before is None and len(state.lines) >= MAX_LINES:
            return None if state.overflow else Step(msgspec.structs.replace(state, overflow=True))
        return Step(msgspec.structs.replace(state, lines={**state.lines, place: line}), (), next_on_grid(now, self._params.every))

    def on_wake(self, key: str, state: ConcentrationState, now: datetime, context: Context) -> Step | None:
        lines = {place: line for place, line in state.lines.items() if line.amount is not None and now - line.at < self._params.forget}
        opened = dict(state.open)
        said: list[Signal] = []
        bills = self._bills(lines.values(), context.portfolio.currency)
        for dimension in DIMENSIONS:
            limits: Limits | None = getattr(self._params, dimension)
            weights = self._weights(dimension, bills, context)
            if state.overflow:
                weights.unplaced[f"all lines of spend beyond {MAX_LINES:,}"] = None
            if limits is not None and (parts := shares(weights.placed)):
                spoken, after = self._judge(
                    dimension, parts, weights, limits, opened.pop(dimension, None), lines, state.exercise, now, context
                )
                said += spoken
                if after is not None:
                    opened[dimension] = after
        if not lines and not opened:
            return Step(None, said)
        return Step(ConcentrationState(lines, opened, state.overflow and len(lines) >= MAX_LINES, state.exercise), said)

    def _bills(self, lines: Iterable[Line], currency: str) -> list[tuple[Line, Fraction | str]]:
        """Each line with what it comes to a month, or why that can not be told."""
        factors: dict[tuple[str, str], Fraction | str] = {}
        bills: list[tuple[Line, Fraction | str]] = []
        for line in lines:
            assert line.amount is not None
            factor = factors.get(kind := (line.currency, line.period))
            if factor is None:
                factor = factors[kind] = self._factor(line, currency)
            bills.append((line, factor if isinstance(factor, str) else Fraction(line.amount) * factor))
        return bills

    def _factor(self, line: Line, currency: str) -> Fraction | str:
        rate = Decimal(1) if line.currency == currency else self._params.rates.get(line.currency)
        if rate is None:
            return f"no rate for {line.currency}"
        if line.period not in MONTHLY:
            return f"spend for a {line.period} is not understood"
        return Fraction(rate) * MONTHLY[line.period]

    def _weights(self, dimension: Dimension, bills: Iterable[tuple[Line, Fraction | str]], context: Context) -> Weights:
        """Who has how much a month. A vendor's own bill goes before what the portfolio says of it."""
        placed: dict[str, Fraction] = {}
        unplaced: dict[str, Fraction | None] = {}
        billed: set[str] = set()
        nowhere: dict[str, Fraction] = {}

        def put(name: str, amount: Fraction) -> None:
            placed[name] = placed[name] + amount if name in placed else amount

        for line, amount in bills:
            if isinstance(amount, str):
                unplaced[f"{line.vendor}: {amount}"] = None
                if dimension == "vendor":
                    billed.add(line.vendor)
                continue
            if dimension == "vendor":
                name: str | None = line.vendor
            elif dimension == "region":
                name = f"{line.vendor}/{line.region}" if line.region else None
            else:
                name = self._chip(line.item)
            if name is not None:
                put(name, amount)
                billed.add(line.vendor)
            elif dimension == "region" or line.item is None:
                nowhere[line.vendor] = nowhere.get(line.vendor, Fraction(0)) + amount
        for dependency in context.portfolio.dependencies:
            vendor = dependency.scope.vendor
            if vendor in billed:
                continue
            chips = sorted({chip for item in dependency.items if (chip := self._chip(item))})
            names = {
                "vendor": [vendor],
                "chip": chips,
                "region": [f"{vendor}/{dependency.scope.region}"] if dependency.scope.region else [],
            }
            if len(names[dimension]) == 1 and dependency.spend is not None:
                put(names[dimension][0], Fraction(dependency.spend))
                nowhere[vendor] = nowhere.get(vendor, Fraction(0)) - Fraction(dependency.spend)
            elif dimension != "chip" or chips:
                lacks = f"several {dimension}s" if len(names[dimension]) > 1 else f"no {dimension}" if not names[dimension] else "no spend"
                unplaced[f"dependency {dependency.id}: {lacks}"] = None if dependency.spend is None else Fraction(dependency.spend)
        for vendor, amount in nowhere.items():
            if amount > 0:
                unplaced[f"bill of {vendor}: no {dimension}"] = amount
        return Weights(placed, dict(sorted(unplaced.items())))

    def _chip(self, item: str | None) -> str | None:
        name = normalised(item or "")
        return name if name and self._chips.match(name) else None

    def _judge(
        self, dimension: Dimension, parts: Mapping[str, Fraction], weights: Weights, limits: Limits, before: Open | None,
        lines: Mapping[str, Line], exercise: str | None, now: datetime, context: Context,
    ) -> tuple[list[Signal], Open | None]:  # fmt: skip
        leader, share = next(iter(parts.items()))
        index = herfindahl(parts.values())
        most, highest = Fraction(str(limits.share)), Fraction(str(limits.hhi))
        margin = Fraction(str(self._params.margin))
        over = share > most or index > highest
        under = share <= most - margin and index <= highest - margin
        vendor, _, region = leader.partition("/")
        scopes = {"vendor": (Scope(vendor),), "region": (Scope(vendor, region=region or None),)}.get(dimension, ())
        told = Open(
            at=before.at if before is not None else now,
            subject=f"{dimension}/{leader}",
            leader=leader,
            share=rounded(share, 6),
            severity=Severity.HIGH if share >= Fraction(str(self._params.high_share)) else self.meta.severity,
            scopes=scopes,
        )
        if before is None:
            phase = Phase.OPENED if over else None
        elif under:
            phase, told = (
                Phase.CLEARED,
                msgspec.structs.replace(told, subject=before.subject, scopes=before.scopes, severity=before.severity),
            )
        else:
            moved = abs(told.share - before.share) >= Decimal(str(self._params.step))
            phase = Phase.UPDATED if moved or told.leader != before.leader or told.severity is not before.severity else None
        if phase is None:
            return [], before
        name = _name(dimension, leader, context)
        total, count = sum(weights.placed.values(), Fraction(0)), rounded(1 / index, 2)
        currency = context.portfolio.currency
        missing = sum((amount for amount in weights.unplaced.values() if amount is not None), Fraction(0))
        reason = (
            f"{name} has {percent(share, 1)} of {plain(rounded(total, 2), 0)} {currency} a month (more than {percent(most)} is reported); "
            f"the Herfindahl index is {rounded(index, 4):f} (more than {limits.hhi:g}), as of {count:f} equal {dimension}s."
        )
        measures = (
            Measure("share", rounded(share, 4), "", limits.share),
            Measure("hhi", rounded(index, 4), "", limits.hhi),
            Measure("hhi points", rounded(index * 10_000, 0), "of 10000", rounded(highest * 10_000, 0)),
            Measure("equivalent number", count, f"{dimension}s"),
            Measure("placed spend", rounded(total, 2), f"{currency}/month"),
            Measure("unplaced spend", rounded(missing, 2), f"{currency}/month"),
            *(Measure(f"share of {part}", rounded(value, 4)) for part, value in list(parts.items())[:10]),
        )
        facts = tuple(
            f"Not placed: {what}" + (f", {plain(rounded(amount, 2), 0)} {currency} a month" if amount is not None else "")
            for what, amount in list(weights.unplaced.items())[:20]
        )
        ids = [line.id for line in sorted(lines.values(), key=lambda line: (line.at, line.id))]
        finding = signal(
            rule=self.meta.id,
            key=dimension,
            episode=episode_id(told.at),
            phase=phase,
            severity=told.severity,
            subject=told.subject,
            at=now,
            since=told.at,
            title=f"Spend by {dimension}: {percent(share)} with {name}",
            reason=reason,
            scopes=told.scopes,
            evidence=Evidence(tuple(ids[-50:]), measures, facts),
            exercise=exercise,
        )
        return [finding], None if phase is Phase.CLEARED else told


def _name(dimension: Dimension, leader: str, context: Context) -> str:
    if dimension == "chip":
        return leader.upper()
    vendor, _, region = leader.partition("/")
    return f"{context.graph.name(vendor)} {region}".rstrip()
