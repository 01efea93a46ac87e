"""How a message leaves. A sender turns one message into one delivery and says truthfully what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

import msgspec


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """A button: what it does, its label, and where it leads."""

    verb: str  # acknowledge, approve, decline, open
    label: str
    url: str


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to say to one recipient.

    ``idempotency_key`` is the same at each try, so that a repeat is recognised. ``thread`` names the episode: messages of
    one thread belong together, and ``replaces`` asks to edit the thread's first message in place (``receipt`` is what the sender
    returned for it). ``headline`` is the sentence; ``lines`` follow it, at most seven; of what is ``folded`` nothing else is shown
    where room is short. Texts are plain; the sender escapes.
    """

    id: str
    idempotency_key: str
    channel: str  # the name of a configured channel
    recipient: str  # a Slack channel or member id, a mail address, a URL: as the channel's kind wants it
    headline: str
    lines: tuple[str, ...] = ()
    subject: str = ""  # for mail
    actions: tuple[Action, ...] = ()
    thread: str | None = None
    replaces: bool = False
    folded: bool = False
    receipt: str | None = None
    severity: str = "info"
    state: str = "open"
    reason: str = ""  # why this message is sent
    risk: str | None = None
    exercise: str | None = None
    created_at: datetime | None = None
    data: Mapping[str, str] = {}


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """The far side took it. ``id`` is its receipt (Slack's channel and ts, the Message-ID)."""

    id: str


class Retry(msgspec.Struct, frozen=True, tag=True):
    """Not now: try again no earlier than ``after`` from now, or by the outbox's own back-off where it is None."""

    reason: str
    after: timedelta | None = None


class Rejected(msgspec.Struct, frozen=True, tag=True):
    """Never: trying again would fail in the same way."""

    reason: str


Delivery = Delivered | Retry | Rejected


class Sender(Protocol):
    """One way out. It does not raise for expected failures; it never lets a secret into a reason."""

    kind: ClassVar[str]

    async def send(self, message: Message) -> Delivery:
        """Try once."""

    async def close(self) -> None:
        """Let go of connections."""
