"""The mail sender before a mail server: the mail itself, TLS and logins, broken conversations, settings."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from secondsource.adapters.senders import build
from secondsource.adapters.senders.mail import addressed
from secondsource.contracts.sender import Delivered, Message, Rejected, Retry, Sender
from secondsource.testing.conformance import senders
from secondsource.testing.conformance.benches import EmailBench, Known, closing
from secondsource.testing.standins.smtp import SmtpFault, SmtpStandIn

NOW = datetime(2025, 10, 20, 7, 12, 3, tzinfo=UTC)
PASSWORD = "canary-password-17"


@asynccontextmanager
async def sending(server: SmtpStandIn, **settings: object) -> AsyncIterator[Sender]:
    plain = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "Second Source <alerts@example.com>"}
    sender = build("email", {**plain, **settings}, now=lambda: NOW)
    yield sender
    await sender.close()


@pytest.fixture
def letter(message: Message) -> Message:
    return replace(message, recipient="Ann Example <ann@example.org>")


async def test_the_mail(letter: Message) -> None:
    async with SmtpStandIn() as server, sending(server, reply_to="ops@example.com") as sender:
        outcome = await sender.send(letter)
    [mail] = server.mails
    assert (mail.sender, mail.recipients) == ("alerts@example.com", ("ann@example.org",))
    headers = dict(mail.message.items())
    root = headers.pop("References")
    assert isinstance(outcome, Delivered)
    assert headers.pop("Content-Type").startswith("multipart/alternative")
    assert headers == {
        "From": "Second Source <alerts@example.com>",
        "To": "Ann Example <ann@example.org>",
        "Reply-To": "ops@example.com",
        "Subject": "[major] OpenAI API: Support assistant hurt in 7 min",
        "Date": "Mon, 20 Oct 2025 07:12:03 +0000",
        "Message-ID": outcome.id,
        "X-SecondSource-Key": "key-1",
        "In-Reply-To": root,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Importance": "high",
        "MIME-Version": "1.0",
    }
    assert mail.part("plain").replace("\r\n", "\n") == (
        "Major: OpenAI API: Support assistant is hurt in 7 min, since 06:48\n\n"
        "support assistant -> openai -> aws/us-east-1\nPlan: fail over to the second model (drill passed 12 days ago)\n\n"
        "Acknowledge:\n  https://ss.example.com/a?k=1&v=2\nOpen:\n  https://ss.example.com/r/1\n\n"
        "You are on call for Support assistant.\n"
    )
    html = mail.part("html")
    assert 'href="https://ss.example.com/a?k=1&amp;v=2"' in html
    assert "support assistant -&gt; openai" in html
    assert 'name="viewport"' in html
    assert "Drill" not in html


async def test_the_same_message_is_the_same_mail_to_the_byte(letter: Message) -> None:
    async with SmtpStandIn() as server, sending(server) as sender:
        server.faults.append(SmtpFault("data", kept=True))
        assert isinstance(await sender.send(letter), Retry)
        assert isinstance(await sender.send(letter), Delivered)
    first, second = server.mails
    assert first.content == second.content


async def test_a_drill_is_striped_and_not_important(letter: Message) -> None:
    async with SmtpStandIn() as server, sending(server) as sender:
        await sender.send(replace(letter, exercise="d1"))
    [mail] = server.mails
    assert mail.message["Subject"] == "[DRILL] [major] OpenAI API: Support assistant hurt in 7 min"
    assert mail.message["Importance"] is None
    assert "Drill: nothing is broken" in mail.part("html")
    assert mail.part("plain").startswith("[DRILL] Major")


async def test_mails_of_a_thread_belong_together(letter: Message) -> None:
    async with SmtpStandIn() as server, sending(server) as sender:
        first = await sender.send(letter)
        assert isinstance(first, Delivered)
        await sender.send(replace(letter, idempotency_key="key-2", receipt=first.id))
        await sender.send(replace(letter, idempotency_key="key-3", receipt="C0OPS:1.000100"))
        await sender.send(replace(letter, idempotency_key="key-4", thread="r2/e1"))
        await sender.send(replace(letter, idempotency_key="key-5", thread=None))
    one, two, three, four, five = (mail.message for mail in server.mails)
    assert len({mail.message["Message-ID"] for mail in server.mails}) == 5
    assert two["References"] == f"{one['References']} {first.id}"
    assert two["In-Reply-To"] == first.id
    assert three["References"] == one["References"] != four["References"]
    assert five["References"] is five["In-Reply-To"] is None


async def test_starttls_and_login(letter: Message, server_tls: ssl.SSLContext, ca_file: str) -> None:
    async with SmtpStandIn(tls=server_tls, login=("mailer", PASSWORD)) as server:
        secure = {"security": "starttls", "ca_file": ca_file, "username": "mailer"}
        async with sending(server, **secure, password=Known(PASSWORD)) as sender:
            assert isinstance(await sender.send(letter), Delivered)
        async with sending(server, **secure, password=Known("wrong")) as sender:
            assert await sender.send(letter) == Rejected("the mail server does not take the name and password: 535 5.7.8")
        async with sending(server, security="starttls", ca_file=ca_file) as sender:
            assert isinstance(await sender.send(letter), Rejected)
    assert [mail.encrypted for mail in server.mails] == [True]


async def test_tls_from_the_first_byte(letter: Message, server_tls: ssl.SSLContext, ca_file: str) -> None:
    async with SmtpStandIn(tls=server_tls, wrapped=True) as server, sending(server, security="tls", ca_file=ca_file) as sender:
        assert isinstance(await sender.send(letter), Delivered)
    assert [mail.encrypted for mail in server.mails] == [True]


async def test_a_server_without_starttls_gets_nothing(letter: Message) -> None:
    async with SmtpStandIn() as server, sending(server, security="starttls") as sender:
        outcome = await sender.send(letter)
    assert isinstance(outcome, Rejected)
    assert "check security" in outcome.reason
    assert server.tries == 0


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_certificate_of_nobody_known_is_not_believed(letter: Message, server_tls: ssl.SSLContext, wrapped: bool) -> None:
    async with SmtpStandIn(tls=server_tls, wrapped=wrapped) as server, sending(server, security="tls" if wrapped else "starttls") as sender:
        outcome = await sender.send(letter)
    assert isinstance(outcome, Retry)
    assert "certificate" in outcome.reason
    assert server.tries == 0


async def test_no_password_is_told(server_tls: ssl.SSLContext, ca_file: str) -> None:
    async with SmtpStandIn(tls=server_tls, login=("mailer", "another-password")) as server:
        settings = {"security": "starttls", "ca_file": ca_file, "username": "mailer", "password": Known(PASSWORD)}
        async with closing(EmailBench(server, secrets=(PASSWORD, "Y2FuYXJ5LXBhc3N3b3Jk"), **settings)) as bench:
            await senders.tells_no_secret(bench)
    assert server.mails == []


async def test_what_was_taken_is_delivered_whatever_the_farewell(letter: Message) -> None:
    async with SmtpStandIn() as server, sending(server) as sender:
        for fault in (SmtpFault("quit"), SmtpFault("quit", "421 4.3.0 tired"), SmtpFault("quit", "554 5.0.0 no")):
            server.faults.append(fault)
            assert isinstance(await sender.send(letter), Delivered)
    assert len(server.mails) == 3


async def test_reasons_keep_the_code_and_drop_the_words(letter: Message) -> None:
    async with SmtpStandIn() as server, sending(server) as sender:
        server.faults.append(SmtpFault("rcpt", "550 5.1.1 <ann@example.org> is unknown, password hunter2"))
        assert await sender.send(letter) == Rejected("the mail server does not take the recipient: 550 5.1.1")
        server.faults.append(SmtpFault("data", "451 come back"))
        assert await sender.send(letter) == Retry("the mail server does not take the message: 451")


@pytest.mark.parametrize(
    "recipient", ["", "nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: x@y.example", "ä@b.example", "a@b..example", "C0OPS"]
)
async def test_what_is_no_address_is_refused_before_anything_is_said(letter: Message, recipient: str) -> None:
    async with SmtpStandIn() as server, sending(server) as sender:
        assert isinstance(await sender.send(replace(letter, recipient=recipient)), Rejected)
    assert server.tries == 0


@pytest.mark.parametrize(
    ("given", "name", "address"),
    [
        ("a@b.example", "", "a@b.example"),
        ("Ann <a@b.example>", "Ann", "a@b.example"),
        ('"Ann, B." <a@b.example>', "Ann, B.", "a@b.example"),
        ("=?utf-8?q?x?= <a+tag@b.example>", "= ?utf-8?q?x?=", "a+tag@b.example"),
    ],
)
def test_addresses(given: str, name: str, address: str) -> None:
    found = addressed(given)
    assert found is not None
    assert (found.display_name, found.addr_spec) == (name, address)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sender": "nobody"}, "one mail address"),
        ({"reply_to": "a@b.example, c@d.example"}, "one mail address"),
        ({"username": "mailer"}, "together"),
        ({"host": "mail.example.com", "username": "mailer", "password": Known(PASSWORD)}, "in the open"),
        ({"security": "maybe"}, "starttls"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"password": PASSWORD, "username": "mailer"}, "referred to"),
    ],
)
def test_settings_that_are_wrong_say_so_without_values(settings: dict[str, Any], told: str) -> None:
    sound = {"host": "127.0.0.1", "port": 25, "security": "none", "sender": "alerts@example.com"}
    with pytest.raises(ValidationError, match=told) as caught:
        build("email", {**sound, **settings}, now=lambda: NOW)
    assert PASSWORD not in str(caught.value)
