"""Headers of rate limits, pushed by one's own clients: read, durable, and what can not be read named."""

from __future__ import annotations

from typing import Any

from secondsource.adapters.sql import log
from secondsource.domain.observations import Quota
from tests.support.site import Site

TOKENS = {"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "250", "x-ratelimit-reset-tokens": "2ms"}


async def push(site: Site, *answers: Any, key: str | None = None) -> Any:
    return await site.post("/v1/rate-limits", {"answers": list(answers)}, key=key)


async def test_a_limit_becomes_a_quota_of_its_vendor(site: Site) -> None:
    answer = await push(site, {"vendor": "halcyon", "headers": TOKENS}, key=site.key("gateway", "observe"))
    assert answer.status_code == 202, answer.text
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 0)
    (logged,) = site.database.read_now(lambda c: log.after(c, 0, 10))
    assert (logged.batch.key, logged.batch.source) == ("halcyon", "key:gateway")
    (said,) = logged.batch.observations
    assert isinstance(said.body, Quota)
    assert (said.body.used, said.body.limit) == (750.0, 1000.0)


async def test_what_can_not_be_read_is_named_with_its_index_and_the_rest_is_taken(site: Site) -> None:
    unsaid, stranger, broken = {"headers": TOKENS}, {"vendor": "nobody", "headers": TOKENS}, {"vendor": "halcyon", "headers": "none"}
    answer = await push(site, unsaid, {"vendor": "halcyon", "headers": TOKENS}, stranger, broken)
    told = answer.json()
    assert answer.status_code == 202
    assert (told["accepted"], told["rejected"]) == (1, 3)
    assert [(fault["index"], fault["place"]) for fault in told["errors"]][:2] == [(0, "vendor"), (2, "vendor")]
    assert told["errors"][2]["index"] == 3
    assert [item["index"] for item in told["items"]] == [1]


async def test_headers_without_a_limit_are_not_taken_for_one(site: Site) -> None:
    answer = await push(site, {"vendor": "halcyon", "headers": {"content-type": "application/json"}})
    assert answer.status_code == 422
    assert site.database.read_now(lambda c: log.after(c, 0, 10)) == []


async def test_what_is_no_list_is_a_problem(site: Site) -> None:
    assert (await site.post("/v1/rate-limits", {"headers": TOKENS})).status_code == 400
    assert (await push(site)).status_code == 422


async def test_it_wants_the_scope_to_push(site: Site) -> None:
    assert (await push(site, {"vendor": "halcyon", "headers": TOKENS}, key=site.key("reader", "read"))).status_code == 403
