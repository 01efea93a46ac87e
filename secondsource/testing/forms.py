"""From what a case says to values of the domain: instants, observations, portfolio. All problems are gathered, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, get_args

import msgspec

from secondsource.contracts.durations import parse_duration
from secondsource.contracts.yaml_positions import Document, Loc
from secondsource.domain.observations import KINDS, AnyBody, Observation, observe
from secondsource.domain.portfolio import Portfolio
from secondsource.domain.problems import Problem

T = TypeVar("T")

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[\.\.\.\]")
_RUN = re.compile(r"^(-?\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)x(\d+)$")
_ENVELOPE = frozenset({"source", "vendor", "subject", "occurred_at", "exercise", "times"})
MAX_SERIES = 10_000


class Input(msgspec.Struct, frozen=True):
    """An observation, how often its poll is delivered, and where it stands in the case."""

    observation: Observation
    times: int
    loc: Loc


class Form:
    """Reads one document. ``problems`` holds what was wrong with it so far."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def complain(self, text: str, *loc: str | int) -> None:
        """Note a problem at ``loc``."""
        self.problems.append(self.document.problem(text, *loc))

    def mapping(self, value: Any, known: frozenset[str], *loc: str | int) -> dict[str, Any]:
        """``value`` as a mapping with no keys but ``known``; empty where it is none."""
        if not isinstance(value, dict):
            self.complain(f"a mapping belongs here, not {_kind(value)}", *loc)
            return {}
        for key in value:
            if str(key) not in known:
                self.complain(f"{str(key)!r} is not known here; known are {', '.join(sorted(known))}", *loc, str(key))
        return {str(key): inner for key, inner in value.items() if str(key) in known}

    def listed(self, value: Any, *loc: str | int) -> list[Any]:
        """``value`` as a list; empty where it is none."""
        if isinstance(value, list):
            return value
        self.complain(f"a list belongs here, not {_kind(value)}", *loc)
        return []

    def offset(self, value: Any, *loc: str | int) -> timedelta | None:
        """``+1h30m`` or ``0`` as time since the start."""
        try:
            return parse_duration(value.removeprefix("+") if isinstance(value, str) else value)
        except ValueError:
            self.complain(f"{value!r} is no time since the start; write it as +45s, +10m or +1h30m", *loc)
            return None

    def instant(self, value: Any, *loc: str | int) -> datetime | None:
        """An instant with its time zone, in UTC."""
        try:
            found = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            found = None
        if found is None or found.tzinfo is None:
            self.complain("an instant with time zone belongs here, such as 2025-10-20T06:00:00Z", *loc)
            return None
        return found.astimezone(UTC)

    def convert(self, value: Any, type_: type[T], *loc: str | int) -> T | None:
        """``value`` as a struct of the domain; None, with complaints, where it does not fit."""
        before = len(self.problems)
        for where, key, known in _unknown(value, type_, ()):
            self.complain(f"{key!r} is not known here; known are {', '.join(known)}", *loc, *where, key)
        if len(self.problems) > before:
            return None
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            text, _, path = str(error).partition(" - at `$")
            steps: list[str | int] = [name or int(index or 0) for name, index in _STEP.findall(path)]
            self.complain(text[:1].lower() + text[1:], *loc, *steps)
            return None

    def portfolio(self, value: Any, *loc: str | int) -> Portfolio | None:
        """The portfolio, with lengths of time as ``4h``."""
        return self.convert(_with_spans(value), Portfolio, *loc)

    def inputs(self, value: Any, at: datetime, defaults: dict[str, Any], *loc: str | int) -> Input | None:
        """One entry of ``at:`` or ``series:`` as an observation made at ``at``."""
        entry = self.mapping(value, _ENVELOPE | KINDS.keys() - {"tick"}, *loc)
        kinds = sorted(entry.keys() & KINDS.keys())
        if len(kinds) != 1:
            if isinstance(value, dict):
                self.complain(f"an observation has exactly one of {', '.join(sorted(KINDS.keys() - {'tick'}))}", *loc)
            return None
        kind = kinds[0]
        vendor, source = entry.get("vendor", defaults.get("vendor")), str(entry.get("source", defaults.get("source", "case")))
        if not isinstance(vendor, str):
            self.complain("the vendor is not said: give `vendor` here or at the top of the case", *loc)
            return None
        body: Any = self.convert(_scoped(entry[kind], vendor), KINDS[kind], *loc, kind)
        if body is None:
            return None
        subject = entry.get("subject") or subject_of(kind, body, source)
        times = entry.get("times", 1)
        if not subject:
            self.complain(f"an observation of kind {kind} needs its `subject`, such as {kind}/1", *loc)
            return None
        if not isinstance(times, int) or not 1 <= times <= 100:
            self.complain("`times` is how often it is delivered: 1 to 100", *loc, "times")
            return None
        occurred = self.instant(entry["occurred_at"], *loc, "occurred_at") if "occurred_at" in entry else None
        exercise = entry.get("exercise", defaults.get("exercise"))
        observation = observe(
            source=source, vendor=vendor, subject=str(subject), observed_at=at, body=body, occurred_at=occurred, exercise=exercise
        )
        return Input(observation, times, loc)

    def values(self, value: Any, *loc: str | int) -> list[Any]:
        """The values of a series: a list in which ``50+5x10`` stands for 50, 55 and so on to 100, and ``_`` for no reading."""
        found: list[Any] = []
        for index, inner in enumerate(self.listed(value, *loc)):
            run = _RUN.match(inner) if isinstance(inner, str) else None
            if run is None:
                found.append(inner)
                continue
            first, step, more = float(run[1]), float(run[2]), int(run[3])
            if len(found) + more > MAX_SERIES:
                self.complain(f"a series has at most {MAX_SERIES} values", *loc, index)
                return []
            found += [round(first + step * number, 9) for number in range(more + 1)]
        return found


def subject_of(kind: str, body: AnyBody, source: str) -> str:
    """The subject that an observation has where the case does not say it; empty where the case must."""
    fields = {name: str(getattr(body, name, None) or "") for name in ("name", "item", "dimension", "region", "market", "product")}
    wanted = {
        "component_status": ("name",), "price": ("item", "dimension", "region"), "offer": ("item", "region", "market"),
        "quota": ("product", "name", "region"), "spend": ("product", "region", "item"), "retirement": ("item",),
    }.get(kind)  # fmt: skip
    if kind == "source_health":
        return f"source/{source}"
    if wanted is None:
        return ""
    parts = [fields[name] for name in wanted if fields[name]]
    return "/".join(("component" if kind == "component_status" else kind, *parts))


def _scoped(body: Any, vendor: str) -> Any:
    """The body with the vendor filled into scopes that name none."""
    if not isinstance(body, dict) or not isinstance(body.get("scopes"), list):
        return body
    return {**body, "scopes": [{"vendor": vendor, **scope} if isinstance(scope, dict) else scope for scope in body["scopes"]]}


def _structs(type_: Any) -> type[msgspec.Struct] | None:
    """The struct in a type such as ``tuple[Scope, ...]`` or ``Scope | None``."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return type_
    return next((found for inner in get_args(type_) if (found := _structs(inner)) is not None), None)


def _unknown(value: Any, type_: Any, loc: Loc) -> Iterator[tuple[Loc, str, list[str]]]:
    """Keys of ``value`` that its struct does not have: msgspec lets them pass, a case must not."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unknown(inner, type_, (*loc, index))
        return
    struct = _structs(type_)
    if struct is None or not isinstance(value, dict):
        return
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    for key, inner in value.items():
        if key not in fields:
            yield loc, str(key), sorted(fields)
        else:
            yield from _unknown(inner, fields[key], (*loc, str(key)))


def _with_spans(value: Any) -> Any:
    """``value`` with the lengths of time that people write (``4h``) as such, at the names under which a portfolio has them."""
    if isinstance(value, list):
        return [_with_spans(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, inner in value.items():
        found[key] = _with_spans(inner)
        if key in {"rto", "rpo", "after", "switch_time", "notice"} and isinstance(inner, str):
            try:
                found[key] = parse_duration(inner)
            except ValueError:
                continue  # the conversion says what is wrong, and where
    return found


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: f"the text {value!r}", type(None): "nothing"}
    return names.get(type(value), repr(value))
