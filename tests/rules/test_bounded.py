"""State stays bounded: what a rule remembers of a vendor depends on what the vendor has now, not on how long it was watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b

from secondsource.adapters.plugins import rules
from secondsource.domain.context import Context
from secondsource.domain.difference import NOTHING_YET, difference
from secondsource.domain.money import Unit
from secondsource.domain.observations import (
    AnyBody,
    Batch,
    ComponentStatus,
    Incident,
    Label,
    Maintenance,
    News,
    Offer,
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
from secondsource.engine.cells import PORTFOLIO
from secondsource.engine.engine import Engine
from secondsource.testing.timeline import Cells

START = datetime(2025, 1, 6, tzinfo=UTC)
EVERY = timedelta(hours=12)
HALF = timedelta(days=182)
MOST = 2048
"""Bytes of packed state that one subject may leave."""


def pick(most: int, *words: object) -> int:
    """A number below ``most`` that only ``words`` decide."""
    return int.from_bytes(blake2b(repr(words).encode(), digest_size=4).digest(), "big") % most


def page(n: int) -> Iterator[tuple[str, AnyBody]]:
    for index in range(30):
        status = list(Status)[pick(40, "status", index, n) % 12 % 6] if pick(9, "bad", index, n) == 0 else Status.OPERATIONAL
        yield f"component/{index}", ComponentStatus(f"Part {index}", status, scopes=(Scope("v", f"part-{index}", f"region-{index % 4}"),))
    for number in range(max(0, n - 8), n):  # a new incident every twelve hours; each lasts up to two days, and is shown for four
        resolved = n - number > 1 + pick(3, "lasts", number)
        stage = "resolved" if resolved else "investigating"
        where = (Scope("v", None, f"region-{number % 4}"),)
        yield f"incident/{number}", Incident(f"Trouble {number}", Status.PARTIAL_OUTAGE, stage, resolved, scopes=where)
        if number % 5 == 0:
            yield f"maintenance/{number}", Maintenance(f"Work {number}", "completed" if resolved else "in_progress")


def market(n: int) -> Iterator[tuple[str, AnyBody]]:
    week = n // 14
    for number in range(week, week + 60):  # every week one model goes and another comes
        amount = Decimal(100 + pick(40, "price", number, n // 4))
        yield f"price/model-{number}/input", Price(f"model-{number}", amount, Unit.MILLION_TOKENS, dimension="input")
    for index in range(10):
        yield f"price/h100/spot/{index}", Price("h100", Decimal(200 + pick(90, index, n)), Unit.ACCELERATOR_HOUR, dimension="spot")
    for number in range(n * 5, n * 5 + 40):  # at each poll five offers go and others come
        yield f"offer/{number}", Offer("h100", True, 1, Decimal(200 + pick(50, "offer", number, n)))


def bills(n: int) -> Iterator[tuple[str, AnyBody]]:
    for index in range(10):
        yield f"spend/{index}", Spend(Decimal(1000 + pick(500, "spend", index, n)), region=f"region-{index}")


def press(n: int) -> Iterator[tuple[str, AnyBody]]:
    for number in range(n * 3, n * 3 + 25):
        yield f"news/{number}", News(f"Story {number}", labels=(Label("shortage", ("short",)),), entities=("chip/h100",))


def used(n: int, hour: int) -> Iterator[tuple[str, AnyBody]]:
    for index in range(8):
        yield f"quota/{index}", Quota(f"quota-{index}", float(pick(1000, "used", index, n, hour)), 1000.0)


def year() -> Iterator[tuple[Batch, int]]:
    """The log of a year; with each tick how many subjects the vendor has at that moment."""
    sources = {"page": page, "market": market, "bills": bills, "press": press}
    pictures = dict.fromkeys(sources, NOTHING_YET)
    now = START
    for n in range(2 * HALF // EVERY):
        for source, read in sources.items():
            seen = [observe(source=source, vendor="v", subject=subject, observed_at=now, body=body) for subject, body in read(n)]
            pictures[source], changed = difference(pictures[source], seen, True, now)
            outcome = Outcome.HTTP_ERROR if pick(30, source, n) == 0 else Outcome.OK
            health = SourceHealth(outcome, interval_s=int(EVERY.total_seconds()), last_success_at=now)
            said = observe(source=source, vendor="v", subject=f"source/{source}", observed_at=now, body=health)
            yield batch_of("v", source, now, (*changed, said)), 0
        for hour in range(1, 12, 2):
            at = now + timedelta(hours=hour)
            read_at = [observe(source="quotas", vendor="v", subject=s, observed_at=at, body=body) for s, body in used(n, hour)]
            yield batch_of("v", "quotas", at, tuple(read_at)), 0
        now += EVERY
        yield tick(now), sum(len(picture.known) for picture in pictures.values()) + len(sources) + 8


def test_a_year_of_a_busy_vendor_leaves_little_state_for_each_subject() -> None:
    engine, store = Engine({name: rule(rule.Params()) for name, rule in rules().items()}, Context()), Cells()
    observations, after = 0, {}
    for batch, subjects in year():
        engine.apply(batch)
        observations += len(batch.observations)
        if subjects and batch.at - START in (HALF, 2 * HALF):
            store.keep(engine.take_changes())
            cells = [cell for key in ("v", PORTFOLIO) for cell in store.load(key, None)]
            size = sum(len(cell.state or b"") + len(cell.key) for cell in cells)
            after[batch.at - START] = size
            assert len({cell.rule for cell in cells}) >= 6
            assert size < MOST * subjects
    assert observations > 100_000
    assert after[2 * HALF] < 1.05 * after[HALF]
