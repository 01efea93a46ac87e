"""The backend connects to what it has checked, and to nothing else."""

from __future__ import annotations

import asyncio

import httpcore2
import httpx2
import pytest

from secondsource.adapters.http.addresses import AddressPolicy
from secondsource.adapters.http.backend import GuardedBackend, RefusedByPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.http.resolver import SystemResolver
from secondsource.adapters.http.transport import AddressRefused, GuardedTransport
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, FetchPolicy, Page
from tests.http.conftest import NOW, Call, Names, Serve


async def closing(call: Call) -> None:
    await call.answer(b"operational", Connection="close")


async def test_a_name_that_turns_bad_is_refused_at_the_next_connection(
    serve: Serve, fetcher: HttpFetcher, names: Names, local: FetchPolicy
) -> None:
    server = await serve(closing)
    names.answers["turns.test"] = [["127.0.0.1"], ["169.254.169.254"]]
    first = await fetcher.fetch(Request(server.url("/", "turns.test")), policy=local)
    second = await fetcher.fetch(Request(server.url("/", "turns.test")), policy=local)
    assert isinstance(first, Page)
    assert isinstance(second, Failed)
    assert second.outcome is Outcome.REFUSED
    assert "metadata" in second.detail


async def test_each_connection_takes_one_look_up(serve: Serve, fetcher: HttpFetcher, names: Names, local: FetchPolicy) -> None:
    """A second one, after the check, would let the name server slip in another address."""
    server = await serve(closing)
    names.answers["turns.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    assert isinstance(await fetcher.fetch(Request(server.url("/", "turns.test")), policy=local), Page)
    assert names.asked == ["turns.test"]


async def test_the_host_header_stays_the_name(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    server = await serve(closing)
    await fetcher.fetch(Request(server.url("/", "HERE.test.")), policy=local)
    assert server.calls[0].headers["host"] == f"here.test:{server.port}"


async def test_the_tls_server_name_stays_the_name(fetcher: HttpFetcher, local: FetchPolicy) -> None:
    hello: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))
        writer.close()

    listening = await asyncio.start_server(listens, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        fetched = await fetcher.fetch(Request(f"https://here.test:{port}/"), policy=local)
    assert b"here.test" in await hello
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.NETWORK
    assert "connect" in fetched.detail


@pytest.mark.parametrize(
    "answers",
    [
        ["10.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "::ffff:10.0.0.1"],
        ["8.8.8.8", "fe80::1%eth0"],
        ["8.8.8.8", "not an address"],
        ["169.254.169.254"],
        ["::1"],
    ],
)
async def test_one_bad_answer_refuses_the_name(answers: list[str], names: Names) -> None:
    names["mixed.test"] = answers
    with pytest.raises(RefusedByPolicy):
        await GuardedBackend(names).connect_tcp("mixed.test", 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1"])
async def test_a_literal_is_checked_without_a_look_up(host: str, names: Names) -> None:
    with pytest.raises(RefusedByPolicy):
        await GuardedBackend(names).connect_tcp(host, 80)
    assert not names.asked


async def test_forms_that_only_the_resolver_reads_are_judged_by_its_answer(names: Names) -> None:
    names["0x7f.1"] = ["127.0.0.1"]
    with pytest.raises(RefusedByPolicy, match="loopback"):
        await GuardedBackend(names).connect_tcp("0x7f.1", 80)


async def test_the_next_address_is_tried(serve: Serve, names: Names, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    server = await serve(closing)
    names["two.test"] = ["127.0.0.9", "127.0.0.1"]
    assert isinstance(await fetcher.fetch(Request(server.url("/", "two.test")), policy=local), Page)


async def test_a_name_without_addresses_is_a_connect_error(names: Names) -> None:
    names["empty.test"] = []
    with pytest.raises(httpcore2.ConnectError, match="has no address"):
        await GuardedBackend(names).connect_tcp("empty.test", 80)


async def test_unix_sockets_are_refused(names: Names) -> None:
    with pytest.raises(RefusedByPolicy):
        await GuardedBackend(names, AddressPolicy(["0.0.0.0/0"])).connect_unix_socket("/run/docker.sock")


async def test_other_clients_can_use_the_transport(serve: Serve, names: Names) -> None:
    server = await serve(closing)
    transport = GuardedTransport(names, AddressPolicy(["127.0.0.0/8"]))
    async with httpx2.AsyncClient(transport=transport, trust_env=False) as client:
        answer = await client.get(server.url("/", "here.test"))
        assert answer.text == "operational"
        with pytest.raises(AddressRefused, match="private"):
            await client.get("http://10.0.0.1/")
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://nowhere.test/")


async def test_a_handshake_that_is_cut_short_closes_its_socket(names: Names) -> None:
    ended = asyncio.Event()

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        started.set()
        await reader.read()
        ended.set()
        writer.close()

    started = asyncio.Event()
    listening = await asyncio.start_server(listens, "127.0.0.1", 0)
    async with listening, HttpFetcher(now=lambda: NOW, resolver=names) as fetcher:
        port = listening.sockets[0].getsockname()[1]
        policy = FetchPolicy(allow=("127.0.0.0/8",))
        task = asyncio.create_task(fetcher.fetch(Request(f"https://here.test:{port}/"), policy=policy))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ended.wait()


async def test_the_system_resolver_gives_each_address_once() -> None:
    resolver = SystemResolver()
    found = await resolver("localhost", 80)
    resolver.close()
    assert set(found) <= {"127.0.0.1", "::1"}
    assert len(found) == len(set(found)) > 0
