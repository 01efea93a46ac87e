"""The dispatcher: takes what is due from the outbox, hands it to the senders, and writes down what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec
import structlog

from secondsource.adapters.outbox import delivery
from secondsource.contracts.sender import Message, Rejected, Retry, Sender
from secondsource.ports.outbox import Outbox, OutboxRow, Progress, State

_logger = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)  # longer than a round of slow tries on one channel
ROUND = 200  # messages taken at once

Fallback = Callable[[Message, str], Message | None]
"""Given a message that failed for good, and why: the same by another channel, or None."""


class Pace(msgspec.Struct, frozen=True):
    """At most one message per ``interval``: to each recipient of a channel, or to the channel as a whole."""

    interval: timedelta
    per_recipient: bool = True


SLACK_PACE = Pace(timedelta(seconds=1))  # Slack takes one message a second in each of its channels

_Lane = tuple[str, str]


class Dispatcher:
    """Sends what is due: channels side by side, the messages of one channel one after another, most severe first.

    It never sleeps: what a pace or a back-off holds up goes back into the outbox with the instant at which it is due, and
    ``outbox.next_due()`` says when to call again. A crash between the sending and the mark leaves the message held until its
    lease ends; then it is sent once more, with the same idempotency key. To stop, let a running call end: cancelled, it
    leaves such a message too.
    """

    def __init__(
        self,
        outbox: Outbox,
        senders: Mapping[str, Sender],
        now: Callable[[], datetime],
        pacing: Mapping[str, Pace] | None = None,
        fallback: Fallback | None = None,
        crash_point: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._outbox = outbox
        self._senders = senders
        self._now = now
        self._pacing = pacing or {}
        self._fallback = fallback
        self._crash_point = crash_point
        self._free: dict[_Lane, datetime] = {}  # when the pace lets the next message go
        self._busy: set[str] = set()
        self._claiming = asyncio.Lock()

    async def run_due(self, now: datetime) -> int:
        """Try everything that is due at ``now``; the number of tries made.

        Calls may overlap: a second call works the channels that the first is not waiting for. A sender that raises has a
        defect; the other channels are served first, then the error is raised here.
        """
        tries = 0
        while True:
            async with self._claiming:
                rows = await self._outbox.claim(now, ROUND, LEASE, frozenset(self._busy))
                channels: dict[str, list[OutboxRow]] = {}
                for row in rows:
                    channels.setdefault(row.message.channel, []).append(row)
                self._busy |= channels.keys()
            if not channels:
                return tries
            results = await asyncio.gather(*(self._serve(name, rows, now) for name, rows in channels.items()), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
                tries += result

    async def _serve(self, channel: str, rows: list[OutboxRow], now: datetime) -> int:
        try:
            waiting: dict[_Lane, int] = {}
            return sum([await self._one(row, now, waiting) for row in rows])
        finally:
            self._busy.discard(channel)

    def _at(self, now: datetime) -> datetime:
        return max(now, self._now())

    async def _one(self, row: OutboxRow, now: datetime, waiting: dict[_Lane, int]) -> bool:
        """Whether a try was made."""
        message, progress, at = row.message, row.progress, self._at(now)
        if progress.due is not None and progress.due <= at:
            return False  # slow tries before it used up the lease, so another dispatcher may hold it by now
        if (abandoned := delivery.abandon(progress, at)) is not None:
            await self._mark(row, abandoned)
            return False
        newer = await self._outbox.newer(row) if message.thread is not None else None
        if newer is not None:
            await self._mark(row, delivery.supersede(progress, newer))
            return False
        pace = self._pacing.get(message.channel)
        lane = (message.channel, message.recipient if pace is None or pace.per_recipient else "")
        free = self._free.get(lane, at)
        if free > at:
            turn = waiting[lane] = waiting.get(lane, -1) + 1
            await self._mark(row, delivery.postpone(progress, free + turn * (pace.interval if pace else delivery.SHORTEST)))
            return False
        if message.thread is not None:
            receipt = await self._outbox.receipt(message.thread, message.recipient, message.channel)
            message = msgspec.structs.replace(message, receipt=receipt)
        sender = self._senders.get(message.channel)
        self._crash_point("message-claimed")
        outcome = await sender.send(message) if sender else Rejected(f"there is no channel {message.channel!r}; add it under channels")
        self._crash_point("message-sent")
        at = self._at(now)
        wait = max(pace.interval if pace else timedelta(0), (outcome.after or timedelta(0)) if isinstance(outcome, Retry) else timedelta(0))
        if wait:
            self._free[lane] = at + min(wait, delivery.LONGEST_ASKED)
        await self._mark(row, delivery.settle(progress, outcome, at, message.idempotency_key))
        return True

    async def _mark(self, row: OutboxRow, progress: Progress) -> None:
        instead = None
        if progress.state is State.FAILED:
            channel = row.message.channel
            _logger.warning("message failed", message=row.id, channel=channel, attempts=progress.attempts, reason=progress.reason)
            if self._fallback is not None:
                instead = self._fallback(row.message, progress.reason)
        if not await self._outbox.mark(row, progress, instead):
            _logger.warning("message was taken over", message=row.id, channel=row.message.channel, state=progress.state.value)
