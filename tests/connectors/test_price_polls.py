"""Polls of price lists that take several answers, over loopback, through the fetcher: each page once, and the whole picture at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest_asyncio

from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import NO_VALIDATORS, FetchPolicy
from secondsource.runtimes.poll import Polled, Source, poll
from tests.http.conftest import NOW, Call, Names, Serve, Server, local, names, serve

__all__ = ["local", "names", "serve"]

HERE = Path(__file__).parent
Ask = Callable[..., Awaitable[Polled]]


def recorded(case: str) -> bytes:
    return next((HERE / case).glob("response.*")).read_bytes()


def asked(call: Call) -> dict[str, str]:
    """The parameters of a request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(call.path).query).items()}


@pytest_asyncio.fixture
async def ask(names: Names, local: FetchPolicy) -> AsyncIterator[Ask]:
    async with HttpFetcher(now=lambda: NOW, resolver=names) as fetcher:
        parser = LimitedParser()

        async def polled(name: str, url: str, cursor: str | None = None, **config: Any) -> Polled:
            reader = connector(name)
            settings = reader.spec.config.model_validate({"url": url, **config})
            return await poll(Source("s", "v", reader, settings, timedelta(hours=1), local), cursor, NO_VALIDATORS, fetcher, parser)

        yield polled
        await parser.close()


async def test_azures_pages_are_followed_to_the_last(serve: Serve, ask: Ask) -> None:
    server: Server

    async def answer(call: Call) -> None:
        page = msgspec.json.decode(recorded("azure_retail_prices/typical"))
        first = "skip" not in call.path
        page["Items"] = page["Items"][:5] if first else page["Items"][5:]
        page["NextPageLink"] = server.url("/api/retail/prices?$filter=x&$skip=1000", "here.test") if first else None
        await call.answer(msgspec.json.encode(page))

    server = await serve(answer)
    told = await ask("azure_retail_prices", server.url("/api/retail/prices", "here.test"))
    assert (told.outcome, told.complete, len(told.responses)) == (Outcome.OK, True, 2)
    assert asked(server.calls[0])["$filter"].startswith("serviceName eq 'Virtual Machines'")
    assert server.calls[1].path == "/api/retail/prices?$filter=x&$skip=1000"
    assert len({reading.subject for reading in told.readings}) == 12


async def test_a_page_that_leads_elsewhere_is_not_followed(serve: Serve, ask: Ask) -> None:
    async def answer(call: Call) -> None:
        await call.answer(recorded("azure_retail_prices/first_page"))

    server = await serve(answer)
    told = await ask("azure_retail_prices", server.url("/", "here.test"))
    assert (told.outcome, told.readings) == (Outcome.PARSE, ())
    assert "the further page is not at http://here.test" in told.detail
    assert len(server.calls) == 1


async def test_prime_intellects_pages_are_asked_for_by_number(serve: Serve, ask: Ask) -> None:
    async def answer(call: Call) -> None:
        await call.answer(recorded(f"gpu_offers/{'prime_first_page' if asked(call)['page'] == '1' else 'prime_last_page'}"))

    server = await serve(answer)
    told = await ask("gpu_offers", server.url("/api/v1/availability/gpus", "here.test"))
    assert (told.outcome, told.complete) == (Outcome.OK, True)
    assert [asked(call)["page"] for call in server.calls] == ["1", "2"]
    assert len(told.readings) == 4


async def test_spot_prices_are_those_of_the_last_answer(serve: Serve, names: Names, ask: Ask) -> None:
    names["ec2.here.test"] = ["127.0.0.1"]

    async def answer(call: Call) -> None:
        at = asked(call).get("StartTime")
        body = recorded("aws_prices/spot_at_an_instant" if at else "aws_prices/spot_history_longer_than_a_page")
        await call.answer(body, Date="Fri, 02 Jan 2026 12:00:01 GMT" if at is None else "Fri, 02 Jan 2026 12:15:01 GMT")

    server = await serve(answer)
    address = server.url("/", "ec2.here.test")
    first = await ask("aws_prices", address)
    # a history that is longer than a page is no news: the same poll asks for what holds now
    assert [asked(call).get("StartTime") for call in server.calls] == [None, "2026-01-02T12:00:01Z"]
    assert (first.outcome, first.complete, first.cursor) == (Outcome.OK, True, "2026-01-02T12:15:01Z")
    assert len(first.readings) == 3
    again = await ask("aws_prices", address, first.cursor)
    assert asked(server.calls[2])["StartTime"] == asked(server.calls[2])["EndTime"] == "2026-01-02T12:15:01Z"
    assert again.readings == first.readings


async def test_tables_of_a_page_are_read_in_the_worker(serve: Serve, ask: Ask) -> None:
    async def answer(call: Call) -> None:
        await call.answer(recorded("component_prices/typical"))

    server = await serve(answer)
    told = await ask("component_prices", server.url("/", "here.test"))
    assert (told.outcome, len(told.readings)) == (Outcome.OK, 4)
