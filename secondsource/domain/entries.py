"""How an entry of the register is made and brought up to date. What may happen when is in ``transitions``."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from secondsource.domain.exposure import Exposure, age, over
from secondsource.domain.register import Entry, Number, Policy, State, covered, risk_id
from secondsource.domain.scoring import Score, scores
from secondsource.domain.severity import next_turn, risk_severity
from secondsource.domain.signals import Signal


def new_entry(signal: Signal, exposure: Exposure, now: datetime, policy: Policy) -> Entry:
    """The first episode of a risk."""
    unscored = Score(1, 1, "")
    entry = Entry(
        id=risk_id(signal.rule, signal.key, signal.exercise),
        rule=signal.rule,
        key=signal.key,
        exercise=signal.exercise,
        episode=signal.episode,
        title=signal.title,
        reason=signal.reason,
        finding=signal.severity,
        severity=signal.severity,
        severity_reason="",
        subject=signal.subject,
        since=signal.since,
        opened_at=now,
        updated_at=now,
        last_signal=signal.id,
        heard_at=signal.at,
        heard=(),
        inherent=unscored,
        current=unscored,
        residual=unscored,
        version=0,
    )
    return numbered(with_signal(entry, signal, exposure), now, policy)


def stale(entry: Entry, signal: Signal) -> bool:
    """Whether the entry has heard this signal, or a newer one."""
    return signal.id in entry.heard or signal.at < entry.heard_at


def heard(entry: Entry, signal: Signal) -> Entry:
    """The entry that remembers the signal, and nothing else of it."""
    before = entry.heard if signal.at == entry.heard_at else ()
    return replace(entry, last_signal=signal.id, heard_at=signal.at, heard=(*before, signal.id))


def with_signal(entry: Entry, signal: Signal, exposure: Exposure) -> Entry:
    """The entry with what the signal says."""
    return replace(
        heard(entry, signal),
        title=signal.title,
        reason=signal.reason,
        finding=signal.severity,
        subject=signal.subject,
        scopes=signal.scopes,
        evidence=signal.evidence,
        since=signal.since,
        covers=covered(signal),
        exposure=exposure,
        owner=exposure.hits[0].owner if exposure.hits else entry.owner,
    )


def new_episode(entry: Entry, episode: str, now: datetime) -> Entry:
    """The same risk, in trouble again."""
    return replace(entry, episode=episode, episode_no=entry.episode_no + 1, opened_at=now, cleared_at=None, cause=None)


def unhandled(entry: Entry) -> Entry:
    """The entry as if nobody had taken it: what open means."""
    return replace(unaccepted(entry), state=State.OPEN, closed_at=None, acknowledged_by=None, acknowledged_at=None)


def unaccepted(entry: Entry) -> Entry:
    """The entry without an acceptance."""
    return replace(entry, accepted_by=None, accepted_until=None, accepted_reason=None, accepted_severity=None)


def cleared(entry: Entry, at: datetime) -> Entry:
    """The entry whose trouble ended at ``at``: nothing further hurts; what it reached stays."""
    return replace(entry, cleared_at=at, exposure=over(entry.exposure, at))


def numbered(entry: Entry, now: datetime, policy: Policy) -> Entry:
    """The entry with severity, scores and wake as of ``now``. What is over or closed keeps its severity."""
    live = entry.cleared_at is None and entry.state is not State.CLOSED
    if live:
        entry = replace(entry, exposure=age(entry.exposure, now))
        severity, reason = risk_severity(entry.finding, entry.exposure, now)
        entry = replace(entry, severity=severity, severity_reason=reason)
    over_ = entry.cleared_at is not None
    if live or over_:
        three = scores(
            entry.finding,
            entry.exposure,
            now,
            mitigating=entry.state is State.MITIGATING,
            cleared=over_,
            plan=entry.plan,
            drill_valid=policy.drill_valid,
        )
        entry = replace(entry, inherent=three.inherent, current=three.current, residual=three.residual)
    return replace(entry, wake_at=wake(entry, now, policy))


def wake(entry: Entry, now: datetime, policy: Policy) -> datetime | None:
    """When the timer next has something to say."""
    if entry.state is State.CLOSED:
        return None
    if entry.state is State.ACCEPTED:
        return entry.accepted_until
    if entry.cleared_at is None:
        return next_turn(entry.exposure, now)
    return entry.cleared_at + policy.settle if entry.state is State.MONITORING else None


def numbers(before: Entry | None, after: Entry) -> tuple[Number, ...]:
    """The numbers that differ, with the reason of the new one."""
    found = []
    for name, reason in (
        ("severity", after.severity_reason),
        ("inherent", after.inherent.reason),
        ("current", after.current.reason),
        ("residual", after.residual.reason),
        ("hurts_at", ""),
    ):
        old, new = (None if before is None else _number(before, name)), _number(after, name)
        if old != new:
            found.append(Number(name, old, new, reason))
    return tuple(found)


def _number(entry: Entry, name: str) -> str | None:
    if name == "severity":
        return entry.severity.value
    if name == "hurts_at":
        at = entry.exposure.hurts_at
        return at.isoformat() if at is not None else None
    score: Score = {"inherent": entry.inherent, "current": entry.current, "residual": entry.residual}[name]
    return f"{score.likelihood} x {score.impact} = {score.value}"
