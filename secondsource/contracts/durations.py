"""Lengths of time as people write them in files: ``45s``, ``10m``, ``1h30m``, ``90d``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

PATTERN = r"^(?=.)([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
_PARTS = re.compile(PATTERN)
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_LONGEST = 100 * 366 * 86_400  # in seconds: dates stay within what can be counted


def parse_duration(text: Any) -> timedelta:
    """``1h30m`` as a timedelta. Raises ``ValueError`` that shows the form for anything else."""
    if isinstance(text, timedelta):
        return text
    if text == 0 and not isinstance(text, bool):
        return timedelta(0)
    match = _PARTS.fullmatch(text) if isinstance(text, str) and len(text) <= 100 else None
    if match is None:
        raise ValueError(no_span(text))
    seconds = sum(int(part[:-1]) * dict(_UNITS)[part[-1]] for part in match.groups() if part)
    if seconds > _LONGEST:
        raise ValueError(f"{shown(text)} is longer than a hundred years")
    return timedelta(seconds=seconds)


def no_span(*value: Any) -> str:
    """Says how a length of time is written, and what ``value`` is not, where it is given."""
    return f"{shown(value[0]) if value else 'this'} is not a length of time; write it as 45s, 10m, 1h30m or 90d"


def shown(value: Any) -> str:
    """A value in a message, cut short."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def format_duration(length: timedelta) -> str:
    """A form that :func:`parse_duration` reads back, as people would write it: ``2w``, but ``90d``; whole seconds."""
    left = int(length.total_seconds())
    text = ""
    for unit, seconds in _UNITS:
        if unit == "w" and left % seconds:
            continue  # nobody says twelve weeks and six days
        count, left = divmod(left, seconds)
        if count:
            text += f"{count}{unit}"
    return text or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["10m", "1h30m", "90d"]}),
]


def _positive(length: timedelta) -> timedelta:
    if length <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return length


Span = Annotated[Duration, AfterValidator(_positive)]
"""A duration above zero: what waits, limits and objectives are made of."""
