"""The engine with small rules of its own: routing, wakes, order, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.contracts.rule import Step
from secondsource.domain.context import Context
from secondsource.domain.ledger import digest, lines
from secondsource.domain.observations import Batch, Gone, Observation, Price, batch_of, observe
from secondsource.domain.signals import Signal
from secondsource.engine.cells import StoredCell
from secondsource.engine.engine import Engine
from secondsource.engine.errors import RuleError
from tests.support.small_rules import START, Held, HoldRule, Params, SumRule, Sums, at, engine, price, say, spend


def run(batches: Sequence[Batch], **params: Any) -> list[Signal]:
    under_test = engine(**params)
    return [found for batch in batches for found in under_test.apply(batch)]


def minutes(signals: Sequence[Signal]) -> list[tuple[float, str]]:
    return [((found.at - START) / timedelta(minutes=1), found.reason) for found in signals]


def test_a_wake_fires_at_its_own_time_whenever_the_next_input_comes() -> None:
    assert minutes(run([price("a", 0, 5), at(60)])) == [(10, "5 since 00:00")]
    assert minutes(run([price("a", 0, 5), price("a", 30, 6)])) == [(10, "5 since 00:00")]


def test_a_new_step_replaces_the_wake_that_was_asked_for() -> None:
    assert minutes(run([price("a", 0, 5), price("a", 9, 6), at(18)])) == []
    assert minutes(run([price("a", 0, 5), price("a", 9, 6), at(19)])) == [(19, "6 since 00:09")]


def test_a_step_of_none_keeps_the_old_wake() -> None:
    assert minutes(run([price("a", 0, 5), price("a", 9, 5), at(11)])) == [(10, "5 since 00:00")]


def test_another_vendors_input_fires_nothing_of_this_one() -> None:
    under_test = engine()
    under_test.apply(price("a", 0, 5))
    assert under_test.apply(price("b", 20, 7)) == []
    assert minutes(under_test.apply(at(20))) == [(10, "5 since 00:00")]


def test_gone_reaches_the_rules_of_what_it_was_and_no_others() -> None:
    when = START + timedelta(minutes=1)
    for was, reasons in (("price", [(1.0, "gone")]), ("incident", [])):
        gone = observe(source="s", vendor="a", subject="price/gpu", observed_at=when, body=Gone(was))
        assert minutes(run([price("a", 0, 5), batch_of("a", "s", when, (gone,))])) == reasons


def test_a_forgotten_key_is_forgotten() -> None:
    under_test = engine(keep=False)
    under_test.apply(price("a", 0, 5))
    assert [cell.state is None for cell in under_test.take_changes()] == [False]
    under_test.apply(at(10))
    assert [cell.state is None for cell in under_test.take_changes()] == [True]
    assert under_test.next_wake() is None


def test_exercises_have_states_of_their_own() -> None:
    found = run([price("a", 0, 5), price("a", 5, 9, exercise="drill-1"), at(30)])
    assert minutes(found) == [(10, "5 since 00:00"), (15, "9 since 00:05")]


def test_portfolio_rules_decide_on_ticks_only() -> None:
    under_test = engine()
    assert under_test.apply(spend("a", 1, 10)) == []
    assert under_test.apply(spend("b", 40, 5)) == []
    assert minutes(under_test.apply(at(40))) == [(40, "15")]


def test_what_was_stored_is_taken_up_again() -> None:
    first = engine()
    first.apply(price("a", 0, 5))
    stored = first.take_changes()

    class Source:
        def load(self, partition: str, exercise: str | None) -> list[StoredCell]:
            return [cell for cell in stored if (cell.partition, cell.exercise) == (partition, exercise)]

        def earliest_wakes(self) -> list[tuple[str, str | None, datetime]]:
            return [(cell.partition, cell.exercise, cell.wake_at) for cell in stored if cell.wake_at]

    second = Engine({"hold": HoldRule(Params()), "sum": SumRule(Params())}, Context(), Source())
    assert second.next_wake() == START + timedelta(minutes=10)
    assert second.apply(price("a", 1, 5)) == []
    assert minutes(second.apply(at(10))) == [(10, "5 since 00:00")]


def test_a_rule_that_raises_is_named_with_the_subject() -> None:
    when = START
    broken = observe(source="s", vendor="a", subject="price/x", observed_at=when, body=Gone("spend"))
    with pytest.raises(RuleError, match=r"rule sum, key 'price/x': AssertionError"):
        engine().apply(batch_of("a", "s", when, (broken,)))


def test_a_wake_that_is_not_later_is_refused() -> None:
    class Restless(HoldRule):
        def on_wake(self, key: str, state: Held, now: datetime, context: Context) -> Step | None:
            return Step(state, (), now)

    under_test = Engine({"hold": Restless(Params())}, Context())
    under_test.apply(price("a", 0, 5))
    with pytest.raises(RuleError, match="which is not later"):
        under_test.apply(at(30))


def test_a_portfolio_rule_may_not_signal_on_an_observation() -> None:
    class Hasty(SumRule):
        def on_observation(self, key: str, state: Sums | None, observation: Observation, now: datetime, context: Context) -> Step | None:
            return Step(Sums({}), (say("sum", key, now, "now"),))

    with pytest.raises(RuleError, match="on a wake, never on an observation"):
        Engine({"sum": Hasty(Params())}, Context()).apply(spend("a", 0, 1))


class Alarm(HoldRule):
    """Is to be woken so many minutes from now, never for 0; forgets the key for 99."""

    def on_observation(self, key: str, state: Held | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        assert isinstance(observation.body, Price)
        ahead = int(observation.body.amount)
        if ahead == 99:
            return None if state is None else Step(None)
        return Step(Held(observation.body.amount, now), (), now + timedelta(minutes=ahead) if ahead else None)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("xyz"), st.sampled_from([*range(10), 99, None])), max_size=40))
def test_the_last_wake_asked_for_is_the_one_that_fires(inputs: list[tuple[int, str, int | None]]) -> None:
    under_test = Engine({"hold": Alarm(Params())}, Context())
    said: list[Signal] = []
    wanted: list[tuple[float, str]] = []
    asked: dict[str, float] = {}
    minute = 0.0
    for gap, item, ahead in [*inputs, (60, "", None)]:
        minute += gap
        wanted += sorted((due, f"price/{key}") for key, due in asked.items() if due <= minute)
        asked = {key: due for key, due in asked.items() if due > minute}
        if ahead is None:
            said += under_test.apply(at(minute))
            continue
        said += under_test.apply(price("a", minute, ahead, item))
        asked.pop(item, None)
        if 0 < ahead < 99:
            asked[item] = minute + ahead
        assert under_test.next_wake() == (START + timedelta(minutes=min(asked.values())) if asked else None)
    assert [((found.at - START) / timedelta(minutes=1), found.key) for found in said] == wanted


def test_what_nobody_keeps_is_told_no_more() -> None:
    under_test = engine()
    under_test.apply(price("a", 0, 5))
    under_test.drop_changes()
    assert under_test.take_changes() == []
    under_test.apply(price("a", 1, 6))
    assert [cell.wake_at for cell in under_test.take_changes()] == [START + timedelta(minutes=11)]


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Batch], list[Batch]]:
    """A log, and another interleaving of it: order per vendor kept, ticks in their places, some batches delivered twice."""
    log: list[Batch] = []
    other: list[Batch] = []
    minute = 0.0
    for _ in range(draw(st.integers(1, 6))):
        span: dict[str, list[Batch]] = {"a": [], "b": [], "c": []}
        for _ in range(draw(st.integers(0, 8))):
            minute += draw(st.integers(1, 7))
            vendor = draw(st.sampled_from("abc"))
            amount = draw(st.integers(1, 3))
            span[vendor].append(draw(st.sampled_from([price, spend]))(vendor, minute, amount))
        minute += draw(st.integers(1, 20))
        log += sorted((batch for batches in span.values() for batch in batches), key=lambda batch: batch.at)
        left = {vendor: list(batches) for vendor, batches in span.items() if batches}
        while left:
            vendor = draw(st.sampled_from(sorted(left)))
            batch = left[vendor].pop(0)
            other += [batch] * draw(st.integers(1, 2))
            if not left[vendor]:
                del left[vendor]
        log.append(at(minute))
        other.append(at(minute))
    return log, other


@given(days())
def test_the_ledger_does_not_depend_on_the_interleaving_of_vendors(logs: tuple[list[Batch], list[Batch]]) -> None:
    straight, shuffled = run(logs[0]), run(logs[1])
    assert lines(straight) == lines(shuffled)
    assert digest(straight) == digest(shuffled)
