"""Servers that misbehave: each has one stated outcome, and the fetcher works on afterwards."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from datetime import timedelta

import pytest

from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, FetchPolicy, Page
from tests.http.conftest import NOW, Call, Handler, Names, Serve

OK = b"HTTP/1.1 200 OK\r\n"
BODY = b"operational, " * 500


async def pause() -> None:
    """A hundredth of a second."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_later(0.01, over.set_result, None)
    await over


async def says_nothing(call: Call) -> None:
    await call.hang()


async def drips_headers(call: Call) -> None:
    await call.send(OK + b"X-Drip: ")
    while True:
        await call.send(b"x")
        await pause()


async def drips_header_lines(call: Call) -> None:
    await call.send(OK)
    for number in itertools.count():
        await call.send(b"X-%d: y\r\n" % number)
        await pause()


async def keeps_saying_continue(call: Call) -> None:
    while True:
        await call.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await pause()


async def drips_body(call: Call) -> None:
    await call.send(OK + b"Content-Length: 100000\r\n\r\n")
    while True:
        await call.send(b"x")
        await pause()


async def drips_chunks(call: Call) -> None:
    await call.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        await call.send(b"1\r\nx\r\n")
        await pause()


async def stops_in_the_body(call: Call) -> None:
    await call.send(OK + b"Content-Length: 100\r\n\r\nhalf")
    await call.hang()


async def drips_trailers(call: Call) -> None:
    await call.send(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
    for number in itertools.count():
        await call.send(b"X-%d: y\r\n" % number)
        await pause()


@pytest.mark.parametrize(
    "handler",
    [
        says_nothing, drips_headers, drips_header_lines, keeps_saying_continue, drips_body, drips_chunks, stops_in_the_body,
        drips_trailers,
    ],
)  # fmt: skip
async def test_the_deadline_ends_what_never_ends(serve: Serve, names: Names, hasty: FetchPolicy, handler: Handler) -> None:
    async def slow_or_well(call: Call) -> None:
        if call.path == "/well":
            await call.answer(b"operational")
        else:
            await handler(call)

    server = await serve(slow_or_well)
    async with HttpFetcher(now=lambda: NOW, resolver=names, max_connections=1) as fetcher:
        for _ in range(2):
            fetched = await fetcher.fetch(Request(server.url("/slow")), policy=hasty)
            assert isinstance(fetched, Failed)
            assert fetched.outcome is Outcome.TIMEOUT
            assert "in 0.3 s" in fetched.detail
            assert fetched.latency_ms >= 300
        # the only connection that the pool may have is free again
        well = await fetcher.fetch(Request(server.url("/well")), policy=FetchPolicy(allow=hasty.allow))
        assert isinstance(well, Page)


async def test_a_name_server_that_hangs_is_ended_by_the_deadline(hasty: FetchPolicy) -> None:
    async def hangs(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with HttpFetcher(now=lambda: NOW, resolver=hangs) as fetcher:
        fetched = await fetcher.fetch(Request("http://here.test/"), policy=hasty)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.TIMEOUT


def sends(*parts: bytes) -> Handler:
    """Sends the parts and hangs up."""

    async def handler(call: Call) -> None:
        for part in parts:
            await call.send(part)
        call.writer.close()

    return handler


def packed(body: bytes, headers: bytes = b"") -> bytes:
    return OK + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (sends(), "Server disconnected"),
        (sends(b"HTTP/1.1 200"), "broke the protocol or off"),
        (sends(b"\x16\x03\x01 not http at all\r\n\r\n"), "broke the protocol or off"),
        (sends(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"), "broke the protocol or off"),
        (sends(OK + b"X: " + b"y" * 200_000), "broke the protocol or off"),
        (sends(OK + b"Content-Length: 100\r\n\r\nhalf"), "received 4 bytes, expected 100"),
        (sends(OK + b"Content-Length: 4, 5\r\n\r\nhalf"), "broke the protocol or off"),
        (sends(OK + b"Content-Length: -1\r\n\r\nhalf"), "broke the protocol or off"),
        (sends(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc"), "incomplete chunked read"),
        (sends(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), "incomplete chunked read"),
        (sends(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"), "broke the protocol or off"),
        (sends(packed(gzip.compress(BODY)[:-9], b"Content-Encoding: gzip\r\n")), "gzip body ends early"),
        (sends(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(BODY)[:40]), "gzip body ends early"),
        (sends(packed(BODY, b"Content-Encoding: gzip\r\n")), "gzip body is damaged"),
        (sends(packed(BODY, b"Content-Encoding: br\r\n")), "not asked for"),
        (sends(packed(gzip.compress(gzip.compress(BODY)), b"Content-Encoding: gzip, gzip\r\n")), "not asked for"),
    ],
)
async def test_a_broken_answer_is_a_network_failure_and_nothing_of_it_is_kept(
    serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, handler: Handler, reason: str
) -> None:
    server = await serve(handler)
    fetched = await fetcher.fetch(Request(server.url("/secret-path")), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.NETWORK
    assert reason in fetched.detail
    assert "secret-path" not in fetched.detail
    assert f"127.0.0.1:{server.port}" in fetched.detail


async def test_a_reset_connection_is_a_network_failure(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    async def resets(call: Call) -> None:
        await call.send(OK + b"Content-Length: 100\r\n\r\nhalf")
        call.writer.transport.abort()

    fetched = await fetcher.fetch(Request((await serve(resets)).url()), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.NETWORK


async def test_a_closed_port_is_a_network_failure(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    listening = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    fetched = await fetcher.fetch(Request(f"http://here.test:{port}/"), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.NETWORK
    assert fetched.detail.startswith(f"could not connect to http://here.test:{port}: ")
    assert "refused" in fetched.detail.lower()


async def test_an_unknown_name_is_a_network_failure(fetcher: HttpFetcher, local: FetchPolicy) -> None:
    fetched = await fetcher.fetch(Request("http://nowhere.test/"), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.NETWORK
    assert "nowhere.test" in fetched.detail


ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "announced": (b"Content-Length: 104857600\r\n", bytes(65536)),
    "not announced": (b"", bytes(65536)),
    "chunked": (b"Transfer-Encoding: chunked\r\n", b"10000\r\n" + bytes(65536) + b"\r\n"),
    "compressed": (b"Content-Encoding: gzip\r\n", gzip.compress(bytes(20_000_000))),
}


@pytest.mark.parametrize("kind", sorted(ENDLESS))
async def test_a_body_over_the_limit_is_cut_off(serve: Serve, names: Names, local: FetchPolicy, kind: str) -> None:
    head, piece = ENDLESS[kind]

    async def handler(call: Call) -> None:
        if call.path == "/well":
            await call.answer(b"operational")
            return
        await call.send(OK + head + b"\r\n")
        while True:
            await call.send(piece)

    server = await serve(handler)
    async with HttpFetcher(now=lambda: NOW, resolver=names, max_connections=1) as fetcher:
        fetched = await fetcher.fetch(Request(server.url()), policy=local)
        assert isinstance(fetched, Failed)
        assert fetched.outcome is Outcome.TOO_LARGE
        assert str(5 * 1024 * 1024) in fetched.detail
        assert ("is announced" in fetched.detail) == (kind == "announced")  # before any of it is read
        assert isinstance(await fetcher.fetch(Request(server.url("/well")), policy=local), Page)


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
async def test_the_limit_is_exact(serve: Serve, fetcher: HttpFetcher, size: int, fits: bool) -> None:
    async def handler(call: Call) -> None:
        await call.answer(bytes(size))

    policy = FetchPolicy(allow=("127.0.0.0/8",), max_bytes=1000)
    fetched = await fetcher.fetch(Request((await serve(handler)).url()), policy=policy)
    assert isinstance(fetched, Page) == fits


async def test_hostile_text_does_not_get_into_a_detail(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    server = await serve(sends(b"HTTP/1.1 200 OK\r\n\x1b[31m<!channel>\x07" + b"A" * 5000 + b"\r\n\r\n"))
    fetched = await fetcher.fetch(Request(server.url()), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.detail.isprintable()
    assert len(fetched.detail) <= 300


async def test_a_dropped_idle_connection_is_opened_anew(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    gone = asyncio.Event()

    async def answers_and_leaves(call: Call) -> None:
        await call.answer(b"operational")
        call.writer.close()
        await call.writer.wait_closed()
        gone.set()

    server = await serve(answers_and_leaves)
    for _ in range(3):
        assert isinstance(await fetcher.fetch(Request(server.url()), policy=local), Page)
        await gone.wait()
        gone.clear()
        await pause()
    assert server.opened == 3


async def test_a_deadline_longer_than_the_answer_changes_nothing(serve: Serve, fetcher: HttpFetcher) -> None:
    policy = FetchPolicy(allow=("127.0.0.0/8",), deadline=timedelta(minutes=5))
    server = await serve(sends(packed(b"operational")))
    assert isinstance(await fetcher.fetch(Request(server.url()), policy=policy), Page)
