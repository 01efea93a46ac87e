"""The delivery machine: what may become of a message, as one table, and when a failed try is made again."""

from __future__ import annotations

import enum
import hashlib
from datetime import datetime, timedelta

import msgspec

from secondsource.contracts.sender import Delivered, Delivery, Rejected, Retry
from secondsource.ports.outbox import Progress, State

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
PATIENCE = timedelta(hours=24)  # from the first try; after that a failed try is the last one
LONGEST_ASKED = timedelta(hours=24)  # more than this a far side may not ask for


class Event(enum.Enum):
    """What happens to a message on its way."""

    CLAIM = "claim"  # a dispatcher takes it
    POSTPONE = "postpone"  # taken, but the channel's pace does not let it go yet; no try was made
    TAKEN = "taken"  # the far side took it
    DEFER = "defer"  # the far side could not take it now
    REFUSE = "refuse"  # the far side will never take it
    GIVE_UP = "give up"  # a day of tries is over
    SUPERSEDE = "supersede"  # a newer message makes it needless
    CONFIRM = "confirm"  # a person acted on it


TABLE: dict[tuple[State, Event], State] = {
    (State.PENDING, Event.CLAIM): State.SENDING,
    (State.RETRY, Event.CLAIM): State.SENDING,
    (State.SENDING, Event.CLAIM): State.SENDING,  # only past its deadline: the repeat after a crash
    (State.SENDING, Event.POSTPONE): State.PENDING,
    (State.SENDING, Event.TAKEN): State.SENT,
    (State.SENDING, Event.DEFER): State.RETRY,
    (State.SENDING, Event.REFUSE): State.FAILED,
    (State.SENDING, Event.GIVE_UP): State.FAILED,
    (State.PENDING, Event.SUPERSEDE): State.SUPERSEDED,
    (State.SENDING, Event.SUPERSEDE): State.SUPERSEDED,
    (State.RETRY, Event.SUPERSEDE): State.SUPERSEDED,
    (State.SENT, Event.CONFIRM): State.DELIVERED,
}


class NotAllowed(Exception):
    """The table, or the deadline, does not let this event happen in this state."""


def after(state: State, event: Event) -> State:
    """The state after ``event``. Raises :class:`NotAllowed` for what the table does not hold."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise NotAllowed(f"a {state.value} message can not {event.value}") from None


def claim(progress: Progress, now: datetime, lease: timedelta) -> Progress:
    """Taken until ``now + lease``. Raises :class:`NotAllowed` where it is settled, not yet due, or held by another."""
    state = after(progress.state, Event.CLAIM)
    if progress.due is not None and progress.due > now:
        raise NotAllowed(f"a {progress.state.value} message is not due before {progress.due.isoformat()}")
    return msgspec.structs.replace(
        progress, state=state, due=now + lease, attempts=progress.attempts + 1, first_try=progress.first_try or now
    )


def postpone(progress: Progress, until: datetime) -> Progress:
    """Back in line until ``until``; the claim does not count as a try."""
    attempts = progress.attempts - 1
    return msgspec.structs.replace(
        progress,
        state=after(progress.state, Event.POSTPONE),
        due=until,
        attempts=attempts,
        first_try=progress.first_try if attempts else None,
    )


def supersede(progress: Progress, by: str) -> Progress:
    """Not needed any more: message ``by`` says the same and more."""
    return msgspec.structs.replace(
        progress, state=after(progress.state, Event.SUPERSEDE), due=None, reason=f"message {by} says the same and more"
    )


def confirm(progress: Progress) -> Progress:
    """Somebody acted on it, so it arrived."""
    return msgspec.structs.replace(progress, state=after(progress.state, Event.CONFIRM))


def settle(progress: Progress, outcome: Delivery, now: datetime, key: str) -> Progress:
    """What a try that ended at ``now`` with ``outcome`` means; ``key`` is the message's idempotency key, for the jitter."""
    match outcome:
        case Delivered(id=receipt):
            state = after(progress.state, Event.TAKEN)
            return msgspec.structs.replace(progress, state=state, due=None, sent_at=now, receipt=receipt, reason="")
        case Rejected(reason=reason):
            state = after(progress.state, Event.REFUSE)
            return msgspec.structs.replace(progress, state=state, due=None, reason=reason)
        case Retry(reason=reason, after=asked):
            if spent(progress, now):
                return give_up(progress, reason)
            state = after(progress.state, Event.DEFER)
            due = now + max(backoff(progress.attempts, key), min(asked or SHORTEST, LONGEST_ASKED))
            return msgspec.structs.replace(progress, state=state, due=due, reason=reason)


def spent(progress: Progress, now: datetime) -> bool:
    """Whether tries have been made for as long as they may."""
    return progress.first_try is not None and now - progress.first_try >= PATIENCE


def give_up(progress: Progress, reason: str) -> Progress:
    """Failed, after a day of tries that ended with ``reason``."""
    state = after(progress.state, Event.GIVE_UP)
    since = f", the first at {progress.first_try:%Y-%m-%d %H:%M} UTC" if progress.first_try else ""
    told = f"given up after {progress.attempts} tries{since}; the last: {reason or 'no outcome'}"
    return msgspec.structs.replace(progress, state=state, due=None, reason=told)


def abandon(progress: Progress, now: datetime) -> Progress | None:
    """Given up at the claim, without the try, or None where the try is to be made.

    A claim that comes this late after the first try means that tries end without an outcome, each time: a sender that breaks
    down. The last wait that a far side may ask for is long over.
    """
    if progress.first_try is None or now - progress.first_try < PATIENCE + LONGEST_ASKED + LONGEST:
        return None
    return give_up(msgspec.structs.replace(progress, attempts=progress.attempts - 1), progress.reason)


def backoff(attempts: int, key: str) -> timedelta:
    """The wait after try number ``attempts``: doubling from 1 s to 5 min, of which a hash takes off up to a half.

    Never under 1 s, never over 5 min. Messages that failed together thereby come back apart, and the same in each replay.
    """
    full = min(timedelta(seconds=1 << min(max(attempts - 1, 0), 16)), LONGEST)
    share = int.from_bytes(hashlib.blake2b(f"{attempts}:{key}".encode("utf-8", "replace"), digest_size=4).digest(), "big") / 2**32
    return max(SHORTEST, full * (1 - share / 2))
