"""``/v1/signals`` and ``/v1/messages``: what rules said, and what was said to people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import message_lists, signal_lists
from secondsource.adapters.sql.message_lists import MessageFilter
from secondsource.adapters.sql.signal_lists import SignalFilter, Told
from secondsource.domain.signals import Phase, Severity, Signal
from secondsource.ports.outbox import OutboxRow, State
from services.api.access import Door, needs
from services.api.answers import answer
from services.api.cursors import cursor, place_of
from services.api.openapi import returns
from services.api.parts import api_of
from services.api.routes.bodies import ANY_WORLD, Cursor, Limit, Name, Strict

router = APIRouter(route_class=Door)


class SignalItem(msgspec.Struct, frozen=True):
    """One line of the ledger, and the risk that it belongs to."""

    risk: str
    signal: Signal


class SignalPage(msgspec.Struct, frozen=True):
    """A page of signals; ``next`` is the cursor of the next one."""

    items: tuple[SignalItem, ...]
    next: str | None


class MessageItem(msgspec.Struct, frozen=True):
    """One message: what was said to whom and why, and what became of it. Addresses of buttons are left out."""

    id: str
    channel: str
    recipient: str
    occasion: str
    headline: str
    lines: tuple[str, ...]
    reason: str  # why this recipient got it
    severity: str
    risk: str | None
    exercise: str | None
    created_at: datetime
    state: State
    attempts: int
    sent_at: datetime | None
    due_at: datetime | None
    trouble: str  # why the last try failed; empty where none did


class MessagePage(msgspec.Struct, frozen=True):
    """A page of messages; ``next`` is the cursor of the next one."""

    items: tuple[MessageItem, ...]
    next: str | None


class SignalQuery(Strict):
    """Which signals, newest first."""

    rule: Name | None = Field(default=None, description="The id of the rule.")
    phase: Phase | None = Field(default=None, description="Only opened, updated or cleared.")
    severity: Severity | None = Field(default=None, description="At least this severity.")
    risk: Name | None = Field(default=None, description="The id of a risk.")
    exercise: Name | None = Field(default=None, description="The id of a drill; `any` for all worlds; absent: the real one only.")
    limit: Limit = 50
    cursor: Cursor = None


class MessageQuery(Strict):
    """Which messages, newest first."""

    state: State | None = Field(default=None, description="Only this state of delivery.")
    channel: Name | None = Field(default=None, description="The name of a channel.")
    risk: Name | None = Field(default=None, description="The id of a risk.")
    exercise: Name | None = Field(default=None, description="The id of a drill; absent: all worlds.")
    limit: Limit = 50
    cursor: Cursor = None


@router.get("/v1/signals", tags=["signals"], summary="List signals", responses=returns(SignalPage, "A page of signals."))
@needs("read")
async def list_signals(request: Request, query: Annotated[SignalQuery, Query()]) -> Response:
    """The ledger, newest first."""
    api = api_of(request)
    world = None if query.exercise == ANY_WORLD else query.exercise or ""
    wanted = SignalFilter(query.rule, query.phase, query.severity, query.risk, world)
    before = place_of(api.signer, wanted, query.cursor, int)
    found, more = await api.database.read(lambda connection: signal_lists.page(connection, wanted, before, query.limit))
    return answer(SignalPage(tuple(map(_signal, found)), cursor(api.signer, wanted, more)))


@router.get("/v1/messages", tags=["messages"], summary="List messages", responses=returns(MessagePage, "A page of messages."))
@needs("read")
async def list_messages(request: Request, query: Annotated[MessageQuery, Query()]) -> Response:
    """The outbox, newest first: what was said to whom, why, and what became of it."""
    api = api_of(request)
    wanted = MessageFilter(query.state, query.channel, query.risk, query.exercise)
    before = place_of(api.signer, wanted, query.cursor, int)
    found, more = await api.database.read(lambda connection: message_lists.page(connection, wanted, before, query.limit))
    return answer(MessagePage(tuple(map(message_item, found)), cursor(api.signer, wanted, more)))


def _signal(told: Told) -> SignalItem:
    return SignalItem(told.risk, told.signal)


def message_item(row: OutboxRow) -> MessageItem:
    """A message as the API says it."""
    message, progress = row.message, row.progress
    assert message.created_at is not None, "the outbox takes no message without its time"
    return MessageItem(
        id=message.id,
        channel=message.channel,
        recipient=message.recipient,
        occasion=message.data.get("occasion", ""),
        headline=message.headline,
        lines=message.lines,
        reason=message.reason,
        severity=message.severity,
        risk=message.risk,
        exercise=message.exercise,
        created_at=message.created_at,
        state=progress.state,
        attempts=progress.attempts,
        sent_at=progress.sent_at,
        due_at=progress.due,
        trouble=progress.reason,
    )
