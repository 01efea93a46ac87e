"""What every connector of prices, offers and measurements owes: stable subjects, exact amounts with their original, and a bound."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from rules.price_change import PriceChange, PriceParams
from secondsource.adapters.plugins import connector, connectors
from secondsource.contracts.connector import Parsed, Response
from secondsource.domain.difference import NOTHING_YET, difference
from secondsource.domain.observations import Gone, Observation, Offer, Price, observe

HERE = Path(__file__).parent
AT = datetime(2026, 1, 2, 12, tzinfo=UTC)
PRICES = [name for name, found in connectors().items() if {"price", "offer"} & set(found.spec.kinds)]
READ = sorted(str(path.parent.relative_to(HERE)) for name in PRICES for path in (HERE / name).glob("*/expected.jsonl"))


def read(case: str) -> Parsed:
    told = msgspec.json.decode((HERE / case / "request.json").read_bytes())
    body = next((HERE / case).glob("response.*")).read_bytes()
    reader = connector(case.partition("/")[0])
    return reader.parse(Response(told["url"], 200, {}, body, AT), reader.spec.config.model_validate(told["config"]))


def observed(parsed: Parsed, at: datetime) -> list[Observation]:
    return [
        observe(source="s", vendor=r.vendor or "v", subject=r.subject, observed_at=at, body=r.body, occurred_at=r.occurred_at)
        for r in parsed.readings
    ]


@pytest.mark.parametrize("name", PRICES)
def test_the_same_prices_in_another_order_and_at_another_time_are_no_change(name: str) -> None:
    before, after = read(f"{name}/typical"), read(f"{name}/unchanged")
    picture, sent = difference(NOTHING_YET, observed(before, AT), before.complete, AT)
    assert sent
    later = AT + timedelta(hours=1)
    assert difference(picture, observed(after, later), after.complete, later) == (picture, ())


@pytest.mark.parametrize("name", PRICES)
def test_what_is_no_longer_listed_is_said_to_be_gone_where_the_list_is_whole(name: str) -> None:
    whole = read(f"{name}/typical")
    picture, _ = difference(NOTHING_YET, observed(whole, AT), whole.complete, AT)
    later = AT + timedelta(hours=1)
    _, sent = difference(picture, observed(whole, later)[1:], whole.complete, later)
    assert [type(observation.body) for observation in sent] == ([Gone] if whole.complete else [])


@pytest.mark.parametrize("case", READ)
def test_no_two_prices_of_an_answer_are_taken_for_one(case: str) -> None:
    observations = observed(read(case), AT)
    assert max(Counter((o.vendor, o.subject) for o in observations).values(), default=1) == 1
    rule = PriceChange(PriceParams())
    keys = Counter(rule.keys(observation) for observation in observations if isinstance(observation.body, Price))
    assert max(keys.values(), default=1) == 1


@pytest.mark.parametrize("case", READ)
def test_amounts_are_exact_in_a_currency_and_keep_what_the_source_said(case: str) -> None:
    for reading in read(case).readings:
        body = reading.body
        if isinstance(body, Price):
            assert len(body.currency) == 3
            assert body.currency.isupper()
            assert body.original
            assert body.item
        if isinstance(body, Offer):
            assert body.price is None or body.price > 0, "0 is never a price of something offered"
            assert body.listed or body.price is None
