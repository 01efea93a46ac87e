"""Tokens of OAuth 2 clients: fetched once, kept until they expire, renewed when refused, shown to nobody."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import pytest

from secondsource.adapters.http.credentials import ClientCredentials
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, FetchPolicy, Page
from tests.http.conftest import NOW, Call, Names, Serve, Server

SECRET = "canary-7f3a9c&=x"


class World:
    """An identity provider and an interface that takes its tokens, with a clock that tests move."""

    def __init__(self) -> None:
        self.now = NOW
        self.issued = 0
        self.answer: Callable[[], bytes] = lambda: json.dumps(
            {"access_token": f"token-{self.issued}", "token_type": "bearer", "expires_in": 3600}
        ).encode()
        self.status = 200
        self.headers: dict[str, str] = {}
        self.accepted: Callable[[str], bool] = lambda token: True
        self.provider = Server(0)
        self.interface = Server(0)

    async def issue(self, call: Call) -> None:
        self.issued += 1
        await call.answer(self.answer(), self.status, **self.headers)

    async def serve(self, call: Call) -> None:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        await call.answer(b"{}", 200 if self.accepted(token) else 401)

    def clock(self) -> datetime:
        return self.now

    def fetching(self, names: Names) -> HttpFetcher:
        client = ClientCredentials(self.provider.url("/token"), "client-1", lambda: SECRET + "\n", "all/.default")
        return HttpFetcher(now=self.clock, resolver=names, credentials={"arm": client})

    @property
    def request(self) -> Request:
        return Request(self.interface.url("/api", "here.test"), auth="arm")

    @property
    def tokens(self) -> list[str]:
        return [call.headers.get("authorization", "") for call in self.interface.calls]


@pytest.fixture
async def world(serve: Serve) -> World:
    made = World()
    made.provider = await serve(made.issue)
    made.interface = await serve(made.serve)
    return made


@pytest.fixture
async def fetcher(world: World, names: Names) -> AsyncIterator[HttpFetcher]:
    async with world.fetching(names) as one:
        yield one


async def test_a_token_is_fetched_with_the_secret_and_sent_without_it(world: World, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    assert isinstance(await fetcher.fetch(world.request, policy=local), Page)
    (asked,) = world.provider.calls
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client-1"],
        "client_secret": [SECRET],
        "scope": ["all/.default"],
    }
    assert "authorization" not in asked.headers
    assert world.tokens == ["Bearer token-1"]
    assert SECRET not in str(world.interface.calls[0].headers)


async def test_whoever_needs_a_token_at_the_same_time_waits_for_the_one(world: World, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    await asyncio.gather(*(fetcher.fetch(world.request, policy=local) for _ in range(5)))
    assert world.issued == 1
    assert world.tokens == ["Bearer token-1"] * 5


async def test_a_token_is_kept_until_a_minute_before_it_expires(world: World, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    await fetcher.fetch(world.request, policy=local)
    world.now = NOW + timedelta(minutes=58, seconds=59)
    await fetcher.fetch(world.request, policy=local)
    world.now = NOW + timedelta(minutes=59)
    await fetcher.fetch(world.request, policy=local)
    assert world.tokens == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(("lifetime", "issued"), [({"expires_in": "3600"}, 1), ({}, 2), ({"expires_in": 30}, 2)])
async def test_how_long_a_token_serves_is_what_its_giver_says(
    world: World, fetcher: HttpFetcher, local: FetchPolicy, lifetime: dict[str, object], issued: int
) -> None:
    world.answer = lambda: json.dumps({"access_token": f"token-{world.issued}", **lifetime}).encode()
    for _ in range(2):
        assert isinstance(await fetcher.fetch(world.request, policy=local), Page)
    assert world.issued == issued


async def test_a_token_that_is_refused_is_renewed_the_next_time(world: World, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    await fetcher.fetch(world.request, policy=local)
    world.accepted = lambda token: token != "token-1"
    refused = await fetcher.fetch(world.request, policy=local)
    assert isinstance(refused, Failed)
    assert refused.outcome is Outcome.HTTP_ERROR
    assert isinstance(await fetcher.fetch(world.request, policy=local), Page)
    assert world.tokens == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, b'{"error": "invalid_client", "error_description": "canary-7f3a9c&=x is wrong"}', "answered 401 (invalid_client)"),
        (400, b'{"error": "<b>canary-7f3a9c&=x</b>"}', "answered 400"),
        (500, b"<html>oops</html>", "answered 500"),
        (204, b"", "answered 204"),
        (200, b"<html><title>Sign in</title></html>", "can not be read (line 1 column 1)"),
        (200, b'{"token": "secret-token"}', "can not be read (access_token)"),
        (200, b'{"access_token": "secret-token", "token_type": "mac"}', "can not be read (token_type)"),
        (200, b'{"access_token": "secret-token", "expires_in": "soon"}', "can not be read (expires_in)"),
        (200, b'["secret-token"]', "can not be read (the document)"),
        (200, b'{"access_token": "' + b"x" * 70_000 + b'"}', "more than 65536"),
    ],
)
async def test_where_no_token_is_given_the_reason_is_told_and_nothing_else(
    world: World, fetcher: HttpFetcher, local: FetchPolicy, status: int, body: bytes, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.answer, world.status, world.headers = (lambda: body), status, {"Retry_After": "30"}
    with caplog.at_level(logging.DEBUG):
        fetched = await fetcher.fetch(world.request, policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome in (Outcome.HTTP_ERROR, Outcome.TOO_LARGE)
    assert fetched.detail.startswith("no token for credential 'arm': ")
    assert says in fetched.detail
    assert fetched.retry_after == (None if status in (200, 204) else timedelta(seconds=30))
    for text in (repr(fetched), caplog.text):
        assert "canary" not in text
        assert "secret-token" not in text
    assert world.interface.calls == []


async def test_a_token_with_characters_that_break_a_header_is_refused(world: World, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    world.answer = lambda: b'{"access_token": "a\\r\\nX-Evil: 1", "expires_in": 60}'
    fetched = await fetcher.fetch(world.request, policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert world.interface.calls == []


async def test_the_secret_is_not_sent_on_when_the_token_address_moves(world: World, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    for location in ("/elsewhere", world.interface.url("/", "there.test")):
        world.status, world.headers = 307, {"Location": location}
        fetched = await fetcher.fetch(world.request, policy=local)
        assert isinstance(fetched, Failed)
        assert "redirect" in fetched.detail
    assert {call.path for call in world.provider.calls} == {"/token"}
    assert world.interface.calls == []


async def test_a_token_address_that_the_policy_refuses_is_not_asked(world: World, fetcher: HttpFetcher) -> None:
    fetched = await fetcher.fetch(world.request, policy=FetchPolicy())
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert "is not a public address" in fetched.detail
    assert world.provider.calls == []


async def test_an_interface_that_echoes_the_token_does_not_get_it_into_a_detail(
    world: World, names: Names, serve: Serve, local: FetchPolicy
) -> None:
    async def echoes(call: Call) -> None:
        await call.send(b"HTTP/1.1 " + call.headers["authorization"].encode() + b"\r\n\r\n")
        call.writer.close()

    world.answer = lambda: b'{"access_token": "canary-token", "expires_in": 60}'
    world.interface = await serve(echoes)
    async with world.fetching(names) as fetcher:
        fetched = await fetcher.fetch(world.request, policy=local)
    assert isinstance(fetched, Failed)
    assert "canary-token" not in repr(fetched)


def test_a_client_does_not_print_its_secret() -> None:
    assert "canary" not in repr(ClientCredentials("https://localhost/", "client-1", lambda: SECRET))
