"""An accelerator, or a kind of memory, is getting hard to have: offers vanish, prices climb, the trade press says so.

The index of an item is a weighted mean of three parts, each from 0 to 1:

- *vanished*: the share of the offers seen in the window that are no longer listed;
- *price*: how far the price stands above its own median over the window, in parts of ``full_climb``; the middle of all series;
- *news*: stories that say ``shortage`` or ``allocation`` of the item, in parts of ``full_news``; one that many outlets tell is one.

A part that nobody feeds is left out of the mean: it lowers the confidence, not the index. News can raise the index, never
lower it, because a quiet press proves nothing. News of what an item is made of (``related``) counts where the item has a
market or a story of its own.

Offers, prices and news come from many vendors in no certain order: they are gathered, and judged at instants of a fixed grid.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.detection import Detection, Edge, detect
from secondsource.domain.detection import Phase as Machine
from secondsource.domain.figures import held_median, median, next_on_grid, percent, rounded
from secondsource.domain.items import CHIPS, MEMORY, matcher, normalised
from secondsource.domain.money import Unit
from secondsource.domain.observations import Gone, News, Observation, Offer, Price
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal
from secondsource.domain.stories import Story, folded, headlines, kept, loudness, parties
from secondsource.domain.words import count, duration

_NO_GOODS = frozenset({Unit.MILLION_TOKENS, Unit.KWH, Unit.MWH})  # tokens and energy are dear at times, not sold out
Usual = Callable[[Sequence[tuple[datetime, Decimal]], datetime, datetime], Decimal | None]
"""From the steps of a price, and the window that counts, to what it is held against."""

MAX_OFFERS = 2000
MAX_STEPS = 64

_RELATED = {
    "a100": ("hbm", "gpu"), "h100": ("hbm", "hbm3", "cowos", "gpu"), "h200": ("hbm", "hbm3e", "cowos", "gpu"),
    "b200": ("hbm", "hbm3e", "cowos", "gpu"), "b300": ("hbm", "hbm3e", "cowos", "gpu"), "gb200": ("hbm", "hbm3e", "cowos", "gpu"),
    "gb300": ("hbm", "hbm3e", "cowos", "gpu"), "mi300x": ("hbm", "hbm3", "cowos", "gpu"), "mi325x": ("hbm", "hbm3e", "cowos", "gpu"),
    "mi355x": ("hbm", "hbm3e", "cowos", "gpu"),
}  # fmt: skip


class ShortageParams(BaseModel):
    """How the index is made, and from where on it is a finding."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(default=0.5, gt=0, le=1, description="The index from which on there is a finding.")
    clear_threshold: float = Field(default=0.35, gt=0, le=1, description="The index below which it is over.")
    hold: timedelta = Field(default=timedelta(minutes=30), ge=timedelta(0), description="How long the index must stand that high.")
    clear_hold: timedelta = Field(default=timedelta(hours=2), ge=timedelta(0), description="How long it must stay that low.")
    high: float = Field(
        default=0.75, gt=0, le=1, description="The index from which on the severity is high, if the confidence is 0.6 or more."
    )
    min_confidence: float = Field(default=0.25, ge=0, le=1, description="Below this confidence nothing is found.")
    step: float = Field(default=0.15, gt=0, le=1, description="An open finding is told again when the index has moved by this much.")
    every: timedelta = Field(default=timedelta(minutes=15), gt=timedelta(0), description="How often it is judged.")
    window: timedelta = Field(default=timedelta(days=7), gt=timedelta(0), description="How far back offers and prices count.")
    news_window: timedelta = Field(default=timedelta(days=3), gt=timedelta(0), description="How far back news counts.")
    weight_vanished: float = Field(default=0.4, ge=0, description="Weight of vanished offers.")
    weight_price: float = Field(default=0.35, ge=0, description="Weight of the price's climb.")
    weight_news: float = Field(default=0.25, ge=0, description="Weight of news.")
    min_offers: int = Field(default=3, ge=1, description="Fewer offers than this say nothing.")
    min_span: timedelta = Field(default=timedelta(hours=6), ge=timedelta(0), description="A price known for less than this says nothing.")
    full_climb: float = Field(default=0.5, gt=0, description="So far above its median (0.5 is 50 %), a price counts in full.")
    full_news: float = Field(default=3.0, gt=0, description="So many stories (by weight) count in full.")
    labels: tuple[str, ...] = Field(default=("shortage", "allocation"), description="News labels that count.")
    dimensions: tuple[str, ...] = Field(default=("spot",), description="Dimensions of prices that count; prices of offers count always.")
    chips: tuple[str, ...] = Field(default=CHIPS, description="News entities that are accelerators, with * and ?.")
    memory: tuple[str, ...] = Field(default=MEMORY, description="Items and news entities that are kinds of memory.")
    related: dict[str, tuple[str, ...]] = Field(default=_RELATED, description="What an item is made of: news of it counts for the item.")


class Listing(msgspec.Struct, frozen=True, array_like=True):
    """One offer: whether it is listed, since when that is so, and who says it."""

    at: datetime
    listed: bool
    id: str
    vendor: str


class Series(msgspec.Struct, frozen=True, array_like=True):
    """The steps of one price, oldest first; each holds until the next. Another unit or currency begins a new series."""

    unit: Unit
    currency: str
    id: str
    steps: tuple[tuple[datetime, Decimal], ...]


class ShortageState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one item, by source and subject, and the finding as last told."""

    offers: dict[str, Listing] = {}
    prices: dict[str, Series] = {}
    stories: dict[str, Story] = {}
    reported: bool = False  # the press has spoken of it before, so its silence is known to be one
    machine: Detection = Detection()
    told: Decimal | None = None
    severity: Severity = Severity.MEDIUM
    exercise: str | None = None


class Reckoning(msgspec.Struct, frozen=True):
    """The index and what it is made of. A part is None where nobody feeds it."""

    vanished: Fraction | None
    price: Fraction | None
    climb: Fraction | None
    news: Fraction | None
    index: Fraction | None
    confidence: Fraction


class Shortage:
    """One finding for each item: opens at the threshold, clears below a lower one, both after a hold."""

    meta: ClassVar[Meta] = Meta(
        id="shortage",
        version=1,
        title="Shortage",
        why="Capacity that can not be had later must be reserved now, or the plan must do without it.",
        severity=Severity.MEDIUM,
        reach=Reach.PORTFOLIO,
        consumes=("offer", "price", "news"),
    )
    Params: ClassVar[type[BaseModel]] = ShortageParams
    State: ClassVar[type[msgspec.Struct]] = ShortageState

    def __init__(self, params: ShortageParams) -> None:
        self._params = params
        self._labels = frozenset(params.labels)
        self._dimensions = frozenset(params.dimensions)
        self._weights = tuple(Fraction(str(w)) for w in (params.weight_vanished, params.weight_price, params.weight_news))
        self._threshold, self._clear_threshold = Fraction(str(params.threshold)), Fraction(str(params.clear_threshold))
        self._min_confidence = Fraction(str(params.min_confidence))
        self._full_climb, self._full_news = Fraction(str(params.full_climb)), Fraction(str(params.full_news))
        self._memory = frozenset(map(normalised, params.memory))
        self._chips = matcher((*params.chips, *params.related))
        self._made_of: dict[str, list[str]] = {}
        for chip, parts in params.related.items():
            for part in parts:
                self._made_of.setdefault(normalised(part), []).append(f"chip/{normalised(chip)}")

    def keys(self, observation: Observation) -> Sequence[str]:
        body = observation.body
        if isinstance(body, Price):
            return (self._key(body.item),) if body.dimension in self._dimensions and body.unit not in _NO_GOODS else ()
        if isinstance(body, Offer):
            return (self._key(body.item),)
        if isinstance(body, News):
            if not any(label.name in self._labels for label in body.labels):
                return ()
            named = [normalised(entity.rpartition("/")[2]) for entity in body.entities]
            own = [self._key(name) for name in named if name in self._memory or self._chips.match(name)]
            return tuple(sorted({*own, *(key for name in named for key in self._made_of.get(name, ()))}))
        if isinstance(body, Gone) and body.was != "news":  # a story that left its feed is told all the same
            return (self._key(body.name),)
        return ()

    def on_observation(
        self, key: str, state: ShortageState | None, observation: Observation, now: datetime, context: Context
    ) -> Step | None:
        body, place = observation.body, f"{observation.source}\t{observation.vendor}\t{observation.subject}"
        before = state or ShortageState(exercise=observation.exercise)
        after: ShortageState | None = None
        if isinstance(body, News):
            after = self._with_story(key, before, place, observation, body)
        elif isinstance(body, Offer):
            listed = body.listed and body.count != 0
            after = _with_offer(before, place, observation, listed)
            if listed and body.price is not None:
                after = _with_price(after or before, place, observation, body.price, body.unit, body.currency) or after
        elif isinstance(body, Price):
            after = _with_price(before, place, observation, body.amount, body.unit, body.currency)
        elif place in before.offers:
            after = _with_offer(before, place, observation, False)
        elif place in before.prices:
            after = msgspec.structs.replace(before, prices={k: v for k, v in before.prices.items() if k != place})
        return None if after is None else Step(after, (), next_on_grid(now, self._params.every))

    def on_wake(self, key: str, state: ShortageState, now: datetime, context: Context) -> Step | None:
        state = self._pruned(state, now)
        reckoned = most = self._reckon(state, now, _lowest)
        if state.machine.phase is not Machine.CLEAR or (most.index is not None and most.index >= self._threshold):
            reckoned = self._reckon(state, now, held_median)
        index, machine, edge = reckoned.index, state.machine, None
        firing = machine.phase in (Machine.FIRING, Machine.CLEARING)
        enough = reckoned.confidence >= self._min_confidence
        if index is not None and (firing or enough):
            threshold = self._clear_threshold if firing else self._threshold
            hold, clear_hold = self._params.hold, self._params.clear_hold
            machine, edge, _ = detect(state.machine, index >= threshold, now, hold, clear_hold)
        elif not firing:
            machine = Detection()
        said: list[Signal] = []
        if edge is Edge.CLEARED:
            said.append(self._say(key, Phase.CLEARED, state, state.machine, reckoned, state.severity, now))
            state = msgspec.structs.replace(state, told=None)
        elif index is not None and machine.phase is Machine.FIRING:
            severity = self._severity(reckoned)
            told = rounded(index, 4)
            if edge is Edge.OPENED or state.told is None:
                phase: Phase | None = Phase.OPENED
            else:
                moved = abs(told - state.told) >= Decimal(str(self._params.step))
                phase = Phase.UPDATED if moved or severity > state.severity else None
            if phase is not None:
                said.append(self._say(key, phase, state, machine, reckoned, severity, now))
                state = msgspec.structs.replace(state, told=told, severity=severity)
        state = msgspec.structs.replace(state, machine=machine)
        idle = machine.phase is Machine.CLEAR
        if idle and not (state.offers or state.prices or state.stories):
            return Step(None, said)
        # With time alone, what the index may come to only falls, but for a price that will soon have been known for long enough.
        young = any(now - series.steps[0][0] < self._params.min_span for series in state.prices.values())
        watch = not idle or bool(most.index) or young
        return Step(state, said, next_on_grid(now, self._params.every) if watch else None)

    def _key(self, item: str) -> str:
        name = normalised(item)
        return f"memory/{name}" if name in self._memory else f"chip/{name}"

    def _with_story(self, key: str, state: ShortageState, place: str, observation: Observation, body: News) -> ShortageState | None:
        if place in state.stories:
            return None  # told again in the daily full picture, or reworded: it is news once
        weight = max((label.weight for label in body.labels if label.name in self._labels), default=0.0)
        at = min(observation.observed_at, body.published_at or observation.observed_at)
        direct = key in {self._key(entity.rpartition("/")[2]) for entity in body.entities}
        stories = kept(state.stories, place, Story(at, observation.id, body.title, weight, direct, parties(body.entities)))
        return None if stories == state.stories else msgspec.structs.replace(state, stories=stories, reported=True)

    def _pruned(self, state: ShortageState, now: datetime) -> ShortageState:
        """Without what the windows have left behind. While nothing at all is listed, what vanished stays: it has not come back."""
        since = now - self._params.window
        listed = any(offer.listed for offer in state.offers.values())
        offers = {place: offer for place, offer in state.offers.items() if offer.listed or offer.at >= since or not listed}
        prices = {}
        for place, series in state.prices.items():
            if place in state.offers and place not in offers:
                continue
            first = bisect_right(series.steps, since, key=itemgetter(0)) - 1
            prices[place] = Series(series.unit, series.currency, series.id, series.steps[first:]) if first > 0 else series
        stories = {place: story for place, story in state.stories.items() if story.at >= now - self._params.news_window}
        return msgspec.structs.replace(state, offers=offers, prices=prices, stories=stories)

    def _reckon(self, state: ShortageState, now: datetime, usual: Usual) -> Reckoning:
        """The index against the ``usual`` price: the held median, or for an index that is surely not lower, :func:`_lowest`."""
        vanished: Fraction | None = None
        if len(state.offers) >= self._params.min_offers:
            vanished = Fraction(sum(not offer.listed for offer in state.offers.values()), len(state.offers))
        prices: list[tuple[Decimal, Decimal]] = []
        for place, series in state.prices.items():
            offer = state.offers.get(place)
            known = now - series.steps[0][0]
            if known < self._params.min_span or not known or (offer is not None and not offer.listed):
                continue
            against = usual(series.steps, now - self._params.window, now)
            if against:
                prices.append((series.steps[-1][1], against))
        prices.sort(key=lambda price: price[0] / price[1])
        middle = [Fraction(price) / Fraction(against) for price, against in prices[(len(prices) - 1) // 2 : len(prices) // 2 + 1]]
        climb = median(middle) - 1 if prices else None
        price = None if climb is None else min(max(climb / self._full_climb, Fraction(0)), Fraction(1))
        stories = [story for story in state.stories.values() if story.direct]
        if stories or vanished is not None or price is not None:
            stories = list(state.stories.values())
        said = loudness(stories) / self._full_news
        news = min(said, Fraction(1)) if stories or state.reported else None
        return self._combined(vanished, climb, price, news)

    def _combined(self, vanished: Fraction | None, climb: Fraction | None, price: Fraction | None, news: Fraction | None) -> Reckoning:
        weights = self._weights
        parts = (vanished, price, news)
        known = [(weight, part) for weight, part in zip(weights, parts, strict=True) if part is not None and weight > 0]
        market = [(weight, part) for weight, part in zip(weights[:2], parts[:2], strict=True) if part is not None and weight > 0]
        means = [
            sum((weight * part for weight, part in some), Fraction(0)) / sum((weight for weight, _ in some), Fraction(0))
            for some in (known, market)
            if some
        ]
        confidence = sum((weight for weight, _ in known), Fraction(0)) / (sum(weights, Fraction(0)) or 1)
        return Reckoning(vanished, price, climb, news, max(means, default=None), confidence)

    def _severity(self, reckoned: Reckoning) -> Severity:
        assert reckoned.index is not None
        if reckoned.confidence < Fraction(2, 5):
            return Severity.LOW
        if reckoned.index >= Fraction(str(self._params.high)) and reckoned.confidence >= Fraction(3, 5):
            return Severity.HIGH
        return Severity.MEDIUM

    def _say(
        self, key: str, phase: Phase, state: ShortageState, machine: Detection, reckoned: Reckoning, severity: Severity, now: datetime
    ) -> Signal:
        assert machine.onset is not None
        assert machine.opened_at is not None
        assert reckoned.index is not None
        params = self._params
        gone = sorted(offer.vendor for offer in state.offers.values() if not offer.listed)
        parts = [
            "offers are not fed" if reckoned.vanished is None else f"{len(gone)} of {count(len(state.offers), 'offer')} vanished",
            "prices are not fed" if reckoned.climb is None else f"price {percent(reckoned.climb)} against its median",
            "news is not fed" if reckoned.news is None else f"{count(len(folded(state.stories.values())), 'report')} of shortage",
        ]
        reason = (
            f"Index {rounded(reckoned.index, 2):f} ({params.threshold:g} is reported) with confidence {rounded(reckoned.confidence, 2):f}: "
            f"{', '.join(parts)}, within {duration(params.window)} (news {duration(params.news_window)})."
        )
        measures = (
            Measure("index", rounded(reckoned.index, 4), "", params.threshold),
            Measure("confidence", rounded(reckoned.confidence, 4), "", params.min_confidence),
            Measure("vanished offers", _told(reckoned.vanished), f"weight {params.weight_vanished:g}"),
            Measure("price climb", _told(reckoned.price), f"weight {params.weight_price:g}"),
            Measure("price against median", _told(reckoned.climb)),
            Measure("news", _told(reckoned.news), f"weight {params.weight_news:g}"),
        )
        facts = headlines(state.stories.values(), 10)
        if gone:
            facts.append(f"Vanished from {', '.join(sorted(set(gone)))}")
        told = [(o.at, o.id) for o in state.offers.values() if not o.listed]
        told += [(s.steps[-1][0], s.id) for s in state.prices.values()] + [(s.at, s.id) for s in state.stories.values()]
        ids = tuple(dict.fromkeys(identity for _, identity in sorted(told)))[-50:]
        kind, _, item = key.partition("/")
        words = "no longer short" if phase is Phase.CLEARED else "shortage"
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=severity,
            subject=f"item/{item}" if kind == "memory" else key,
            at=now,
            since=machine.onset,
            title=f"{item.upper()}: {words} (index {rounded(reckoned.index, 2):f})",
            reason=reason,
            evidence=Evidence(ids, measures, tuple(facts)),
            exercise=state.exercise,
        )


def _lowest(steps: Sequence[tuple[datetime, Decimal]], since: datetime, until: datetime) -> Decimal | None:
    """The lowest price, where that tells anything: no held median is lower, and it is found with a fraction of the work."""
    _, lowest = min(steps, key=itemgetter(1))
    return lowest if lowest > 0 else held_median(steps, since, until)


def _told(part: Fraction | None) -> Decimal | str:
    return "missing" if part is None else rounded(part, 4)


def _with_offer(state: ShortageState, place: str, observation: Observation, listed: bool) -> ShortageState | None:
    old = state.offers.get(place)
    if old is None and (not listed or len(state.offers) >= MAX_OFFERS):
        return None  # what was never listed can not vanish
    if old is not None and (old.listed is listed or observation.observed_at <= old.at):
        return None
    offer = Listing(observation.observed_at, listed, observation.id, observation.vendor)
    return msgspec.structs.replace(state, offers={**state.offers, place: offer})


def _with_price(
    state: ShortageState, place: str, observation: Observation, amount: Decimal, unit: Unit, currency: str
) -> ShortageState | None:
    old = state.prices.get(place)
    at = observation.observed_at
    steps: tuple[tuple[datetime, Decimal], ...] = ((at, amount),)
    if old is None:
        if len(state.prices) >= MAX_OFFERS:
            return None
    elif old.unit is unit and old.currency == currency:
        if old.steps[-1][1] == amount or at <= old.steps[-1][0]:
            return None
        steps = (*old.steps, (at, amount))
        if len(steps) > MAX_STEPS:  # every other one of the older half: the far past needs less detail
            steps = steps[: MAX_STEPS // 2 : 2] + steps[MAX_STEPS // 2 :]
    elif at <= old.steps[-1][0]:
        return None
    return msgspec.structs.replace(state, prices={**state.prices, place: Series(unit, currency, observation.id, steps)})
