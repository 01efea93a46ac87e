"""The place where sockets are opened: it connects to nothing that it has not checked."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import httpcore2

from secondsource.adapters.http.addresses import PUBLIC_ONLY, AddressPolicy, Refused, verdict
from secondsource.adapters.http.resolver import Resolver

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
CONNECT_SECONDS = 5.0  # per address, so that one dead address leaves time for the next
MAX_ADDRESSES = 4


class RefusedByPolicy(httpcore2.ConnectError):
    """The name leads to an address that the policy refuses."""


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves once, checks every answer, connects to an address that it has checked.

    There is no second look-up between check and connection, so a name server that changes its answer gains nothing. Host
    header and TLS server name stay those of the URL, for the pool asks for them by name.
    """

    def __init__(self, resolver: Resolver, policy: AddressPolicy = PUBLIC_ONLY) -> None:
        self._resolver = resolver
        self._policy = policy
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to ``host``. Raises :class:`RefusedByPolicy` when any of its addresses is refused, ``ConnectError``
        when it has none or none answers."""
        addresses = await self._addresses(host, port)
        limit = CONNECT_SECONDS if timeout is None else min(timeout, CONNECT_SECONDS)
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses[:MAX_ADDRESSES]:
            try:
                stream = await self._sockets.connect_tcp(address, port, limit, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return GuardedStream(stream)
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """Refused: a local socket has no address to check."""
        raise RefusedByPolicy("Unix sockets are not connected to")

    async def sleep(self, seconds: float) -> None:
        """The pool's wait between its own retries, which are switched off."""
        await self._sockets.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            ip_address(host)
        except ValueError:
            try:
                found = await self._resolver(host, port)
            except (OSError, UnicodeError) as error:
                raise httpcore2.ConnectError(f"the name {host} can not be resolved") from error
        else:
            found = [host]
        checked: list[IPv4Address | IPv6Address] = []
        for text in found:
            try:
                address = ip_address(text)
            except ValueError as error:
                raise RefusedByPolicy(f"the resolver gave something that is no address for {host}") from error
            judged = verdict(address, self._policy)
            if isinstance(judged, Refused):
                raise RefusedByPolicy(judged.reason if text == host else f"{host}: {judged.reason}")
            checked.append(address)
        return [str(address) for address in checked]


class GuardedStream(httpcore2.AsyncNetworkStream):
    """A stream that closes its socket when the TLS handshake is cut short by cancellation, too."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most ``max_bytes``; empty at the end."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of ``buffer``."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the socket."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """The same connection under TLS."""
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        """What the pool asks about the socket."""
        return self._stream.get_extra_info(info)
