"""What the tests of the senders share."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from secondsource.contracts.sender import Action, Message
from secondsource.testing.conformance.benches import Known

#: a self-signed certificate for 127.0.0.1 with its key, valid for a hundred years, good for nothing else
TLS = Path(__file__).parent / "tls"


@pytest.fixture
def now() -> datetime:
    return datetime(2025, 10, 20, 7, 12, 3, tzinfo=UTC)


@pytest.fixture
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    return context


@pytest.fixture
def ca_file() -> str:
    return str(TLS / "cert.pem")


@pytest.fixture
def token() -> Known:
    return Known("xoxb-canary-4711-do-not-tell")


@pytest.fixture
def message(now: datetime) -> Message:
    return Message(
        id="m1",
        idempotency_key="key-1",
        channel="ops",
        recipient="C0OPS",
        headline="Major: OpenAI API: Support assistant is hurt in 7 min, since 06:48",
        lines=("support assistant -> openai -> aws/us-east-1", "Plan: fail over to the second model (drill passed 12 days ago)"),
        subject="[major] OpenAI API: Support assistant hurt in 7 min",
        actions=(
            Action("acknowledge", "Acknowledge", "https://ss.example.com/a?k=1&v=2"),
            Action("open", "Open", "https://ss.example.com/r/1"),
        ),
        thread="r1/e1",
        severity="critical",
        reason="You are on call for Support assistant.",
        risk="r1",
        created_at=now,
    )
