"""A bounded run of what ``make fuzz`` does for long: spoilt answers give readings or a ParseError, within a second of processor time.

The time is this process's own, so that a busy machine can not make it fail.
"""

from __future__ import annotations

import time
from functools import cache

import pytest

from secondsource.adapters.plugins import connector, connector_names
from secondsource.contracts.connector import ParseError, Recognises
from tests.support.fuzz import SMALL, Bodies, made

TURNS = 60
SEED = 20251020
MOST = 1.0


@cache
def bodies() -> Bodies:
    return Bodies(SMALL)


@pytest.mark.parametrize("name", connector_names())
def test_spoilt_answers_are_read_or_refused_in_time(name: str) -> None:
    reader = connector(name)
    seeds = bodies().seeds(name)
    assert seeds, f"{name} has no fixture"
    for turn in range(TURNS):
        answer, told = made(name, seeds, SEED, turn)
        config = reader.spec.config.model_validate(told)
        refused: ParseError | None = None
        began = time.process_time()
        try:
            reader.parse(answer, config)
        except ParseError as error:
            refused = error
        assert refused is None or (refused.where and refused.reason)
        if isinstance(reader, Recognises):
            assert 0 <= reader.recognise(answer) <= 1
        spent = time.process_time() - began
        assert spent < MOST, f"turn {turn} took {spent:.1f} s of processor time for {len(answer.body)} bytes"


def test_chance_is_the_same_each_time() -> None:
    seeds = bodies().seeds("statuspage")
    assert made("statuspage", seeds, 1, 7) == made("statuspage", seeds, 1, 7)
    assert len({made("statuspage", seeds, 1, turn)[0].body for turn in range(50)}) > 40
