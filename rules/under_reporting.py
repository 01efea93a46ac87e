"""We see a vendor fail, and its page says that all is well.

What we see is our own: probes (subjects ``probe/...``) and figures that are pushed or read from our metrics, such as the rate of
errors of our calls. What the vendor says is everything else that tells of its status. A trouble of ours is *admitted* once the
page tells of one that may be the same: of the same vendor, with no part said to differ; planned work that is under way counts.

A page that can not be read, or that never said anything, admits nothing and denies nothing: the finding opens only where a page
was read and says otherwise. Each trouble of ours, admitted or not, goes into the vendor's record of the last 90 days: how long
the page took (the detection lead), and what it never told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_low
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.detection import Detection, Edge, Phase, detect
from secondsource.domain.observations import (
    PROBE,
    UNDER_WAY,
    ComponentStatus,
    Gone,
    Incident,
    Maintenance,
    Measurement,
    Observation,
    Outcome,
    SourceHealth,
)
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Severity, Signal, episode_id, signal
from secondsource.domain.signals import Phase as Said
from secondsource.domain.status import Status, rank
from secondsource.domain.words import count, duration

RECORD = timedelta(days=90)
MAX_RECORD = 60
"""Troubles of ours that a vendor's record holds: one every day and a half for 90 days; of more the newest."""

MAX_TOLD = 1000
"""What is told of by a vendor's page at a time; of a page that tells of more, no more is kept."""

_READ = frozenset({Outcome.OK, Outcome.UNCHANGED})
_SECOND = timedelta(seconds=1)


class Limit(BaseModel):
    """A figure of ours that means trouble from a value on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="What the measurement is called: `error rate`.")
    unit: str = Field(description="In which unit; one in another is not compared.")
    at_least: Decimal = Field(description="From this value on it is trouble.")
    status: Status = Field(default=Status.PARTIAL_OUTAGE, description="What it then counts as.")


class ReportingParams(BaseModel):
    """What counts as trouble of ours, and how long the vendor has for a word of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_status: Status = Field(default=Status.PARTIAL_OUTAGE, description="The mildest reading of a probe of ours that counts.")
    metrics: tuple[Limit, ...] = Field(
        default=(Limit(name="error rate", unit="%", at_least=Decimal(20)),), description="Figures of ours, by name, that tell of trouble."
    )
    hold: timedelta = Field(
        default=timedelta(minutes=10), ge=timedelta(0), description="How long the page may be silent before it is told."
    )
    clear_hold: timedelta = Field(
        default=timedelta(minutes=10), ge=timedelta(0), description="How long all of ours must be well before a trouble is over."
    )


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trouble that we see ourselves. ``says`` is the reading in words, ``id`` the observation that last changed it."""

    id: str
    says: str
    status: Status
    since: datetime
    scopes: tuple[Scope, ...]


class Spell(msgspec.Struct, frozen=True, omit_defaults=True):
    """One trouble of ours from its start: when the page admitted it (None: not yet, or never), and since when ours is well again."""

    start: datetime
    admitted: datetime | None = None
    well: datetime | None = None


class ReportingState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A vendor. ``told`` is what its page says is wrong, by source and subject; ``pages`` are sources that have said how it stands,
    ``blind`` those of them whose last poll failed; ``record`` are the troubles of the last 90 days that are over."""

    vendor: str
    exercise: str | None = None
    seen: dict[str, Seen] = {}
    told: dict[str, tuple[Scope, ...]] = {}
    pages: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()
    spell: Spell | None = None
    record: tuple[Spell, ...] = ()
    machine: Detection = Detection()
    worst: Status | None = None  # the worst that was told of this episode


class UnderReporting:
    """Opens when the page was silent for ``hold``; clears when it speaks, or when ours is well again."""

    meta: ClassVar[Meta] = Meta(
        id="under_reporting",
        version=1,
        title="Vendor does not tell of its trouble",
        why="Who waits for the vendor's page loses the time in which the load could have moved; who knows how late it is does not wait.",
        severity=Severity.MEDIUM,
        reach=Reach.VENDOR,
        consumes=("component_status", "incident", "maintenance", "measurement", "source_health"),
    )
    Params: ClassVar[type[BaseModel]] = ReportingParams
    State: ClassVar[type[msgspec.Struct]] = ReportingState

    def __init__(self, params: ReportingParams) -> None:
        self._params = params
        self._least = rank(params.min_status)
        self._limits = {(limit.name.lower(), limit.unit): limit for limit in params.metrics}

    def keys(self, observation: Observation) -> Sequence[str]:
        return (observation.vendor,)

    def on_observation(
        self, key: str, state: ReportingState | None, observation: Observation, now: datetime, context: Context
    ) -> Step | None:
        body = observation.body
        if isinstance(body, SourceHealth):
            after = _sighted(state, observation.source, body.outcome in _READ)
        elif isinstance(body, Measurement) or observation.subject.startswith(PROBE):
            after = self._see(state, observation, now)
        else:
            after = _hear(state, observation)
        # The rest of this poll is yet to come: judge when all of it is here.
        return None if after is state or after is None else Step(after, (), now)

    def on_wake(self, key: str, state: ReportingState, now: datetime, context: Context) -> Step | None:
        state, over = self._lived(state, now)
        silent = [seen for seen in state.seen.values() if not _admitted(seen, state)]
        readable = len(state.blind) < len(state.pages)
        before = state.machine
        lies = bool(silent) and (readable or before.phase in (Phase.FIRING, Phase.CLEARING))
        # a word of the page ends it at once; that ours is well must stand for a while
        clear_hold = timedelta(0) if state.seen else self._params.clear_hold
        machine, edge, wake = detect(before, lies, now, self._params.hold, clear_hold)
        said: tuple[Signal, ...] = ()
        worst = max((seen.status for seen in silent), key=rank, default=None)
        if edge is Edge.OPENED:
            said = (self._say(Said.OPENED, state, machine, silent, worst, now, context),)
            state = msgspec.structs.replace(state, worst=worst)
        elif edge is Edge.CLEARED:
            said = (self._say(Said.CLEARED, state, before, [], state.worst, now, context),)
            state = msgspec.structs.replace(state, worst=None)
        elif machine.phase is Phase.FIRING and worst is not None and state.worst is not None and rank(worst) > rank(state.worst):
            said = (self._say(Said.UPDATED, state, machine, silent, worst, now, context),)
            state = msgspec.structs.replace(state, worst=worst)
        if over:
            assert state.spell is not None
            kept = [spell for spell in (*state.record, state.spell) if now - spell.start <= RECORD]
            state = msgspec.structs.replace(state, spell=None, record=tuple(kept[-MAX_RECORD:]))
        elif state.spell is not None and state.spell.well is not None:
            due = state.spell.well + self._params.clear_hold
            wake = due if wake is None else min(wake, due)
        return Step(msgspec.structs.replace(state, machine=machine), said, wake)

    def _see(self, state: ReportingState | None, observation: Observation, now: datetime) -> ReportingState | None:
        """With what we see ourselves."""
        body, place = observation.body, f"{observation.source}\t{observation.subject}"
        old = state.seen.get(place) if state is not None else None
        status, says = Status.OPERATIONAL, ""
        scopes: tuple[Scope, ...] = (Scope(observation.vendor),)
        if isinstance(body, Measurement):
            limit = self._limits.get((body.name.lower(), body.unit))
            if limit is None:
                return state
            if body.value >= limit.at_least:
                status, says = limit.status, f"{body.name} {body.value:f} {body.unit}, {limit.at_least:f} {body.unit} or more is trouble"
            if body.region is not None:
                scopes = (Scope(observation.vendor, None, body.region),)
        elif isinstance(body, ComponentStatus):
            if body.status is Status.UNKNOWN:
                return state  # neither starts a trouble nor ends one
            if rank(body.status) >= self._least:
                status = body.status
                says = f"{body.name}: {_words(status)}" + (f", {body.native}" if body.native else "")
            scopes = body.scopes or scopes
        if status is Status.OPERATIONAL:
            if state is None or old is None:
                return state
            return msgspec.structs.replace(state, seen={name: seen for name, seen in state.seen.items() if name != place})
        if old is not None and (old.status, old.scopes) == (status, scopes):
            return state
        new = Seen(observation.id, says, status, old.since if old is not None else now, scopes)
        state = state or ReportingState(observation.vendor, observation.exercise)
        return msgspec.structs.replace(state, seen={**state.seen, place: new})

    def _lived(self, state: ReportingState, now: datetime) -> tuple[ReportingState, bool]:
        """With the trouble of ours brought up to ``now``, and whether it is over."""
        spell = state.spell
        if state.seen:
            spell = spell or Spell(min(seen.since for seen in state.seen.values()))
            admitted = spell.admitted
            if admitted is None and all(_admitted(seen, state) for seen in state.seen.values()):
                admitted = now
            spell = Spell(spell.start, admitted)
        elif spell is not None and spell.well is None:
            spell = Spell(spell.start, spell.admitted, now)
        over = spell is not None and spell.well is not None and now - spell.well >= self._params.clear_hold
        return (state if spell == state.spell else msgspec.structs.replace(state, spell=spell)), over

    def _say(
        self, phase: Said, state: ReportingState, machine: Detection, silent: Sequence[Seen], worst: Status | None, now: datetime,
        context: Context,
    ) -> Signal:  # fmt: skip
        assert machine.opened_at is not None
        assert machine.onset is not None
        assert state.spell is not None
        assert worst is not None
        name = context.graph.name(state.vendor)
        since = machine.onset
        if phase is not Said.CLEARED:
            pages = ", ".join(page for page in state.pages if page not in state.blind) or "its page, when it could last be read,"
            title = f"{name}: {_words(worst)} by our own measure, its page tells nothing of it"
            reason = f"{silent[0].says}, for {duration(now - since)}, while {pages} {'say' if ',' in pages else 'says'} nothing of it."
        elif state.seen:
            title = f"{name}: its page tells of the trouble now"
            reason = f"Its page spoke {duration(now - state.spell.start)} after we saw it."
        else:
            title = f"{name}: well again by our own measure, its page told nothing"
            well = state.spell.well or now
            reason = f"Ours is well since {well:%H:%M} UTC; in {duration(well - state.spell.start)} its page never spoke of it."
        measures, fact = _honesty(state, now)
        scopes = tuple(sorted({scope for seen in silent for scope in seen.scopes}, key=str)) or (Scope(state.vendor),)
        return signal(
            rule=self.meta.id,
            key=state.vendor,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=Severity.MEDIUM if rank(worst) >= rank(Status.MAJOR_OUTAGE) else Severity.LOW,
            subject=state.vendor,
            at=now,
            since=since,
            title=title,
            reason=reason,
            scopes=scopes,
            evidence=Evidence(
                tuple(seen.id for seen in sorted(silent, key=lambda seen: seen.since))[-50:],
                (Measure("page silent for", (now - state.spell.start) // _SECOND, "s", self._params.hold // _SECOND), *measures),
                (*(seen.says for seen in silent[:5]), fact),
            ),
            exercise=state.exercise,
        )


def _hear(state: ReportingState | None, observation: Observation) -> ReportingState | None:
    """With what the vendor says of itself."""
    body, source = observation.body, observation.source
    scopes: tuple[Scope, ...] | None = None
    if isinstance(body, ComponentStatus):
        if body.status is Status.UNKNOWN:
            return state
        if body.status is Status.OPERATIONAL:
            if state is not None and not state.told and source in state.pages:
                return state  # by far most readings: all was well and is
        else:
            scopes = body.scopes or (Scope(observation.vendor),)
    elif isinstance(body, Incident):
        if not body.resolved:
            scopes = body.scopes or (Scope(observation.vendor),)
    elif isinstance(body, Maintenance):
        if body.stage in UNDER_WAY:
            scopes = body.scopes or (Scope(observation.vendor),)
    elif not isinstance(body, Gone):
        return state
    place = f"{source}\t{observation.subject}"
    known = state is not None and source in state.pages
    old = state.told.get(place) if state is not None else None
    if (known or isinstance(body, Gone)) and scopes == old:
        return state
    state = state or ReportingState(observation.vendor, observation.exercise)
    told = {name: where for name, where in state.told.items() if name != place}
    if scopes is not None and len(told) < MAX_TOLD:
        told[place] = scopes
    pages = state.pages if known else tuple(sorted((*state.pages, source)))
    return msgspec.structs.replace(state, told=told, pages=pages)


def _sighted(state: ReportingState | None, source: str, read: bool) -> ReportingState | None:
    """With whether the page could be read."""
    if state is None or source not in state.pages or read is not (source in state.blind):
        return state
    blind = tuple(name for name in state.blind if name != source) if read else (*state.blind, source)
    return msgspec.structs.replace(state, blind=blind)


def _admitted(seen: Seen, state: ReportingState) -> bool:
    return any(mine.touches(theirs) for scopes in state.told.values() for theirs in scopes for mine in seen.scopes)


def _honesty(state: ReportingState, now: datetime) -> tuple[tuple[Measure, ...], str]:
    """The vendor's record with the present trouble: figures, and a sentence."""
    assert state.spell is not None
    spells = [spell for spell in (*state.record, state.spell) if now - spell.start <= RECORD]
    lags = [max(spell.admitted - spell.start, timedelta(0)) for spell in spells if spell.admitted is not None]
    untold = sum(((spell.well or now) - spell.start for spell in spells if spell.admitted is None), timedelta(0))
    measures = [Measure("troubles in 90 days", len(spells)), Measure("told by its page", len(lags))]
    fact = f"In 90 days we saw {count(len(spells), 'trouble')}; its page told of {len(lags)}"
    if lags:
        measures.append(Measure("median lead over its page", median_low(lags) // _SECOND, "s"))
        fact += f", {duration(median_low(lags))} after us in the median"
    measures.append(Measure("never or not yet told", untold // _SECOND, "s"))
    return tuple(measures), f"{fact}; it was silent for {duration(untold)} of trouble in all"


def _words(status: Status) -> str:
    return status.value.replace("_", " ")
