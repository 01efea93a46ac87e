"""A receiver of webhooks that believes nothing unsigned. Its check is its own, so that it can catch a wrong signature."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from secondsource.testing.standins.http import HttpStandIn, Received, Reply


class Hook(msgspec.Struct, frozen=True):
    """A webhook that was taken."""

    key: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class WebhookStandIn(HttpStandIn):
    """Takes what is signed with ``secret`` within ``tolerance`` seconds of ``clock``; answers 401 to the rest, which it counts."""

    def __init__(self, *, secret: str, clock: Callable[[], datetime], tolerance: int = 300) -> None:
        super().__init__()
        self._secret = secret.encode()
        self._clock = clock
        self._tolerance = tolerance
        self.hooks: list[Hook] = []
        self.refused = 0

    async def respond(self, request: Received) -> Reply:
        """204 for what is signed and is JSON."""
        fields = dict(part.split("=", 1) for part in request.headers.get("x-secondsource-signature", "").split(",") if "=" in part)
        signed = fields.get("t", "").encode() + b"." + request.body
        expected = hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        fresh = fields.get("t", "").isdecimal() and abs(self._clock().timestamp() - int(fields["t"])) <= self._tolerance
        if not fresh or not hmac.compare_digest(fields.get("v1", "").encode(), expected.encode()):
            self.refused += 1
            return Reply(401)
        key = request.headers.get("idempotency-key", "")
        try:
            self.hooks.append(Hook(key, request.target, request.headers, msgspec.json.decode(request.body, type=dict[str, Any])))
        except msgspec.DecodeError:
            return Reply(400)
        return Reply(204)
