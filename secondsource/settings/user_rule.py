"""A rule that a user wrote, as a rule of the engine: a condition over observations or findings, held for a while.

What matches is kept by source and subject. The condition of a key stands while at least ``at_least`` of its subjects match. A
subject that vanishes, and a finding that clears, match no longer. An observation for which the condition can not be worked out
changes nothing, and is told as a finding of its own: the rule is blind there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from string import Template
from typing import Any, ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict

from secondsource.contracts.rule import Meta, Reach, Rule, Step
from secondsource.domain.conditions import BadCondition, Condition
from secondsource.domain.context import Context
from secondsource.domain.detection import Detection, Edge, detect
from secondsource.domain.findings import Finding
from secondsource.domain.observations import Gone, Observation
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal
from secondsource.settings.user_rule_form import UserRuleForm

MAX_MATCHES = 500
"""Subjects of a key that match at a time; of more, no more are kept."""


class NoParams(BaseModel):
    """A rule that a user wrote has no parameters: its file says all."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(msgspec.Struct, frozen=True, omit_defaults=True):
    """A subject for which the condition holds. ``id`` is the observation that last said so."""

    id: str
    since: datetime
    vendor: str
    scopes: tuple[Scope, ...]
    value: float | None = None


class Failed(msgspec.Struct, frozen=True):
    """The condition failed for the observation ``id`` of ``vendor``, from the subject ``place``, for the reason ``why``."""

    at: datetime
    id: str
    place: str
    vendor: str
    why: str


class UserState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key. ``matches`` are by vendor, source and subject, ``told`` is what the opening was said of; ``failed`` is the observation
    that could not be judged, ``failing`` what was last said of that."""

    exercise: str | None = None
    matches: dict[str, Match] = {}
    machine: Detection = Detection()
    told: tuple[str, ...] = ()
    failed: Failed | None = None
    failing: Failed | None = None


class UserRule:
    """What all rules that users wrote have in common; :func:`made` gives each its own class."""

    meta: ClassVar[Meta]
    form: ClassVar[UserRuleForm]
    Params: ClassVar[type[BaseModel]] = NoParams
    State: ClassVar[type[msgspec.Struct]] = UserState

    def __init__(self, params: Any = None) -> None:
        form = self.form
        self._when = Condition(form.when)
        self._value = Condition(form.value) if form.value is not None else None
        self._vendors = frozenset(form.vendors)
        self._key = Template(form.key)
        self._title = Template(form.title)
        self._message = Template(form.message)

    def keys(self, observation: Observation) -> Sequence[str]:
        if self._vendors and observation.vendor not in self._vendors:
            return ()
        return (self._key.substitute(vendor=observation.vendor, source=observation.source, subject=observation.subject),)

    def on_observation(self, key: str, state: UserState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        place = f"{observation.vendor}\t{observation.source}\t{observation.subject}"
        old = state.matches.get(place) if state is not None else None
        before = state.failed if state is not None else None
        try:
            match, failed = self._match(observation, old, now), None if before is not None and before.place == place else before
        except BadCondition as error:
            match, failed = old, _earlier(before, Failed(now, observation.id, place, observation.vendor, str(error)))
        if match == old and failed == before:
            return None
        state = state or UserState(observation.exercise)
        matches = {name: each for name, each in state.matches.items() if name != place}
        if match is not None and len(matches) < MAX_MATCHES:
            matches[place] = match
        # The rest of this poll is yet to come: judge when all of it is here.
        return Step(msgspec.structs.replace(state, matches=matches, failed=failed), (), now)

    def on_wake(self, key: str, state: UserState, now: datetime, context: Context) -> Step | None:
        form, before = self.form, state.machine
        machine, edge, wake = detect(before, len(state.matches) >= form.at_least, now, form.hold, form.clear_hold)
        said = list(self._failing(key, state, now, context))
        if edge is Edge.OPENED:
            state = msgspec.structs.replace(state, told=_oldest(state))
            said.append(self._say(Phase.OPENED, key, state, machine, now, context))
        elif edge is Edge.CLEARED:
            said.append(self._say(Phase.CLEARED, key, state, before, now, context))
        if not state.matches and machine == Detection() and state.failed is None:
            return Step(None, said)
        return Step(msgspec.structs.replace(state, machine=machine, failing=state.failed), said, wake)

    def _match(self, observation: Observation, old: Match | None, now: datetime) -> Match | None:
        """What the observation makes of its subject; None where it does not match. Raises :class:`BadCondition`."""
        body = observation.body
        if isinstance(body, Gone) or (isinstance(body, Finding) and body.over) or self._when.of(observation) is not True:
            return None
        value = self._value.of(observation) if self._value is not None else None
        scopes: tuple[Scope, ...] = getattr(body, "scopes", ()) or (Scope(observation.vendor),)
        since = old.since if old is not None else now
        return Match(observation.id, since, observation.vendor, scopes, None if value is None else float(value))

    def _say(self, phase: Phase, key: str, state: UserState, machine: Detection, now: datetime, context: Context) -> Signal:
        assert machine.opened_at is not None
        matches = sorted(state.matches.values(), key=lambda match: (match.since, match.id))
        vendors = sorted({match.vendor for match in matches}) or [state.told[0]]
        values = [match.value for match in matches if match.value is not None]
        words = {
            "vendor": ", ".join(map(context.graph.name, vendors)),
            "source": state.told[1],
            "subject": state.told[2],
            "key": key,
            "count": str(len(matches)),
            "value": f"{max(values):g}" if values else "no value",
        }
        over = phase is Phase.CLEARED
        measures = [Measure("matching", len(matches), "", self.form.at_least)]
        if values:
            measures.append(Measure("value", max(values)))
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=self.form.severity,
            subject=vendors[0] if len(vendors) == 1 else self.meta.id,
            at=now,
            since=machine.onset or machine.opened_at,
            title=f"{words['vendor']}: no longer so: {self.meta.title}" if over else self._title.substitute(words),
            reason=f"`{self.form.when}` holds no longer." if over else self._message.substitute(words) or f"`{self.form.when}` holds.",
            scopes=tuple(sorted({scope for match in matches for scope in match.scopes}, key=str)) or (Scope(vendors[0]),),
            evidence=Evidence(tuple(match.id for match in matches)[-50:], tuple(measures), (f"Condition: {self.form.when}",)),
            exercise=state.exercise,
        )

    def _failing(self, key: str, state: UserState, now: datetime, context: Context) -> Sequence[Signal]:
        """That the condition fails, once; and that it works again."""
        told = state.failing or state.failed
        if told is None or (state.failed is None) is (state.failing is None):
            return ()
        name = context.graph.name(told.vendor)
        return (
            signal(
                rule=self.meta.id,
                key=f"{key}/condition",
                episode=episode_id(told.at),
                phase=Phase.OPENED if state.failed is not None else Phase.CLEARED,
                severity=Severity.LOW,
                subject=told.vendor,
                at=now,
                since=told.at,
                title=f"Rule {self.meta.id} {'can not judge' if state.failed is not None else 'judges again'} what is said of {name}",
                reason=f"Its condition fails: {told.why}." if state.failed is not None else "Its condition could be worked out again.",
                scopes=(Scope(told.vendor),),
                evidence=Evidence((told.id,), (), (f"Condition: {self.form.when}",)),
                exercise=state.exercise,
            ),
        )


def _oldest(state: UserState) -> tuple[str, ...]:
    """Vendor, source and subject of what has matched longest; names decide ties, so the order of vendors does not."""
    return tuple(min(state.matches, key=lambda place: (state.matches[place].since, place)).split("\t"))


def _earlier(one: Failed | None, other: Failed) -> Failed:
    """The failure that is kept: the earlier one."""
    return other if one is None or (other.at, other.place) < (one.at, one.place) else one


def made(form: UserRuleForm) -> type[Rule]:
    """The rule that ``form`` describes."""
    meta = Meta(
        id=form.id,
        version=form.version,
        title=form.title if "$" not in form.title else form.why or form.id,
        why=form.why or form.title,
        severity=form.severity,
        reach=Reach(form.reach),
        consumes=form.consumes,
    )
    return type(f"UserRule_{form.id}", (UserRule,), {"meta": meta, "form": form, "__doc__": form.why or form.title})
