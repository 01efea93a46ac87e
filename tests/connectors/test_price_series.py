"""Recorded price lists, week by week, through the connectors and the difference: the true changes and nothing else."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from secondsource.adapters.plugins import connector
from secondsource.contracts.connector import Parsed, Reading, Response
from secondsource.domain.difference import NOTHING_YET, difference
from secondsource.domain.observations import Gone, Observation, Price, Retirement, kind_of, observe
from tests.connectors import test_corpus as corpus

pytestmark = corpus.pytestmark

SERIES = corpus.CORPUS / "series"
NEVER = timedelta(days=36_500)
Weekly = tuple[list[Path], list[tuple[datetime, Parsed]]]


def moment(path: Path) -> datetime:
    """When a snapshot was taken, by its name: ``2024-09-21T020931Z``."""
    return datetime.strptime(path.stem, "%Y-%m-%dT%H%M%S%z")


def observed(readings: Iterable[Reading], at: datetime) -> list[Observation]:
    return [
        observe(source="list", vendor=r.vendor or "seller", subject=r.subject, observed_at=at, body=r.body, occurred_at=r.occurred_at)
        for r in readings
    ]


def changes(snapshots: Sequence[tuple[datetime, Parsed]]) -> list[list[Observation]]:
    """What each snapshot sends on after the first, as a collector would that never repeats the full picture."""
    picture, sent = NOTHING_YET, []
    for at, parsed in snapshots:
        picture, changed = difference(picture, observed(parsed.readings, at), parsed.complete, at, full_every=NEVER)
        sent.append(list(changed))
    return sent[1:]


def listed(path: Path) -> dict[tuple[str, str], Decimal]:
    """The prices of a table made of OpenRouter's list, by model and column; a router's -1 is none."""
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    prices = {(row["id"], key): Decimal(row[f"pricing.{key}"]) for row in table for key in ("prompt", "completion")}
    return {key: price for key, price in prices.items() if price >= 0}


def as_served(path: Path) -> bytes:
    """The list as OpenRouter serves it, made again from the table; columns other than the prices go into the model as they are."""
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    models = [
        {**row, "pricing": {key.removeprefix("pricing."): row[key] for key in row if key.startswith("pricing.")}, "number": number}
        for number, row in enumerate(table)
    ]
    return msgspec.json.encode({"data": models})


@pytest.fixture(scope="module")
def openrouter() -> Weekly:
    paths = sorted((SERIES / "openrouter-prices-csv").glob("*.csv"))
    reader = connector("openrouter_models")
    config = reader.spec.config.model_validate({})
    return paths, [
        (moment(path), reader.parse(Response("https://localhost/", 200, {}, as_served(path), moment(path)), config)) for path in paths
    ]


def kinds_of(sent: Sequence[Observation], known: set[str]) -> Counter[str]:
    """How many were new, changed or gone, by kind; ``known`` are the subjects of before."""
    ways: Counter[str] = Counter()
    for observation in sent:
        body = observation.body
        if isinstance(body, Gone):
            ways[f"{body.was} gone"] += 1
        else:
            ways[f"{kind_of(body)} {'changed' if observation.subject in known else 'new'}"] += 1
    return ways


def test_weekly_openrouter_prices_give_the_true_changes_and_nothing_else(openrouter: Weekly) -> None:
    paths, snapshots = openrouter
    assert len(paths) == 81
    totals: Counter[str] = Counter()
    ways = {"input": "prompt", "output": "completion"}
    for (before, after), sent in zip(pairwise(paths), changes(snapshots), strict=True):
        old, new = listed(before), listed(after)
        expected = {
            **dict.fromkeys(old.keys() - new.keys(), "gone"),
            **dict.fromkeys(new.keys() - old.keys(), "new"),
            **{key: "changed" for key in old.keys() & new.keys() if old[key] != new[key]},
        }
        got = {}
        for observation in sent:
            model, _, dimension = observation.subject.removeprefix("price/").rpartition("/")
            key = model, ways[dimension]
            if isinstance(observation.body, Gone):
                got[key] = "gone"
            else:
                assert isinstance(observation.body, Price)
                assert observation.body.amount == new[key] * 10**6
                got[key] = "changed" if key in old else "new"
        assert got == expected, after.name
        totals.update(got.values())
    assert totals == {"changed": 1623, "new": 1242, "gone": 906}


def test_the_week_in_which_the_table_got_five_columns_has_its_true_changes_only(openrouter: Weekly) -> None:
    snapshots = [(at, parsed) for at, parsed in openrouter[1] if (at.year, at.month) == (2025, 8)]
    known = {reading.subject for reading in snapshots[1][1].readings}
    assert [at.day for at, _ in snapshots] == [4, 11, 18, 25]
    assert kinds_of(changes(snapshots)[1], known) == {"price changed": 27, "price new": 12, "price gone": 18}


def test_every_weekly_price_is_one_that_the_history_of_changes_knows(openrouter: Weekly) -> None:
    history = msgspec.json.decode((corpus.CORPUS / "prices" / "openrouter__price-history.json").read_bytes())["models"]
    checked = 0
    for at, parsed in openrouter[1]:
        day = at.date().isoformat()
        for reading in parsed.readings:
            body = reading.body
            assert isinstance(body, Price)
            points = history[body.item]["points"]
            held = [point for point in points if point[0] < day][-1:] + [point for point in points if point[0] == day]
            column = 1 if body.dimension == "input" else 2
            # the history is rounded to millionths
            assert round(float(body.amount), 6) in {point[column] for point in held}, (body, day)
            checked += 1
    assert checked == 46670


def test_a_list_in_another_order_is_no_change(openrouter: Weekly) -> None:
    paths, snapshots = openrouter
    at, parsed = snapshots[-1]
    served = msgspec.json.decode(as_served(paths[-1]))
    turned = {"data": [dict(reversed(model.items())) for model in reversed(served["data"])]}
    reader = connector("openrouter_models")
    again = reader.parse(Response("https://localhost/", 200, {}, msgspec.json.encode(turned), at), reader.spec.config.model_validate({}))
    assert changes([(at, parsed), (at + timedelta(hours=1), again)]) == [[]]


def test_litellm_lists_give_what_changed_between_them() -> None:
    paths = sorted((SERIES / "litellm-model-prices").glob("*.json"))
    snapshots = [(moment(path), corpus.parse("litellm_prices", path)) for path in paths]
    counts = [
        dict(kinds_of(sent, {reading.subject for reading in before.readings}))
        for (_, before), sent in zip(snapshots[:-1], changes(snapshots), strict=True)
    ]
    assert counts == [
        {"price new": 17},
        {"price new": 25},
        {"price new": 24},
        # the mirror dropped 58 older models
        {"price new": 65, "price gone": 339, "retirement changed": 4, "retirement new": 1, "retirement gone": 32},
        {"price new": 20, "price gone": 16, "retirement new": 1},
        {"price new": 53},
        {"price new": 133, "price changed": 24, "price gone": 18},
        {"price new": 21},
        {"price new": 38, "price changed": 5},
        {"price new": 32},
        {"price new": 12},
    ]


def test_litellm_changes_known_by_hand() -> None:
    paths = sorted((SERIES / "litellm-model-prices").glob("*.json"))
    snapshots = [(moment(path), corpus.parse("litellm_prices", path)) for path in paths]
    sent = {path.stem[:10]: found for path, found in zip(paths[1:], changes(snapshots), strict=True)}
    moved = {o.subject: o.body for o in sent["2026-03-20"] if isinstance(o.body, Retirement)}
    body = moved["retirement/gemini-2.0-flash"]
    assert body.retires_at is not None
    assert body.retires_at.date().isoformat() == "2026-06-01"
    prices = {o.subject: o.body for o in sent["2026-05-01"]}
    halved = prices["price/gpt-5.5-pro/input/flex"]
    assert isinstance(halved, Price)
    assert halved.amount == 15


@pytest.mark.parametrize(
    ("file", "lines", "ways"),
    [
        ("prime-intellect__b200-180gb.jsonl", 957, {"changed": 36, "gone": 81, "new": 82}),
        ("prime-intellect__gh200-96gb.jsonl", 752, {"gone": 73, "new": 74}),
    ],
)
def test_sellers_of_a_market_come_go_and_change_their_lowest_price(file: str, lines: int, ways: dict[str, int]) -> None:
    recorded = (corpus.CORPUS / "prices" / file).read_bytes().splitlines()
    assert len(recorded) == lines
    told = [msgspec.json.decode(line) for line in recorded]
    reader = connector("gpu_offers")
    config = reader.spec.config.model_validate({"url": "https://localhost/"})
    at = [datetime.fromisoformat(snapshot["timestamp"]) for snapshot in told]
    # each moment is the file as it stood then: the last line is the market
    answers = [b"\n".join(recorded[max(0, number - 2) : number + 1]) for number in range(lines)]
    snapshots = [(at[n], reader.parse(Response("https://localhost/", 200, {}, answers[n], at[n]), config)) for n in range(lines)]
    totals: Counter[str] = Counter()
    for (before, after), sent in zip(pairwise(told), changes(snapshots), strict=True):
        old, new = ({seller: offers["min"] for seller, offers in s["by_provider"].items()} for s in (before, after))
        got = {}
        for observation in sent:
            gone = isinstance(observation.body, Gone)
            got[observation.vendor] = "gone" if gone else "changed" if observation.vendor in old else "new"
        assert got == {
            **dict.fromkeys(old.keys() - new.keys(), "gone"),
            **dict.fromkeys(new.keys() - old.keys(), "new"),
            **{seller: "changed" for seller in old.keys() & new.keys() if old[seller] != new[seller]},
        }
        totals.update(got.values())
    assert totals == ways
