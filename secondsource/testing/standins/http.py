"""A small HTTP/1.1 server on loopback whose failures are programmed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, Self

import msgspec

MAX_REQUEST = 1024 * 1024


class Received(msgspec.Struct, frozen=True):
    """A request: target with query, lower-case header names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Reply(msgspec.Struct, frozen=True):
    """An answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Fault(msgspec.Struct, frozen=True):
    """What goes wrong with one request.

    ``answer`` sends ``reply`` in place of the real answer, ``hang`` never answers, ``reset`` breaks the connection, ``cut`` breaks
    it in the middle of the answer. ``handled`` tells that the service did its work first, so that only the answer is lost.
    """

    how: Literal["answer", "hang", "reset", "cut"]
    reply: Reply = Reply()
    handled: bool = False


def answers(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Fault:
    """The request is answered with ``status`` and not worked on."""
    return Fault("answer", Reply(status, body, headers or {}))


class HttpStandIn:
    """Serves :meth:`respond` at ``http://127.0.0.1:<port>``. Use it with ``async with``; faults are taken one per request."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.requests: list[Received] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def respond(self, request: Received) -> Reply:
        """What the service answers; this one has nothing."""
        return Reply(404)

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, limit=MAX_REQUEST)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Go away: connections break off, new ones are refused. What was received stays readable."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            # A client that breaks off is no fault of this server.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                while (request := await _read(reader)) is not None:
                    if not await self._answer(request, writer):
                        break
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays open."""
        self.requests.append(request)
        fault = self.faults.popleft() if self.faults else None
        reply = await self.respond(request) if fault is None or fault.handled else fault.reply
        match fault:
            case Fault(how="hang"):
                await asyncio.Event().wait()
            case Fault(how="reset"):
                _reset(writer)
                return False
            case Fault(how="cut"):
                writer.write(_encode(reply, len(reply.body) + 10))
                await writer.drain()
                return False
            case Fault():
                reply = fault.reply
        writer.write(_encode(reply, len(reply.body)))
        await writer.drain()
        return True


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return Received(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def _encode(reply: Reply, length: int) -> bytes:
    phrase = HTTPStatus(reply.status).phrase if reply.status in set(HTTPStatus) else "Unknown"
    bodiless = reply.status in (204, 304)
    headers = dict(reply.headers) if bodiless else {"content-length": str(length), **reply.headers}
    head = f"HTTP/1.1 {reply.status} {phrase}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    return head.encode("latin-1") + (b"" if bodiless else reply.body)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST in place of FIN, as a crashed peer or a strict middle box does."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
