"""Conditions that users write: CEL (Common Expression Language) over one observation.

CEL is made for this: it always ends, has no side effects and reaches nothing but what it is given. An expression sees
``kind``, ``vendor``, ``source``, ``subject``, ``exercise`` and ``body``, whose fields are those of the observation's kind:
enumerations as their words, amounts as numbers, absent values as ``null``.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, get_args, get_origin

import cel
import msgspec

from secondsource.domain.observations import Body, Observation, kind_of

VARIABLES = ("kind", "vendor", "source", "subject", "exercise", "body")
LONGEST = 2000

_FIELDS = re.compile(r"\bbody\.([A-Za-z_][A-Za-z0-9_]*)")
_WHOLE = re.compile(r"\bbody\b(?!\.)")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?(.*)")
_ERRORS = (LookupError, ArithmeticError, TypeError, ValueError, RuntimeError)  # what the interpreter raises, each for a cause of its own


class BadCondition(ValueError):
    """The expression can not be used; the message says why. ``line`` and ``column`` count from 1 within it; None: not known."""

    def __init__(self, why: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(why)
        self.line = line
        self.column = column


class Condition:
    """A compiled expression. Raises :class:`BadCondition` where it is no CEL."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise BadCondition(f"it is longer than {LONGEST} characters")
        try:
            self._program = cel.compile(text)
        except ValueError as error:
            found = _PLACE.search(str(error))
            line, column = (int(found[1]), int(found[2])) if found else (None, None)
            why = found[3].partition(" expecting ")[0].strip() if found else str(error)
            raise BadCondition(f"it is no CEL: {why}", line, column) from None
        for name in self._program.variables():
            if name not in VARIABLES and not re.search(rf"\.(all|exists|exists_one|filter|map)\(\s*{re.escape(name)}\s*,", text):
                raise BadCondition(f"there is no `{name}`; an expression sees {', '.join(VARIABLES)}")
        self.text = text
        self.fields = None if _WHOLE.search(text) else frozenset(_FIELDS.findall(text))

    def of(self, observation: Observation) -> Any:
        """What it comes to. Raises :class:`BadCondition` where it can not be worked out for this observation."""
        return self._run(
            {
                "kind": kind_of(observation.body),
                "vendor": observation.vendor,
                "source": observation.source,
                "subject": observation.subject,
                "exercise": observation.exercise is not None,
                "body": _seen(observation.body, self.fields),
            }
        )

    def tried(self, kinds: Mapping[str, type[Body]], wanted: type | tuple[type, ...]) -> None:
        """Try it on a made-up observation of each kind, then with each field that may be absent as ``null``.

        Raises :class:`BadCondition` for a field that a kind does not have, for types that do not go together, and where the result is not
        of type ``wanted``.
        """
        for kind, body in kinds.items():
            sample, nullable = _sample(body)
            unknown = sorted((self.fields or set()) - sample.keys())
            if unknown:
                raise BadCondition(f"a {kind} has no `{unknown[0]}`; it has {', '.join(sorted(sample))}", *self._at(f"body.{unknown[0]}"))
            self._try(kind, sample, wanted, "")
            for name in sorted(nullable & (self.fields if self.fields is not None else sample.keys())):
                self._try(kind, {**sample, name: None}, wanted, f" where `{name}` is null; say `body.{name} != null && ...`")

    def _try(self, kind: str, body: Mapping[str, Any], wanted: type | tuple[type, ...], where: str) -> None:
        seen = {"kind": kind, "vendor": "vendor", "source": "source", "subject": f"{kind}/1", "exercise": False, "body": dict(body)}
        try:
            found = self._run(seen)
        except BadCondition as error:
            raise BadCondition(f"it fails for a {kind}{where or f': {error}'}") from None
        if not isinstance(found, wanted) or (isinstance(found, bool) and wanted is not bool):
            words = "true or false" if wanted is bool else "a number"
            raise BadCondition(f"it must come to {words}, and comes to {found!r} for a {kind}{where}")

    def _run(self, seen: Mapping[str, Any]) -> Any:
        try:
            return self._program.execute(dict(seen))
        except _ERRORS as error:
            why = f"there is no field {error}" if isinstance(error, KeyError) else str(error).partition(". ")[0]
            raise BadCondition(why) from None

    def _at(self, text: str) -> tuple[int, int]:
        before = self.text[: self.text.index(text)]
        return before.count("\n") + 1, len(before) - before.rfind("\n")


@lru_cache(maxsize=512)
def compiled(text: str) -> Condition:
    """The condition of ``text``, compiled once. Raises :class:`BadCondition`."""
    return Condition(text)


def _seen(body: Body, fields: Collection[str] | None) -> dict[str, Any]:
    names = type(body).__struct_fields__ if fields is None else fields
    return {name: _plain(getattr(body, name)) for name in names if hasattr(body, name)}


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return value


def _sample(body: type[msgspec.Struct]) -> tuple[dict[str, Any], frozenset[str]]:
    """A value of every field, and which of them may be null."""
    found, nullable = {}, set()
    for field in msgspec.structs.fields(body):
        options = get_args(field.type) if get_origin(field.type) is not tuple else ()
        if type(None) in options:
            nullable.add(field.name)
        found[field.name] = _made(next((each for each in options if each is not type(None)), field.type))
    return found, frozenset(nullable)


def _made(type_: Any) -> Any:
    if get_origin(type_) is tuple:
        return [_made(get_args(type_)[0])]
    if isinstance(type_, type) and issubclass(type_, enum.Enum):
        return next(iter(type_)).value
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return _sample(type_)[0]
    at, long = datetime(2025, 1, 1, tzinfo=UTC), timedelta(hours=1)
    plain: Mapping[Any, Any] = {str: "text", bool: True, int: 1, float: 1.0, Decimal: 1.0, datetime: at, timedelta: long}
    return plain[type_]
