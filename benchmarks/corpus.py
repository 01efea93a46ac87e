"""A made-up history: 200 vendors whose components, prices and quotas change, the same for the same seed."""

from __future__ import annotations

import random  # noqa: TID251 -- seeded, and not part of the program
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from secondsource.domain.money import Unit
from secondsource.domain.observations import (
    AnyBody,
    Batch,
    ComponentStatus,
    Incident,
    Outcome,
    Price,
    Quota,
    SourceHealth,
    Spend,
    batch_of,
    observe,
    tick,
)
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status

START = datetime(2025, 10, 20, tzinfo=UTC)
VENDORS = 200
PER_BATCH = 50
_REGIONS = [f"region-{n}" for n in range(9)]
_STATUSES = [Status.OPERATIONAL] * 12 + [Status.DEGRADED, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE]


def history(observations: int, seed: int = 7) -> Iterator[Batch]:
    """Batches of 50 with about so many observations in all, with a tick every five minutes of virtual time."""
    chance = random.Random(seed)  # noqa: S311
    now = START
    for n in range(observations // PER_BATCH):
        now += timedelta(seconds=3)
        if n % 100 == 99:
            yield tick(now)
            now += timedelta(microseconds=1)
        vendor = f"vendor-{chance.randrange(VENDORS)}"
        source = f"{vendor}-{chance.randrange(3)}"
        seen = {}
        for _ in range(PER_BATCH - 1):
            subject, body = _said(vendor, chance)
            seen[subject] = observe(source=source, vendor=vendor, subject=subject, observed_at=now, body=body)
        health = SourceHealth(Outcome.OK, "statuspage", "", 120, 9000, 60, now)
        seen["source"] = observe(source=source, vendor=vendor, subject=f"source/{source}", observed_at=now, body=health)
        yield batch_of(vendor, source, now, tuple(seen.values()))
    yield tick(now + timedelta(hours=1))


def _said(vendor: str, chance: random.Random) -> tuple[str, AnyBody]:
    kind = chance.random()
    n = chance.randrange(17)
    region = chance.choice(_REGIONS)
    if kind < 0.6:
        scopes = (Scope(vendor, f"product-{n}", region),)
        return f"component/{n}-{region}", ComponentStatus(f"Product {n} {region}", chance.choice(_STATUSES), "Products", "native", scopes)
    if kind < 0.75:
        amount = Decimal(chance.randrange(95, 106)) / 100
        return f"price/model-{n}/input", Price(f"model-{n}", amount, Unit.MILLION_TOKENS, dimension="input", original="0.000001")
    if kind < 0.9:
        return f"quota/{n}", Quota(f"quota-{n}", float(chance.randrange(1000)), 1000.0, "tokens", region)
    if kind < 0.95:
        return "spend", Spend(Decimal(chance.randrange(1000, 2000)), region=region)
    resolved = chance.random() < 0.7
    status = Status.PARTIAL_OUTAGE
    stage = "resolved" if resolved else "investigating"
    return f"incident/{n}", Incident(f"Trouble {n}", status, stage, resolved, (f"Product {n}",), scopes=(Scope(vendor, None, region),))
