"""Senders from settings."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from secondsource.adapters.senders import build, kinds, settings_model
from secondsource.adapters.senders.post import is_loopback
from secondsource.contracts.sender import Message, Rejected, Retry
from secondsource.testing.conformance.benches import Known

NOW = datetime(2025, 10, 20, tzinfo=UTC)


def test_kinds_are_found() -> None:
    assert kinds() == ("email", "slack", "webhook")
    assert settings_model("slack").__name__ == "SlackSettings"


@pytest.mark.parametrize("kind", ["pigeon", "", "Slack"])
def test_an_unknown_kind_names_those_that_there_are(kind: str) -> None:
    with pytest.raises(ValueError, match="there are email, slack, webhook"):
        build(kind, {}, now=lambda: NOW)


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        ("slack", {}, "token"),
        ("slack", {"token": "xoxb-in-the-open"}, "referred to"),
        ("slack", {"token": Known("x"), "tokn": "xoxb-in-the-open"}, "tokn"),
        ("slack", {"token": Known("x"), "base_url": "http://slack.example/api/"}, "https://"),
        ("slack", {"token": Known("x"), "base_url": "http://127.0.0.1.example/api/"}, "https://"),
        ("slack", {"token": Known("x"), "base_url": "file:///xoxb-in-the-open"}, "https://"),
        ("webhook", {"secret": Known("x"), "url": "https://hooks.example/xoxb-in-the-open"}, "referred to"),
        ("webhook", {"secret": Known("x"), "headers": {"x-token": "xoxb-in-the-open"}}, "referred to"),
        ("webhook", {"secret": Known("x"), "headers": {"x token": Known("x")}}, "letters, digits and hyphens"),
        ("webhook", {"secret": Known("x"), "headers": {"Content-Type": Known("x")}}, "set by the sender itself"),
    ],
)
def test_wrong_settings_say_so_without_values(kind: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        build(kind, settings, now=lambda: NOW)
    assert "xoxb-in-the-open" not in str(caught.value)


SETTINGS: dict[str, dict[str, Any]] = {
    "slack": {"token": "env:CANARY"},
    "webhook": {"secret": "env:CANARY", "url": Known("https://hooks.example/")},
    "email": {"host": "127.0.0.1", "security": "starttls", "sender": "a@example.com", "username": "mailer", "password": "env:CANARY"},
}


@pytest.mark.parametrize("kind", SETTINGS)
async def test_a_secret_is_read_when_it_is_needed_and_its_absence_passes(
    kind: str, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CANARY", raising=False)
    sender = build(kind, SETTINGS[kind], now=lambda: NOW)
    outcome = await sender.send(replace(message, recipient="ann@example.com"))
    await sender.close()
    assert outcome == Retry("the environment has no variable CANARY; set it before the program starts")


@pytest.mark.parametrize("kind", ["slack", "webhook"])
async def test_a_secret_that_no_header_can_carry_is_refused_without_being_told(kind: str, message: Message, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary\r\nx-evil: 1")
    secret = f"file:{tmp_path / 'secret'}"
    plain = {
        "slack": {"token": secret},
        "webhook": {"secret": Known("x"), "url": Known("https://hooks.example/"), "headers": {"x": secret}},
    }
    sender = build(kind, plain[kind], now=lambda: NOW)
    outcome = await sender.send(message)
    await sender.close()
    assert isinstance(outcome, Rejected)
    assert "canary" not in outcome.reason


@pytest.mark.parametrize("kind", ["slack", "webhook"])
async def test_a_server_that_nobody_vouches_for_gets_nothing(kind: str, message: Message, server_tls: ssl.SSLContext) -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_tls) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        plain = {"slack": {"token": Known("x"), "base_url": url}, "webhook": {"secret": Known("x"), "url": Known(url)}}
        sender = build(kind, plain[kind], now=lambda: NOW)
        outcome = await sender.send(message)
        await sender.close()
    assert outcome == Retry("the connection failed (ConnectError)")
    assert heard == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
