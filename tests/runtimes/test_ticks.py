"""When time is told to the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from secondsource.runtimes.ticks import Ticks

NOON = datetime(2025, 10, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_the_grid_begins_at_or_after_the_start() -> None:
    assert Ticks(NOON).next(None) == NOON
    assert Ticks(NOON + SECOND).next(None) == NOON + 60 * SECOND


def test_a_tick_is_taken_once() -> None:
    ticks = Ticks(NOON)
    assert ticks.take(NOON, None)
    assert not ticks.take(NOON, None)
    assert not ticks.take(NOON + 59 * SECOND, None)
    assert ticks.take(NOON + 60 * SECOND, None)


def test_a_timer_between_two_ticks_is_told_at_its_own_time_and_leaves_the_grid() -> None:
    ticks = Ticks(NOON + SECOND)
    timer = NOON + 20 * SECOND
    assert ticks.next(timer) == timer
    assert not ticks.take(timer - SECOND, timer)
    assert ticks.take(timer, timer)
    assert ticks.next(None) == NOON + 60 * SECOND


def test_after_a_pause_there_is_one_tick_and_not_one_for_each_minute_missed() -> None:
    ticks = Ticks(NOON)
    assert ticks.take(NOON + timedelta(hours=3, seconds=7), None)
    assert ticks.next(None) == NOON + timedelta(hours=3, minutes=1)


def test_an_instant_is_told_once_and_a_timer_that_is_late_for_it_waits_a_second() -> None:
    ticks = Ticks(NOON)
    assert ticks.take(NOON, None)
    assert ticks.next(NOON) == NOON + SECOND
    assert not ticks.take(NOON, NOON)
    assert ticks.take(NOON + SECOND, NOON)
