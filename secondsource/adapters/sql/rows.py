"""How values become columns: JSON for what is only read back, instants as whole microseconds."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder(decimal_format="string", order="deterministic")


def to_json(value: Any) -> str:
    """The value as JSON text; the same value gives the same text."""
    return _encoder.encode(value).decode()


def from_json(text: str | bytes, type_: type[T]) -> T:
    """The value back; fields that an older version did not write take their defaults."""
    return msgspec.json.decode(text, type=type_)
