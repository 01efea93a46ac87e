"""Webhooks: the message as JSON to an address of the reader's, signed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

import httpx2
import msgspec
from pydantic import AfterValidator, Field

from secondsource.adapters.senders import text
from secondsource.adapters.senders.post import Answer, header_value, judge, post, transport_or_default
from secondsource.adapters.senders.secret import Secret, SenderSettings
from secondsource.adapters.senders.signature import HEADER, sign
from secondsource.contracts.sender import Delivered, Delivery, Message, Rejected, Retry
from secondsource.domain.ids import content_id
from secondsource.settings.secrets import SecretError

FORMAT = "secondsource.message.v1"
_TAKEN = frozenset(
    {"content-type", "content-length", "transfer-encoding", "host", "connection", "user-agent", "idempotency-key", HEADER.lower()}
)


def _free(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", name):
        raise ValueError("the name of a header has letters, digits and hyphens only")
    if name.lower() in _TAKEN:
        raise ValueError(f"the header {name} is set by the sender itself; leave it out")
    return name


class WebhookSettings(SenderSettings):
    """Where the receiver is, and what proves to it who sends."""

    secret: Secret = Field(description="What signs each message, known to the receiver too.")
    url: Secret | None = Field(
        default=None, description="The address, where whoever knows it may write there; absent: the recipient is the address."
    )
    headers: dict[Annotated[str, AfterValidator(_free)], Secret] = Field(
        default_factory=dict, description="Headers that are sent as they are, for receivers that want a token of their own."
    )
    timeout: timedelta = Field(default=timedelta(seconds=10), description="How long one message may take.")

    def recipient_problem(self, recipient: str | None) -> str | None:
        """Whether there is an address. Where that is a secret, any recipient is but a name for it."""
        if self.url is not None or (recipient or "").startswith(("https://", "http://")):
            return None
        return "messages go to an address that begins with https://; give it here, or as `url` where it is a secret"


class WebhookSender:
    """Posts the message. Any 2xx counts as taken; 408, 425, 429 and 5xx are tried again, the rest is refused.

    The header ``Idempotency-Key`` is the same at each try; ``X-SecondSource-Signature`` proves sender and time
    (:func:`secondsource.adapters.senders.signature.verify`). The transport that is given holds the address policy.
    """

    kind: ClassVar[str] = "webhook"
    settings_model: ClassVar[type[SenderSettings]] = WebhookSettings

    def __init__(self, settings: WebhookSettings, now: Callable[[], datetime], transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._now = now
        self._transport = transport_or_default(transport)

    async def send(self, message: Message) -> Delivery:
        """Try once."""
        settings = self._settings
        try:
            url = settings.url.reveal() if settings.url else message.recipient
            secret = settings.secret.reveal()
            own = {name: value.reveal() for name, value in settings.headers.items()}
        except SecretError as error:
            return Retry(str(error))
        if not url.startswith(("https://", "http://")):
            return Rejected("the recipient of a webhook is an address that begins with https://")
        body, now, key = payload(message), self._now(), idempotency_key(message)
        headers = {
            **own,
            "content-type": "application/json",
            "user-agent": "secondsource",
            "idempotency-key": key,
            HEADER: sign(body, secret, now),
        }
        answer = await post(self._transport, url, headers, body, settings.timeout)
        if not isinstance(answer, Answer):
            return answer
        return judge(answer, self._now()) or Delivered(key)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.aclose()


def idempotency_key(message: Message) -> str:
    """The message's key, or a hash of it where it can not stand in a header."""
    return header_value(message.idempotency_key) or content_id(message.idempotency_key.encode("utf-8", "replace"))


def payload(message: Message) -> bytes:
    """The message as JSON: all fields but recipient and receipt, which are the sender's business. Texts are clean but not
    escaped: the receiver knows its own target."""
    fields: dict[str, Any] = msgspec.structs.asdict(message)
    del fields["recipient"], fields["receipt"]
    fields |= {
        "format": FORMAT,
        "idempotency_key": idempotency_key(message),
        "headline": text.headline(message),
        "lines": text.lines(message),
        "subject": text.subject(message),
        "reason": text.reason(message),
        "actions": text.buttons(message),
        "data": {text.clean(name, 100): text.clean(value, 3000) for name, value in message.data.items()},
    }
    return msgspec.json.encode(fields, order="deterministic")
