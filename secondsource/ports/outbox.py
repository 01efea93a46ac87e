"""The outbox as the dispatcher sees it: messages in line, and what has become of each."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from secondsource.contracts.sender import Message


class State(enum.Enum):
    """Where the delivery of one message stands."""

    PENDING = "pending"  # nothing was tried yet, or it waits for its turn at the channel's pace
    SENDING = "sending"  # a dispatcher holds it until the deadline; after that nobody knows whether it went out
    SENT = "sent"  # the far side took it
    DELIVERED = "delivered"  # it is known to have reached a person: somebody acted on it
    RETRY = "retry"  # the last try failed in a way that may pass
    FAILED = "failed"  # refused for good, or tried for a day in vain
    SUPERSEDED = "superseded"  # a newer message says the same and more; this one was never sent
    HELD = "held"  # written down, and never to be sent: the reason says why not


UNSETTLED = frozenset({State.PENDING, State.SENDING, State.RETRY})


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """The delivery of one message.

    ``due`` is the instant before which it is not tried; while sending, the deadline after which the try counts as lost; None
    once settled. ``attempts`` counts tries, ``first_try`` is when the first began, ``sent_at`` when the far side took it, ``receipt``
    is what it gave, ``reason`` is one sentence on the last failure.
    """

    state: State = State.PENDING
    due: datetime | None = None
    attempts: int = 0
    first_try: datetime | None = None
    receipt: str | None = None
    reason: str = ""
    sent_at: datetime | None = None


class OutboxRow(msgspec.Struct, frozen=True):
    """A message in line. ``id`` is the message's; ``seq`` grows with the order of writing."""

    id: str
    seq: int
    message: Message
    progress: Progress


class Outbox(Protocol):
    """Where messages wait. A *lane* is the messages of one channel, recipient and thread; a message without thread is a lane
    of its own. Only the head of a lane, its oldest unsettled message, is ever due, so that a lane keeps its order."""

    async def claim(self, now: datetime, limit: int, lease: timedelta, leave: Collection[str] = ()) -> list[OutboxRow]:
        """Take heads of lanes that are due at ``now``: pending and retry past their ``due``, sending past its deadline.

        They are stored as sending (``delivery.claim``) before this returns, so that no other dispatcher takes them before
        ``now + lease``. The most severe come first, then the oldest; none of the channels in ``leave``; at most ``limit``.
        """

    async def mark(self, row: OutboxRow, progress: Progress, instead: Message | None = None) -> bool:
        """Store what became of a claimed ``row``, and put ``instead`` in line in the same transaction.

        False, and nothing stored, where the row is no longer sending in the same attempt: its lease ran out and another took it.
        """

    async def newer(self, row: OutboxRow) -> str | None:
        """The id of a later message of the lane that makes ``row`` needless, or None.

        A later message with ``replaces``, not failed, superseded or held, makes needless what edits the same card: an earlier one
        with ``replaces``, and the first message of the lane. A reply in the thread is never made needless.
        """

    async def receipt(self, thread: str, recipient: str, channel: str) -> str | None:
        """The receipt of the lane's card: that of the newest sent message with ``replaces``, else of the lane's first message.

        None where neither was sent: a reply is no card, and must not be written over.
        """

    async def next_due(self) -> datetime | None:
        """The earliest ``due`` among the heads of lanes, or None where nothing waits."""


def card(lane: Sequence[OutboxRow]) -> str | None:
    """What :meth:`Outbox.receipt` answers, worked out over all messages of the lane, oldest first."""
    cards = [row for number, row in enumerate(lane) if row.message.replaces or number == 0]
    return next((row.progress.receipt for row in reversed(cards) if row.progress.state in (State.SENT, State.DELIVERED)), None)


def needless(row: OutboxRow, lane: Sequence[OutboxRow]) -> str | None:
    """What :meth:`Outbox.newer` answers, worked out over all messages of the lane, oldest first."""
    if not (row.message.replaces or lane[0].id == row.id):
        return None
    for later in reversed(lane):
        if later.seq <= row.seq:
            return None
        if later.message.replaces and later.progress.state not in (State.FAILED, State.SUPERSEDED, State.HELD):
            return later.id
    return None
