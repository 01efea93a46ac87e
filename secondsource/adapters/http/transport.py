"""An httpx2 transport over the guarded backend, for the fetcher and for every other client that calls outside hosts."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator

import httpcore2
import httpx2

from secondsource.adapters.http.addresses import PUBLIC_ONLY, AddressPolicy
from secondsource.adapters.http.backend import GuardedBackend, RefusedByPolicy
from secondsource.adapters.http.resolver import Resolver

MAX_CONNECTIONS = 100
KEEPALIVE_SECONDS = 15.0


class AddressRefused(httpx2.ConnectError):
    """The address policy refuses the host; the message says which address and why."""


class GuardedTransport(httpx2.AsyncBaseTransport):
    """HTTP/1.1 to addresses that the policy lets through; no proxy, no Unix socket, no environment variable.

    Give ``httpx2.AsyncClient`` both this and ``trust_env=False``: with proxy variables the client would go around it.
    """

    def __init__(
        self,
        resolver: Resolver,
        policy: AddressPolicy = PUBLIC_ONLY,
        *,
        ssl_context: ssl.SSLContext | None = None,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False) if ssl_context is None else ssl_context,
            max_connections=max_connections,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=GuardedBackend(resolver, policy),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request. Raises :class:`AddressRefused` and the ``httpx2.TransportError`` family."""
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        wire = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _httpx2_errors():
            answer = await self._pool.handle_async_request(wire)
        assert isinstance(answer.stream, AsyncIterable)
        return httpx2.Response(status_code=answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    def describe(self) -> str:
        """The pool's state in words: how many requests and connections are active, queued and idle."""
        return repr(self._pool)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = self._stream.__aiter__()
        try:
            with _httpx2_errors():
                async for part in parts:
                    yield part
        finally:
            if isinstance(parts, AsyncGenerator):
                await parts.aclose()

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            # Cut off in the middle, the pool would count the request for ever; so the close runs on when we are cancelled.
            await asyncio.shield(asyncio.ensure_future(close()))


@contextlib.contextmanager
def _httpx2_errors() -> Generator[None]:
    try:
        yield
    except RefusedByPolicy as error:
        raise AddressRefused(str(error)) from error
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.ProxyError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        # Both libraries give the same names to the same errors.
        kind: type[httpx2.TransportError] = getattr(httpx2, type(error).__name__, httpx2.TransportError)
        raise kind(str(error)) from error
