"""A source has not been read with success for several of its intervals: what it reports on is unknown, which is not well.

Silence fires too: the wake is set from the last success, so a collector that died is noticed as well as a page that broke.
Answers that can not be understood count by their number, because a page that answers something else (a login form, a new
format) looks alive to everybody but the parser. Where the answer is another platform's, the page has moved: that is told at once.

A source may also answer and say the same for ever: a price list that nobody writes any more, a cache that is never renewed. Told by the
date of its content, not by the server's word, and only where asked for: a status page may rightly say the same for weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.detection import Detection, Edge, Phase, detect
from secondsource.domain.observations import Observation, Outcome, SourceHealth
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Severity, Signal, episode_id, signal
from secondsource.domain.signals import Phase as Said
from secondsource.domain.words import count, duration

_FAILURES = {
    Outcome.HTTP_ERROR: "the server refuses or fails",
    Outcome.NETWORK: "the server can not be reached",
    Outcome.TIMEOUT: "the server does not answer in time",
    Outcome.TOO_LARGE: "the answer is too large",
    Outcome.REFUSED: "the poll was refused",
    Outcome.PARSE: "the answer can not be understood",
}
_READ = (Outcome.OK, Outcome.UNCHANGED)
_AT_ONCE = timedelta(0)
_UNCHANGED = "/unchanged"
_NO_LONGER = "The source is no longer polled; what it reported on is not watched by it any more."


class BlindParams(BaseModel):
    """How long a source may stay unread."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intervals: float = Field(default=3.0, ge=1, le=100, description="Without success for this many intervals, a source is blind.")
    default_interval: timedelta = Field(
        default=timedelta(minutes=5), gt=timedelta(0), description="The interval of a source that does not say its own."
    )
    parse_failures: int = Field(
        default=3, ge=1, le=100, description="As many answers without success between them that can not be understood are blindness too."
    )
    clear_hold: timedelta = Field(
        default=timedelta(minutes=5), ge=timedelta(0), description="How long a source must be read again before it clears."
    )
    unchanged_after: timedelta | None = Field(
        default=None, gt=timedelta(0), description="How long a source that answers may say the same; for ever where absent."
    )
    unchanged_sources: dict[str, Annotated[timedelta, Field(gt=timedelta(0))]] = Field(
        default={}, description="The same by source or connector, for what must move: price lists, quotas. The source's own goes first."
    )


class BlindState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a source. ``sighted`` is the last success, or when it was first heard of if there was none.

    The key ``<source>/unchanged`` keeps the same of its content: ``sighted`` is when that last changed, ``succeeded`` whether there
    ever was any, ``allowed`` how long it may stay, ``heard`` the answer that last told anything new of this.
    """

    vendor: str
    sighted: datetime
    heard: datetime
    allowed: timedelta
    succeeded: bool = False
    outcome: Outcome = Outcome.OK
    detail: str = ""
    connector: str = ""
    misread: int = 0  # answers since the last success that could not be understood
    moved_to: str = ""  # the connector that recognised the last of them
    last: tuple[str, ...] = ()  # ids of failed polls since the last success, at most ten
    machine: Detection = Detection()
    exercise: str | None = None


class BlindSource:
    """Opens when a source went unread, or said the same, for too long; clears when that is over, or it is no longer polled."""

    meta: ClassVar[Meta] = Meta(
        id="blind_source",
        version=1,
        title="Source can not be read",
        why="A page that can not be read says nothing: not that all is well, and not that it is down.",
        severity=Severity.MEDIUM,
        reach=Reach.VENDOR,
        consumes=("source_health",),
    )
    Params: ClassVar[type[BaseModel]] = BlindParams
    State: ClassVar[type[msgspec.Struct]] = BlindState

    def __init__(self, params: BlindParams) -> None:
        self._params = params
        self._allowed = lru_cache(maxsize=256)(self._times_interval)

    def keys(self, observation: Observation) -> Sequence[str]:
        return (observation.source, observation.source + _UNCHANGED)

    def on_observation(self, key: str, state: BlindState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body = observation.body
        if key != observation.source:
            return self._on_content(key, state, observation, now, context)
        if not isinstance(body, SourceHealth):
            if state is None:
                return None
            if state.machine.opened_at is None:
                return Step(None)
            return Step(None, (self._say(key, Said.CLEARED, state, state.machine, now, context, _NO_LONGER),))
        if state is not None and observation.observed_at <= state.heard:
            return None  # a second delivery
        heard = self._heard(state, observation, body)
        moved = bool(heard.moved_to) and (state is None or state.moved_to != heard.moved_to)
        return self._judge(key, heard, now, context, moved)

    def on_wake(self, key: str, state: BlindState, now: datetime, context: Context) -> Step | None:
        return self._judge(key, state, now, context)

    def _heard(self, state: BlindState | None, observation: Observation, body: SourceHealth) -> BlindState:
        at, outcome = observation.observed_at, body.outcome
        machine = state.machine if state is not None else Detection()
        misread, moved_to, last = (state.misread, state.moved_to, state.last) if state is not None else (0, "", ())
        if outcome in _READ:
            sighted, succeeded, misread, moved_to, last = at, True, 0, "", ()
        else:
            success = body.last_success_at
            known = success or at if state is None else max(state.sighted, success or state.sighted)
            sighted, succeeded = min(known, at), success is not None or (state is not None and state.succeeded)
            if outcome is Outcome.PARSE:
                misread, moved_to = misread + 1, body.looks_like
            last = (*last, observation.id)[-10:]
        return BlindState(
            observation.vendor, sighted, at, self._allowed(body.interval_s), succeeded, outcome, body.detail, body.connector, misread,
            moved_to, last, machine, observation.exercise,
        )  # fmt: skip

    def _times_interval(self, seconds: int) -> timedelta:
        interval = timedelta(seconds=seconds) if seconds > 0 else self._params.default_interval
        return interval * self._params.intervals

    def _judge(self, key: str, state: BlindState, now: datetime, context: Context, moved: bool = False) -> Step:
        due = state.sighted + state.allowed
        blind = now >= due or state.misread >= self._params.parse_failures or bool(state.moved_to)
        if not blind and state.machine.phase is Phase.CLEAR:
            return Step(state, (), due)
        machine, edge, wake = detect(state.machine, blind, now, _AT_ONCE, self._params.clear_hold)
        said: tuple[Signal, ...] = ()
        if edge is Edge.OPENED:
            said = (self._say(key, Said.OPENED, state, machine, now, context, self._why(state, now)),)
        elif moved and machine.phase is Phase.FIRING:
            said = (self._say(key, Said.UPDATED, state, machine, now, context, self._why(state, now)),)
        elif edge is Edge.CLEARED:
            reason = f"The source was read at {state.sighted:%H:%M:%S} UTC and has answered since."
            said = (self._say(key, Said.CLEARED, state, state.machine, now, context, reason),)
        if due > now and machine.phase is not Phase.FIRING:
            wake = due if wake is None else min(wake, due)
        if machine is not state.machine:
            state = msgspec.structs.replace(state, machine=machine)
        return Step(state, said, wake)

    def _why(self, state: BlindState, now: datetime) -> str:
        if state.moved_to:
            told = f"the answer can not be understood and is {state.moved_to}'s format: the page has moved"
        elif state.misread >= self._params.parse_failures:
            told = f"{count(state.misread, 'answer')} could not be understood"
        elif state.outcome in _FAILURES:
            told = _FAILURES[state.outcome]
        else:
            told = "no poll has ended since"
        silent = now - state.sighted
        since = "last success" if state.succeeded else "first poll, never a success"
        detail = f": {state.detail}" if state.detail else ""
        return f"{duration(silent)} since the {since}, {duration(state.allowed)} are allowed; {told}{detail}."

    def _say(self, key: str, phase: Said, state: BlindState, machine: Detection, now: datetime, context: Context, reason: str) -> Signal:
        assert machine.opened_at is not None
        words = "unknown, its page has moved" if state.moved_to else "unknown, it can not be read"
        if phase is Said.CLEARED:
            words = "is read again"
        silent = (now - state.sighted) // timedelta(seconds=1)
        measures = (
            Measure("since last success", silent, "s", state.allowed // timedelta(seconds=1)),
            Measure("answers not understood", state.misread, "", self._params.parse_failures),
            Measure("outcome of the last poll", state.outcome.value),
        )
        proposal = f"It looks like {state.moved_to} now: name that connector and its address for this source" if state.moved_to else ""
        facts = tuple(fact for fact in (state.connector and f"Connector {state.connector}", state.detail, proposal) if fact)
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=self.meta.severity,
            subject=state.vendor,
            at=now,
            since=machine.onset or machine.opened_at,
            title=f"{context.graph.name(state.vendor)}: source {key} {words}",
            reason=reason,
            scopes=(Scope(state.vendor),),
            evidence=Evidence(state.last, measures, facts),
            exercise=state.exercise,
        )

    def _on_content(self, key: str, state: BlindState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        """Judged at each answer that was understood: what can not be read neither changes nor stays the same, it is unknown."""
        body, at = observation.body, observation.observed_at
        if not isinstance(body, SourceHealth):
            return self._settled(key, state, observation, now, context, _NO_LONGER)
        allowed = self._may_stay(observation.source, body.connector)
        if allowed is None:
            return self._settled(key, state, observation, now, context, "How long it may say the same is no longer set.")
        if body.outcome not in _READ or (state is not None and at <= state.heard):
            return None
        said = body.content_at
        since, ever = (at, False) if state is None else (state.sighted, state.succeeded)
        if said is not None and (state is None or body.outcome is Outcome.OK):  # unchanged never moves the date that is known
            said = min(said, at)
            since, ever = said if state is None else max(said, since), True
        before = Detection() if state is None else state.machine
        machine, edge, _ = detect(before, at - since >= allowed, now, _AT_ONCE, _AT_ONCE)
        if state is not None and (since, allowed, machine) == (state.sighted, state.allowed, before):
            return None
        after = BlindState(
            observation.vendor, since, at, allowed, ever, body.outcome, connector=body.connector, machine=machine,
            exercise=observation.exercise,
        )  # fmt: skip
        if edge is Edge.OPENED:
            same = "the same" if ever else "nothing"
            words = f"answers, but has said {same} since {since:%Y-%m-%d %H:%M} UTC"
            reason = f"It has said {same} for {duration(at - since)}, {duration(allowed)} are allowed; whether that still holds is unknown."
            return Step(after, (self._say_content(key, Said.OPENED, after, machine, observation, now, context, words, reason),))
        if edge is Edge.CLEARED:
            assert state is not None
            words = "says something new"
            reason = f"Its content changed at {since:%Y-%m-%d %H:%M} UTC, after {duration(since - state.sighted)}."
            if since == state.sighted:
                words, reason = "may say the same for longer", f"{duration(allowed)} are allowed now."
            return Step(after, (self._say_content(key, Said.CLEARED, after, before, observation, now, context, words, reason),))
        return Step(after)

    def _may_stay(self, source: str, connector: str) -> timedelta | None:
        named = self._params.unchanged_sources
        return named.get(source) or named.get(connector) or self._params.unchanged_after

    def _settled(
        self, key: str, state: BlindState | None, observation: Observation, now: datetime, context: Context, reason: str
    ) -> Step | None:
        """Nobody watches the content any more."""
        if state is None:
            return None
        if state.machine.opened_at is None:
            return Step(None)
        words = "is not watched for new content any more"
        return Step(None, (self._say_content(key, Said.CLEARED, state, state.machine, observation, now, context, words, reason),))

    def _say_content(
        self, key: str, phase: Said, state: BlindState, machine: Detection, observation: Observation, now: datetime, context: Context,
        words: str, reason: str,
    ) -> Signal:  # fmt: skip
        assert machine.opened_at is not None
        same = (observation.observed_at - state.sighted) // timedelta(seconds=1)
        measures = (
            Measure("since the content changed", same, "s", state.allowed // timedelta(seconds=1)),
            Measure("outcome of the last poll", state.outcome.value),
        )
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=Severity.LOW,
            subject=state.vendor,
            at=now,
            since=machine.onset or machine.opened_at,
            title=f"{context.graph.name(state.vendor)}: source {key.removesuffix(_UNCHANGED)} {words}",
            reason=reason,
            scopes=(Scope(state.vendor),),
            evidence=Evidence((observation.id,), measures, (f"Connector {state.connector}",) if state.connector else ()),
            exercise=state.exercise,
        )
