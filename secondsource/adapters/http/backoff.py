"""When a source is polled next: its interval when it answers, ever longer pauses when it does not. Pure.

A source that fails time after time has its circuit open: it is probed once per longest pause until it answers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import MAX_RETRY_AFTER

Jitter = Callable[[str], float]
"""From a seed to a number from -1 to 1; the same for the same seed wherever runs are to repeat."""

#: the far side answered, even if with nothing that can be read: asking less often would not help it
ANSWERED = frozenset({Outcome.OK, Outcome.UNCHANGED, Outcome.PARSE})


class PollState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered between polls: failures in a row, and since when the circuit is open."""

    failures: int = 0
    open_since: datetime | None = None


class BackoffPolicy(msgspec.Struct, frozen=True):
    """``jitter`` is a share of the pause (0 switches it off). Pauses double from the interval up to ``longest`` or
    ``longest_intervals`` times the interval, whichever is less, but are never shorter than the interval.
    ``open_after`` failures in a row open the circuit."""

    jitter: float = 0.1
    longest: timedelta = timedelta(hours=1)
    longest_intervals: int = 8
    open_after: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.jitter < 1 or self.longest_intervals < 1 or self.open_after < 1:
            raise ValueError("jitter must be at least 0 and under 1, longest_intervals and open_after at least 1")


DEFAULT_BACKOFF = BackoffPolicy()
START = PollState()


def hashed_jitter(seed: str) -> float:
    """A number from -1 (inclusive) to 1 (exclusive) made from ``seed`` alone."""
    word = int.from_bytes(blake2b(seed.encode(), digest_size=6).digest(), "big")
    return word / 2**47 - 1.0


def next_poll(
    state: PollState,
    outcome: Outcome,
    *,
    source: str,
    now: datetime,
    interval: timedelta,
    retry_after: timedelta | None = None,
    policy: BackoffPolicy = DEFAULT_BACKOFF,
    jitter: Jitter = hashed_jitter,
) -> tuple[PollState, datetime]:
    """The state after a poll of ``source`` that ended with ``outcome``, and when the next one is due.

    ``now`` is the instant from which to count: the due time of the poll just made keeps a steady rhythm. The next one is
    never due before ``now`` plus ``retry_after`` (taken up to a day), whatever the jitter. Raises ValueError for an
    interval that is not positive.
    """
    if interval <= timedelta(0):
        raise ValueError(f"the interval of {source} is {interval}; it must be positive")
    if outcome in ANSWERED:
        state, pause = START, interval
    else:
        failures = state.failures + 1
        opened = failures >= policy.open_after
        state = PollState(failures, (state.open_since or now) if opened else None)
        longest = longest_pause(interval, policy)
        pause = longest if opened else min(interval * min(2 ** min(failures - 1, 16), policy.longest_intervals), longest)
    if policy.jitter:
        pause += pause * (policy.jitter * jitter(f"{source}/{now.isoformat()}"))
    wanted = min(max(retry_after or timedelta(0), timedelta(0)), MAX_RETRY_AFTER)
    return state, now + max(pause, wanted)


def longest_pause(interval: timedelta, policy: BackoffPolicy = DEFAULT_BACKOFF) -> timedelta:
    """The pause at which doubling ends, and between probes of a source whose circuit is open."""
    return max(interval, min(interval * policy.longest_intervals, policy.longest))
