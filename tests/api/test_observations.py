"""Push: what is good is taken and durable, what is not is named, and the same said again is not said twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secondsource.adapters.sql import log
from secondsource.domain.difference import FULL_EVERY
from secondsource.domain.observations import KINDS, Batch, ComponentStatus, Price, Quota
from secondsource.domain.scope import Scope
from services.api.observed import NOT_PUSHED, PUSHED
from tests.support.company import T0, at
from tests.support.site import Site


def quota(used: float = 5.0, **more: Any) -> dict[str, Any]:
    return {"vendor": "halcyon", "subject": "quota/tokens", "body": {"kind": "quota", "name": "tokens", "used": used}, **more}


async def push(site: Site, *items: Any, key: str | None = None) -> Any:
    return await site.post("/v1/observations", {"observations": list(items)}, key=key)


def batches(site: Site) -> list[Batch]:
    return [logged.batch for logged in site.database.read_now(lambda c: log.after(c, 0, 100))]


async def test_what_is_pushed_is_in_the_log_before_the_answer(site: Site) -> None:
    site.clock.move(at(3))
    status = {
        "vendor": "aws",
        "subject": "probe/1",
        "body": {"kind": "component_status", "name": "DynamoDB us-east-1", "status": "degraded"},
    }
    answer = await push(site, quota(occurred_at="2025-10-20T08:00:00+02:00"), status, key=site.key("probe", "observe"))
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["unchanged"], told["rejected"], told["errors"]) == (2, 0, 0, [])
    first, second = batches(site)
    assert (first.key, second.key, first.source) == ("aws", "halcyon", "key:probe")
    (seen,), (used,) = first.observations, second.observations
    assert [used.id, seen.id] == [item["id"] for item in told["items"]]
    assert (used.observed_at, str(used.occurred_at)) == (at(3), "2025-10-20 06:00:00+00:00")
    assert used.body == Quota("tokens", 5.0)
    assert isinstance(seen.body, ComponentStatus)
    assert seen.body.scopes == (Scope("aws", "dynamodb", "us-east-1"),)
    assert site.changes == 1


async def test_each_fault_is_named_with_its_index_and_place_and_the_others_are_taken(site: Site) -> None:
    deep = {
        "vendor": "halcyon",
        "subject": "i",
        "body": {"kind": "incident", "title": "x", "status": "degraded", "stage": "x", "resolved": False},
    }
    worse = json.loads(json.dumps(deep))
    worse["body"]["updates"] = [{"stage": "a", "text": "b"}, {"stage": "a", "text": "b\x07"}]
    answer = await push(site, quota(), {**quota(), "vendor": "nobody"}, quota("5"), worse, {**quota(), "extra": 1}, 7, deep)  # type: ignore[arg-type]
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["rejected"]) == (202, 2, 5)
    assert [item["index"] for item in told["items"]] == [0, 6]
    assert [(fault["index"], fault["place"], fault["problem"]) for fault in told["errors"]] == [
        (1, "vendor", "this vendor is not in the configuration or its catalogs"),
        (2, "body.used", "Expected `float`, got `str`"),
        (3, "body.updates[1].text", "it holds control characters"),
        (4, "body", "Object contains unknown field `extra`"),
        (5, "body", "Expected `object`, got `int`"),
    ]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 301}, "subject"),
        ({"vendor": "x" * 201}, "vendor"),
        ({"occurred_at": "2025-10-20T08:00:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"body": {"kind": "tick"}}, "body.kind"),
        ({"body": {"kind": "source_health", "outcome": "ok"}}, "body.kind"),
        ({"body": {"kind": "quota", "name": "x" * 201, "used": 1}}, "body.name"),
        ({"body": {"kind": "quota", "name": "x", "used": 1e16}}, "body.used"),
        ({"body": {"kind": "price", "item": "x", "amount": "1e9999", "unit": "piece"}}, "body.amount"),
        ({"body": {"kind": "price", "item": "x", "amount": "1e-30", "unit": "piece"}}, "body.amount"),
        ({"body": {"kind": "price", "item": "x", "amount": "NaN", "unit": "piece"}}, "body.amount"),
        ({"body": {"kind": "price", "item": "x", "amount": "1", "unit": "piece", "currency": "usd"}}, "body.currency"),
        ({"body": {"kind": "price", "item": "x", "amount": "1", "unit": "pieces"}}, "body.unit"),
        ({"body": {"kind": "news", "title": "x" * 501}}, "body.title"),
        ({"body": {"kind": "incident", "title": "x", "status": "bad", "stage": "x", "resolved": False}}, "body.status"),
        ({"body": {"kind": "news", "title": "x", "entities": ["a"] * 101}}, "body.entities"),
    ],
)
async def test_what_is_out_of_bounds_is_refused(site: Site, change: dict[str, Any], place: str) -> None:
    answer = await push(site, {**quota(), **change})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:secondsource:problem:nothing-taken")
    assert [(fault["index"], fault["place"]) for fault in answer.json()["errors"]] == [(0, place)]
    assert batches(site) == []
    assert site.changes == 0


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{}", 422, "body: Object missing required field `observations`"),
        (b'{"observations": []}', 422, "observations: Expected `array` of length >= 1"),
        (b'{"observations": [], "x": 1}', 422, "observations: Expected `array` of length >= 1"),
        (b"[]", 422, "body: Expected `object`, got `array`"),
        (b'{"observations": [', 400, "This is not JSON"),
        (b"\xff", 400, "This is not JSON"),
    ],
)
async def test_a_batch_that_is_none(site: Site, body: bytes, status: int, says: str) -> None:
    headers = site.bearer(None, {"headers": {"content-type": "application/json; charset=utf-8"}})
    answer = await site.client.post("/v1/observations", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(says)


async def test_more_than_a_thousand_are_too_many(site: Site) -> None:
    assert (await push(site, *[quota(n) for n in range(1001)])).status_code == 422
    answer = await push(site, *[quota(n) for n in range(1000)])
    assert answer.json()["accepted"] == 1000


async def test_what_is_no_json_is_not_looked_at(site: Site) -> None:
    answer = await site.client.post(
        "/v1/observations", content=b"{}", headers=site.bearer(None, {"headers": {"content-type": "text/plain"}})
    )
    assert answer.status_code == 415


async def test_the_same_said_again_is_not_a_second_observation(site: Site) -> None:
    assert (await push(site, quota(), quota())).json()["items"][1]["outcome"] == "unchanged"
    site.clock.move(at(1))
    again = (await push(site, quota())).json()
    assert (again["accepted"], again["unchanged"], again["items"][0]["outcome"]) == (0, 1, "unchanged")
    assert len(batches(site)) == 1


async def test_what_comes_back_to_an_earlier_state_is_news(site: Site) -> None:
    for minute, used in enumerate((5.0, 6.0, 5.0)):
        site.clock.move(at(minute))
        assert (await push(site, quota(used))).json()["accepted"] == 1
    assert [batch.observations[0].body for batch in batches(site)] == [Quota("tokens", used) for used in (5.0, 6.0, 5.0)]


async def test_senders_do_not_hide_each_other(site: Site) -> None:
    assert (await push(site, quota(), key=site.key("one", "observe"))).json()["accepted"] == 1
    assert (await push(site, quota(), key=site.key("two", "observe"))).json()["accepted"] == 1
    assert [batch.source for batch in batches(site)] == ["key:one", "key:two"]


async def test_what_stays_the_same_is_said_again_after_hours(site: Site) -> None:
    await push(site, quota())
    site.clock.move(T0 + FULL_EVERY - timedelta(seconds=1))
    assert (await push(site, quota())).json()["accepted"] == 0
    site.clock.move(T0 + FULL_EVERY)
    assert (await push(site, quota())).json()["accepted"] == 1


def test_every_kind_that_people_may_send_has_its_bounded_form() -> None:
    tags = {form.__struct_config__.tag for form in PUSHED.__args__}
    assert tags == set(KINDS) - NOT_PUSHED


async def test_money_comes_through_exactly(site: Site) -> None:
    body = {
        "kind": "price",
        "item": "m",
        "amount": "0.100000000000000001",
        "unit": "million-tokens",
        "effective_at": "2025-10-20T08:00:00+02:00",
    }
    await push(site, {**quota(), "body": body})
    (batch,) = batches(site)
    (price,) = batch.observations
    assert isinstance(price.body, Price)
    assert str(price.body.amount) == "0.100000000000000001"
    assert str(price.body.effective_at) == "2025-10-20 06:00:00+00:00"


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8
)
bodies = st.fixed_dictionaries(
    {"kind": st.sampled_from(sorted(KINDS)) | st.text(max_size=5)},
    optional=dict.fromkeys(("name", "used", "status", "title", "item", "amount", "unit", "scopes", "updates", "at"), values),
)
anything = values | st.fixed_dictionaries(
    {"vendor": st.just("halcyon") | values, "subject": st.just("s") | values, "body": bodies | values}
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(anything, min_size=1, max_size=5))
async def test_every_item_is_taken_or_named_whatever_is_sent(site: Site, items: list[Any]) -> None:
    answer = await site.client.post(
        "/v1/observations",
        content=json.dumps({"observations": items}),
        headers=site.bearer(None, {"headers": {"content-type": "application/json"}}),
    )
    assert answer.status_code in (202, 422)
    told = answer.json()
    taken = [item["index"] for item in told.get("items", ())]
    assert sorted([*taken, *(fault["index"] for fault in told["errors"])]) == list(range(len(items))) or "index" not in told["errors"][0]
