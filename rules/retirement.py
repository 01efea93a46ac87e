"""A model, SKU, API version or region that we use is being retired: the clock until it is gone.

Only what is used is told: the items, products and regions that the portfolio names. It is told when the end is announced, again 90, 60,
30 and 7 days before it, and when it has come. *Deprecated* without a date is a finding of its own, low and open: no date is set, which
is not the same as none to come. What nobody says anything of is not called safe; nothing is claimed of it. Where sources name
different days the earliest counts. The days are counted from the time of observation, as all time here; the day itself is the source's.
A day without a time of day (which reads as midnight) counts to its end, in UTC.

What has ended and is in use stays told until nothing uses it any more: that a list drops what is retired takes nothing back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.observations import Gone, Observation, Retirement
from secondsource.domain.portfolio import Dependency
from secondsource.domain.reach import index_of
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal
from secondsource.domain.subjects import users_of
from secondsource.domain.words import count

_DAY = timedelta(days=1)
_ANNOUNCED, _UNDATED, _RETIRED = "announced", "undated", "retired"
MAX_SOURCES = 8
"""That speak of one item; a ninth is not heard."""


class RetirementParams(BaseModel):
    """When it is told again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notices: tuple[int, ...] = Field(default=(90, 60, 30, 7), min_length=1, description="Days before the end at which it is told again.")
    medium_from: int = Field(default=30, ge=0, description="From so many days before the end on it is of medium severity.")
    clear_hold: timedelta = Field(
        default=timedelta(hours=6), ge=timedelta(0), description="For how long no source must speak of it before it counts as withdrawn."
    )
    high_from: int = Field(default=7, ge=0, description="From so many days before the end on it is of high severity.")

    @field_validator("notices")
    @classmethod
    def _falling(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(days < 1 for days in value) or list(value) != sorted(set(value), reverse=True):
            raise ValueError("days before the end, the most first, such as [90, 30, 7]")
        return value


class Word(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one source says of the item. ``at`` None: deprecated, no date set."""

    id: str
    at: datetime | None = None
    replacement: str | None = None


class RetirementState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item of a vendor. ``told`` is the stage last told: announced, undated, retired, or the days of the notice; ``told_at`` the day
    that was named then, ``silent`` since when no source speaks of it."""

    vendor: str
    item: str
    exercise: str | None = None
    words: dict[str, Word] = {}
    opened_at: datetime | None = None
    told: str = ""
    told_at: datetime | None = None
    silent: datetime | None = None


class RetirementClock:
    """Opens when the end of something in use is announced; clears when that is withdrawn, or it is no longer used."""

    meta: ClassVar[Meta] = Meta(
        id="retirement",
        version=1,
        title="What we use is being retired",
        why="A model that is switched off takes its function down on a day that was known for months.",
        severity=Severity.MEDIUM,
        reach=Reach.VENDOR,
        consumes=("retirement",),
    )
    Params: ClassVar[type[BaseModel]] = RetirementParams
    State: ClassVar[type[msgspec.Struct]] = RetirementState

    def __init__(self, params: RetirementParams) -> None:
        self._params = params
        self._users: dict[tuple[str, str, str], tuple[Dependency, ...]] = {}

    def keys(self, observation: Observation) -> Sequence[str]:
        body = observation.body
        item = body.item if isinstance(body, Retirement) else observation.subject.removeprefix("retirement/")
        return (f"{observation.vendor}/{item}",)

    def on_observation(
        self, key: str, state: RetirementState | None, observation: Observation, now: datetime, context: Context
    ) -> Step | None:
        body, source = observation.body, observation.source
        old = state.words.get(source) if state is not None else None
        new = None
        if isinstance(body, Gone) and old is not None and (end := _end(old)) is not None and end <= now:
            return None
        if isinstance(body, Retirement) and (body.deprecated or body.retires_at is not None):
            new = Word(observation.id, body.retires_at, body.replacement)
        vendor, _, item = key.partition("/")
        in_use = bool(self._used_by(vendor, item, context))
        same = new == old or (new is not None and old is not None and (new.at, new.replacement) == (old.at, old.replacement))
        if same and (state is None or in_use is (state.opened_at is not None)):
            return None
        state = state or RetirementState(vendor, item, observation.exercise)
        words = {name: word for name, word in state.words.items() if name != source}
        if new is not None and len(words) < MAX_SOURCES:
            words[source] = old if same and old is not None else new
        # The rest of this poll is yet to come: judge when all of it is here.
        return Step(msgspec.structs.replace(state, words=words), (), now)

    def on_wake(self, key: str, state: RetirementState, now: datetime, context: Context) -> Step | None:
        users = self._used_by(state.vendor, state.item, context)
        if not state.words and users and state.opened_at is not None:
            silent = state.silent or now
            if now < silent + self._params.clear_hold:
                return Step(msgspec.structs.replace(state, silent=silent), (), silent + self._params.clear_hold)
        elif state.silent is not None:
            state = msgspec.structs.replace(state, silent=None)
        if not state.words or not users:
            if state.opened_at is not None:
                why = "No source says any more that it ends." if not state.words else "Nothing of ours uses it any more."
                said = self._say(Phase.CLEARED, state, users, self._stage(state, now), now, context, why)
                return Step(msgspec.structs.replace(state, opened_at=None, told="", told_at=None) if state.words else None, (said,))
            return Step(state if state.words else None)
        stage, ends = self._stage(state, now), _ends(state)
        due = self._due(ends, now)
        moved = state.told_at is not None and ends is not None and ends != state.told_at
        if state.opened_at is not None and stage == state.told and not moved:
            return Step(state, (), due)
        after = msgspec.structs.replace(state, opened_at=state.opened_at or now, told=stage, told_at=ends)
        phase = Phase.OPENED if state.opened_at is None else Phase.UPDATED
        before = state.told_at if moved else None
        said = self._say(phase, after, users, stage, now, context, "", before)
        return Step(after, (said,), due)

    def _used_by(self, vendor: str, item: str, context: Context) -> tuple[Dependency, ...]:
        place = (context.version, vendor, item)
        if place not in self._users:
            self._users = {known: users for known, users in self._users.items() if known[0] == context.version}
            self._users[place] = users_of(vendor, item, index_of(context))
        return self._users[place]

    def _stage(self, state: RetirementState, now: datetime) -> str:
        ends = _ends(state)
        if ends is None:
            return _UNDATED
        if ends <= now:
            return _RETIRED
        return next((str(days) for days in reversed(self._params.notices) if ends - now <= days * _DAY), _ANNOUNCED)

    def _due(self, ends: datetime | None, now: datetime) -> datetime | None:
        """When time alone next changes the stage; of what has ended, when to see again whether it is still in use."""
        if ends is None:
            return None
        return min((at for at in (ends, *(ends - days * _DAY for days in self._params.notices)) if at > now), default=now + _DAY)

    def _severity(self, stage: str) -> Severity:
        if stage in (_ANNOUNCED, _UNDATED):
            return Severity.INFO if stage == _ANNOUNCED else Severity.LOW
        days = 0 if stage == _RETIRED else int(stage)
        return Severity.HIGH if days <= self._params.high_from else Severity.MEDIUM if days <= self._params.medium_from else Severity.LOW

    def _say(
        self, phase: Phase, state: RetirementState, users: Sequence[Dependency], stage: str, now: datetime, context: Context, why: str,
        moved_from: datetime | None = None,
    ) -> Signal:  # fmt: skip
        assert state.opened_at is not None
        ends, name = _ends(state), f"{context.graph.name(state.vendor)} {state.item}"
        left = None if ends is None else (ends - now) // _DAY
        whole = " (the end of that day in UTC)" if ends is not None and ends.time() == time(0) else ""
        if phase is Phase.CLEARED:
            words, reason = "no longer to be retired" if not state.words else "its end no longer concerns us", why
        elif ends is None or left is None:
            words, reason = "deprecated, no date set", f"{_listed(state)} calls it deprecated and names no day."
        elif stage == _RETIRED:
            words, reason = "retired, and still in use", f"It ended on {_on(ends)}{whole}, as {_listed(state)} says, and is still in use."
        else:
            words = f"retired in {count(left, 'day')}" if left else "retired within a day"
            reason = f"It ends on {_on(ends)}{whole}, as {_listed(state)} says."
        if moved_from is not None and ends is not None:
            reason += f" The day was {_on(moved_from)} before: it is {'earlier' if ends < moved_from else 'later'} now."
        replacements = sorted({word.replacement for word in state.words.values() if word.replacement})
        days = sorted({end for word in state.words.values() if (end := _end(word)) is not None})
        owners = {workload.id: workload.owner for workload in context.portfolio.workloads}
        facts = [f"Used by {need.workload}" + (f", owner {owners[need.workload]}" if owners.get(need.workload) else "") for need in users]
        facts.append(f"Replacement: {', '.join(replacements)}" if replacements else "No source names a replacement")
        if len(days) > 1:
            facts.append(f"Sources name different days, the earliest counts: {', '.join(map(_on, days))}")
        return signal(
            rule=self.meta.id,
            key=f"{state.vendor}/{state.item}",
            episode=episode_id(state.opened_at),
            phase=phase,
            severity=self._severity(stage),
            subject=f"{state.vendor}/{state.item}",
            at=now,
            since=state.opened_at,
            title=f"{name}: {words}",
            reason=reason,
            evidence=Evidence(
                tuple(word.id for _, word in sorted(state.words.items())),
                () if left is None else (Measure("days left", max(left, 0), "d", self._params.notices[0]),),
                tuple(dict.fromkeys(facts)),
            ),
            exercise=state.exercise,
        )


def _end(word: Word) -> datetime | None:
    """The instant at which it is over, as one source has it."""
    if word.at is None or word.at.time() != time(0):
        return word.at
    return word.at + _DAY


def _ends(state: RetirementState) -> datetime | None:
    """The earliest end that any source names."""
    return min((end for word in state.words.values() if (end := _end(word)) is not None), default=None)


def _on(end: datetime) -> str:
    return f"{end:%Y-%m-%d %H:%M} UTC" if end.time() != time(0) else f"{end - _DAY:%Y-%m-%d}"


def _listed(state: RetirementState) -> str:
    return " and ".join(sorted(state.words))
