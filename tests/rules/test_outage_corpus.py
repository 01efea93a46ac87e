"""Declared incidents of real vendors, recorded: one stay in trouble is one episode, whatever tells of it and however it is worded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.quality.corpus import CORPUS, files
from benchmarks.quality.outages import found
from benchmarks.quality.page import page

REQUIRED = os.environ.get("SECONDSOURCE_CORPUS_REQUIRED") == "1"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not REQUIRED and not (CORPUS / "status").is_dir(), reason=f"there are no recorded payloads at {CORPUS}"),
]

# Counted in the files, not in what the rule says: declared, over the threshold, stays in trouble.
KNOWN = {
    "22 vendors, 2019": (10, 5, 5),
    "22 vendors, 2023": (2477, 1288, 603),
    "22 vendors, changes of 2026-07-31": (1053, 835, 612),
    "22 vendors, changes of 2026-08-01": (12, 9, 4),
    "22 vendors, changes of 2026-08-03": (16, 14, 5),
    "22 vendors, changes of 2026-08-04": (36, 34, 13),
    "22 vendors, changes of 2026-08-05": (28, 25, 16),
    "GitHub, incidents.json": (5, 5, 5),
    "OpenAI, history 202012 to 202102": (2, 0, 0),
    "OpenAI, history 202206 to 202208": (15, 12, 10),
    "OpenAI, history 202406 to 202408": (39, 30, 23),
    "Anthropic, history 202303 to 202305": (6, 0, 0),
    "Anthropic, history 202406 to 202408": (50, 42, 41),
}


def test_every_stay_in_trouble_is_one_episode_and_none_is_missed() -> None:
    told = files()
    assert told.keys() == KNOWN.keys()
    for name, (declared, _) in told.items():
        each = found(declared)
        assert (each.incidents, each.over, each.stays) == KNOWN[name], name
        assert (each.scored.episodes, each.scored.true_episodes, each.scored.missed) == (each.stays, each.stays, ()), name
        assert each.disturbed == each.stays, name


def test_the_page_of_figures_is_fresh() -> None:
    kept = Path(__file__).parents[2] / "docs" / "detection-quality.md"
    assert kept.read_text(encoding="utf-8") == page(), "run make quality"
