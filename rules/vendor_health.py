"""A vendor that we rest on, or one that it rests on in turn, is in the news: insolvency, a takeover, export controls, energy, labour.

Each story counts once: its label's weight, times how far it is believed (one outlet by half, each further one takes half of the doubt),
times what its age has left of it, and less once it is denied. The stories of a vendor together are 1 less the product of what each leaves.
That counts in full for a vendor that we use ourselves; with each step up the chain a part of it, by how well the chain is known. Who is
named in the summary alone may only be mentioned, and counts by half; who buys is in less danger than who is bought. A company stands for
the vendors that it owns. Those that nothing of ours rests on are not looked at.

News comes from many outlets in no certain order: it is gathered, and judged at instants of a fixed grid. A quiet press ends a finding by
age alone, and never at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Annotated, ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.detection import Detection, Edge, detect
from secondsource.domain.detection import Phase as Machine
from secondsource.domain.figures import next_on_grid, rounded
from secondsource.domain.health import Report, Told, capped, denials, either, left, stories
from secondsource.domain.hits import weight
from secondsource.domain.labelling import UNSPACED
from secondsource.domain.newswords import CHIPS_AND_MEMORY
from secondsource.domain.observations import News, Observation
from secondsource.domain.portfolio import Function
from secondsource.domain.reach import index_of
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal
from secondsource.domain.stories import parties
from secondsource.domain.words import count, duration

DAY = timedelta(days=1)
_WEIGHTS = {"insolvency": 1.0, "export_control": 0.7, "acquisition": 0.4, "energy": 0.4, "labour": 0.3}
_HALF_LIVES = {"insolvency": 30 * DAY, "export_control": 30 * DAY, "acquisition": 14 * DAY, "energy": 3 * DAY, "labour": 7 * DAY}
_CALLED = {"export_control": "export controls", "energy": "energy trouble", "labour": "labour trouble"}
_WORDS = re.compile(rf"[^\W{UNSPACED}]+")
_BUYS = re.compile(r"(?:\w+ ){0,3}?(?:acquires?|acquiring|acquired (?!by )|buys?|buying|takes over|acquisition of)\b")


class HealthParams(BaseModel):
    """What counts how much, and from where on it is a finding."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default=_WEIGHTS, description="News labels that count, and how much (0 to 1)."
    )
    half_lives: dict[str, Annotated[timedelta, Field(ge=timedelta(minutes=1))]] = Field(
        default=_HALF_LIVES, description="After how long a label counts by half; 14 days where a label is not named."
    )
    step_up: float = Field(default=0.5, gt=0, le=1, description="What is left of it with each step up the chain of vendors.")
    in_summary: float = Field(default=0.5, gt=0, le=1, description="What is left of it where the headline does not name the vendor.")
    as_buyer: float = Field(default=0.25, gt=0, le=1, description="What is left of an acquisition for the one that buys.")
    official: tuple[str, ...] = Field(
        default=("Federal Register",), description="Outlets, by how their name begins, that need nobody to confirm them."
    )
    threshold: float = Field(default=0.25, gt=0, le=1, description="The score from which on there is a finding, at first of severity info.")
    low: float = Field(default=0.35, gt=0, le=1, description="The score from which on the severity is low.")
    medium: float = Field(default=0.55, gt=0, le=1, description="The score from which on it is medium.")
    high: float = Field(default=0.75, gt=0, le=1, description="The score from which on it is high.")
    clear_threshold: float = Field(default=0.15, gt=0, le=1, description="The score below which it is over.")
    hold: timedelta = Field(default=timedelta(hours=1), ge=timedelta(0), description="How long the score must stand that high.")
    clear_hold: timedelta = Field(default=DAY, ge=timedelta(0), description="How long it must stay that low.")
    every: timedelta = Field(default=timedelta(minutes=30), gt=timedelta(0), description="How often it is judged.")


class HealthState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is told of one vendor, by source and subject, and the finding as last told."""

    reports: dict[str, Report] = {}
    machine: Detection = Detection()
    told: Severity | None = None
    labels: tuple[str, ...] = ()
    exercise: str | None = None


class Stake(msgspec.Struct, frozen=True):
    """Who of ours rests on the vendor: how many steps away at the least, how much it counts, and the functions by name."""

    steps: int
    share: Fraction
    names: tuple[str, ...]


class VendorHealth:
    """One finding for each vendor: opens at the threshold after a hold, is told again when it is worse or of something new."""

    meta: ClassVar[Meta] = Meta(
        id="vendor_health",
        version=1,
        title="Vendor in the news",
        why="A vendor that fails as a company does so on no status page; who reads of it early can still move.",
        severity=Severity.LOW,
        reach=Reach.PORTFOLIO,
        consumes=("news",),
    )
    Params: ClassVar[type[BaseModel]] = HealthParams
    State: ClassVar[type[msgspec.Struct]] = HealthState

    def __init__(self, params: HealthParams) -> None:
        self._params = params
        self._weights = {label: Fraction(str(value)) for label, value in params.weights.items() if value > 0}
        self._half_lives = {label: params.half_lives.get(label, 14 * DAY) for label in self._weights}
        levels = ((params.high, Severity.HIGH), (params.medium, Severity.MEDIUM), (params.low, Severity.LOW))
        self._levels = tuple((Fraction(str(least)), severity) for least, severity in levels)
        self._threshold, self._clear_threshold = Fraction(str(params.threshold)), Fraction(str(params.clear_threshold))
        self._step_up = Fraction(str(params.step_up))

    def keys(self, observation: Observation) -> Sequence[str]:
        body = observation.body
        if not isinstance(body, News) or not body.entities:
            return ()
        if not any(label.name in self._weights for label in body.labels) and not denials(body.title):
            return ()
        return tuple(sorted({entity.partition("/")[0] for entity in body.entities if entity not in CHIPS_AND_MEMORY}))

    def on_observation(self, key: str, state: HealthState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body, place = observation.body, f"{observation.source}\t{observation.subject}"
        assert isinstance(body, News)
        state = state or HealthState(exercise=observation.exercise)
        if place in state.reports or self._stake(key, context) is None:
            return None  # told again in a full picture, or reworded: it is news once
        taken_back = denials(body.title)
        counts, buys = self._part(body.title, key, context)
        labels = {
            label.name: round(label.weight * counts * (buys if label.name == "acquisition" else 1), 4)
            for label in body.labels
            if label.name in self._weights and label.name not in taken_back
        }
        at = min(observation.observed_at, body.published_at or observation.observed_at)
        outlet = body.outlet or observation.source
        official = outlet.startswith(self._params.official)
        report = Report(at, observation.id, body.title, outlet, labels, official, parties(body.entities), taken_back)
        reports = capped({**state.reports, place: report})
        if reports == state.reports or not self._counts(report, now):
            return None
        return Step(msgspec.structs.replace(state, reports=reports), (), next_on_grid(now, self._params.every))

    def on_wake(self, key: str, state: HealthState, now: datetime, context: Context) -> Step | None:
        reports = {place: report for place, report in state.reports.items() if self._counts(report, now)}
        state = msgspec.structs.replace(state, reports=reports)
        stake = self._stake(key, context)
        told = {
            label: stories(reports.values(), label, worth, self._half_lives[label], now) for label, worth in sorted(self._weights.items())
        }
        score = either(story.score for some in told.values() for story in some) * (stake.share if stake else 0)
        firing = state.machine.phase in (Machine.FIRING, Machine.CLEARING)
        least = self._clear_threshold if firing else self._threshold
        machine, edge, _ = detect(state.machine, score >= least, now, self._params.hold, self._params.clear_hold)
        said: list[Signal] = []
        if edge is Edge.CLEARED:
            assert state.told is not None
            said.append(self._say(key, Phase.CLEARED, state, state.machine, told, score, stake, state.told, now, context))
            state = msgspec.structs.replace(state, told=None, labels=())
        elif machine.phase is Machine.FIRING:
            severity = next((severity for level, severity in self._levels if score >= level), Severity.INFO)
            loud = (label for label, some in told.items() if stake and either(s.score for s in some) * stake.share >= self._clear_threshold)
            labels = tuple(sorted({*state.labels, *loud}))
            if state.told is None or severity > state.told or labels != state.labels:
                phase = Phase.OPENED if state.told is None else Phase.UPDATED
                severity = max(severity, state.told or severity)
                said.append(self._say(key, phase, state, machine, told, score, stake, severity, now, context))
                state = msgspec.structs.replace(state, told=severity, labels=labels)
        state = msgspec.structs.replace(state, machine=machine)
        if machine.phase is Machine.CLEAR:
            # What is too little now only gets less with time; the wake of the next day throws away what no longer counts.
            return Step(state, said, next_on_grid(now, DAY)) if reports else Step(None, said)
        return Step(state, said, next_on_grid(now, self._params.every))

    def _counts(self, report: Report, now: datetime) -> bool:
        about = {*report.labels, *report.denies} & self._half_lives.keys()
        return any(left(now - report.at, self._half_lives[label]) for label in about)

    def _part(self, title: str, vendor: str, context: Context) -> tuple[float, float]:
        """What the vendor's part in a headline leaves of its report, and of one of an acquisition further."""
        known = context.graph.vendors.get(vendor)
        spaced = _spaced(title)
        for name in (vendor, known.name, *known.aliases) if known else (vendor,):
            words = _spaced(name)
            _, found, behind = spaced.partition(words) if words.strip() else ("", name in title, "")
            if found:
                return 1.0, self._params.as_buyer if _BUYS.match(behind) else 1.0
        return self._params.in_summary, 1.0

    def _stake(self, vendor: str, context: Context) -> Stake | None:
        """None where nothing of ours rests on the vendor."""
        index = index_of(context)
        struck = index.struck(_owned(vendor, context), supply=True)
        if not struck:
            return None
        shares: list[Fraction] = []
        functions: dict[str, Function] = {}
        workloads: dict[str, str] = {}
        for root, (_, reach, _) in struck.items():
            shares.append(self._step_up ** (len(reach.path) - 1) * Fraction(str(round(reach.confidence, 4))))
            for need in index.by_scope[root]:
                workloads[need.workload] = index.workload_names.get(need.workload, need.workload)
                functions |= {function.id: function for function in index.functions_of.get(need.workload, ())}
        first = sorted(functions.values(), key=lambda function: (-weight(function.criticality), function.name, function.id))
        names = [function.name for function in first] or sorted(workloads.values())
        return Stake(min(len(reach.path) for _, reach, _ in struck.values()) - 1, max(shares), tuple(names))

    def _say(
        self,
        key: str,
        phase: Phase,
        state: HealthState,
        machine: Detection,
        told: Mapping[str, Sequence[Told]],
        score: Fraction,
        stake: Stake | None,
        severity: Severity,
        now: datetime,
        context: Context,
    ) -> Signal:
        assert machine.onset is not None
        assert machine.opened_at is not None
        params, name = self._params, context.graph.name(key)
        sums = {label: either(story.score for story in some) for label, some in told.items() if some}
        loudest = sorted(sums, key=lambda label: (-sums[label], label))
        every = sorted((story for some in told.values() for story in some), key=lambda story: (story.reports[0].at, story.reports[0].id))
        outlets = {outlet for story in every for outlet in story.outlets}
        about = " and ".join(_CALLED.get(label, label.replace("_", " ")) for label in loudest[:2] or state.labels[:2])
        if phase is Phase.CLEARED:
            title = f"{name}: {about} no longer in the news"
        else:
            title = f"{name}: {about} in the news ({count(len(outlets), 'outlet')}), {_resting(stake)} on it"
        parts = [
            f"{_CALLED.get(label, label.replace('_', ' '))} {rounded(sums[label], 2):f} from {_counted(len(told[label]))}"
            + (", denied since" if all(story.denied for story in told[label]) else "")
            for label in loudest
        ]
        reason = f"Score {rounded(score, 2):f} ({params.threshold:g} is reported): {'; '.join(parts) or 'nothing that still counts'}"
        reason += f"; {_distance(stake)}." if stake else "; nothing of ours rests on it any more."
        measures = [Measure("score", rounded(score, 4), "", params.threshold)]
        measures += [
            Measure(label, rounded(sums[label], 4), f"weight {params.weights[label]:g}, half-life {duration(self._half_lives[label])}")
            for label in loudest
        ]
        measures += [Measure("stories", len(every)), Measure("outlets", len(outlets))]
        if stake:
            measures += [Measure("steps up the chain", stake.steps), Measure("counts for us", rounded(stake.share, 4))]
        ids = dict.fromkeys(report.id for report in sorted(state.reports.values(), key=lambda report: (report.at, report.id)))
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=severity,
            subject=f"vendor/{key}",
            at=now,
            since=machine.onset,
            title=title,
            reason=reason,
            scopes=_owned(key, context),
            evidence=Evidence(tuple(ids)[-50:], tuple(measures), tuple(map(_fact, every[-10:]))),
            exercise=state.exercise,
        )


def _owned(vendor: str, context: Context) -> tuple[Scope, ...]:
    """The vendor and those that it owns: a company's trouble is that of its businesses."""
    return (Scope(vendor), *sorted(Scope(known.id) for known in context.graph.vendors.values() if known.parent == vendor))


def _spaced(text: str) -> str:
    return f" {' '.join(_WORDS.findall(text.casefold()))} "


def _counted(number: int) -> str:
    return "1 story" if number == 1 else f"{number} stories"


def _resting(stake: Stake | None) -> str:
    assert stake is not None
    first, more = stake.names[0], len(stake.names) - 1
    return f"{first} and {more} more rest" if more else f"{first} rests"


def _distance(stake: Stake) -> str:
    if not stake.steps:
        return f"used directly, so it counts {rounded(stake.share, 2):f}"
    return f"{count(stake.steps, 'step')} up the chain, so it counts {rounded(stake.share, 2):f}"


def _fact(story: Told) -> str:
    first, others = story.reports[0], len(story.outlets) - 1
    also = f" and {count(others, 'other outlet')}" if others else ""
    return f"“{first.title}”, {first.outlet}{also}, {first.at:%Y-%m-%d}" + (", denied since" if story.denied else "")
