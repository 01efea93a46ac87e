"""The sign of life, posted to a dead man's switch outside. Its address is a secret: who knows it can pretend that all is well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

import httpx2

from secondsource.adapters.senders.post import Answer, judge, post, transport_or_default
from secondsource.contracts.sender import Delivered, Delivery, Message, Retry
from secondsource.settings.secrets import Secret, SecretError

TIMEOUT = timedelta(seconds=10)


class HeartbeatSender:
    """Calls the switch's address with an empty POST, as these services take it. Not a kind of channel: nothing else goes this way."""

    kind: ClassVar[str] = "heartbeat"

    def __init__(self, url: Secret, now: Callable[[], datetime], transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._url = url
        self._now = now
        self._transport = transport_or_default(transport)

    async def send(self, message: Message) -> Delivery:
        """Try once."""
        try:
            url = self._url.reveal()
        except SecretError as error:
            return Retry(str(error))
        answer = await post(self._transport, url, {"user-agent": "secondsource"}, b"", TIMEOUT)
        if not isinstance(answer, Answer):
            return answer
        return judge(answer, self._now()) or Delivered(message.idempotency_key)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.aclose()
