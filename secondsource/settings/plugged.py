"""What plug-ins are told: read with their own models, lengths of time written as everywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from secondsource.contracts.durations import parse_duration
from secondsource.settings.forms import NoSpan, members, read, within
from secondsource.settings.say import Say
from secondsource.settings.secrets import Secret


def plugged(
    model: type[BaseModel], value: Mapping[str, Any], say: Say, *loc: str | int, folder: Path, quote: bool = True
) -> BaseModel | None:
    """``value`` as an instance of a plug-in's ``model``; None, with everything said, where it does not fit."""
    found: BaseModel | None = read(model, _with_spans(model, dict(value)), say, *loc, folder=folder, quote=quote)
    return found


def secrets_in(value: object, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[Secret, tuple[str | int, ...]]]:
    """Every secret in a model, with its place in it."""
    if isinstance(value, Secret):
        yield value, loc
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from secrets_in(getattr(value, name), (*loc, field.alias or name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secrets_in(inner, (*loc, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from secrets_in(inner, (*loc, index))


def _with_spans(type_: Any, value: Any) -> Any:
    """``value`` with ``10m`` turned into a timedelta wherever the model has one: models of plug-ins need not know how files write it."""
    if isinstance(value, dict):
        return {key: _inner(type_, key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_inner(type_, index, inner) for index, inner in enumerate(value)]
    return value


def _inner(type_: Any, step: Any, value: Any) -> Any:
    flat = [member for found in within(type_, step) if found is not None for member in members(found)]
    if timedelta in flat and str not in flat and not (value is None and type(None) in flat):
        try:
            return parse_duration(value)
        except ValueError:
            return NoSpan(value)
    for member in flat:
        if isinstance(value, dict | list) and (get_args(member) or (isinstance(member, type) and issubclass(member, BaseModel))):
            value = _with_spans(member, value)
    return value
