"""What may be pushed: the bodies of observations with bounds on every part, unknown fields refused, and nothing unseen in a text.

The bounded forms are made from the domain's own, so that a kind that is added there can be pushed and is bounded the same day.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import Meta

from secondsource.domain.observations import KINDS, AnyBody
from services.api.controls import CONTROLS, holds_controls

Anything = TypeVar("Anything")

NOT_PUSHED = frozenset({"tick", "source_health"})
"""Kinds that only this program makes."""

_LONG = {"text": 4000, "summary": 4000, "title": 500, "original": 500, "conditions": 500, "link": 2000}
_SHORT = 200
_MOST = 100  # members of a list
_LARGEST = 10**15
_VISIBLE = {"pattern": f"^[^{CONTROLS}]*$"}
_DIGITS = 18  # after the point


def _bounded(type_: Any, field: str = "") -> Any:
    """The type with bounds on all that it holds."""
    if type_ is str:
        if field == "currency":
            return Annotated[str, Meta(pattern="^[A-Z]{3}$")]
        return Annotated[str, Meta(max_length=_LONG.get(field, _SHORT), extra_json_schema=_VISIBLE)]
    if type_ in (int, float):
        return Annotated[type_, Meta(ge=-_LARGEST, le=_LARGEST)]
    if type_ is datetime:
        return Annotated[datetime, Meta(tz=True)]
    if get_origin(type_) is tuple:
        return Annotated[types.GenericAlias(tuple, (_bounded(get_args(type_)[0], field), ...)), Meta(max_length=_MOST)]
    if get_origin(type_) in (Union, types.UnionType):
        return Union[tuple(_bounded(each, field) for each in get_args(type_))]  # noqa: UP007
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return _FORMS.get(type_) or _FORMS.setdefault(type_, _form(type_))
    return type_


def _form(type_: type[msgspec.Struct]) -> type[msgspec.Struct]:
    fields = []
    for field in msgspec.structs.fields(type_):
        form = _bounded(field.type, field.encode_name)
        fields.append((field.encode_name, form) if field.required else (field.encode_name, form, field.default))
    config = type_.__struct_config__
    return msgspec.defstruct(
        f"{type_.__name__}Body" if config.tag else type_.__name__,
        fields,
        namespace={"__doc__": type_.__doc__},
        tag=config.tag,
        tag_field=config.tag_field,
        frozen=True,
        forbid_unknown_fields=True,
    )


_FORMS: dict[Any, type[msgspec.Struct]] = {}

PUSHED: Any = Union[tuple(_bounded(type_) for kind, type_ in sorted(KINDS.items()) if kind not in NOT_PUSHED)]  # noqa: UP007


class PushItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One observation. ``subject`` names what it is about in words of the sender's own, and is the same each time: ``quota/tokens``."""

    vendor: Annotated[str, Meta(min_length=1, max_length=_SHORT, extra_json_schema=_VISIBLE)]
    subject: Annotated[str, Meta(min_length=1, max_length=300, extra_json_schema=_VISIBLE)]
    body: PUSHED
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None


class _Body(msgspec.Struct):
    body: AnyBody


class Pushed(msgspec.Struct, frozen=True):
    """What was pushed, as values of the domain."""

    vendor: str
    subject: str
    body: AnyBody
    occurred_at: datetime | None


_item = msgspec.json.Decoder(PushItem).decode
_body = msgspec.json.Decoder(_Body).decode


def read(raw: msgspec.Raw) -> Pushed:
    """One item. Raises :class:`msgspec.ValidationError` with the place and what is wrong there."""
    item = _item(raw)
    body = _settled(_body(raw).body, "body")
    for place, text in (("vendor", item.vendor), ("subject", item.subject)):
        _settled(text, place)
    return Pushed(item.vendor, item.subject, body, _settled(item.occurred_at, "occurred_at"))


def _settled(value: Anything, place: str) -> Anything:
    """The value with its instants in UTC. Raises :class:`msgspec.ValidationError` where the forms can not tell what is wrong."""
    found: Any = value
    if isinstance(found, str):
        if holds_controls(found):
            raise msgspec.ValidationError(f"it holds control characters - at `$.{place}`")
    elif isinstance(found, datetime):
        found = found.astimezone(UTC)
    elif isinstance(found, Decimal):
        exponent = found.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -_DIGITS or found.adjusted() > 15:
            raise msgspec.ValidationError(f"the number is too large, too fine, or none - at `$.{place}`")
    elif isinstance(found, tuple):
        found = tuple(_settled(each, f"{place}[{n}]") for n, each in enumerate(found))
    elif isinstance(found, msgspec.Struct):
        changed = {name: new for name, old, new in _fields(found, place) if new is not old}
        found = msgspec.structs.replace(found, **changed) if changed else found
    return cast(Anything, found)


def _fields(value: msgspec.Struct, place: str) -> Iterator[tuple[str, Any, Any]]:
    for name in value.__struct_fields__:
        old = getattr(value, name)
        if old is not None:
            yield name, old, _settled(old, f"{place}.{name}")
