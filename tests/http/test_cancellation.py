"""A cancelled fetch gives everything back, at whatever point it is cut."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from secondsource.adapters.http.addresses import AddressPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.http.slots import Slots
from secondsource.adapters.http.transport import GuardedTransport
from secondsource.contracts.connector import Request
from secondsource.ports.fetcher import FetchPolicy, Page
from tests.http.conftest import NOW, Call, Names, Serve


async def turns(count: int) -> None:
    """Let the loop go round ``count`` times."""
    loop = asyncio.get_running_loop()
    for _ in range(count):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


async def in_pieces(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(5):
        await turns(2)
        await call.send(b"5\r\nabcde\r\n")
    await call.send(b"0\r\n\r\n")


async def redirects_and_fails(call: Call) -> None:
    if call.path == "/0":
        await call.answer(b"moved", 302, Location="/1")
    else:
        await call.answer(b"x" * 200_000, 503)


@pytest.mark.parametrize("handler", [in_pieces, redirects_and_fails])
async def test_the_fetcher_works_after_two_hundred_cancelled_fetches(
    serve: Serve, names: Names, local: FetchPolicy, handler: object
) -> None:
    finished = 0

    async def either(call: Call) -> None:
        if call.path == "/well":
            await call.answer(b"operational")
        else:
            await handler(call)  # type: ignore[operator]

    server = await serve(either)
    async with HttpFetcher(now=lambda: NOW, resolver=names, per_host=4, max_connections=4) as fetcher:
        for number in range(200):
            task = asyncio.create_task(fetcher.fetch(Request(server.url("/0", "here.test")), policy=local))
            await turns(number % 50)
            if number % 3 == 0:  # twice, the second time while the first is being dealt with
                task.cancel()
                await turns(number % 2)
            task.cancel()
            done, _ = await asyncio.wait({task})
            finished += not done.pop().cancelled()
        assert finished < 200
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fetcher.fetch(Request(server.url("/well", "here.test")), policy=local)) for _ in range(20)]
        assert all(isinstance(task.result(), Page) for task in tasks)
        assert server.opened > 0


@pytest.mark.parametrize("reads", [True, False])
async def test_cancelled_fetches_leave_no_request_in_the_pool(serve: Serve, names: Names, reads: bool) -> None:
    server = await serve(in_pieces)
    transport = GuardedTransport(names, AddressPolicy(["127.0.0.0/8"]), max_connections=3)
    ended = 0
    closing = asyncio.Event()

    async def one() -> None:
        response = await transport.handle_async_request(httpx2.Request("GET", server.url("/", "here.test")))
        try:
            if reads:
                async for _ in response.aiter_raw():
                    pass
            else:
                closing.set()
        finally:
            await response.aclose()

    for number in range(200):
        task = asyncio.create_task(one())
        if reads or number % 2:
            await turns(number % 60)
        else:  # cut in the middle of closing a connection whose answer was not read
            await closing.wait()
            closing.clear()
            await turns(number // 2 % 3)
        task.cancel()
        await turns(number % 3)
        task.cancel()
        await asyncio.wait({task})
        ended += task.cancelled()
    await turns(5)
    assert ended > 50
    assert "Requests: 0 active, 0 queued" in transport.describe()
    assert "Connections: 0 active" in transport.describe()
    await transport.aclose()


async def test_slots_are_given_back_and_hosts_forgotten() -> None:
    slots = Slots(per_host=1, total=2)
    held: list[str] = []

    async def holds(host: str) -> None:
        async with slots.hold(host):
            held.append(host)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(holds(f"{number % 3}.test")) for number in range(9)]
    await turns(5)
    assert slots.hosts() == 3
    assert held == ["0.test", "1.test"]
    for task in reversed(tasks):
        task.cancel()
        await turns(1)
    await asyncio.wait(tasks)
    assert slots.hosts() == 0
    async with slots.hold("0.test"), slots.hold("1.test"):
        assert slots.hosts() == 2
