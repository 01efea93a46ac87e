"""Webhooks: signature, payload, and the address policy that the transport holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from secondsource.adapters.http.resolver import SystemResolver
from secondsource.adapters.http.transport import GuardedTransport
from secondsource.adapters.senders import build
from secondsource.adapters.senders.signature import HEADER, sign, verify
from secondsource.contracts.sender import Delivered, Message, Rejected, Retry, Sender
from secondsource.testing.conformance.benches import Known
from secondsource.testing.standins.http import answers
from secondsource.testing.standins.webhook import WebhookStandIn

NOW = datetime(2025, 10, 20, 7, 12, 3, tzinfo=UTC)
SECRET = "signing-secret"
# printf '1760944323.{"a":1}' | openssl dgst -sha256 -hmac signing-secret
KNOWN = "feb472d3b5c2c3ba46cb2be9c321d68631b54e4f4bd7ea17af83084b88946134"


@pytest.fixture
async def hooks() -> AsyncIterator[WebhookStandIn]:
    async with WebhookStandIn(secret=SECRET, clock=lambda: NOW) as standin:
        yield standin


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    sender = build("webhook", {"secret": Known(SECRET)}, now=lambda: NOW)
    yield sender
    await sender.close()


def test_the_signature_is_what_openssl_makes_of_it() -> None:
    assert sign(b'{"a":1}', SECRET, NOW) == f"t=1760944323,v1={KNOWN}"


@pytest.mark.parametrize(
    ("signature", "body", "secret", "now", "fits"),
    [
        (f"t=1760944323,v1={KNOWN}", b'{"a":1}', SECRET, NOW, True),
        (f"t=1760944323,v1={KNOWN}", b'{"a":1}', SECRET, NOW + timedelta(minutes=5), True),
        (f"t=1760944323,v1={KNOWN}", b'{"a":1}', SECRET, NOW + timedelta(minutes=5, seconds=1), False),
        (f"t=1760944323,v1={KNOWN}", b'{"a":1}', SECRET, NOW - timedelta(minutes=5, seconds=1), False),
        (f"t=1760944324,v1={KNOWN}", b'{"a":1}', SECRET, NOW, False),
        (f"t=1760944323,v1={KNOWN}", b'{"a":2}', SECRET, NOW, False),
        (f"t=1760944323,v1={KNOWN}", b'{"a":1}', "another", NOW, False),
        (f"t=1760944323,v1={'0' * 64},v1={KNOWN}", b'{"a":1}', SECRET, NOW, True),  # while the secret is renewed
        (f"t=1760944323,t=1760944323,v1={KNOWN}", b'{"a":1}', SECRET, NOW, False),
        (f"t=1760944323,v1={KNOWN.upper()}", b'{"a":1}', SECRET, NOW, False),
        (f"v1={KNOWN}", b'{"a":1}', SECRET, NOW, False),
        ("t=1760944323", b'{"a":1}', SECRET, NOW, False),
        ("", b'{"a":1}', SECRET, NOW, False),
    ],
)
def test_verify(signature: str, body: bytes, secret: str, now: datetime, fits: bool) -> None:
    assert verify(signature, body, secret, now) is fits


@given(st.one_of(st.text(), st.text("tv1=,0123456789abcdef", max_size=120)), st.binary(max_size=40))
def test_verify_believes_no_stranger_and_never_raises(signature: str, body: bytes) -> None:
    assert verify(signature, body, SECRET, NOW) is False


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40), st.integers(0, 299))
def test_verify_takes_what_sign_made(body: bytes, secret: str, late: int) -> None:
    assert verify(sign(body, secret, NOW), body, secret, NOW + timedelta(seconds=late))


async def test_the_call(hooks: WebhookStandIn, sender: Sender, message: Message) -> None:
    sent = replace(message, recipient=f"{hooks.url}/in?team=a", exercise="d1", receipt="earlier")
    assert await sender.send(sent) == Delivered("key-1")
    [hook] = hooks.hooks
    assert (hook.path, hook.key, hook.headers["content-type"]) == ("/in?team=a", "key-1", "application/json")
    assert verify(hook.headers[HEADER.lower()], hooks.requests[0].body, SECRET, NOW)
    assert hook.body == {
        "format": "secondsource.message.v1",
        "id": "m1",
        "idempotency_key": "key-1",
        "channel": "ops",
        "headline": f"[DRILL] {message.headline}",
        "lines": list(message.lines),
        "subject": f"[DRILL] {message.subject}",
        "actions": [
            {"verb": "acknowledge", "label": "Acknowledge", "url": "https://ss.example.com/a?k=1&v=2"},
            {"verb": "open", "label": "Open", "url": "https://ss.example.com/r/1"},
        ],
        "thread": "r1/e1",
        "replaces": False,
        "folded": False,
        "severity": "critical",
        "state": "open",
        "reason": message.reason,
        "risk": "r1",
        "exercise": "d1",
        "created_at": "2025-10-20T07:12:03Z",
        "data": {},
    }


async def test_a_wrong_secret_is_refused_by_the_far_side(hooks: WebhookStandIn, message: Message) -> None:
    stranger = build("webhook", {"secret": Known("another")}, now=lambda: NOW)
    assert await stranger.send(replace(message, recipient=hooks.url)) == Rejected("answered with status 401")
    await stranger.close()
    assert (hooks.hooks, hooks.refused) == ([], 1)


async def test_an_old_signature_is_refused_by_the_far_side(hooks: WebhookStandIn, message: Message) -> None:
    late = build("webhook", {"secret": Known(SECRET)}, now=lambda: NOW - timedelta(minutes=6))
    assert isinstance(await late.send(replace(message, recipient=hooks.url)), Rejected)
    await late.close()


async def test_a_key_that_is_no_header_is_hashed(hooks: WebhookStandIn, sender: Sender, message: Message) -> None:
    for _ in range(2):
        await sender.send(replace(message, recipient=hooks.url, idempotency_key="a\r\nX-Evil: é"))
    first, second = hooks.hooks
    assert first.key == second.key == first.body["idempotency_key"]
    assert first.key.isalnum()
    assert "x-evil" not in first.headers


@pytest.mark.parametrize(
    "recipient", ["", "C0OPS", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://[::1", "http://a b/"]
)
async def test_what_is_no_address_is_refused(sender: Sender, message: Message, recipient: str) -> None:
    assert isinstance(await sender.send(replace(message, recipient=recipient)), Rejected)


async def test_the_address_policy_refuses_for_good(hooks: WebhookStandIn, message: Message) -> None:
    guarded = build("webhook", {"secret": Known(SECRET)}, now=lambda: NOW, transport=GuardedTransport(SystemResolver()))
    outcome = await guarded.send(replace(message, recipient=hooks.url))
    await guarded.close()
    assert isinstance(outcome, Rejected)
    assert "address policy" in outcome.reason
    assert hooks.requests == []


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("120", timedelta(minutes=2)),
        ("Mon, 20 Oct 2025 07:13:03 GMT", timedelta(minutes=1)),
        ("Mon, 20 Oct 2025 07:12:03 GMT", None),
        ("soon", None),
        ("-5", None),
        ("9" * 30, None),
        ("", None),
    ],
)
async def test_retry_after(hooks: WebhookStandIn, sender: Sender, message: Message, value: str, after: timedelta | None) -> None:
    hooks.faults.append(answers(503, headers={"retry-after": value}))
    assert await sender.send(replace(message, recipient=hooks.url)) == Retry("answered with status 503", after)


async def test_the_payload_is_the_same_each_time(hooks: WebhookStandIn, sender: Sender, message: Message) -> None:
    for data in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}):
        await sender.send(replace(message, recipient=hooks.url, data=data))
    first, second = hooks.requests
    assert first.body == second.body
    assert msgspec.json.decode(first.body)["data"] == {"a": "1", "b": "2"}
