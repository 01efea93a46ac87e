"""Slack, through its web API: posts, edits in place, answers in the thread."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

import httpx2
import msgspec
from pydantic import AfterValidator, Field

from secondsource.adapters.senders import slack_errors
from secondsource.adapters.senders.post import Answer, judge, post, safe_base, transport_or_default
from secondsource.adapters.senders.secret import Secret, SenderSettings
from secondsource.adapters.senders.slack_blocks import blocks, fallback
from secondsource.contracts.sender import Delivered, Delivery, Message, Retry
from secondsource.settings.secrets import SecretError

EVENT_TYPE = "secondsource_message"


class SlackSettings(SenderSettings):
    """A bot token (``xoxb-``, scope ``chat:write``); ``base_url`` is for proxies of Slack's API and for tests."""

    token: Secret = Field(description="A bot token (xoxb-) with the scope chat:write.")
    base_url: Annotated[str, AfterValidator(safe_base)] = Field(
        default="https://slack.com/api/", description="Where Slack's API is; for a proxy of it."
    )
    timeout: timedelta = Field(default=timedelta(seconds=10), description="How long one call may take.")

    def recipient_problem(self, recipient: str | None) -> str | None:
        """Whether it is a channel or a member, as far as its form tells."""
        sound = recipient is None or re.fullmatch(r"#[^\s#]{1,80}|[CGDUW][A-Z0-9]{1,40}", recipient)
        return None if sound else "messages go to a channel, by name (#incidents) or by id (C024BE91L)"


class SlackSender:
    """Posts to a channel (C…, G…, #name) or to a member (U…). The receipt is ``channel:ts``.

    With ``replaces`` and a receipt the message is edited; where Slack can not edit it, it is posted anew. With a receipt alone it
    answers in the thread, and in the channel too when it asks for something. The idempotency key travels in the metadata.
    """

    kind: ClassVar[str] = "slack"
    settings_model: ClassVar[type[SenderSettings]] = SlackSettings

    def __init__(self, settings: SlackSettings, now: Callable[[], datetime], transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._now = now
        self._base = settings.base_url.rstrip("/") + "/"
        self._transport = transport_or_default(transport)

    async def send(self, message: Message) -> Delivery:
        """Try once; an edit that Slack does not allow is followed by one post."""
        card = _card(message.receipt)
        content: dict[str, Any] = {
            "text": fallback(message),
            "blocks": blocks(message),
            # chat.update would otherwise fall back to linking names and addresses
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {
                "event_type": EVENT_TYPE,
                "event_payload": {"idempotency_key": message.idempotency_key, "message": message.id, "exercise": message.exercise or ""},
            },
        }
        if message.replaces and card is not None:
            edited = await self._call("chat.update", {"channel": card[0], "ts": card[1], **content})
            if edited is not None:
                return edited
        elif card is not None:
            content |= {"thread_ts": card[1], "reply_broadcast": bool(message.actions)}
        channel = card[0] if card is not None and not message.replaces else message.recipient
        return await self._call("chat.postMessage", {"channel": channel, **content}) or Retry("Slack can not place the message")

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.aclose()

    async def _call(self, method: str, arguments: dict[str, Any]) -> Delivery | None:
        """The outcome of one call, or None where the message must be posted anew."""
        try:
            token = self._settings.token.reveal()
        except SecretError as error:
            return Retry(str(error))
        headers = {"content-type": "application/json; charset=utf-8", "authorization": f"Bearer {token}"}
        answer = await post(self._transport, self._base + method, headers, msgspec.json.encode(arguments), self._settings.timeout)
        if not isinstance(answer, Answer):
            return answer
        if 300 <= answer.status <= 399:
            return Retry(f"answered with status {answer.status}: Slack does not redirect, so something stands in between")
        judged = judge(answer, self._now())
        if judged is not None:
            return judged
        try:
            said = msgspec.json.decode(answer.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Retry("the answer is not Slack's: it is not a JSON object")
        if said.get("ok") is True:
            receipt = f"{said.get('channel')}:{said.get('ts')}"
            return Delivered(receipt) if _card(receipt) else Retry("the answer is not Slack's: it names no message")
        code = slack_errors.code_of(said.get("error"))
        if slack_errors.meaning(code) is slack_errors.Meaning.ANEW and method == "chat.update":
            return None
        return slack_errors.outcome(code)


def _card(receipt: str | None) -> tuple[str, str] | None:
    """Channel and timestamp of a receipt; None for one that is not Slack's."""
    match = re.fullmatch(r"([A-Z][A-Z0-9]{1,30}):([0-9]{1,12}\.[0-9]{6})", receipt or "")
    return (match[1], match[2]) if match else None
