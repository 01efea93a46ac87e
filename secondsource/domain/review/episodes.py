"""The vendor's trouble as the register has it: each stay in trouble, and what it did to functions of ours for how long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.exposure import OUTAGE_RULES, Exposure, age, expose
from secondsource.domain.hits import FunctionHit
from secondsource.domain.review.basis import Basis, basis
from secondsource.domain.review.facts import Facts, RiskRecord
from secondsource.domain.review.spans import Span, total, within
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Signal


class Harm(msgspec.Struct, frozen=True):
    """What one episode did to one function, within the period.

    ``hit`` is how long the function was without what it needs, ``hurt`` how long beyond the time that it can bear (its first impact
    threshold). ``level`` is the impact level reached (0: none). ``certain`` False: the trouble only may have reached it.
    """

    function: str
    name: str
    certain: bool
    level: int
    hit: Span
    hurt: Span | None
    chain: tuple[str, ...]


class Episode(msgspec.Struct, frozen=True):
    """One stay in trouble. ``ended`` None: it went on at the end of the period."""

    risk: str
    number: int  # counts within the paper, in the order of time
    title: str
    since: datetime
    ended: datetime | None
    scopes: tuple[Scope, ...]
    harms: tuple[Harm, ...]
    basis: Basis


class FunctionHarm(msgspec.Struct, frozen=True):
    """All episodes on one function together; time that several cover counts once."""

    function: str
    name: str
    certain: bool
    hit: timedelta
    hurt: timedelta
    level: int
    episodes: int
    basis: Basis


def episodes(facts: Facts) -> tuple[Episode, ...]:
    """The vendor's own trouble that touches the period, by its beginning."""
    return _numbered(episode for record in facts.risks for episode in _of_risk(record, facts, own=True))


def upstream(facts: Facts) -> tuple[Episode, ...]:
    """Trouble of others that reached functions of ours by way of this vendor; only those harms."""
    return _numbered(episode for record in facts.risks for episode in _of_risk(record, facts, own=False))


def _numbered(found: Iterable[Episode]) -> tuple[Episode, ...]:
    ordered = sorted(found, key=lambda episode: (episode.since, episode.risk))
    return tuple(msgspec.structs.replace(episode, number=number) for number, episode in enumerate(ordered, 1))


def totals(found: Iterable[Episode], facts: Facts) -> tuple[FunctionHarm, ...]:
    """By function, the longest hurt first."""
    by_function: dict[str, list[tuple[Episode, Harm]]] = {}
    for episode in found:
        for harm in episode.harms:
            by_function.setdefault(harm.function, []).append((episode, harm))
    made = []
    for function, pairs in by_function.items():
        # where one episode surely reached it, those that only may have are left out
        sure = any(harm.certain for _, harm in pairs)
        counted = [(episode, harm) for episode, harm in pairs if harm.certain == sure]
        ids = [id_ for episode, _ in counted for id_ in episode.basis.observations]
        says = "Time of the register's findings on the vendor, cut to the period; hurt from the function's first impact threshold on."
        made.append(
            FunctionHarm(
                function=function,
                name=counted[0][1].name,
                certain=sure,
                hit=total(harm.hit for _, harm in counted),
                hurt=total(harm.hurt for _, harm in counted if harm.hurt is not None),
                level=max(harm.level for _, harm in counted),
                episodes=len(counted),
                basis=basis(says, ids, risks=[episode.risk for episode, _ in counted]),
            )
        )
    return tuple(sorted(made, key=lambda harm: (not harm.certain, -harm.hurt, -harm.hit, harm.function)))


def _of_risk(record: RiskRecord, facts: Facts, *, own: bool) -> Iterable[Episode]:
    if record.entry.rule not in OUTAGE_RULES:
        return
    by_name: dict[str, list[Signal]] = {}
    for signal in record.signals:
        by_name.setdefault(signal.episode, []).append(signal)
    for name, said in by_name.items():
        if own != any(scope.vendor == facts.vendor for signal in said for scope in signal.scopes):
            continue
        since = min(signal.since for signal in said)
        ended = next((signal.at for signal in said if signal.phase is Phase.CLEARED and signal.at < facts.period.end), None)
        if not facts.period.touches(since, ended):
            continue
        worst = max(said, key=lambda signal: (signal.phase is not Phase.CLEARED, signal.severity, signal.at))
        exposure, how = _exposure(record, name, worst, ended or facts.period.end, facts)
        harms = tuple(_harm(hit, facts, ended) for hit in exposure.hits if own or passes(hit, facts.vendor))
        if not own and not harms:
            continue
        ids = [id_ for signal in said for id_ in signal.evidence.observations]
        yield Episode(record.entry.id, 0, worst.title, since, ended, worst.scopes, harms, basis(how, ids, risks=[record.entry.id]))


def _exposure(record: RiskRecord, episode: str, worst: Signal, end: datetime, facts: Facts) -> tuple[Exposure, str]:
    """What the register has of it; an earlier episode, which it no longer has, is met with the portfolio as it stands now."""
    if record.entry.episode == episode:
        return age(record.entry.exposure, end), "The functions hit are those that the register wrote down."
    return expose(worst, end, facts.context), "The functions hit are worked out with the portfolio as it is configured now."


def _harm(hit: FunctionHit, facts: Facts, ended: datetime | None) -> Harm:
    period = facts.period
    assert hit.since is not None  # every hit of an outage has a beginning
    start, end = period.clip(hit.since, ended)
    hurt = within([Span(hit.hurt_since, end)], start, end) if hit.hurt_since is not None else ()
    return Harm(hit.function, hit.name, hit.certain, hit.level_now, Span(start, max(start, end)), hurt[0] if hurt else None, hit.chain)


def passes(hit: FunctionHit, vendor: str) -> bool:
    """Whether the vendor, or a part of it, lies on the way from the function to the trouble."""
    return any(step == vendor or step.startswith(f"{vendor}/") for step in hit.chain_ids[2:])
