"""Identifiers made from content, so that the same thing said twice has the same name."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_encoder = msgspec.msgpack.Encoder(decimal_format="string", uuid_format="canonical", order="sorted")


def content_id(*parts: object) -> str:
    """A 26-character name for ``parts``: the first 128 bits of their BLAKE2b hash, in lower-case base32.

    Equal parts give equal names in every process and version; anything that msgspec can encode may be a part.
    """
    digest = hashlib.blake2b(_encoder.encode(parts), digest_size=16).digest()
    return base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def short_id(*parts: object) -> str:
    """The first 10 characters of :func:`content_id`: 50 bits, for what a person types (risks, runs)."""
    return content_id(*parts)[:10]


def timed_id(at: datetime, *parts: object) -> str:
    """A 30-character name for ``at`` and ``parts`` that sorts by ``at``: the microsecond in hex, then 80 bits of the content's hash.

    For what is kept in great numbers: an index of such names grows at its end, where names without order would touch every page of it.
    """
    return f"{(at - _EPOCH) // _MICROSECOND:014x}{content_id(at, *parts)[:16]}"
