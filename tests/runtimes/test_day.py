"""The day that ``make bench`` measures: its answer is known without the rules, so a change of a rule shows here first."""

from __future__ import annotations

from benchmarks.day import day
from benchmarks.estate import company, rules
from benchmarks.story import LEAST_VENDORS, answer, found_in
from secondsource.engine.engine import Engine
from secondsource.runtimes.replay import replay


def test_the_rules_find_what_the_story_tells_and_nothing_else() -> None:
    signals = replay(day(LEAST_VENDORS), Engine(rules(), company(LEAST_VENDORS)))
    assert found_in(signals) == answer()
