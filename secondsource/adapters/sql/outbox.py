"""The outbox: messages written in the transaction that caused them, and what became of each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from secondsource.adapters.sql.rows import from_json, to_json
from secondsource.adapters.sql.tables import OutboxRow
from secondsource.contracts.sender import Message

_outbox: Any = OutboxRow.__table__  # type: ignore[attr-defined]


def add(connection: Connection, message: Message) -> bool:
    """Put a message in line; False when one with its idempotency key is there already. ``created_at`` must be set."""
    if message.created_at is None:
        raise ValueError(f"message {message.id} has no created_at")
    statement = insert(_outbox).values(
        id=message.id,
        idempotency_key=message.idempotency_key,
        channel=message.channel,
        recipient=message.recipient,
        thread=message.thread or "",
        risk=message.risk,
        exercise=message.exercise,
        state="pending",
        created_at=message.created_at,
        due_at=message.created_at,
        payload=to_json(message),
    )
    return int(connection.execute(statement.on_conflict_do_nothing()).rowcount) == 1


def counts(connection: Connection) -> dict[str, int]:
    """How many messages are in each state."""
    return {state: int(n) for state, n in connection.execute(select(_outbox.c.state, func.count()).group_by(_outbox.c.state))}


def of_risk(connection: Connection, risk: str) -> list[Message]:
    """What was said about a risk, oldest first."""
    statement = select(_outbox.c.payload).where(_outbox.c.risk == risk).order_by(_outbox.c.seq)
    return [from_json(payload, Message) for payload in connection.execute(statement).scalars()]
