"""E-mail over SMTP. A repeat carries the same Message-ID, so that mail programs show it once."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Self

import aiosmtplib
import httpx2
from pydantic import Field, model_validator

from secondsource.adapters.senders.mail import addressed, compose, message_id
from secondsource.adapters.senders.post import is_loopback
from secondsource.adapters.senders.secret import Secret, SenderSettings
from secondsource.contracts.sender import Delivered, Delivery, Message, Rejected, Retry
from secondsource.settings.base import OwnFile
from secondsource.settings.secrets import SecretError

_PORTS = {"tls": 465, "starttls": 587, "none": 25}


class EmailSettings(SenderSettings):
    """The mail server, and who writes."""

    host: str = Field(min_length=1, description="The mail server.")
    port: int | None = Field(default=None, ge=1, le=65535, description="Its port; absent: 587 for starttls, 465 for tls, 25 for none.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="starttls is demanded, never dropped; tls from the first byte; none only for a relay that is trusted.",
    )
    sender: str = Field(description="The address in From: Alerts <alerts@example.com>.")
    reply_to: str | None = Field(default=None, description="Where answers go; absent: to the sender.")
    username: str | None = Field(default=None, description="The name to sign in with.")
    password: Secret | None = Field(default=None, description="The password to sign in with.")
    ca_file: OwnFile | None = Field(default=None, description="The certificate of the authority of a server of one's own.")
    timeout: timedelta = Field(default=timedelta(seconds=30), description="How long one message may take.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name in ("sender", "reply_to"):
            value = getattr(self, name)
            if value is not None and addressed(value) is None:
                raise ValueError(f"{name} must be one mail address, such as alerts@example.com or Alerts <alerts@example.com>")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password are given together or not at all")
        if self.password is not None and self.security == "none" and not is_loopback(self.host):
            raise ValueError("a password is not sent in the open: set security to starttls or tls")
        return self

    def recipient_problem(self, recipient: str | None) -> str | None:
        """Whether it is one mail address."""
        sound = recipient is None or addressed(recipient) is not None
        return None if sound else "messages go to one mail address, such as risk@example.com"


class EmailSender:
    """One connection per message: pages are few, and a connection kept open is one more thing that can be dead.

    4xx and broken connections are tried again, 5xx are refused. A connection that breaks after the text was sent is tried again
    with the same Message-ID. What the server says is not quoted, but for its code.
    """

    kind: ClassVar[str] = "email"
    settings_model: ClassVar[type[SenderSettings]] = EmailSettings

    def __init__(self, settings: EmailSettings, now: Callable[[], datetime], transport: httpx2.AsyncBaseTransport | None = None) -> None:
        sender = addressed(settings.sender)
        assert sender is not None  # the settings were validated
        self._settings = settings
        self._sender = sender
        self._now = now
        self._tls = ssl.create_default_context(cafile=settings.ca_file) if settings.security != "none" else None

    async def send(self, message: Message) -> Delivery:
        """Try once; the receipt is the Message-ID."""
        recipient = addressed(message.recipient)
        if recipient is None:
            return Rejected("the recipient is not a mail address of plain ASCII")
        mail = compose(message, self._sender, recipient, addressed(self._settings.reply_to or ""), message.created_at or self._now())
        receipt = Delivered(message_id(message, self._sender.domain))
        seconds = self._settings.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                await self._hand_over(recipient.addr_spec, mail)
        except SecretError as error:
            return Retry(str(error))
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused(error.recipients[0].code, error.recipients[0].message, "the recipient")
        except aiosmtplib.SMTPAuthenticationError as error:
            return _refused(error.code, error.message, "the name and password")
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code, error.message, "the message")
        except (TimeoutError, aiosmtplib.SMTPTimeoutError):
            return Retry(f"the mail server did not finish within {seconds:g} s")
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError, OSError) as error:
            unsafe = next((each for each in (error, error.__cause__) if isinstance(each, ssl.SSLError)), None)
            if unsafe is not None:
                return Retry(f"no safe connection to the mail server ({type(unsafe).__name__}): check its certificate and ca_file")
            return Retry(f"the connection to the mail server failed ({type(error).__name__})")
        except aiosmtplib.SMTPException as error:
            return Rejected(f"the mail server lacks what the settings ask for ({type(error).__name__}): check security and username")
        return receipt

    async def _hand_over(self, recipient: str, mail: bytes) -> None:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port or _PORTS[settings.security],
            local_hostname=self._sender.domain,
            timeout=settings.timeout.total_seconds(),
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
            username=settings.username,
            password=settings.password.reveal() if settings.password else None,
        )
        try:
            await client.connect()
            await client.sendmail(self._sender.addr_spec, [recipient], mail)
            # Taken with the answer to DATA; what becomes of the farewell changes nothing.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()

    async def close(self) -> None:
        """Nothing is held between messages."""


def _refused(code: int, said: str, what: str) -> Retry | Rejected:
    """The outcome of an answer with ``code``; of its words only the enhanced status code is kept."""
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", said)
    sentence = f"the mail server does not take {what}: {code}{f' {enhanced[0]}' if enhanced else ''}"
    return Rejected(sentence) if 500 <= code <= 599 else Retry(sentence)
