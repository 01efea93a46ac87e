"""Scripted servers on loopback: they send exactly the bytes that a test wants, in the pieces that it wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.ports.fetcher import FetchPolicy

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@dataclass
class Call:
    """One request as a server saw it, and the way to answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def hang(self) -> None:
        """Say nothing more until the far side goes away."""
        await self.reader.read()


Handler = Callable[[Call], Awaitable[None]]


@dataclass
class Server:
    port: int
    calls: list[Call] = field(default_factory=list)
    open: int = 0
    opened: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


Serve = Callable[..., Awaitable[Server]]


async def _call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Call(method, path, headers, body, writer, reader)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server for a handler, which is called for each request; when it returns the connection lives on."""
    tasks: set[asyncio.Task[None]] = set()
    servers: list[asyncio.Server] = []

    async def start(handler: Handler, host: str = "127.0.0.1") -> Server:
        state = Server(0)

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            state.open += 1
            state.opened += 1
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    while not writer.is_closing():
                        call = await _call(reader, writer)
                        state.calls.append(call)
                        await handler(call)
            finally:
                state.open -= 1
                tasks.discard(task)
                writer.close()

        listening = await asyncio.start_server(connection, host, 0)
        servers.append(listening)
        state.port = listening.sockets[0].getsockname()[1]
        return state

    yield start
    for listening in servers:
        listening.close()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*list(tasks), return_exceptions=True)


class Names:
    """A resolver that knows what it is told, and counts what it is asked. One list of answers per look-up, the last one repeated."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []

    def __setitem__(self, name: str, addresses: Sequence[str]) -> None:
        self.answers[name] = [list(addresses)]

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise OSError("no such name")
        waiting = self.answers[host]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@pytest.fixture
def names() -> Names:
    known = Names()
    for name in ("here.test", "there.test"):
        known[name] = ["127.0.0.1"]
    return known


@pytest.fixture
async def fetcher(names: Names) -> AsyncIterator[HttpFetcher]:
    async with HttpFetcher(now=lambda: NOW, resolver=names) as one:
        yield one


@pytest.fixture
def local() -> FetchPolicy:
    """Loopback allowed."""
    return FetchPolicy(allow=("127.0.0.0/8", "::1/128"))


@pytest.fixture
def hasty() -> FetchPolicy:
    """Loopback allowed, a third of a second for everything; for servers that never finish."""
    return FetchPolicy(allow=("127.0.0.0/8", "::1/128"), deadline=timedelta(seconds=0.3))
