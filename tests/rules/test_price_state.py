"""What the rules on prices and retirements remember stays bounded, and what nothing of ours uses leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b

import pytest

from rules.price_change import PriceChange, PriceParams
from rules.retirement import RetirementClock, RetirementParams
from secondsource.contracts.rule import Rule
from secondsource.domain.context import Context
from secondsource.domain.money import Unit
from secondsource.domain.observations import AnyBody, Batch, Price, Retirement, Spend, batch_of, observe, tick
from secondsource.domain.portfolio import Dependency, Portfolio
from secondsource.domain.scope import Scope
from secondsource.engine.engine import Engine
from secondsource.testing.timeline import Cells

START = datetime(2025, 1, 6, tzinfo=UTC)
EVERY = timedelta(hours=6)
POLLS = 4 * 364
MODELS, REGIONS = 40, 5
SUBJECTS = 2 * MODELS + REGIONS + 4 + MODELS
MOST = 2048
NAMED = Context(
    Portfolio(
        dependencies=(
            Dependency(
                "models", "bot", "model API", Scope("v"), None, tuple(f"model-{number}" for number in range(4 * MODELS)), Decimal(900)
            ),
            Dependency("chips", "jobs", "GPU hours", Scope("v"), None, ("h100",), Decimal(900)),
        )
    )
)
OTHERS = Context(Portfolio(dependencies=(Dependency("other", "bot", "model API", Scope("w"), None, ("large",)),)))


def pick(most: int, *words: object) -> int:
    """A number below ``most`` that only ``words`` decide."""
    return int.from_bytes(blake2b(repr(words).encode(), digest_size=4).digest(), "big") % most


def listed(n: int) -> Iterator[tuple[str, AnyBody]]:
    now = START + n * EVERY
    for number in range(n // 28, n // 28 + MODELS):  # every week one model goes and another comes
        for dimension in ("input", "output"):
            amount = Decimal(100 + pick(40, number, dimension, n // 20))
            ahead = now + timedelta(days=30) if pick(50, "ahead", number, n) == 0 else None
            body = Price(f"model-{number}", amount, Unit.MILLION_TOKENS, dimension=dimension, effective_at=ahead)
            yield f"price/model-{number}/{dimension}", body
        yield (
            f"retirement/model-{number}",
            Retirement(f"model-{number}", retires_at=START + timedelta(days=7 * number + pick(3, number, n))),
        )
    for region in range(REGIONS):
        amount = Decimal(200 + pick(160, region, n)) / 100
        yield f"price/h100/spot/{region}", Price("h100", amount, Unit.ACCELERATOR_HOUR, dimension="spot", region=f"r{region}")
    for number in range(4):
        yield f"spend/{number}", Spend(Decimal(pick(900, "spend", number, n)), item=f"model-{n // 28 + number}")


def year() -> Iterator[Batch]:
    for n in range(POLLS):
        now = START + n * EVERY
        seen = [observe(source="list", vendor="v", subject=subject, observed_at=now, body=body) for subject, body in listed(n)]
        yield batch_of("v", "list", now, tuple(seen))
        yield tick(now + EVERY / 2)


def sizes(context: Context) -> tuple[list[int], int]:
    """Bytes of state after half a year and a year, and how many signals there were."""
    rules: dict[str, Rule] = {"price_change": PriceChange(PriceParams()), "retirement": RetirementClock(RetirementParams())}
    engine, store = Engine(rules, context), Cells()
    found, said = [], 0
    for number, batch in enumerate(year()):
        said += len(engine.apply(batch))
        if number in (POLLS, 2 * POLLS - 1):
            store.keep(engine.take_changes())
            found.append(sum(len(cell.state or b"") + len(cell.key) for cell in store.load("v", None)))
    return found, said


@pytest.mark.parametrize("context", [NAMED, Context()], ids=["named", "no portfolio"])
def test_a_year_of_prices_leaves_little_state_for_each(context: Context) -> None:
    (half, whole), said = sizes(context)
    assert said > 500
    assert whole < MOST * SUBJECTS
    assert whole < 1.1 * half


def test_prices_of_what_is_not_used_leave_no_state() -> None:
    rules = {"price_change": PriceChange(PriceParams())}
    engine, store = Engine(rules, OTHERS), Cells()
    for batch in year():
        assert engine.apply(batch) == []
    store.keep(engine.take_changes())
    assert list(store.load("v", None)) == []


def test_a_price_that_is_read_again_changes_nothing() -> None:
    rule = PriceChange(PriceParams())
    first, second = [observe(source="list", vendor="v", subject=s, observed_at=START, body=b) for s, b in list(listed(0))[:2]]
    step = rule.on_observation("v", None, first, START, NAMED)
    assert step is not None
    assert rule.on_observation("v", step.state, first, START + timedelta(days=3), NAMED) is None
    assert rule.on_observation("v", step.state, second, START + timedelta(days=3), NAMED) is not None
    assert rule.on_observation("v", step.state, first, START + timedelta(days=4), NAMED) is not None  # once in a while it is written down
