"""An ASGI application on a socket of ours, inside a running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator
from typing import Any

import uvicorn

from secondsource.domain.errors import UserError


class PortInUse(UserError):
    """The address can not be listened on."""


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at ``host:port``; port 0 takes one that is free.

    Raises :class:`PortInUse` where that can not be.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once (TCP_NODELAY) only on sockets that say that they are TCP; without it each answer waits 40 ms for an ACK
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise PortInUse(
            f"{host}:{port} can not be listened on ({error.strerror}); end what uses it, or name another with --port or api.port"
        ) from None
    return listening


def port_of(listening: socket.socket) -> int:
    """The port of a socket from :func:`bind`."""
    return int(listening.getsockname()[1])


class _Server(uvicorn.Server):
    """Leaves the signals to the process that it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: Any, listening: socket.socket) -> AsyncIterator[None]:
    """Serve ``app`` until the block ends; requests under way are given ten seconds to end."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=10, ws="none"
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if task.done():
                task.result()
            await asyncio.wait({task}, timeout=0.01)
        yield
    finally:
        server.should_exit = True
        await task
