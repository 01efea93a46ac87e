"""The delivery machine: its table in full, its waits, its patience."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.adapters.outbox import delivery
from secondsource.adapters.outbox.delivery import Event, NotAllowed, backoff
from secondsource.contracts.sender import Delivered, Rejected, Retry
from secondsource.ports.outbox import UNSETTLED, Progress, State

NOW = datetime(2025, 10, 20, 7, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)

# The whole machine, written a second time: rows are states, columns events; a dot is refused.
DRAWN = """
            claim    postpone  taken  defer  refuse  give_up  supersede   confirm
pending     sending  .         .      .      .       .        superseded  .
sending     sending  pending   sent   retry  failed  failed   superseded  .
sent        .        .         .      .      .       .        .           delivered
delivered   .        .         .      .      .       .        .           .
retry       sending  .         .      .      .       .        superseded  .
failed      .        .         .      .      .       .        .           .
superseded  .        .         .      .      .       .        .           .
held        .        .         .      .      .       .        .           .
"""


def test_cross_product() -> None:
    head, *rows = [line.split() for line in DRAWN.strip().splitlines()]
    drawn = {(row[0], event): target for row in rows for event, target in zip(head, row[1:], strict=True)}
    assert set(drawn) == {(state.value, event.name.lower()) for state, event in product(State, Event)}
    for state, event in product(State, Event):
        target = drawn[state.value, event.name.lower()]
        if target == ".":
            with pytest.raises(NotAllowed, match=state.value):
                delivery.after(state, event)
        else:
            assert delivery.after(state, event) is State(target)


def test_what_is_unsettled_is_what_can_still_be_sent() -> None:
    assert {state for state, event in delivery.TABLE if event is Event.CLAIM} == UNSETTLED


def claimed(attempts: int = 1, first: datetime = NOW) -> Progress:
    return Progress(State.SENDING, NOW + LEASE, attempts, first)


def test_a_claim_counts_a_try_and_holds() -> None:
    held = delivery.claim(Progress(due=NOW), NOW, LEASE)
    assert held == Progress(State.SENDING, NOW + LEASE, 1, NOW)
    with pytest.raises(NotAllowed, match="not due"):
        delivery.claim(held, NOW + LEASE - SECOND, LEASE)
    again = delivery.claim(held, NOW + LEASE, LEASE)  # after a crash: the repeat
    assert again == Progress(State.SENDING, NOW + 2 * LEASE, 2, NOW)


def test_what_waits_for_its_turn_was_not_tried() -> None:
    assert delivery.postpone(claimed(), NOW + SECOND) == Progress(State.PENDING, NOW + SECOND, 0, None)
    assert delivery.postpone(claimed(attempts=3), NOW + SECOND) == Progress(State.PENDING, NOW + SECOND, 2, NOW)


def test_outcomes() -> None:
    assert delivery.settle(claimed(), Delivered("C1:1.000100"), NOW, "k") == Progress(State.SENT, None, 1, NOW, "C1:1.000100", "", NOW)
    assert delivery.settle(claimed(), Rejected("no such channel"), NOW, "k") == Progress(
        State.FAILED, None, 1, NOW, None, "no such channel"
    )
    later = delivery.settle(claimed(), Retry("busy"), NOW, "k")
    assert (later.state, later.due, later.reason) == (State.RETRY, NOW + backoff(1, "k"), "busy")
    assert delivery.confirm(Progress(State.SENT, receipt="r")) == Progress(State.DELIVERED, receipt="r")
    assert delivery.supersede(claimed(), "m2").reason == "message m2 says the same and more"


def test_the_far_side_may_ask_for_longer_but_not_for_shorter_or_ever() -> None:
    def wait(asked: timedelta, attempts: int = 1) -> timedelta:
        due = delivery.settle(claimed(attempts), Retry("busy", asked), NOW, "k").due
        assert due is not None
        return due - NOW

    assert wait(timedelta(seconds=47)) == timedelta(seconds=47)
    assert wait(timedelta(seconds=1), attempts=9) == backoff(9, "k") > timedelta(minutes=2)
    assert wait(timedelta(days=30)) == delivery.LONGEST_ASKED


def test_patience_is_a_day_from_the_first_try() -> None:
    almost = delivery.settle(claimed(200), Retry("busy"), NOW + timedelta(hours=24) - SECOND, "k")
    assert almost.state is State.RETRY
    over = delivery.settle(claimed(200), Retry("busy"), NOW + timedelta(hours=24), "k")
    assert (over.state, over.due) == (State.FAILED, None)
    assert over.reason == "given up after 200 tries, the first at 2025-10-20 07:00 UTC; the last: busy"
    assert not delivery.spent(Progress(due=NOW - timedelta(days=9)), NOW)  # waited long, but never tried


@given(st.integers(1, 10_000), st.text(max_size=40))
def test_backoff_is_bounded_and_repeatable(attempts: int, key: str) -> None:
    wait = backoff(attempts, key)
    assert SECOND <= wait <= timedelta(minutes=5)
    assert wait == backoff(attempts, key)
    full = min(2.0 ** min(attempts - 1, 20), 300.0)
    assert max(1.0, full / 2) <= wait.total_seconds() <= full


def test_backoff_spreads() -> None:
    assert len({backoff(10, f"key-{number}") for number in range(100)}) > 95
    mean = sum(backoff(10, f"key-{number}").total_seconds() for number in range(400)) / 400
    assert 215 < mean < 235  # evenly between 150 and 300


@given(st.lists(st.sampled_from(["deliver", "retry", "reject", "postpone", "lapse", "supersede"]), max_size=30))
def test_no_walk_leaves_the_machine(walk: list[str]) -> None:
    """Whatever happens in whatever order: tries are counted, a settled message stays settled, an unsettled one has a due instant."""
    progress, now, tries = Progress(due=NOW), NOW, 0
    for step in walk:
        if progress.state not in UNSETTLED:
            break
        assert progress.due is not None
        now = max(now, progress.due)
        progress = delivery.claim(progress, now, LEASE)
        tries += step != "postpone"
        match step:
            case "deliver":
                progress = delivery.settle(progress, Delivered("r"), now, "k")
            case "retry":
                progress = delivery.settle(progress, Retry("busy"), now, "k")
            case "reject":
                progress = delivery.settle(progress, Rejected("no"), now, "k")
            case "postpone":
                progress = delivery.postpone(progress, now + SECOND)
            case "supersede":
                progress = delivery.supersede(progress, "m2")
        assert progress.attempts == tries
        assert (progress.due is None) == (progress.state not in UNSETTLED)
    assert msgspec.convert(msgspec.to_builtins(progress), Progress) == progress
