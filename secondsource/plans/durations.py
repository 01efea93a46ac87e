"""Lengths of time as people write them in files: ``45s``, ``10m``, ``1h30m``, ``90d``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

PATTERN = r"^(?=.)(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"
_PARTS = re.compile(PATTERN)
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def parse_duration(text: Any) -> timedelta:
    """``1h30m`` as a timedelta. Raises ``ValueError`` that shows the form for anything else."""
    if isinstance(text, timedelta):
        return text
    if text == 0:
        return timedelta(0)
    match = _PARTS.match(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a length of time; write it as 45s, 10m, 1h30m or 90d")
    return sum((timedelta(seconds=int(part[:-1]) * dict(_UNITS)[part[-1]]) for part in match.groups() if part), timedelta(0))


def format_duration(length: timedelta) -> str:
    """The shortest form that :func:`parse_duration` reads back: whole seconds, largest units first."""
    left = int(length.total_seconds())
    text = ""
    for unit, seconds in _UNITS:
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
