"""Takes secrets out of what is to be kept: the values of credentials however they are written, and what addresses carry."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

import msgspec

HIDDEN = "***"
_TELLING = re.compile(
    r"(?:^|[-_.])(?:key|apikey|token|secret|password|passwd|pwd|auth|sig|signature|credential|code|session)s?$", re.IGNORECASE
)
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def spellings(secret: str) -> Iterator[str]:
    """The ways in which an answer may repeat ``secret``: as it is, in JSON, in an address, in base64."""
    yield secret
    for text in (secret, secret.replace("/", "\\/")):
        yield msgspec.json.encode(text).decode()[1:-1]
    yield msgspec.json.encode(secret).decode()[1:-1].replace("/", "\\/")
    yield quote(secret, safe="")
    yield quote_plus(secret)
    raw = base64.b64encode(secret.encode()).decode()
    yield from (raw, raw.rstrip("="), raw.replace("+", "-").replace("/", "_").rstrip("="))


def redacted(body: bytes, secrets: Iterable[str]) -> bytes:
    """``body`` with ``***`` in place of every spelling of every secret, in UTF-8 and UTF-16 alike."""
    for text in sorted({written for secret in secrets if secret for written in spellings(secret)}, key=len, reverse=True):
        for encoding in _ENCODINGS:
            body = body.replace(text.encode(encoding), HIDDEN.encode(encoding))
    return body


def carried(url: str) -> Iterator[str]:
    """What an address says that nobody else should know: a password, and parameters that are called as keys are."""
    parts = urlsplit(url)
    if parts.password:
        yield parts.password
    yield from (value for name, value in parse_qsl(parts.query) if value and _TELLING.search(name))


def plain_address(url: str) -> str:
    """``url`` without user, password and the values of such parameters."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = parts.query
    if any(_TELLING.search(name) for name, _ in pairs):
        query = urlencode([(name, HIDDEN if _TELLING.search(name) else value) for name, value in pairs], safe="*")
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, parts.fragment))
