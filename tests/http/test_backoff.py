"""When a source is polled next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.adapters.http.backoff import (
    ANSWERED,
    START,
    BackoffPolicy,
    PollState,
    hashed_jitter,
    longest_pause,
    next_poll,
)
from secondsource.domain.observations import Outcome

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEADY = BackoffPolicy(jitter=0)
FAILURES = sorted(set(Outcome) - ANSWERED, key=str)

outcomes = st.sampled_from(list(Outcome))
intervals = st.timedeltas(timedelta(seconds=1), timedelta(days=400))
policies = st.builds(
    BackoffPolicy,
    jitter=st.floats(0, 0.5),
    longest=st.timedeltas(timedelta(seconds=1), timedelta(days=2)),
    longest_intervals=st.integers(1, 50),
    open_after=st.integers(1, 10),
)


def after(count: int, interval: timedelta = MINUTE, policy: BackoffPolicy = STEADY) -> tuple[PollState, timedelta]:
    """State and pause after ``count`` failures in a row."""
    state, due = START, NOW
    for _ in range(count):
        state, due = next_poll(state, Outcome.TIMEOUT, source="s", now=NOW, interval=interval, policy=policy)
    return state, due - NOW


def test_pauses_double_up_to_eight_intervals_then_the_circuit_opens() -> None:
    assert [after(count)[1] / MINUTE for count in range(1, 8)] == [1, 2, 4, 8, 8, 8, 8]
    assert [after(count)[0].open_since for count in (4, 5, 9)] == [None, NOW, NOW]


def test_an_hour_is_the_longest_pause_unless_the_interval_is_longer() -> None:
    assert [after(count, 20 * MINUTE)[1] / MINUTE for count in range(1, 5)] == [20, 40, 60, 60]
    assert after(9, timedelta(hours=3))[1] == timedelta(hours=3)


def test_an_open_circuit_goes_to_the_longest_pause_at_once() -> None:
    assert after(2, policy=BackoffPolicy(jitter=0, open_after=2))[1] == 8 * MINUTE


@pytest.mark.parametrize("outcome", sorted(ANSWERED, key=str))
def test_an_answer_closes_the_circuit(outcome: Outcome) -> None:
    state, due = next_poll(PollState(9, NOW - MINUTE), outcome, source="s", now=NOW, interval=MINUTE, policy=STEADY)
    assert state == START
    assert due == NOW + MINUTE


@pytest.mark.parametrize("outcome", FAILURES)
def test_every_failure_counts(outcome: Outcome) -> None:
    state, _ = next_poll(PollState(4), outcome, source="s", now=NOW, interval=MINUTE)
    assert state == PollState(5, NOW)


def test_the_circuit_stays_open_since_it_opened() -> None:
    state, _ = next_poll(PollState(7, NOW - MINUTE), Outcome.NETWORK, source="s", now=NOW, interval=MINUTE)
    assert state == PollState(8, NOW - MINUTE)


def test_jitter_known_answer() -> None:
    """The same in every process and version: runs in virtual time must repeat."""
    assert hashed_jitter("s/2026-03-04T12:00:00+00:00") == pytest.approx(hashed_jitter("s/" + NOW.isoformat()), abs=0)
    spread = [hashed_jitter(f"source-{number}") for number in range(2000)]
    assert min(spread) < -0.98
    assert max(spread) > 0.98
    assert abs(sum(spread) / len(spread)) < 0.05
    _, plus = next_poll(START, Outcome.OK, source="s", now=NOW, interval=MINUTE, jitter=lambda seed: 1.0)
    _, minus = next_poll(START, Outcome.OK, source="s", now=NOW, interval=MINUTE, jitter=lambda seed: -1.0)
    assert (plus - NOW, minus - NOW) == (timedelta(seconds=66), timedelta(seconds=54))


def test_sources_that_are_due_together_are_spread() -> None:
    dues = {next_poll(START, Outcome.OK, source=f"s{number}", now=NOW, interval=MINUTE)[1] for number in range(100)}
    assert len(dues) == 100


@given(outcomes, st.integers(0, 60), intervals, policies, st.one_of(st.none(), st.timedeltas(-MINUTE, timedelta(days=900))))
def test_the_next_poll_is_within_its_bounds(
    outcome: Outcome, failures: int, interval: timedelta, policy: BackoffPolicy, retry_after: timedelta | None
) -> None:
    state = PollState(failures, NOW if failures >= policy.open_after else None)
    after_it, due = next_poll(state, outcome, source="s", now=NOW, interval=interval, retry_after=retry_after, policy=policy)
    pause, slack = due - NOW, timedelta(microseconds=2)
    longest = max(longest_pause(interval, policy) * (1 + policy.jitter), min(retry_after or timedelta(0), timedelta(days=1)))
    assert interval * (1 - policy.jitter) - slack <= pause <= longest + slack
    if retry_after is not None:
        assert pause >= min(retry_after, timedelta(days=1))
    assert after_it.failures == (0 if outcome in ANSWERED else failures + 1)
    assert (after_it.open_since is not None) == (after_it.failures >= policy.open_after)


@given(outcomes, st.integers(0, 60), intervals, policies)
def test_the_same_poll_gives_the_same_due_time(outcome: Outcome, failures: int, interval: timedelta, policy: BackoffPolicy) -> None:
    one, two = (
        next_poll(PollState(failures), outcome, source="s", now=NOW, interval=interval, policy=policy) for _ in range(2)
    )  # fmt: skip
    assert one == two


@given(intervals, policies)
def test_pauses_never_shrink_while_failures_go_on(interval: timedelta, policy: BackoffPolicy) -> None:
    steady = BackoffPolicy(0, policy.longest, policy.longest_intervals, policy.open_after)
    pauses = [after(count, interval, steady)[1] for count in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == longest_pause(interval, steady)


@pytest.mark.parametrize("interval", [timedelta(0), -MINUTE])
def test_an_interval_that_is_not_positive_is_an_error(interval: timedelta) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        next_poll(START, Outcome.OK, source="s", now=NOW, interval=interval)


@pytest.mark.parametrize("wrong", [{"jitter": 1.0}, {"jitter": -0.1}, {"longest_intervals": 0}, {"open_after": 0}])
def test_a_policy_that_makes_no_sense_is_an_error(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least"):
        BackoffPolicy(**wrong)  # type: ignore[arg-type]
