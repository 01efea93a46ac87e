"""Headers read and written: validators, Retry-After, and what of an answer is worth keeping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2

from secondsource.ports.fetcher import MAX_RETRY_AFTER

_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
_SECONDS = re.compile(r"[0-9]+")
# They speak of the transfer, which is over, or of a session that is not kept.
_DROPPED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "set-cookie", "set-cookie2"})
# They decide where a request goes, how its answer is framed, or are the fetcher's to set.
RESERVED = frozenset(
    {
        "accept-encoding", "connection", "content-length", "expect", "host", "if-match", "if-modified-since", "if-none-match",
        "if-range", "if-unmodified-since", "keep-alive", "proxy-authorization", "proxy-connection", "range", "te", "trailer",
        "transfer-encoding", "upgrade", "user-agent",
    }
)  # fmt: skip


class BadHeader(ValueError):
    """A header that can not be sent; the message does not hold its value."""


def outgoing(headers: Mapping[str, str]) -> dict[str, str]:
    """``headers`` with lower-case names. Raises :class:`BadHeader` for one that is the fetcher's or can not be written."""
    checked = {}
    for name, value in headers.items():
        lower = name.lower()
        if not _NAME.fullmatch(lower):
            raise BadHeader(f"{name!r} is not a header name")
        if lower in RESERVED:
            raise BadHeader(f"the header {lower!r} is set by the fetcher; take it out of the request")
        if not _VALUE.fullmatch(value):
            raise BadHeader(f"the header {lower!r} holds characters that no header can carry")
        checked[lower] = value
    return checked


def incoming(headers: httpx2.Headers) -> dict[str, str]:
    """The headers of an answer by lower-case name, repeated ones joined; without cookies and those of the transfer."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in _DROPPED}


def remembered(value: str | None) -> str | None:
    """A validator as it may be sent back: printable ASCII of a sane length, or None."""
    return value if value and len(value) <= 512 and _VALUE.fullmatch(value) else None


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a server asks to be left alone: seconds or an HTTP date, from ``now``; 0 to a day. None for nonsense."""
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return MAX_RETRY_AFTER if len(value) > 9 else min(timedelta(seconds=int(value)), MAX_RETRY_AFTER)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return min(max(date - now, timedelta(0)), MAX_RETRY_AFTER)


def declared_length(headers: httpx2.Headers) -> int | None:
    """The Content-Length, where there is a readable one."""
    value = headers.get("content-length", "")
    return int(value) if _SECONDS.fullmatch(value) and len(value) <= 18 else None
