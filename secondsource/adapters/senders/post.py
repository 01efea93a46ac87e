"""One POST within bounds, its failures as outcomes. Used by every sender that speaks HTTP.

It goes straight to the transport: the client above it would log the address, which is a secret for some webhooks, would
follow redirects with the credentials, and would listen to proxy variables.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

import httpx2
import msgspec

from secondsource.adapters.http.transport import AddressRefused
from secondsource.contracts.sender import Rejected, Retry

MAX_ANSWER = 256 * 1024
_LATER = frozenset({408, 425, 429})


class Answer(msgspec.Struct, frozen=True):
    """What came back: lower-case header names, the beginning of the body, :data:`MAX_ANSWER` bytes and the rest of a piece."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def transport_or_default(transport: httpx2.AsyncBaseTransport | None) -> httpx2.AsyncBaseTransport:
    """The given transport, or a plain one that ignores the environment."""
    return transport or httpx2.AsyncHTTPTransport(trust_env=False)


async def post(
    transport: httpx2.AsyncBaseTransport, url: str, headers: Mapping[str, str], body: bytes, timeout: timedelta
) -> Answer | Retry | Rejected:
    """Send ``body``; ``timeout`` bounds everything from the look-up of the name to the last byte of the answer.

    No reason that is returned quotes the address, a header or the far side's words.
    """
    if not _is_address(url):
        return Rejected("the address is not one that HTTP can be sent to; check it in the configuration")
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        return Rejected("a secret that goes into a header holds what can not stand in one; check what the channel refers to")
    seconds = timeout.total_seconds()
    try:
        request = httpx2.Request(
            "POST",
            url,
            headers={"accept-encoding": "identity", **headers},
            content=body,
            extensions={"timeout": httpx2.Timeout(seconds).as_dict()},
        )
        async with asyncio.timeout(seconds):
            response = await transport.handle_async_request(request)
            try:
                received = bytearray()
                async for piece in response.aiter_raw():
                    received += piece
                    if len(received) > MAX_ANSWER:
                        break
            finally:
                await response.aclose()
    except AddressRefused:
        return Rejected("the address policy refuses the host; allow its network in the configuration if it is yours")
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, ValueError):
        return Rejected("HTTP can not carry this request; check the address and the headers in the configuration")
    except (TimeoutError, httpx2.TimeoutException):
        return Retry(f"no answer within {seconds:g} s")
    except (httpx2.TransportError, OSError) as error:
        return Retry(f"the connection failed ({type(error).__name__})")
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, bytes(received))


def _is_address(url: str) -> bool:
    """Whether ``url`` names a host and, where it names a port, one that there is."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return False
    named = re.fullmatch(rb"[A-Za-z0-9._:-]+", parsed.raw_host) is not None
    return parsed.scheme in ("http", "https") and named and (parsed.port or 0) <= 65535


def judge(answer: Answer, now: datetime) -> Retry | Rejected | None:
    """What the status alone says: None for success, Retry for what passes (408, 425, 429, 5xx), Rejected for the rest."""
    if 200 <= answer.status <= 299:
        return None
    if answer.status in _LATER or answer.status >= 500:
        return Retry(f"answered with status {answer.status}", retry_after(answer.headers.get("retry-after"), now))
    if 300 <= answer.status <= 399:
        return Rejected(f"answered with status {answer.status}: redirects are not followed; give the final address")
    return Rejected(f"answered with status {answer.status}")


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """A ``Retry-After`` header, in seconds or as a date; None where it is absent, unreadable or in the past."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return timedelta(seconds=int(value))
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return date - now if date > now else None


def header_value(text: str) -> str | None:
    """``text`` where it can stand in a header as it is, else None."""
    return text if re.fullmatch(r"[\x21-\x7e]{1,255}", text) else None


def safe_base(url: str) -> str:
    """``url`` where credentials may be sent to it: HTTPS, or HTTP to a loopback address. Raises ``ValueError`` else."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise ValueError("not a URL") from None
    if not parsed.host or not (parsed.scheme == "https" or (parsed.scheme == "http" and is_loopback(parsed.host))):
        raise ValueError("must begin with https:// (http:// only for this machine), or the credentials travel in the open")
    return url


def is_loopback(host: str) -> bool:
    """Whether ``host`` names this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
