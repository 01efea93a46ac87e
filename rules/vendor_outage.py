"""A vendor, or a region of it, is in trouble by its own account.

One finding for each vendor and region (``aws/us-east-1``, ``openai`` where no region is said), however many components and
incidents speak of it. The whole vendor is one cell: an incident that moves from one region to another leaves the first, and
a poll is judged when all of it has been taken in.

What counts: components by their status, unresolved incidents by their impact, the page's indicator only where it is worse
than everything else on the page, because it repeats the rest without saying where. An unresolved incident without impact is
no trouble by itself; its components say what is. One whose impact is not stated counts as ``unstated``. A reading of
``unknown`` neither starts a trouble nor ends one: the last known status stands and the evidence says so.

What comes and goes ``flaps`` times within ``flap_window`` is *flapping*: it is told once, with the count, and stays one episode until it
was quiet, or steadily bad, for as long. So is what is never bad for long enough to be told, but again and again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from secondsource.contracts.component_filter import Filter, VendorFilter, matching
from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain import signals
from secondsource.domain.context import Context
from secondsource.domain.detection import Detection, Edge, Phase, detect
from secondsource.domain.flapping import Flaps, flap
from secondsource.domain.observations import UNDER_WAY, ComponentStatus, Gone, Incident, Maintenance, Observation
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Severity, Signal, episode_id, signal
from secondsource.domain.status import Status, rank, worst
from secondsource.domain.words import count, duration

MAX_TROUBLES = 1000
"""Of one vendor. Beyond, a new trouble is taken only in the place of a lesser one."""

_SEVERITY = {
    Status.MAINTENANCE: Severity.INFO,
    Status.DEGRADED: Severity.LOW,
    Status.PARTIAL_OUTAGE: Severity.MEDIUM,
    Status.MAJOR_OUTAGE: Severity.HIGH,
}
_PAGE = "page"
_KIND_WORDS = {"component": "Component", "incident": "Incident", "maintenance": "Maintenance", _PAGE: "Page"}


def _on_scale(status: Status) -> Status:
    if status in (Status.OPERATIONAL, Status.UNKNOWN):
        raise ValueError(f"{status.value} is no trouble; take maintenance, degraded, partial_outage or major_outage")
    return status


TroubleStatus = Annotated[Status, AfterValidator(_on_scale)]


class OutageParams(BaseModel):
    """How bad it must be, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_status: TroubleStatus = Field(
        default=Status.DEGRADED, description="The mildest status that is reported; `maintenance` reports planned work."
    )
    hold_degraded: timedelta = Field(default=timedelta(minutes=2), ge=timedelta(0), description="How long `degraded` must stand.")
    hold_outage: timedelta = Field(default=timedelta(0), ge=timedelta(0), description="How long an outage, partial or major, must stand.")
    clear_hold: timedelta = Field(default=timedelta(minutes=10), ge=timedelta(0), description="How long all must be well before it clears.")
    settle: timedelta = Field(
        default=timedelta(minutes=15),
        gt=timedelta(0),
        description="How long a smaller trouble must stand before it is told; a greater is at once.",
    )
    unstated: TroubleStatus | None = Field(
        default=Status.DEGRADED, description="What an open incident counts as whose impact the page does not state; null leaves it out."
    )
    ignore_components: tuple[str, ...] = Field(default=(), description="Components to leave out, by name or group, with * and ?.")
    vendors: dict[str, VendorFilter] = Field(default={}, description="By vendor, what of it counts.")
    flaps: int = Field(default=4, ge=3, le=100, description="How often it must come within `flap_window` to be called flapping.")
    flap_window: timedelta = Field(default=timedelta(minutes=15), gt=timedelta(0), description="Within how long that is.")


class Trouble(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one subject of one source says, as long as it is not well. ``id`` is the observation that last changed it."""

    id: str
    kind: str
    source: str
    name: str
    status: Status
    since: datetime
    scopes: tuple[Scope, ...]
    stage: str = ""
    stated: bool = True
    unknown_now: bool = False


class Picture(msgspec.Struct, frozen=True):
    """What can be told of a region: the worst status, and the scopes in trouble."""

    status: Status
    scopes: tuple[Scope, ...]

    def joined(self, other: Picture) -> Picture:
        """The worse status and all scopes of both."""
        scopes = tuple(sorted({*self.scopes, *other.scopes}, key=str))
        return Picture(max(self.status, other.status, key=rank), scopes)


class Region(msgspec.Struct, frozen=True, omit_defaults=True):
    """Detection for one key. ``told`` is what the last signal said, ``recent`` the worst since ``recent_since``, while that is less."""

    machine: Detection = Detection()
    flaps: Flaps = Flaps()
    told: Picture | None = None
    recent: Picture | None = None
    recent_since: datetime | None = None
    ended: tuple[tuple[str, str], ...] = ()  # observation that ended a trouble, and the sentence; the last ten


class OutageState(msgspec.Struct, frozen=True, omit_defaults=True):
    """All open troubles of a vendor by source and subject, and the regions with a finding open or pending."""

    vendor: str
    exercise: str | None = None
    troubles: dict[str, Trouble] = {}
    regions: dict[str, Region] = {}


class VendorOutage:
    """Opens with the first poll that shows trouble for long enough, clears when nothing has for ``clear_hold``."""

    meta: ClassVar[Meta] = Meta(
        id="vendor_outage",
        version=1,
        title="Vendor in trouble",
        why="A vendor that fails takes down what rests on it; the sooner it is known, the sooner the load can move.",
        severity=Severity.HIGH,
        reach=Reach.VENDOR,
        consumes=("component_status", "incident", "maintenance"),
    )
    Params: ClassVar[type[BaseModel]] = OutageParams
    State: ClassVar[type[msgspec.Struct]] = OutageState

    def __init__(self, params: OutageParams) -> None:
        self._params = params
        self._least = rank(params.min_status)
        self._ignored = matching(params.ignore_components)
        self._filters = {vendor: Filter(each) for vendor, each in params.vendors.items()}

    def keys(self, observation: Observation) -> Sequence[str]:
        return (observation.vendor,)

    def on_observation(self, key: str, state: OutageState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        place = f"{observation.source}\t{observation.subject}"
        old = state.troubles.get(place) if state is not None else None
        new = self._read(observation, old, now)
        if new is old:
            return None
        state = state or OutageState(key, observation.exercise)
        troubles, regions = dict(state.troubles), state.regions
        if new is not None:
            if old is None and len(troubles) >= MAX_TROUBLES:
                least = min(troubles, key=lambda name: (rank(troubles[name].status), name))
                if rank(troubles[least].status) >= rank(new.status):
                    return None
                del troubles[least]
            troubles[place] = new
        elif old is not None:
            del troubles[place]
            end = (observation.id, _end(old, observation))
            touched = {name for name in _keys(old) if name in regions}
            regions = {
                name: msgspec.structs.replace(region, ended=(*region.ended, end)[-10:]) if name in touched else region
                for name, region in regions.items()
            }
        # The rest of this poll is yet to come: judge when all of it is here.
        return Step(OutageState(state.vendor, state.exercise, troubles, regions), (), now)

    def on_wake(self, key: str, state: OutageState, now: datetime, context: Context) -> Step | None:
        grouped = _grouped(state.troubles.values())
        regions: dict[str, Region] = {}
        said: list[Signal] = []
        wakes: list[datetime] = []
        for name in sorted({*state.regions, *grouped}):
            region, spoken, wake = self._judge(name, state.regions.get(name, Region()), grouped.get(name, []), state, now, context)
            said += spoken
            if region.machine.phase is not Phase.CLEAR or region.flaps.onsets:
                regions[name] = region
            if wake is not None:
                wakes.append(wake)
        if not regions and not state.troubles:
            return Step(None, said)
        return Step(OutageState(state.vendor, state.exercise, state.troubles, regions), said, min(wakes, default=None))

    def _read(self, observation: Observation, old: Trouble | None, now: datetime) -> Trouble | None:
        """The trouble that the observation tells of: None for none, ``old`` itself where nothing that counts has changed."""
        body, wanted = observation.body, self._filters.get(observation.vendor)
        kind: str
        name: str
        status: Status
        stated, stage, unknown = True, "", False
        if isinstance(body, ComponentStatus):
            if body.status is Status.OPERATIONAL or (body.status is Status.UNKNOWN and old is None) or self._is_ignored(body):
                return None
            kind, name, status = (_PAGE if observation.subject == _PAGE else "component"), body.name, body.status
        elif isinstance(body, Incident):
            kind, name, status, stage = "incident", body.title, body.status, body.stage
            if body.resolved or status is Status.OPERATIONAL:
                return None
            if status is Status.UNKNOWN and (old is None or not old.stated):
                if self._params.unstated is None:
                    return None
                status, stated = self._params.unstated, False
        elif isinstance(body, Maintenance):
            kind, name, status, stage = "maintenance", body.title, Status.MAINTENANCE, body.stage
            if stage not in UNDER_WAY:
                return None
        else:
            return None
        if status is Status.UNKNOWN:
            assert old is not None
            status, unknown = old.status, True
        since = old.since if old is not None else now
        scopes = body.scopes or (Scope(observation.vendor),)
        if wanted is not None:
            scopes = wanted.kept(body, scopes)
            if not scopes:
                return None
        new = Trouble(observation.id, kind, observation.source, name, status, since, scopes, stage, stated, unknown)
        return old if old is not None and new == msgspec.structs.replace(old, id=new.id) else new

    def _is_ignored(self, body: ComponentStatus) -> bool:
        if self._ignored is None:
            return False
        return any(self._ignored.match(name.lower()) for name in (body.name, body.group) if name)

    def _judge(
        self, key: str, region: Region, troubles: list[Trouble], state: OutageState, now: datetime, context: Context
    ) -> tuple[Region, list[Signal], datetime | None]:
        params, picture = self._params, self._picture(key, troubles)
        flaps, began = flap(region.flaps, picture is not None, now, params.flaps, params.flap_window)
        short = picture is not None and rank(picture.status) >= rank(Status.PARTIAL_OUTAGE)
        hold = timedelta(0) if flaps.since is not None else params.hold_outage if short else params.hold_degraded
        # what was flapping has been quiet for a whole window when it is called so no longer
        clear_hold = timedelta(0) if region.flaps.since is not None and flaps.since is None else params.clear_hold
        machine, edge, wake = detect(region.machine, picture is not None or flaps.since is not None, now, hold, clear_hold)
        watch = flaps.due(now, params.flap_window)
        wake = watch if wake is None else wake if watch is None else min(wake, watch)

        def say(phase: signals.Phase, told: Picture, under: Detection) -> Signal:
            return self._say(key, phase, told, under, troubles, region, flaps, state.exercise, now, context)

        if edge is Edge.CLEARED:
            assert region.told is not None
            return Region(flaps=flaps), [say(signals.Phase.CLEARED, region.told, region.machine)], watch
        if edge is Edge.OPENED:
            assert picture is not None
            return Region(machine, flaps, picture), [say(signals.Phase.OPENED, picture, machine)], wake
        if machine.phase is not Phase.FIRING:
            return Region(machine, flaps, region.told, ended=region.ended), [], wake
        assert region.told is not None
        if flaps.since is not None:
            told = region.told if picture is None else region.told.joined(picture)
            news = began or rank(told.status) > rank(region.told.status)
            spoken = [say(signals.Phase.UPDATED, told, machine)] if news else []
            return Region(machine, flaps, told if news else region.told, ended=region.ended), spoken, wake
        assert picture is not None
        assert region.told is not None
        told, recent, since = region.told.joined(picture), region.recent, region.recent_since
        if told != region.told:
            recent = None  # worse than was told: say so at once, and begin to watch anew for betterment
        else:
            recent = picture if recent is None else recent.joined(picture)
            if since is not None and now - since >= self._params.settle:
                told, recent = recent, None
        steady = region.flaps.since is not None  # it was flapping until now, and is bad without a break
        spoken = [say(signals.Phase.UPDATED, told, machine)] if told != region.told or steady else []
        if picture == told and (recent is None or recent == told):
            return Region(machine, flaps, told, ended=region.ended), spoken, watch
        since = now if recent is None or since is None else since
        due = since + params.settle
        return Region(machine, flaps, told, recent or picture, since, region.ended), spoken, due if watch is None else min(due, watch)

    def _picture(self, key: str, troubles: Iterable[Trouble]) -> Picture | None:
        """What the troubles that count add up to within ``key``; None when none counts."""
        counting = [trouble for trouble in troubles if rank(trouble.status) >= self._least]
        if not counting:
            return None
        scopes = {scope for trouble in counting for scope in trouble.scopes if _key(scope) == key}
        return Picture(worst(trouble.status for trouble in counting), tuple(sorted(scopes, key=str)))

    def _say(
        self, key: str, phase: signals.Phase, told: Picture, machine: Detection, troubles: list[Trouble], region: Region, flaps: Flaps,
        exercise: str | None, now: datetime, context: Context,
    ) -> Signal:  # fmt: skip
        assert machine.onset is not None
        assert machine.opened_at is not None
        vendor, _, part = key.partition("/")
        name = f"{context.graph.name(vendor)} {part}".rstrip()
        troubles = sorted(troubles, key=lambda trouble: (-rank(trouble.status), trouble.since, trouble.source, trouble.name))
        counts = {kind: sum(trouble.kind == kind for trouble in troubles) for kind in _KIND_WORDS}
        if phase is signals.Phase.CLEARED:
            words = "no longer in trouble"
            quiet = self._params.flap_window if region.flaps.since is not None else self._params.clear_hold
            reason = f"No trouble reported for {duration(quiet)}; it was {_words(told.status)} at last."
        else:
            unstated = bool(troubles) and not any(trouble.stated for trouble in troubles if trouble.status is told.status)
            words = "incident, impact not stated" if unstated else _words(told.status)
            parts = [count(number, kind) for kind, number in counts.items() if number and kind != _PAGE]
            listed = " and ".join(parts) or "the page's indicator"
            sources = ", ".join(sorted({trouble.source for trouble in troubles}))
            reason = (
                f"{_words(told.status).capitalize()} by {listed}, as {sources} says; reported from {_words(self._params.min_status)} on."
            )
        if phase is not signals.Phase.CLEARED and flaps.since is not None:
            often = f"{len(flaps.onsets)} times in {duration(flaps.onsets[-1] - flaps.onsets[0])}"
            words, reason = f"{words}, flapping", f"{reason[:-1]}; it came and went {often}."
        measures = (
            Measure("status", told.status.value),
            *((Measure("times it came", len(flaps.onsets), "", self._params.flaps),) if flaps.since is not None else ()),
            *(Measure(f"{kind}s", number) for kind, number in counts.items() if number and kind != _PAGE),
        )
        ids = [identity for identity, _ in region.ended] + [trouble.id for trouble in sorted(troubles, key=lambda trouble: trouble.since)]
        facts = [_fact(trouble) for trouble in troubles[:20]] + [sentence for _, sentence in region.ended]
        return signal(
            rule=self.meta.id,
            key=key,
            episode=episode_id(machine.opened_at),
            phase=phase,
            severity=_SEVERITY[told.status],
            subject=vendor,
            at=now,
            since=machine.onset,
            title=f"{name}: {words}",
            reason=reason,
            scopes=told.scopes,
            evidence=Evidence(tuple(dict.fromkeys(ids))[-50:], measures, tuple(facts)),
            exercise=exercise,
        )


def _key(scope: Scope) -> str:
    return f"{scope.vendor}/{scope.region}" if scope.region else scope.vendor


def _keys(trouble: Trouble) -> set[str]:
    return {_key(scope) for scope in trouble.scopes}


def _grouped(troubles: Iterable[Trouble]) -> Mapping[str, list[Trouble]]:
    """Troubles by key, without the indicators of pages that show something as bad."""
    troubles = list(troubles)
    shown: dict[str, int] = {}
    for trouble in troubles:
        if trouble.kind != _PAGE:
            shown[trouble.source] = max(shown.get(trouble.source, 0), rank(trouble.status))
    found: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        if trouble.kind != _PAGE or rank(trouble.status) > shown.get(trouble.source, 0):
            for key in _keys(trouble):
                found.setdefault(key, []).append(trouble)
    return found


def _words(status: Status) -> str:
    return status.value.replace("_", " ")


def _fact(trouble: Trouble) -> str:
    stage = f", {trouble.stage}" if trouble.stage else ""
    status = _words(trouble.status) if trouble.stated else "impact not stated"
    known = "; that is the last known, it can not be read now" if trouble.unknown_now else ""
    return f"{_KIND_WORDS[trouble.kind]} “{trouble.name}”: {status}{stage} ({trouble.source}){known}"


def _end(trouble: Trouble, observation: Observation) -> str:
    how = "gone from the page" if isinstance(observation.body, Gone) else "over"
    return f"{_KIND_WORDS[trouble.kind]} “{trouble.name}”: {how} ({trouble.source})"
