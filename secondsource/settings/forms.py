"""From what a file says to validated models; what does not fit becomes sentences, each at its place."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from secondsource.contracts.durations import no_span, shown
from secondsource.settings.base import PATTERNS
from secondsource.settings.say import Loc, Say, instead, listed, near

_KINDS = {
    "string_type": "a text belongs here", "bool_type": "true or false belongs here", "bool_parsing": "true or false belongs here",
    "int_type": "a whole number belongs here", "int_parsing": "a whole number belongs here",
    "int_from_float": "a whole number belongs here", "float_type": "a number belongs here", "float_parsing": "a number belongs here",
    "decimal_type": "a number belongs here", "decimal_parsing": "a number belongs here", "finite_number": "a number belongs here",
    "date_type": "a day belongs here, such as 2026-12-31", "dict_type": "a mapping belongs here", "model_type": "a mapping belongs here",
    "mapping_type": "a mapping belongs here", "model_attributes_type": "a mapping belongs here", "tuple_type": "a list belongs here",
    "list_type": "a list belongs here", "set_type": "a list belongs here", "frozen_set_type": "a list belongs here",
}  # fmt: skip
_FORMS = {"<text>": "a text", "<switch>": "on, off", "<mapping>": "a mapping"}
_BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most"), "greater_than": ("gt", "more than"),
           "less_than": ("lt", "less than")}  # fmt: skip


class NoSpan:
    """Stands in the place of a length of time that can not be read, so that it is told with all else."""

    def __init__(self, value: object) -> None:
        self.value = value


def read(type_: Any, value: object, say: Say, *loc: str | int, folder: Path, quote: bool = True) -> Any | None:
    """``value`` as ``type_``; None, with everything said at its place, where it does not fit.

    ``folder`` is what files are relative to. ``quote`` False keeps the values out of the sentences, for they may be secrets.
    """
    try:
        return _adapter(type_).validate_python(value, context={"folder": folder})
    except ValidationError as error:
        for each in error.errors(include_url=False):
            inner = tuple(step for step in each["loc"] if not str(step).startswith("<"))
            if inner and inner[-1] == "[key]":
                inner = inner[:-1]
            say(sentence(each, type_, inner, quote=quote), *loc, *inner)
        return None


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def sentence(error: ErrorDetails, type_: Any, loc: Loc, *, quote: bool = True) -> str:
    """What is wrong and what would be right."""
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    name = str(loc[-1]) if loc else ""
    if isinstance(given, NoSpan):
        return no_span(given.value) if quote else no_span()
    if kind == "missing":
        field = fields_at(type_, loc).get(name)
        return f"`{name}` is missing" + (f": {field.description}" if field and field.description else "")
    if kind == "extra_forbidden":
        return f"there is no field `{name}` here; {instead(name, fields_at(type_, loc))}"
    if kind in _KINDS:
        said = _KINDS[kind]
    elif kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        said = f"must be {words} {context[bound]:g}" if isinstance(context[bound], float) else f"must be {words} {context[bound]}"
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = str(context.get("expected_tags", ""))
        said = f"{' or '.join(words for tag, words in _FORMS.items() if tag in tags)} belongs here"
    elif kind in ("literal_error", "enum"):
        wanted = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        meant = near(given, wanted) if quote and isinstance(given, str) else None
        return f"must be {'' if len(wanted) == 1 else 'one of '}{listed(wanted)}" + (f"; did you mean {meant}?" if meant else "")
    elif kind == "string_pattern_mismatch":
        said = PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
    elif kind in ("string_too_short", "too_short"):
        return "must not be empty" if context["min_length"] == 1 else f"must be {context['min_length']} long at least"
    elif kind in ("string_too_long", "too_long"):
        return f"must be {context['max_length']} long at most"
    else:
        own = error["msg"].removeprefix("Value error, ")  # in the words of the model; else pydantic's
        said = own if own != error["msg"] else own[:1].lower() + own[1:]
    plain = (isinstance(given, str) and "://" not in given) or isinstance(given, int | float) or given is None  # addresses may hold keys
    told = _shown(given) in said or said.endswith("?")
    return said + (f", not {_shown(given)}" if quote and plain and not told else "")


def _shown(value: object) -> str:
    """A scalar as YAML has it, cut short."""
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else shown(value)


def fields_at(type_: Any, loc: Loc) -> Mapping[str, FieldInfo]:
    """The fields of the model in which the last step of ``loc`` lies, by the names that files have for them."""
    here = [type_]
    for step in loc[:-1]:
        here = [inner for outer in here for inner in within(outer, step)]
    return {
        field.alias or name: field
        for outer in here
        for model in members(outer)
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
    }


def members(type_: Any) -> Iterator[Any]:
    """The types that a value of ``type_`` may have, without annotations."""
    origin = get_origin(type_)
    if origin is Annotated:
        yield from members(get_args(type_)[0])
    elif origin is Union or isinstance(type_, types.UnionType):
        for member in get_args(type_):
            yield from members(member)
    else:
        yield type_


def within(type_: Any, step: str | int) -> Iterator[Any]:
    """What stands at ``step`` of a value of ``type_``."""
    for member in members(type_):
        arguments = get_args(member)
        if isinstance(member, type) and issubclass(member, BaseModel):
            for name, field in member.model_fields.items():
                if step == (field.alias or name):
                    yield field.annotation
        elif arguments:
            yield arguments[-1] if isinstance(step, str) else arguments[0]
