"""Drills: a made-up vendor event on the live path, and the clock that people and program are measured by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from secondsource.contracts.durations import format_duration
from secondsource.domain.observations import AnyBody, Observation, observe
from secondsource.domain.scope import Scope
from secondsource.plans.placeholders import substitute
from secondsource.plans.schema import Drill, Inject

MEASURES = ("detect", "notify", "acknowledge", "decide", "recover")


class DrillFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """When, in one drill, things happened (UTC); None for what did not."""

    started_at: datetime
    detected_at: datetime | None = None
    notified_at: datetime | None = None
    acknowledged_at: datetime | None = None
    decided_at: datetime | None = None
    recovered_at: datetime | None = None


class Score(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measure: seconds from the start, None for "did not happen"; ``objective`` in seconds, None when none was set."""

    measure: str
    seconds: float | None
    objective: float | None
    passed: bool
    says: str


class DrillReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a drill went. It passed when every measure with an objective did, and at least one has an objective."""

    id: str  # of this drill run: the mark on everything that it caused
    drill: str
    title: str
    plan: str | None
    started_at: datetime
    scores: tuple[Score, ...]
    passed: bool


class OpenRisk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A real risk that is open now."""

    id: str
    title: str
    functions: tuple[str, ...] = ()


def injects(drill: Drill, started_at: datetime, drill_id: str, scope: Scope | None = None) -> tuple[tuple[datetime, Observation], ...]:
    """When which observation is put on the log, in order of time; each carries ``drill_id`` as its exercise.

    ``scope`` replaces the drill's own. Raises ``ValueError`` naming the inject when its body is not an observation's.
    """
    place = scope or drill.scope.scope
    found = []
    for number, inject in enumerate(drill.injects):
        at = started_at + inject.at
        observation = observe(
            source=_fill(inject.source, place),
            vendor=place.vendor,
            subject=_fill(inject.subject, place),
            observed_at=at,
            body=body_of(inject, place, number),
            exercise=drill_id,
        )
        found.append((at, observation))
    return tuple(sorted(found, key=lambda pair: pair[0]))


def body_of(inject: Inject, place: Scope, number: int = 0) -> AnyBody:
    """What ``inject`` says about ``place``. Raises ``ValueError`` when it is not the body of an observation."""
    raw = _fill_all(inject.body.model_dump(mode="python"), place)
    try:
        body: AnyBody = msgspec.convert(raw, AnyBody, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"injects[{number}].body: {error}") from None
    unknown = sorted(set(raw) - {"kind"} - set(type(body).__struct_fields__))
    if unknown:
        raise ValueError(f"injects[{number}].body: {raw['kind']} has no field {unknown[0]!r}")
    return body


def _values(place: Scope) -> Mapping[str, str]:
    return {"vendor": place.vendor, "product": place.product or "", "region": place.region or ""}


def _fill(text: str, place: Scope) -> str:
    return substitute(text, _values(place))


def _fill_all(value: Any, place: Scope) -> Any:
    """``value`` with placeholders filled; a field that is nothing but an empty one is left out: it was not said."""
    if isinstance(value, str):
        return _fill(value, place)
    if isinstance(value, list | tuple):
        return [_fill_all(member, place) for member in value]
    if isinstance(value, dict):
        filled = {key: (member, _fill_all(member, place)) for key, member in value.items()}
        return {key: new for key, (old, new) in filled.items() if not (new == "" and old != "")}
    return value


def score(drill: Drill, facts: DrillFacts, drill_id: str) -> DrillReport:
    """Each measure against its objective. What did not happen fails where it was expected."""
    times = {
        "detect": facts.detected_at,
        "notify": facts.notified_at,
        "acknowledge": facts.acknowledged_at,
        "decide": facts.decided_at,
        "recover": facts.recovered_at,
    }
    scores = tuple(_score(name, getattr(drill.expect, name), times[name], facts.started_at) for name in MEASURES)
    judged = [each for each in scores if each.objective is not None]
    passed = bool(judged) and all(each.passed for each in judged)
    return DrillReport(drill_id, drill.id, drill.title, drill.plan, facts.started_at, scores, passed)


def _score(measure: str, objective: timedelta | None, at: datetime | None, started_at: datetime) -> Score:
    limit = objective.total_seconds() if objective is not None else None
    wanted = f", {format_duration(objective)} allowed" if objective is not None else ""
    if at is None:
        return Score(measure, None, limit, objective is None, f"did not happen{wanted}")
    took = at - started_at
    passed = objective is None or took <= objective
    return Score(measure, took.total_seconds(), limit, passed, f"after {format_duration(took)}{wanted}")


def refusals(drill: Drill, open_risks: Iterable[OpenRisk], hollow_plan: str = "", anyway: bool = False) -> list[str]:
    """Why the drill must not start now; empty when it may.

    A real risk that touches a function of the drill always stands in the way: people would have two things to do and could take
    one for the other. A hollow plan (``hollow_plan`` says why it is) does so unless the drill is wanted ``anyway``.
    """
    found = []
    for risk in open_risks:
        touched = sorted(set(risk.functions) & set(drill.functions)) if drill.functions else sorted(risk.functions)
        if touched:
            found.append(f"risk {risk.id} ({risk.title}) is open and touches {', '.join(touched)}; drill when it is closed")
    if hollow_plan and drill.plan and not anyway:
        found.append(f"plan {drill.plan} would not help now: {hollow_plan}; mend it, or start the drill with --anyway")
    return found
