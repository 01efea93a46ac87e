"""The register's transition table and its one step function."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from secondsource.domain import entries
from secondsource.domain.register import (
    Accept,
    Acknowledge,
    AnyEvent,
    Change,
    Cleared,
    Close,
    Entry,
    Expire,
    Fold,
    Mitigate,
    Opened,
    Policy,
    Refused,
    Reopen,
    Rescore,
    Settle,
    State,
    Updated,
    name_of,
)
from secondsource.domain.signals import episode_id
from secondsource.domain.words import duration

_O, _A, _M, _W, _X, _C = State.OPEN, State.ACKNOWLEDGED, State.MITIGATING, State.MONITORING, State.ACCEPTED, State.CLOSED

# From each state, by each event, the states that it may lead to; what is not here is refused. Several targets:
# - monitoring or closed + updated: open where the signal tells of a new episode, whose opening went unheard;
# - accepted + opened or updated: open where the severity rose above the accepted one; the acceptance outlives a clear, so that what
#   flickers need not be accepted each time;
# - accepted + expire: open where detection still fires, else closed.
TABLE: Mapping[tuple[State | None, str], tuple[State, ...]] = MappingProxyType(
    {
        (None, "opened"): (_O,), (None, "updated"): (_O,),
        (_O, "opened"): (_O,), (_O, "updated"): (_O,), (_O, "cleared"): (_C,), (_O, "rescore"): (_O,),
        (_O, "acknowledge"): (_A,), (_O, "mitigate"): (_M,), (_O, "accept"): (_X,), (_O, "close"): (_C,),
        (_A, "opened"): (_A,), (_A, "updated"): (_A,), (_A, "cleared"): (_C,), (_A, "rescore"): (_A,),
        (_A, "mitigate"): (_M,), (_A, "accept"): (_X,), (_A, "close"): (_C,),
        (_M, "opened"): (_M,), (_M, "updated"): (_M,), (_M, "cleared"): (_W,), (_M, "rescore"): (_M,),
        (_M, "accept"): (_X,), (_M, "close"): (_C,),
        (_W, "opened"): (_O,), (_W, "updated"): (_W, _O), (_W, "cleared"): (_W,), (_W, "rescore"): (_W,),
        (_W, "accept"): (_X,), (_W, "close"): (_C,), (_W, "settle"): (_C,),
        (_X, "opened"): (_X, _O), (_X, "updated"): (_X, _O), (_X, "cleared"): (_X,), (_X, "rescore"): (_X,),
        (_X, "close"): (_C,), (_X, "expire"): (_O, _C),
        (_C, "opened"): (_O,), (_C, "updated"): (_C, _O), (_C, "cleared"): (_C,), (_C, "rescore"): (_C,),
        (_C, "reopen"): (_O,),
        **{(state, "fold"): (state,) for state in State},
    }
)  # fmt: skip


def step(entry: Entry | None, event: AnyEvent, now: datetime, policy: Policy = Policy()) -> tuple[Entry, tuple[Change, ...]]:
    """The entry after ``event`` and the row for its history.

    No row means that nothing changed (but perhaps ``wake_at``). Signals are idempotent: one heard before, older than the
    newest heard, or the end of an episode that is not the present one changes nothing. Raises :class:`Refused` for what the
    table does not allow, for a reason or date that is missing, for a timer that is early, and for a ``cleared`` of a
    risk that the register never had.
    """
    state = entry.state if entry is not None else None
    if (state, name_of(event)) not in TABLE:
        raise Refused(state, name_of(event), _why_not(entry, name_of(event)))
    if isinstance(event, Opened | Updated | Cleared):
        if entry is None:
            after = entries.new_entry(event.signal, event.exposure, now, policy)
            return _recorded(None, after, event, now, event.signal.reason)
        if entries.stale(entry, event.signal):
            return entry, ()
        return _signalled(entry, event, now, policy)
    assert entry is not None  # the table has nothing else for a risk that is not there
    if isinstance(event, Rescore):
        return _rescored(entry, event, now, policy)
    if isinstance(event, Fold):
        return (entry, ()) if entry.cause == event.cause else _recorded(entry, replace(entry, cause=event.cause), event, now, event.reason)
    after, reason = _timed(entry, event, now, policy) if isinstance(event, Expire | Settle) else _decided(entry, event, now)
    return _recorded(entry, entries.numbered(after, now, policy), event, now, reason)


def due(entry: Entry, now: datetime, policy: Policy = Policy()) -> AnyEvent | None:
    """What the timer has to say to ``entry`` at ``now``: Expire, Settle, Rescore or nothing. Never refused by :func:`step`.

    It is never nothing once ``wake_at`` has come. A monitoring period that was made longer meanwhile is kept to.
    """
    if entry.wake_at is None or now < entry.wake_at:
        return None
    if entry.state is State.ACCEPTED:
        return Expire()
    if entry.state is State.MONITORING and entry.cleared_at is not None and now >= entry.cleared_at + policy.settle:
        return Settle()
    return Rescore()


def _signalled(entry: Entry, event: Opened | Updated | Cleared, now: datetime, policy: Policy) -> tuple[Entry, tuple[Change, ...]]:
    signal, again = event.signal, event.signal.episode != entry.episode
    if isinstance(event, Cleared):
        if again or entry.cleared_at is not None:
            return entry, ()
        after = entries.cleared(entries.heard(entry, signal), now)
        if entry.state is State.MITIGATING:
            after = replace(after, state=State.MONITORING)
        elif entry.state in (State.OPEN, State.ACKNOWLEDGED):
            after = replace(after, state=State.CLOSED, closed_at=now)
        return _recorded(entry, entries.numbered(after, now, policy), event, now, signal.reason)
    after = entries.with_signal(entry, signal, event.exposure)
    reason = signal.reason
    # An opening where detection had cleared, or a person closed, is a new stay in trouble, whatever its name.
    if again or (isinstance(event, Opened) and (entry.cleared_at is not None or entry.state is State.CLOSED)):
        after = entries.new_episode(after, signal.episode, now)
        if entry.state in (State.MONITORING, State.CLOSED):
            after = entries.unhandled(after)
            reason += f"; episode {after.episode_no}"
    after = entries.numbered(after, now, policy)
    limit = entry.accepted_severity
    if after.state is State.ACCEPTED and limit is not None and after.severity > limit:
        reason = f"severity rose from the accepted {limit.value} to {after.severity.value}: {reason}"
        after = entries.numbered(entries.unhandled(after), now, policy)
    return _recorded(entry, after, event, now, reason)


def _rescored(entry: Entry, event: Rescore, now: datetime, policy: Policy) -> tuple[Entry, tuple[Change, ...]]:
    noted = entry if event.plan is None else replace(entry, plan=event.plan)
    after = entries.numbered(noted, now, policy)
    if noted == entry and not entries.numbers(entry, after):
        return replace(entry, exposure=after.exposure, wake_at=after.wake_at), ()
    return _recorded(entry, after, event, now, "time has passed" if event.plan is None else f"what is known of {event.plan.name}")


def _timed(entry: Entry, event: Expire | Settle, now: datetime, policy: Policy) -> tuple[Entry, str]:
    if isinstance(event, Expire):
        if entry.accepted_until is not None and now < entry.accepted_until:
            raise Refused(entry.state, name_of(event), f"it is accepted until {entry.accepted_until:%Y-%m-%d %H:%M} UTC")
        ran_out = f"the acceptance by {entry.accepted_by} ran out"
        if entry.cleared_at is None:
            return entries.unhandled(entry), f"{ran_out}, and it still fires"
        return replace(entries.unaccepted(entry), state=State.CLOSED, closed_at=now), f"{ran_out}, and detection had cleared"
    if entry.cleared_at is not None and now < entry.cleared_at + policy.settle:
        raise Refused(entry.state, name_of(event), f"it is watched for {duration(policy.settle)} after the clear")
    return replace(entry, state=State.CLOSED, closed_at=now), f"quiet for {duration(policy.settle)}"


def _decided(entry: Entry, event: Acknowledge | Mitigate | Accept | Close | Reopen, now: datetime) -> tuple[Entry, str]:
    reason = event.reason.strip()
    if not reason and isinstance(event, Accept | Close | Reopen):
        raise Refused(entry.state, name_of(event), f"to {name_of(event)} a risk needs a reason")
    if isinstance(event, Acknowledge):
        return replace(entry, state=State.ACKNOWLEDGED, acknowledged_by=event.by, acknowledged_at=now), reason or "seen"
    if isinstance(event, Mitigate):
        return replace(entry, state=State.MITIGATING), reason or "work on it has begun"
    if isinstance(event, Accept):
        if event.until <= now:
            raise Refused(entry.state, name_of(event), f"the date until which it is accepted, {event.until:%Y-%m-%d %H:%M}, has passed")
        accepted = replace(entry, accepted_by=event.by, accepted_until=event.until, accepted_reason=reason)
        return replace(accepted, state=State.ACCEPTED, accepted_severity=entry.severity), reason
    if isinstance(event, Close):
        return replace(entries.unaccepted(entry), state=State.CLOSED, closed_at=now), reason
    # What still fires keeps the name that detection has for it, so that its clear is understood; what is over stays over.
    episode = entry.episode if entry.cleared_at is None else episode_id(now)
    return replace(entries.unhandled(entries.new_episode(entry, episode, now)), cleared_at=entry.cleared_at), reason


def _recorded(before: Entry | None, after: Entry, event: AnyEvent, now: datetime, reason: str) -> tuple[Entry, tuple[Change, ...]]:
    after = replace(after, version=after.version + 1, updated_at=now)
    signal = event.signal if isinstance(event, Opened | Updated | Cleared) else None
    change = Change(
        risk=after.id,
        seq=after.version,
        at=now,
        actor=_actor(event),
        event=name_of(event),
        from_state=before.state if before is not None else None,
        to_state=after.state,
        reason=reason,
        episode=after.episode,
        signal=signal.id if signal is not None else None,
        evidence=signal.evidence.observations if signal is not None else (),
        numbers=entries.numbers(before, after),
    )
    return after, (change,)


def _actor(event: AnyEvent) -> str:
    if isinstance(event, Opened | Updated | Cleared):
        return "detection"
    return "timer" if isinstance(event, Expire | Settle) else event.by


def _why_not(entry: Entry | None, event: str) -> str:
    if entry is None:
        return f"there is no such risk to be {event}" if event == "cleared" else f"there is no such risk to {event}"
    who = f" by {entry.acknowledged_by}" if entry.state is State.ACKNOWLEDGED else ""
    return f"the risk is {entry.state.value}{who}; {event} is not possible from there"
