"""What a probe may be told, and how it goes on within a poll. How it tells down from unreachable is in ``tests/runtimes/test_probe.py``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.http_probe import Config, HttpProbe
from secondsource.contracts.connector import Failure, ParseError, Response
from secondsource.domain.observations import ComponentStatus, Outcome

URL = "https://api.borealis.example/v1"
CONTROLS = ("https://one.example/", "https://two.example/")
PROBE = HttpProbe()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"url": URL, "method": "HEAD", "contains": "pong"}, "an answer to HEAD has no text"),
        ({"url": "http://api.borealis.example/"}, "over plain http anyone can answer"),
        ({"url": URL, "controls": ["http://one.example/"]}, "a control must be https"),
        ({"url": URL, "expect": []}, "at least 1 item"),
        ({"url": URL, "expect": ["ok"]}, "pattern"),
        ({"url": URL, "expect": ["2xx", "600"]}, "pattern"),
        ({"url": URL, "id": "a/b"}, "pattern"),
        ({"url": URL, "confirm": 0}, "greater than or equal to 1"),
        ({"url": URL, "method": "POST"}, "'GET' or 'HEAD'"),
    ],
)
def test_a_configuration_that_could_not_be_judged_by_is_refused(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Config.model_validate(config)


def test_each_control_is_asked_in_turn_and_the_first_answer_decides() -> None:
    config = Config(url=URL, controls=CONTROLS, auth="key", confirm=1)
    (request,) = PROBE.requests(config, None)
    assert (request.url, request.method, request.auth, request.every_status, request.every_time) == (URL, "GET", "key", True, True)
    failure = Failure(Outcome.TIMEOUT, "gave no complete answer in 20 s", 20_000, request.memo)
    first = PROBE.on_failure(failure, config)
    assert first.next_request is not None
    # a control gets neither our key nor more than a look
    assert (first.next_request.url, first.next_request.method, first.next_request.auth) == (CONTROLS[0], "HEAD", None)
    assert first.inconclusive is None
    second = PROBE.on_failure(Failure(Outcome.NETWORK, "refused", 3, first.next_request.memo), config)
    assert second.next_request is not None
    assert second.next_request.url == CONTROLS[1]
    answer = Response(CONTROLS[1], 503, {}, b"", datetime(2026, 1, 2, tzinfo=UTC), 30, second.next_request.memo)
    told = PROBE.parse(answer, config)
    (reading,) = told.readings
    assert isinstance(reading.body, ComponentStatus)
    assert reading.body.native == "no answer: gave no complete answer in 20 s"
    none = PROBE.on_failure(Failure(Outcome.NETWORK, "refused", 3, second.next_request.memo), config)
    assert none.next_request is None
    assert none.inconclusive is not None
    assert "2 controls gave no answer either" in none.inconclusive


@pytest.mark.parametrize("cursor", ["", "-1", "many", "1" * 30, "²"])
def test_a_cursor_that_is_no_count_counts_as_none(cursor: str) -> None:
    config = Config(url=URL)
    assert PROBE.requests(config, cursor) == PROBE.requests(config, None)
    assert PROBE.requests(config, "1") != PROBE.requests(config, None)


def test_an_answer_without_the_memo_of_its_request_is_refused() -> None:
    answer = Response(URL, 200, {}, b"", datetime(2026, 1, 2, tzinfo=UTC), 30, "half a memo")
    with pytest.raises(ParseError, match="memo"):
        PROBE.parse(answer, Config(url=URL))
