"""Several vendors are in trouble, and one part that they share explains it: one case instead of many.

It hears what ``vendor_outage`` and ``blind_source`` find. Where findings of several vendors began within ``window`` of each other
and the graph knows a part that all of them rest on, they are one case, rooted there: of a part that is in trouble by its own account
and one more vendor, or of three vendors where the part itself says nothing of it. What comes later joins, as long as the case is
open. Vendors that do not rest on the part stay outside. The findings that a case covers go on being what they are; nobody is called
for each of them any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.common_cause import COMMON_CAUSE, HEARD, Explanation, Link, Member, explained, explanations, together
from secondsource.domain.context import Context
from secondsource.domain.findings import FINDING, Finding
from secondsource.domain.observations import Observation
from secondsource.domain.reach import Index, index_of
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, episode_id, signal
from secondsource.domain.words import count, duration

ALL = "all"
MAX_MEMBERS = 1000
"""Findings that are weighed at a time; of more, the rest stay by themselves."""

_SEVERITIES = list(Severity)


class CauseParams(BaseModel):
    """How much must come together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window: timedelta = Field(default=timedelta(hours=1), gt=timedelta(0), description="How far apart the troubles may have begun.")
    with_root: int = Field(default=1, ge=1, le=50, description="How many vendors beside a part that is in trouble by its own account.")
    without_root: int = Field(default=3, ge=2, le=50, description="How many vendors where the part itself tells of none.")
    clear_hold: timedelta = Field(default=timedelta(minutes=10), ge=timedelta(0), description="How long all must be well before it clears.")


class Case(msgspec.Struct, frozen=True, omit_defaults=True):
    """One open case. ``members`` are all that it ever covered, by name; ``told`` the severity and vendors last said; ``well`` since when
    nothing of it fires."""

    root: Scope
    opened_at: datetime
    since: datetime
    members: dict[str, Member] = {}
    told: tuple[int, tuple[str, ...], bool] = (0, (), False)
    well: datetime | None = None

    @property
    def root_name(self) -> str:
        """The root as text: what the finding is known by."""
        return str(self.root)


class CauseState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Findings that stand, by name, and the open cases, by root."""

    exercise: str | None = None
    members: dict[str, Member] = {}
    cases: dict[str, Case] = {}


class CommonCause:
    """Opens with the first tick at which enough has come together, clears when none of it has fired for ``clear_hold``."""

    meta: ClassVar[Meta] = Meta(
        id=COMMON_CAUSE,
        version=1,
        title="Several vendors in trouble from one cause",
        why="Ten pages for one failure tire those who must act; the cause tells what to move, and what will come back by itself.",
        severity=Severity.HIGH,
        reach=Reach.PORTFOLIO,
        consumes=(FINDING,),
    )
    Params: ClassVar[type[BaseModel]] = CauseParams
    State: ClassVar[type[msgspec.Struct]] = CauseState

    def __init__(self, params: CauseParams) -> None:
        self._params = params

    def keys(self, observation: Observation) -> Sequence[str]:
        body = observation.body
        return (ALL,) if isinstance(body, Finding) and body.rule in HEARD else ()

    def on_observation(self, key: str, state: CauseState | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        body = observation.body
        assert isinstance(body, Finding)
        name = f"{body.rule}:{body.key}"
        members = dict(state.members) if state is not None else {}
        old = members.pop(name, None)
        if not body.over and len(members) < MAX_MEMBERS:
            since = old.since if old is not None else now
            members[name] = Member(name, observation.vendor, body.scopes, since, body.severity.rank, observation.id)
        if members.get(name) == old:
            return None
        state = state or CauseState(observation.exercise)
        return Step(CauseState(state.exercise, members, state.cases), (), now)

    def on_wake(self, key: str, state: CauseState, now: datetime, context: Context) -> Step | None:
        index = index_of(context)
        free = dict(sorted(state.members.items()))
        cases: dict[str, Case] = {}
        said: list[Signal] = []
        wakes: list[datetime] = []
        for name, case in sorted(state.cases.items()):
            links = [link for member in free.values() if (link := explained(case.root, member, index)) is not None]
            free = {each: member for each, member in free.items() if all(link.member.name != each for link in links)}
            after, spoken, wake = self._carried(case, links, state.exercise, now, context)
            said += spoken
            if after is not None:
                cases[name] = after
            if wake is not None:
                wakes.append(wake)
        while (best := self._best(tuple(free.values()), index)) is not None:
            opened, first = self._opened(best, state.exercise, now, context)
            said.append(first)
            cases[opened.root_name] = opened
            free = {name: member for name, member in free.items() if name not in opened.members}
        if not state.members and not cases:
            return Step(None, said)
        return Step(CauseState(state.exercise, state.members, cases), said, min(wakes, default=None))

    def _best(self, members: Sequence[Member], index: Index) -> Explanation | None:
        """The best explanation of what no case covers, where it explains enough."""
        found = [together(each, self._params.window) for each in explanations(members, index)]
        enough = [
            each for each in found if len(each.vendors) >= (self._params.with_root if each.own else self._params.without_root)
        ]  # fmt: skip
        return min(enough, key=lambda each: each.merit, default=None)

    def _opened(self, best: Explanation, exercise: str | None, now: datetime, context: Context) -> tuple[Case, Signal]:
        members = {link.member.name: link.member for link in best.links}
        case = Case(best.part, now, min(member.since for member in members.values()), members, _told(best.links))
        return case, self._say(Phase.OPENED, case, best, exercise, now, context)

    def _carried(
        self, case: Case, links: Sequence[Link], exercise: str | None, now: datetime, context: Context
    ) -> tuple[Case | None, list[Signal], datetime | None]:
        """An open case with what of it fires now."""
        present = Explanation(case.root, tuple(links))
        if not links:
            well = case.well or now
            if now - well >= self._params.clear_hold:
                return None, [self._say(Phase.CLEARED, case, present, exercise, now, context)], None
            return msgspec.structs.replace(case, well=well), [], well + self._params.clear_hold
        members = {**case.members, **{link.member.name: link.member for link in links}}
        worst, vendors, own = _told(links)
        before = case.told
        told = (max(worst, before[0]), tuple(sorted({*vendors, *before[1]})), own or before[2])
        after = Case(case.root, case.opened_at, case.since, members, told, None)
        if told == before and members.keys() == case.members.keys():
            return after, [], None
        return after, [self._say(Phase.UPDATED, after, present, exercise, now, context)], None

    def _say(self, phase: Phase, case: Case, present: Explanation, exercise: str | None, now: datetime, context: Context) -> Signal:
        index = index_of(context)
        root = index.name(case.root)
        vendors = [context.graph.name(vendor) for vendor in case.told[1]]
        links = sorted(present.links, key=lambda link: (link.member.since, link.member.name))
        scopes = {scope for link in links for scope in link.member.scopes}
        if phase is Phase.CLEARED:
            title = f"{root}: over, with what came of it"
            reason = (
                f"Nothing of it has been in trouble for {duration(self._params.clear_hold)}; it reached {count(len(vendors), 'vendor')}."
            )
        else:
            title = f"{root}: likely cause of trouble at {_listed(vendors)}"
            own = "is in trouble by its own account" if case.told[2] else "tells of no trouble itself"
            reason = f"{_listed(vendors)} rest{'s' if len(vendors) == 1 else ''} on {root}, which {own}; all began within {_spread(case)}."
        known = [(link, context.graph.name(link.member.vendor)) for link in links]
        facts = tuple(
            f"{name}, since {link.member.since:%H:%M} UTC: "
            + ("the cause itself" if link.root else f"rests on it, {link.confidence:.0%} sure")
            for link, name in known
        )
        over = sorted(case.members.values(), key=lambda member: (member.since, member.name))
        return signal(
            rule=self.meta.id,
            key=case.root_name,
            episode=episode_id(case.opened_at),
            phase=phase,
            severity=_SEVERITIES[max(case.told[0], Severity.MEDIUM.rank)],
            subject=case.root.vendor,
            at=now,
            since=case.since,
            title=title,
            reason=reason,
            scopes=tuple(sorted(scopes, key=str)) or (case.root,),
            evidence=Evidence(
                tuple(member.signal for member in over)[-50:],
                (
                    Measure("vendors explained", len(vendors)),
                    Measure("confidence, added up", present.weight),
                    Measure("the root tells of it", "yes" if case.told[2] else "no"),
                ),
                facts[:20],
            ),
            exercise=exercise,
            covers=tuple(sorted(case.members)),
        )


def _told(links: Sequence[Link]) -> tuple[int, tuple[str, ...], bool]:
    """The worst severity, the vendors beside the root's, and whether the root itself is in trouble."""
    worst = max(link.member.severity for link in links)
    return worst, tuple(sorted({link.member.vendor for link in links if not link.root})), any(link.root for link in links)


def _spread(case: Case) -> str:
    """How far apart the first and the last began."""
    times = [member.since for member in case.members.values()]
    return duration(max(times) - min(times) + timedelta(minutes=1))


def _listed(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{len(names)} vendors"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "no other vendor"
