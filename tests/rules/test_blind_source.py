"""What becomes of a source that was told to say the same, when the configuration changes over it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.blind_source import BlindParams, BlindSource
from secondsource.domain.context import Context
from secondsource.domain.observations import Outcome, SourceHealth, observe
from secondsource.domain.signals import Phase

START = datetime(2025, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "prices/unchanged"


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        (BlindParams(unchanged_sources={"prices": 5 * HOUR}), "5 h are allowed now."),
        (BlindParams(), "How long it may say the same is no longer set."),
    ],
)
def test_it_clears_when_more_is_allowed_or_nobody_asks_any_more(params: BlindParams, reason: str) -> None:
    same = SourceHealth(Outcome.UNCHANGED, content_at=START)
    first = observe(source="prices", vendor="v", subject="source/prices", observed_at=START + HOUR, body=same)
    opened = BlindSource(BlindParams(unchanged_after=HOUR)).on_observation(KEY, None, first, START + HOUR, Context())
    assert opened is not None
    assert [said.phase for said in opened.signals] == [Phase.OPENED]
    later = observe(source="prices", vendor="v", subject="source/prices", observed_at=START + 2 * HOUR, body=same)
    cleared = BlindSource(params).on_observation(KEY, opened.state, later, START + 2 * HOUR, Context())
    assert cleared is not None
    assert [(said.phase, said.reason, said.episode) for said in cleared.signals] == [(Phase.CLEARED, reason, opened.signals[0].episode)]
