"""Square waves of any period and duty: how often anybody is told, over a day of virtual time, through the engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.vendor_outage import OutageParams, VendorOutage
from secondsource.domain.context import Context
from secondsource.domain.flapping import Flaps, flap
from secondsource.domain.observations import Batch, ComponentStatus, batch_of, observe
from secondsource.domain.signals import Phase, Signal
from secondsource.domain.status import Status
from secondsource.testing.timeline import play

START = datetime(2025, 1, 6, tzinfo=UTC)
DAY = timedelta(hours=24)
WINDOW = timedelta(minutes=15)
BAD = (Status.DEGRADED, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE)


def wave(period: timedelta, duty: float, bad: Status, length: timedelta) -> Iterator[Batch]:
    at, on = START, max(timedelta(milliseconds=1), period * duty)
    while at < START + length:
        for when, status in ((at, bad), (at + on, Status.OPERATIONAL)):
            body = ComponentStatus("API", status)
            made = observe(source="page", vendor="v", subject="component/api", observed_at=when, body=body)
            yield batch_of("v", "page", when, (made,))
        at += period


def told(period: timedelta, duty: float, bad: Status, length: timedelta) -> list[Signal]:
    return play([VendorOutage(OutageParams())], Context(), wave(period, duty, bad, length), START + length + DAY)


@settings(max_examples=25)
@given(st.integers(10, 600), st.floats(0.01, 0.99), st.sampled_from(BAD))
@example(600, 0.001, Status.MAJOR_OUTAGE)
@example(600, 0.999, Status.DEGRADED)
@example(599, 0.5, Status.PARTIAL_OUTAGE)
def test_a_square_wave_gives_two_notices_and_one_of_flapping_in_any_window(seconds: int, duty: float, bad: Status) -> None:
    """Over 24 hours; and in the end it is over, and nothing was forgotten."""
    said = told(timedelta(seconds=seconds), duty, bad, DAY)
    for first in said:
        within = [each for each in said if first.at <= each.at < first.at + WINDOW]
        assert sum("flapping" in each.title for each in within) <= 1
        assert len(within) <= 3
    if bad is Status.DEGRADED and seconds >= 300 and seconds * duty < 120:
        assert said == []  # too short each time, and not often enough to be called flapping
        return
    assert [each.phase for each in said if each.phase is not Phase.UPDATED] == [Phase.OPENED, Phase.CLEARED]
    assert len(said) <= 4
    often = sum("flapping" in each.title for each in said)
    assert often == 1 if seconds < 300 else often <= 1  # four beginnings within a quarter of an hour, or fewer


def test_a_wave_of_one_second_is_told_as_often_as_one_of_ten() -> None:
    """Two hours of it; a day would only take longer."""
    for seconds in (1, 2, 5):
        said = told(timedelta(seconds=seconds), 0.5, Status.MAJOR_OUTAGE, timedelta(hours=2))
        assert [(each.phase, "flapping" in each.title) for each in said] == [
            (Phase.OPENED, False),
            (Phase.UPDATED, True),
            (Phase.CLEARED, False),
        ]
        assert said[-1].at - said[0].at < timedelta(hours=2) + WINDOW


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=60), st.integers(3, 6))
def test_flapping_is_so_many_beginnings_within_the_window(steps: list[tuple[int, bool]], times: int) -> None:
    """Against the plain definition, worked out from the whole history at each step; and a step that comes twice changes nothing."""
    flaps, now, before, onsets, flapping = Flaps(), START, False, list[datetime](), False
    for seconds, bad in steps:
        now += timedelta(seconds=seconds)
        if bad and not before:
            onsets.append(now)
        before = bad
        if onsets and now - onsets[-1] >= WINDOW:
            onsets, flapping = [], False
        flapping = flapping or sum(now - onset <= WINDOW for onset in onsets) >= times
        flaps, _ = flap(flaps, bad, now, times, WINDOW)
        assert (flaps.since is not None) == flapping
        assert flap(flaps, bad, now, times, WINDOW) == (flaps, False)
