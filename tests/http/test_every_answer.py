"""Requests for which every answer counts: whatever its status, and though it is the same as last time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, FetchPolicy, Page, Unchanged
from tests.http.conftest import Call, Serve


@pytest.mark.parametrize("status", [200, 204, 206, 301, 304, 401, 404, 429, 500, 503, 599])
async def test_an_answer_of_any_status_is_handed_over(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, status: int) -> None:
    async def answers(call: Call) -> None:
        await call.answer(b"" if status in (204, 304) else b"why", status, Retry_After="90")

    server = await serve(answers)
    fetched = await fetcher.fetch(Request(server.url(), every_status=True), policy=local)
    assert isinstance(fetched, Page)
    assert fetched.response.status == status
    assert fetched.response.body == (b"" if status in (204, 304) else b"why")
    assert fetched.retry_after == (None if status in (200, 204) else timedelta(seconds=90))
    plain = await fetcher.fetch(Request(server.url()), policy=local)
    assert isinstance(plain, Page if status in (200, 204) else Failed)


async def test_what_is_no_answer_stays_a_failure(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    async def breaks_off(call: Call) -> None:
        await call.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nhalf")
        call.writer.close()

    server = await serve(breaks_off)
    fetched = await fetcher.fetch(Request(server.url(), every_status=True), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.NETWORK


async def test_an_answer_that_is_the_same_as_last_time_is_handed_over(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    async def same(call: Call) -> None:
        await call.answer(b"nothing listed", ETag='"v1"')

    server = await serve(same)
    every = Request(server.url(), every_time=True)
    first = await fetcher.fetch(every, policy=local)
    assert isinstance(first, Page)
    again = await fetcher.fetch(every, policy=local, validators=first.validators)
    assert isinstance(again, Page)
    assert "if-none-match" not in server.calls[-1].headers
    assert isinstance(await fetcher.fetch(Request(server.url()), policy=local, validators=first.validators), Unchanged)
