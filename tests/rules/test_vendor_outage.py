"""What must hold for the outage rule, whatever a page does."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.vendor_outage import MAX_TROUBLES, OutageParams, VendorOutage
from secondsource.domain.context import Context
from secondsource.domain.ledger import digest
from secondsource.domain.observations import ComponentStatus, Observation, observe
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Severity, Signal
from secondsource.domain.status import Status
from secondsource.testing.timeline import batches, play

START = datetime(2025, 1, 6, tzinfo=UTC)
SETTLE = timedelta(minutes=15)
CLEAR_HOLD = timedelta(minutes=10)


def component(name: str, status: Status, after: timedelta, region: str | None = None) -> Observation:
    body = ComponentStatus(name, status, scopes=(Scope("v", name, region),))
    return observe(source="s", vendor="v", subject=f"component/{name}", observed_at=START + after, body=body)


def ledger(observations: list[Observation], **params: object) -> list[Signal]:
    rule = VendorOutage(OutageParams.model_validate(params))
    last = max((observation.observed_at for observation in observations), default=START)
    return play([rule], Context(), batches(observations), last + timedelta(days=1))


readings = st.lists(
    st.tuples(st.sampled_from(["api", "files"]), st.sampled_from(list(Status)), st.integers(0, 240), st.sampled_from([None, "eu", "us"])),
    max_size=30,
)


def observed(drawn: list[tuple[str, Status, int, str | None]]) -> list[Observation]:
    """Readings in the order of time, one of a component in a poll."""
    latest = {(minute, name): (status, region) for name, status, minute, region in drawn}
    return [component(name, status, timedelta(minutes=minute), region) for (minute, name), (status, region) in sorted(latest.items())]


@given(readings)
def test_episodes_open_and_clear_in_turn(drawn: list[tuple[str, Status, int, str | None]]) -> None:
    said = ledger(observed(drawn))
    for key in {signal.key for signal in said}:
        own = [signal for signal in said if signal.key == key]
        assert own[0].phase is Phase.OPENED
        for before, after in pairwise(own):
            assert (before.phase is Phase.CLEARED) == (after.phase is Phase.OPENED)
            assert (before.episode == after.episode) == (after.phase is not Phase.OPENED)
            assert before.at < after.at or after.phase is not Phase.CLEARED
        # A wake that falls due at the time of a poll fires before it, so two may share an instant, and no more.
        times = [signal.at for signal in own]
        assert times == sorted(times)
        assert max(Counter(times).values()) <= 2
    assert len({signal.id for signal in said}) == len(said)


@given(readings, st.data())
def test_what_is_read_again_changes_nothing(drawn: list[tuple[str, Status, int, str | None]], data: st.DataObject) -> None:
    once = observed(drawn)
    extra = []
    for position, observation in enumerate(once):
        later = [o.observed_at for o in once[position + 1 :] if o.subject == observation.subject]
        end = min(later, default=observation.observed_at + timedelta(hours=3))
        minutes = data.draw(st.integers(0, max(0, (end - observation.observed_at) // timedelta(minutes=1) - 1)))
        assert isinstance(observation.body, ComponentStatus)
        extra.append(
            observe(
                source="s",
                vendor="v",
                subject=observation.subject,
                body=observation.body,
                observed_at=observation.observed_at + timedelta(minutes=minutes),
            )
        )
    rule = VendorOutage(OutageParams())
    end = START + timedelta(days=2)
    again = sorted([*once, *extra], key=lambda observation: observation.observed_at)
    assert digest(play([rule], Context(), batches(again), end)) == digest(play([rule], Context(), batches(once), end))


statuses = st.sampled_from(list(Status))
shapes = st.fixed_dictionaries({"bad": statuses, "worse": statuses, "regional": st.booleans(), "other": st.booleans()})


def wave(up: timedelta, down: timedelta, bad: Status, worse: Status, regional: bool, other: bool) -> dict[str, list[Signal]]:
    """What is said, by key, while a page alternates for six hours between two statuses of one or two components."""
    observations, after, phase = [], timedelta(0), 0
    while after < timedelta(hours=6):
        name = "api" if not other or phase % 2 else "files"
        observations.append(component(name, (bad, worse)[phase % 2], after, "eu" if regional else None))
        after += (up, down)[phase % 2]
        phase += 1
    said = [signal for signal in ledger(observations) if signal.at <= observations[-1].observed_at]
    return {key: [signal for signal in said if signal.key == key] for key in {signal.key for signal in said}}


@given(st.integers(1, 599), st.integers(1, 599), shapes)
def test_a_square_wave_of_up_to_ten_minutes_gives_few_signals(up: int, down: int, shape: dict[str, Any]) -> None:
    assume(up + down <= 600)
    for said in wave(timedelta(seconds=up), timedelta(seconds=down), **shape).values():
        assert [signal.phase for signal in said].count(Phase.OPENED) == 1
        for first in said:
            assert len([signal for signal in said if first.at <= signal.at < first.at + SETTLE]) <= 2


@given(st.integers(1, 7200), st.integers(1, 7200), shapes)
def test_two_episodes_begin_at_least_the_clear_hold_apart(up: int, down: int, shape: dict[str, Any]) -> None:
    for said in wave(timedelta(seconds=up), timedelta(seconds=down), **shape).values():
        opened = [signal.at for signal in said if signal.phase is Phase.OPENED]
        assert all(later - earlier >= CLEAR_HOLD for earlier, later in pairwise(opened))


def test_a_page_of_endless_troubles_is_bounded_and_keeps_the_worst() -> None:
    many = [component(f"c{number}", Status.DEGRADED, timedelta(0)) for number in range(MAX_TROUBLES + 50)]
    many.append(component("worst", Status.MAJOR_OUTAGE, timedelta(0)))
    (opened,) = ledger(many)
    assert opened.severity is Severity.HIGH
    counts = {measure.name: measure.value for measure in opened.evidence.measures}
    assert counts["components"] == MAX_TROUBLES
    assert len(opened.evidence.observations) == 50
    assert len(opened.evidence.facts) == 20


@pytest.mark.parametrize(
    "params", [{"min_status": "operational"}, {"min_status": "unknown"}, {"unstated": "unknown"}, {"hold": 3}, {"settle": 0}]
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OutageParams.model_validate(params)
