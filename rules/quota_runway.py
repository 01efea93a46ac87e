"""A quota runs full: use is near its limit, or will be there soon at its present trend.

The trend is the median of the slopes between all pairs of samples (Theil-Sen), so that single spikes do not bend it. The
runway is the time that it leaves. A fall in use by more than ``reset`` below the last samples (a new period, a clean-up) begins the trend
anew. Too few samples or too short a time give no runway, and a missing limit is unknown: that neither opens a finding nor ends one.

Use that swings over the day climbs every morning, and would be full by noon if it went on. So a climb counts only once it has left
behind what the last days reached and came down from again. Use that only ever grew came down from nothing, and is told at once.

From three weeks on, the peaks of the days are forecast with an interval (``docs/forecast.md``), and the earliest day on which the limit
may plausibly be met is told two weeks before. A counter that begins anew each month is forecast only up to its next reset.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.detection import Detection, Edge, detect
from secondsource.domain.detection import Phase as Machine
from secondsource.domain.figures import median, steepest_trend, theil_sen
from secondsource.domain.forecast import LEAST_DAYS, Outlook, outlook, since_reset
from secondsource.domain.observations import Observation, Quota
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal
from secondsource.domain.words import duration

DAYS = 8
"""How many days back a swing is looked for: a week, so that Monday is held against the week before, and a day."""

HISTORY = 49
"""Of how many days the peak is kept, from which those to come are forecast."""
HORIZON = 60
"""How many days ahead."""
MONTH = (28, 31)
"""How many days a month has, at least and at most."""


class QuotaParams(BaseModel):
    """How near the end may come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runway_high: timedelta = Field(default=timedelta(hours=24), gt=timedelta(0), description="A shorter runway is of high severity.")
    runway_critical: timedelta = Field(default=timedelta(hours=4), gt=timedelta(0), description="A shorter runway is critical.")
    runway_medium: timedelta = Field(
        default=timedelta(days=14),
        gt=timedelta(0),
        description="With the limit to be met, and this early if things go badly (the early end of the 90 % interval), it is of medium "
        "severity; that ends when it is half as far again.",
    )
    used_high: float = Field(default=0.8, gt=0, description="From this part of the limit on, severity is high (0 to 1).")
    used_critical: float = Field(default=0.95, gt=0, description="From this part of the limit on, it is critical.")
    used_least: float = Field(default=0.25, ge=0, description="Below this part of the limit, the runway says nothing.")
    min_samples: int = Field(default=4, ge=2, description="A trend needs this many samples.")
    min_span: timedelta = Field(default=timedelta(minutes=30), gt=timedelta(0), description="And that they span this much time.")
    max_samples: int = Field(default=32, ge=4, le=200, description="How many samples are kept; the work grows with the square.")
    window: timedelta = Field(default=timedelta(hours=8), gt=timedelta(0), description="How far back the trend looks.")
    reset: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="A fall by this part of what was used (the median of the last three samples) begins the trend anew.",
    )
    swing: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="A climb counts once use is this part above what a day of the last eight reached and then lost as much of.",
    )
    hold: timedelta = Field(default=timedelta(0), ge=timedelta(0), description="How long it must stand.")
    clear_hold: timedelta = Field(
        default=timedelta(minutes=30), ge=timedelta(0), description="How long it must be better to clear, or to be milder."
    )


class Day(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The most and the least that was used on one day (UTC), which is counted from the year 1."""

    number: int
    most: float
    least: float


class QuotaState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A quota as last read, its samples, and the finding.

    ``samples`` end with the reading that began the newest of them. Until the next one begins, ``quota``, read ``at``, stands in its place,
    and the trend stays that of ``samples``. It is worked out only once it can matter: ``slope``, per second, and ``steepest``, which is
    never less, are None until then and 0 for no trend. ``days`` are those on which something was read.
    """

    vendor: str
    quota: Quota
    at: datetime
    id: str
    samples: tuple[tuple[datetime, float], ...] = ()
    steepest: float | None = None
    slope: float | None = None
    machine: Detection = Detection()
    told: Severity | None = None
    milder: Severity | None = None  # the worst since ``milder_since``, while that is less than was told
    milder_since: datetime | None = None
    exercise: str | None = None
    days: tuple[Day, ...] = ()  # the newest last, and not of more than eight days back
    peaks: tuple[float | None, ...] = ()  # of the days before the newest, one a day; None where nothing was read
    foreseen: float | None = None  # the limit that ``outlook`` is for, until a day is over
    outlook: Outlook | None = None


class QuotaRunway:
    """Opens when a quota is nearly used up or soon will be; is told again when that gets worse, or better for some time."""

    meta: ClassVar[Meta] = Meta(
        id="quota_runway",
        version=2,
        title="Quota runs full",
        why="A vendor refuses what is over the quota; more of it takes days to get.",
        severity=Severity.HIGH,
        reach=Reach.VENDOR,
        consumes=("quota",),
    )
    Params: ClassVar[type[BaseModel]] = QuotaParams
    State: ClassVar[type[msgspec.Struct]] = QuotaState

    def __init__(self, params: QuotaParams) -> None:
        self._params = params
        self._spacing = params.window / params.max_samples
        self._kept = 1 - params.reset
        self._horizon = max(params.runway_high, params.runway_critical).total_seconds() * (1 + 1e-9)  # no rounding makes it too short

    def keys(self, observation: Observation) -> Sequence[str]:
        return (f"{observation.vendor} {observation.subject}",)

    def on_observation(self, key: str, state: QuotaState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body, at = observation.body, observation.observed_at
        if not isinstance(body, Quota):
            return self._gone(state, now, context)
        if (state is not None and at <= state.at) or not math.isfinite(body.used) or body.used < 0:
            return None
        if state is None:
            state = QuotaState(observation.vendor, body, at, observation.id, ((at, body.used),), 0.0, 0.0, exercise=observation.exercise)
            return self._judge(_remembered(state, at, body.used), now, context)
        state = _remembered(state, at, body.used)
        if self._fell(state, body.used):
            samples: tuple[tuple[datetime, float], ...] = ((at, body.used),)
        elif len(state.samples) >= 2 and at - state.samples[-2][0] < self._spacing:
            return self._judge(msgspec.structs.replace(state, quota=body, at=at, id=observation.id), now, context)
        else:
            known = (*state.samples[:-1], (state.at, state.quota.used))
            young = bisect_left(known, at - self._params.window, key=itemgetter(0))
            samples = (*known[young:], (at, body.used))[-self._params.max_samples :]
        enough = len(samples) >= self._params.min_samples and at - samples[0][0] >= self._params.min_span
        trend = None if enough else 0.0
        state = msgspec.structs.replace(state, quota=body, at=at, id=observation.id, samples=samples, steepest=trend, slope=trend)
        return self._judge(state, now, context)

    def on_wake(self, key: str, state: QuotaState, now: datetime, context: Context) -> Step | None:
        return self._judge(state, now, context)

    def _fell(self, state: QuotaState, used: float) -> bool:
        older, kept = state.samples[-3:-1], self._kept
        if len(older) == 2 and used >= older[0][1] * kept and used >= older[1][1] * kept:
            return False  # no median of three is above the greater of two of them
        return used < median([*(value for _, value in older), state.quota.used]) * kept

    def _known(self, state: QuotaState) -> QuotaState:
        """The state with its trend worked out."""
        return state if state.slope is not None else msgspec.structs.replace(state, slope=theil_sen(state.samples) or 0.0)

    def _gone(self, state: QuotaState | None, now: datetime, context: Context) -> Step | None:
        if state is None:
            return None
        if state.told is None:
            return Step(None)
        reason = "The quota is no longer reported, so nothing more can be said of it."
        return Step(None, (self._say(Phase.CLEARED, state, state.machine, state.told, now, context, reason),))

    def _runway(self, state: QuotaState) -> timedelta | None:
        """Time to the limit at the present trend; None for no trend, none upward, or too far off to matter."""
        limit, used = state.quota.limit, state.quota.used
        if limit is None or state.slope is None or state.slope <= 0:
            return None
        seconds = max(0.0, limit - used) / state.slope
        return timedelta(seconds=seconds) if seconds < 10 * 365 * 86400 else None

    def _swings(self, state: QuotaState) -> bool:
        """Whether use is no higher than the days' swing brings it.

        A day that came within ``used_critical`` of the limit is no swing that one may rely on.
        """
        if not state.days or state.quota.limit is None:
            return False
        swing, safe, least = self._params.swing, state.quota.limit * self._params.used_critical, state.days[-1].least
        for day in reversed(state.days[:-1]):
            if day.most < safe and least < day.most * (1 - swing) and state.quota.used <= day.most * (1 + swing):
                return True
            least = min(least, day.least)
        return False

    def _severity(self, state: QuotaState) -> tuple[QuotaState, Severity | None]:
        """How bad it is now; None for well. Only for a known limit. The state comes back with its trend and outlook where they mattered."""
        assert state.quota.limit is not None
        used, limit = state.quota.used, state.quota.limit
        part, runway = used / limit, None
        if part >= self._params.used_least:
            if state.steepest is None:
                state = msgspec.structs.replace(state, steepest=steepest_trend(state.samples))
            if limit - used < (state.steepest or 0.0) * self._horizon and not self._swings(state):
                state = self._known(state)
                runway = self._runway(state)
        if part >= self._params.used_critical or (runway is not None and runway < self._params.runway_critical):
            return state, Severity.CRITICAL
        if part >= self._params.used_high or (runway is not None and runway < self._params.runway_high):
            return state, Severity.HIGH
        if len(state.peaks) >= LEAST_DAYS and max(day.most for day in state.days) >= limit * self._params.used_least:
            if state.foreseen != limit:
                state = msgspec.structs.replace(state, foreseen=limit, outlook=_outlook(state.peaks, limit))
            reach = self._params.runway_medium / timedelta(days=1) * (1 if state.told is None else 1.5)
            if state.outlook is not None and state.outlook.likely is not None and state.outlook.early is not None:
                return state, Severity.MEDIUM if state.outlook.early - 1 < reach else None
        return state, None

    def _judge(self, state: QuotaState, now: datetime, context: Context) -> Step:
        limit = state.quota.limit
        if limit is None or limit <= 0 or not math.isfinite(limit):
            return Step(state)  # unknown: what was found stands
        state, severity = self._severity(state)
        if severity is None and state.machine.phase is Machine.CLEAR:
            return Step(state)
        machine, edge, wake = detect(state.machine, severity is not None, now, self._params.hold, self._params.clear_hold)
        if edge is Edge.CLEARED:
            assert state.told is not None
            spoken = self._say(Phase.CLEARED, state, state.machine, state.told, now, context)
            return Step(msgspec.structs.replace(state, machine=machine, told=None, milder=None, milder_since=None), (spoken,))
        if machine.phase is not Machine.FIRING or severity is None:
            if machine is not state.machine or state.milder is not None:
                state = msgspec.structs.replace(state, machine=machine, milder=None, milder_since=None)
            return Step(state, (), wake)
        told, milder, since = state.told, state.milder, state.milder_since
        if told is None or severity >= told:
            told, milder, since = severity, None, None
        else:
            milder = severity if milder is None else max(milder, severity)
            since = since or now
            if now - since >= self._params.clear_hold:
                told, milder, since = milder, None, None
        said: tuple[Signal, ...] = ()
        if told is not state.told:
            phase = Phase.OPENED if state.told is None else Phase.UPDATED
            said = (self._say(phase, state, machine, told, now, context),)
        after = msgspec.structs.replace(state, machine=machine, told=told, milder=milder, milder_since=since)
        return Step(after, said, None if since is None else since + self._params.clear_hold)

    def _say(
        self, phase: Phase, state: QuotaState, machine: Detection, severity: Severity, now: datetime, context: Context, reason: str = ""
    ) -> Signal:
        assert machine.onset is not None
        assert machine.opened_at is not None
        state = self._known(state)
        quota, runway = state.quota, None if self._swings(state) else self._runway(state)
        part = quota.used / quota.limit if quota.limit else 0.0
        path = "/".join(piece for piece in (state.vendor, quota.product, quota.name, quota.region) if piece)
        name = " ".join(piece for piece in (context.graph.name(state.vendor), quota.product, quota.name, quota.region) if piece)
        ahead = _ahead(state.outlook) if severity is Severity.MEDIUM and phase is not Phase.CLEARED else ""
        left = f", {ahead}" if ahead else "" if runway is None else f", full in {duration(runway)}" if part < 1 else ", full"
        unit = f" {quota.unit}" if quota.unit else ""
        if ahead:
            said = f"by the peaks of the last {len(state.peaks)} days {ahead} (90 % interval)"
        else:
            trend = "no upward trend" if state.slope is None or state.slope <= 0 else f"{state.slope * 3600:+.4g}{unit} an hour{left}"
            said = f"{trend}, from {len(state.samples)} samples over {duration(state.at - state.samples[0][0])}"
        limit = "unknown" if quota.limit is None else f"{quota.limit:.6g}"
        reason = reason or f"{quota.used:.6g} of {limit}{unit} in use ({part:.0%}); {said}."
        worst = severity is Severity.CRITICAL
        most = self._params.used_critical if worst else self._params.used_high
        least = self._params.runway_critical if worst else self._params.runway_high
        measures = [Measure("used", quota.used, quota.unit), Measure("part of the limit", round(part, 4), "", most)]
        if quota.limit is not None:
            measures.insert(1, Measure("limit", quota.limit, quota.unit))
        if runway is not None and state.slope is not None:
            measures.append(Measure("runway", round(runway / timedelta(hours=1), 2), "h", round(least / timedelta(hours=1), 2)))
            measures.append(Measure("trend", round(state.slope * 3600, 4), f"{quota.unit}/h".lstrip("/")))
        if ahead and state.outlook is not None:
            soon, seen = self._params.runway_medium / timedelta(days=1), state.outlook
            ends = (("early", seen.early, soon), ("likely", seen.likely, None), ("late", seen.late, None))
            measures.extend(Measure(f"full, {end}", days - 1, "d", most_days) for end, days, most_days in ends if days is not None)
        measures.append(Measure("samples", len(state.samples)))
        return signal(
            rule=self.meta.id,
            key=path,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=severity,
            subject=f"{state.vendor}/{quota.product or quota.name}",
            at=now,
            since=machine.onset,
            title=f"{name}: {part:.0%} used" + ("" if phase is Phase.CLEARED else left),
            reason=reason,
            scopes=(Scope(state.vendor, quota.product, quota.region),),
            evidence=Evidence((state.id,), tuple(measures)),
            exercise=state.exercise,
        )


def _remembered(state: QuotaState, at: datetime, used: float) -> QuotaState:
    """``state`` with its days brought up to what was read; the same object where that is neither the day's most nor its least."""
    number = at.toordinal()
    if not state.days:
        return msgspec.structs.replace(state, days=(Day(number, used, used),))
    day = state.days[-1]
    if day.number == number:
        if day.least <= used <= day.most:
            return state
        return msgspec.structs.replace(state, days=(*state.days[:-1], Day(number, max(day.most, used), min(day.least, used))))
    unread = (None,) * min(number - day.number - 1, HISTORY)
    days = (*(day for day in state.days if day.number >= number - DAYS), Day(number, used, used))
    peaks = (*state.peaks, day.most, *unread)[-HISTORY:]
    return msgspec.structs.replace(state, days=days, peaks=peaks, foreseen=None, outlook=None)


def _outlook(peaks: tuple[float | None, ...], limit: float) -> Outlook | None:
    """When the peaks meet ``limit``; None for too little history, and where a reset comes first."""
    age, horizon = since_reset(peaks), HORIZON
    if age is not None:
        peaks, (least, most) = peaks[-age:], MONTH
        horizon = horizon if age > most else max(0, least - age)
    return outlook(peaks, limit, horizon)


def _ahead(seen: Outlook | None) -> str:
    """``full in 9 d, 6 to 15 d``; empty where the limit is not likely to be met."""
    if seen is None or seen.likely is None or seen.early is None:
        return ""
    late = f"to {seen.late - 1} d" if seen.late is not None else "or more"
    return f"full in {seen.likely - 1} d, {seen.early - 1} {late}"
