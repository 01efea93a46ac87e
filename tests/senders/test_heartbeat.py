"""The sign of life to a dead man's switch: what arrives, what is told, and that its address is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from secondsource.adapters.senders.heartbeat import HeartbeatSender
from secondsource.contracts.sender import Delivered, Delivery, Message, Rejected, Retry
from secondsource.settings.secrets import Secret
from secondsource.testing.conformance.benches import Known
from secondsource.testing.conformance.senders import listening
from secondsource.testing.standins.http import Fault, HttpStandIn, Received, Reply, answers

NOW = datetime(2025, 10, 20, tzinfo=UTC)
BEAT = Message("h1", "beat-1", "~heartbeat", "switch", "alive")


class Switch(HttpStandIn):
    """A dead man's switch that says OK."""

    async def respond(self, request: Received) -> Reply:
        return Reply(200, b"OK")


async def beat(url: Secret) -> Delivery:
    sender = HeartbeatSender(url, lambda: NOW)
    try:
        return await sender.send(BEAT)
    finally:
        await sender.close()


async def test_it_calls_the_address_and_sends_nothing() -> None:
    async with Switch() as switch:
        assert await beat(Known(f"{switch.url}/ping/canary-0815")) == Delivered("beat-1")
    [request] = switch.requests
    assert (request.method, request.target, request.body) == ("POST", "/ping/canary-0815", b"")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (answers(404), Rejected("answered with status 404")),
        (answers(503, headers={"retry-after": "20"}), Retry("answered with status 503", timedelta(seconds=20))),
        (answers(302, headers={"location": "http://127.0.0.1:9/"}), Rejected),
        (Fault("reset"), Retry),
    ],
)
async def test_what_fails_is_told_without_the_address(fault: Fault, outcome: Delivery | type) -> None:
    async with Switch() as switch:
        switch.faults.append(fault)
        with listening() as heard:
            got = await beat(Known(f"{switch.url}/ping/canary-0815"))
    assert got == outcome or type(got) is outcome
    assert not [words for words in (repr(got), *heard) if "canary" in words]


async def test_an_address_that_can_not_be_read_yet_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CANARY", raising=False)
    assert await beat(Secret.parse("env:CANARY", Path())) == Retry(
        "the environment has no variable CANARY; set it before the program starts"
    )
