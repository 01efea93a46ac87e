"""What a case expects of the ledger, and how the ledger differs from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from secondsource.contracts.durations import format_duration
from secondsource.contracts.yaml_positions import Document, Loc
from secondsource.domain.problems import Problem
from secondsource.domain.signals import Phase, Severity, Signal
from secondsource.testing.forms import Form

_NAMES = frozenset({"phase", "key", "severity", "subject", "title", "reason", "scopes", "since", "exercise", "measures", "facts"})


class Expectation(msgspec.Struct, frozen=True):
    """Signals of one instant, or that from ``at`` to ``until`` there is none. ``wanted`` None stands for the latter."""

    at: datetime
    until: datetime
    wanted: Mapping[str, Any] | None
    loc: Loc


def expectations(form: Form, value: Any, start: datetime, *loc: str | int) -> tuple[tuple[Expectation, ...], bool]:
    """What stands under ``expect``, and whether nothing else may come."""
    found: list[Expectation] = []
    nothing_else = True
    for when, entries in (form.mapping(value, frozenset(map(str, value)), *loc) if isinstance(value, dict) else {}).items():
        place = (*loc, when)
        if when == "nothing-else":
            if not isinstance(entries, bool):
                form.complain("true or false belongs here", *place)
            nothing_else = entries is not False
            continue
        first, dots, last = (part.strip() for part in when.partition(".."))
        begin = form.offset(first, *place)
        end = form.offset(last, *place) if dots else begin
        if begin is None or end is None:
            continue
        if entries == "nothing" or entries == []:
            found.append(Expectation(start + begin, start + end, None, place))
            continue
        if dots:
            form.complain("over a span of time only `nothing` can be expected", *place)
            continue
        found += [
            Expectation(start + begin, start + end, wanted, (*place, index))
            for index, entry in enumerate(form.listed(entries, *place))
            if (wanted := _wanted(form, entry, *place, index)) is not None
        ]
    if not isinstance(value, dict):
        form.complain("a mapping from times such as +5m to lists of signals belongs here", *loc)
    return tuple(sorted(found, key=lambda item: item.at)), nothing_else


def _wanted(form: Form, entry: Any, *loc: str | int) -> Mapping[str, Any] | None:
    before = len(form.problems)
    wanted = form.mapping(entry, _NAMES, *loc)
    for name, kind in (("phase", Phase), ("severity", Severity)):
        known = [member.value for member in kind]
        if (name in wanted or (name == "phase" and isinstance(entry, dict))) and wanted.get(name) not in known:
            form.complain(f"{name} is one of {', '.join(known)}", *loc, name)
    for name, type_ in (("measures", dict), ("facts", list), ("scopes", list)):
        if name in wanted and not isinstance(wanted[name], type_):
            form.complain(f"{name} is a {'mapping' if type_ is dict else 'list'}", *loc, name)
    if "since" in wanted:
        wanted["since"] = form.instant(wanted["since"], *loc, "since")
    for name, value in wanted.items():
        for text in value if isinstance(value, list) else [value]:
            try:
                re.compile(text[1:-1]) if _is_pattern(text) else None
            except re.error as error:
                form.complain(f"{text} is no regular expression: {error}", *loc, name)
    return wanted if len(form.problems) == before else None


def compare(
    document: Document, start: datetime, said: Sequence[Signal], expected: Sequence[Expectation], nothing_else: bool
) -> list[Problem]:
    """All differences between the ledger and what was expected, each at its place in the case."""
    problems = []
    left = list(said)
    for item in expected:
        if item.wanted is None:
            continue
        match = _best(left, item)
        if match is None:
            problems.append(document.problem(_missing(item, said, start), *item.loc))
            continue
        left.remove(match)
        problems += [
            document.problem(f"{name}: expected {_shown(item.wanted[name])}, got {_shown(got)}", *item.loc, name)
            for name, got in _differences(match, item.wanted)
        ]
    for signal in left:
        quiet = next((item for item in expected if item.wanted is None and item.at <= signal.at <= item.until), None)
        if quiet is not None:
            problems.append(document.problem(f"nothing was expected, got {_line(signal, start)}", *quiet.loc))
        elif nothing_else:
            problems.append(document.problem(f"not expected: {_line(signal, start)}", "expect"))
    return problems


def _best(left: Sequence[Signal], item: Expectation) -> Signal | None:
    """Of the signals of that instant, phase and key, the one that differs in least."""
    assert item.wanted is not None
    wanted = item.wanted
    fits = [
        signal
        for signal in left
        if signal.at == item.at and signal.phase.value == wanted["phase"] and ("key" not in wanted or _same(signal.key, wanted["key"]))
    ]
    return min(fits, key=lambda signal: len(_differences(signal, wanted)), default=None)


def _differences(signal: Signal, wanted: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: dict[str, Any] = {
        "phase": signal.phase.value,
        "key": signal.key,
        "severity": signal.severity.value,
        "subject": signal.subject,
        "title": signal.title,
        "reason": signal.reason,
        "scopes": sorted(map(str, signal.scopes)),
        "since": signal.since,
        "exercise": signal.exercise,
        "measures": {measure.name: measure.value for measure in signal.evidence.measures},
        "facts": list(signal.evidence.facts),
    }
    return [(name, found[name]) for name, value in wanted.items() if not _fits(name, value, found[name])]


def _fits(name: str, wanted: Any, got: Any) -> bool:
    if name == "measures":
        return all(inner in got and _same(got[inner], value) for inner, value in wanted.items())
    if name == "facts":
        return all(any(_same(fact, text) for fact in got) for text in wanted)
    return sorted(map(str, wanted)) == got if name == "scopes" else _same(got, wanted)


def _same(got: Any, wanted: Any) -> bool:
    if _is_pattern(wanted):
        return re.search(wanted[1:-1], str(got)) is not None
    if isinstance(got, Decimal | float | int) and isinstance(wanted, float | int) and not isinstance(wanted, bool):
        return Decimal(str(got)) == Decimal(str(wanted))
    return bool(got == wanted)


def _is_pattern(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 1 and value.startswith("/") and value.endswith("/")


def _missing(item: Expectation, said: Sequence[Signal], start: datetime) -> str:
    assert item.wanted is not None
    what = f"{item.wanted['phase']} {item.wanted.get('key', '')}".rstrip()
    others = [s for s in said if s.phase.value == item.wanted["phase"] and ("key" not in item.wanted or _same(s.key, item.wanted["key"]))]
    if others:
        nearest = min(others, key=lambda signal: abs(signal.at - item.at))
        return f"expected {what}; the nearest such is {_line(nearest, start)}"
    now = [_line(signal, start) for signal in said if signal.at == item.at]
    return f"expected {what}; " + (f"at that time came {'; '.join(now)}" if now else "nothing like it ever came")


def _line(signal: Signal, start: datetime) -> str:
    return f"+{format_duration(signal.at - start)} {signal.phase.value} {signal.key} {signal.severity.value} “{signal.title}”"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_shown(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return value.isoformat() if isinstance(value, datetime) else str(value)
