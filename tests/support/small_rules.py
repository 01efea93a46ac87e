"""Two small rules, one of each reach, and the batches that feed them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
from pydantic import BaseModel

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.money import Unit
from secondsource.domain.observations import Batch, Gone, Observation, Price, Spend, batch_of, observe, tick
from secondsource.domain.signals import Phase, Severity, Signal, signal
from secondsource.engine.engine import Engine

START = datetime(2025, 10, 20, tzinfo=UTC)


def say(rule: str, key: str, at: datetime, reason: str, phase: Phase = Phase.OPENED) -> Signal:
    return signal(
        rule=rule, key=key, episode="1", phase=phase, severity=Severity.LOW, subject=key, at=at, since=at, title=rule, reason=reason
    )


class Params(BaseModel):
    hold: timedelta = timedelta(minutes=10)
    keep: bool = True


class Held(msgspec.Struct, frozen=True):
    price: Decimal
    since: datetime


class HoldRule:
    """Says a price when it has stood for ten minutes; says at once when the item is gone."""

    meta: ClassVar[Meta] = Meta("hold", 1, "Hold", "why", Severity.LOW, Reach.VENDOR, ("price",))
    Params: ClassVar[type[BaseModel]] = Params
    State: ClassVar[type[msgspec.Struct]] = Held

    def __init__(self, params: Params) -> None:
        self.params = params

    def keys(self, observation: Observation) -> Sequence[str]:
        return (observation.subject,)

    def on_observation(self, key: str, state: Held | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body = observation.body
        if isinstance(body, Gone):
            return Step(None, (say("hold", key, now, "gone", Phase.CLEARED),))
        assert isinstance(body, Price)
        if state is not None and state.price == body.amount:
            return None
        return Step(Held(body.amount, now), (), now + self.params.hold)

    def on_wake(self, key: str, state: Held, now: datetime, context: Context) -> Step | None:
        return Step(state if self.params.keep else None, (say("hold", key, now, f"{state.price} since {state.since:%H:%M}"),))


class Sums(msgspec.Struct, frozen=True):
    amounts: dict[str, tuple[datetime, Decimal]]
    said: Decimal | None = None


class SumRule:
    """Adds up spend over vendors, on the quarter hour."""

    meta: ClassVar[Meta] = Meta("sum", 1, "Sum", "why", Severity.LOW, Reach.PORTFOLIO, ("spend",))
    Params: ClassVar[type[BaseModel]] = Params
    State: ClassVar[type[msgspec.Struct]] = Sums

    def __init__(self, params: Params) -> None:
        self.params = params

    def keys(self, observation: Observation) -> Sequence[str]:
        return ("all",)

    def on_observation(self, key: str, state: Sums | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        assert isinstance(observation.body, Spend)
        known = state or Sums({})
        fact = (now, observation.body.amount)
        if known.amounts.get(observation.vendor, fact) > fact:
            return None
        return Step(Sums({**known.amounts, observation.vendor: fact}, known.said), (), self._next(now))

    def on_wake(self, key: str, state: Sums, now: datetime, context: Context) -> Step | None:
        total = sum((amount for _, amount in state.amounts.values()), Decimal(0))
        said = () if total == state.said else (say("sum", key, now, str(total)),)
        return Step(Sums(state.amounts, total), said, self._next(now))

    @staticmethod
    def _next(now: datetime) -> datetime:
        return now - (now - START) % timedelta(minutes=15) + timedelta(minutes=15)


def engine(**params: Any) -> Engine:
    return Engine({"hold": HoldRule(Params(**params)), "sum": SumRule(Params())}, Context())


def price(vendor: str, minute: float, amount: int, item: str = "gpu", exercise: str | None = None) -> Batch:
    at = START + timedelta(minutes=minute)
    body = Price(item, Decimal(amount), Unit.ACCELERATOR_HOUR)
    seen = observe(source=f"{vendor}-prices", vendor=vendor, subject=f"price/{item}", observed_at=at, body=body, exercise=exercise)
    return batch_of(vendor, f"{vendor}-prices", at, (seen,))


def spend(vendor: str, minute: float, amount: int) -> Batch:
    at = START + timedelta(minutes=minute)
    seen = observe(source=f"{vendor}-bill", vendor=vendor, subject="spend", observed_at=at, body=Spend(Decimal(amount)))
    return batch_of(vendor, f"{vendor}-bill", at, (seen,))


def at(minute: float) -> Batch:
    return tick(START + timedelta(minutes=minute))
