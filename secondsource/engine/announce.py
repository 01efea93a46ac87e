"""From an entry of the register to a message: the sentence, at most seven lines, and what the reader can do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from secondsource.contracts.sender import Message
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import Entry

Occasion = Literal["opened", "updated", "escalated", "resolved", "reminder", "approval"]


def announce(
    entry: Entry,
    now: datetime,
    *,
    channel: str,
    recipient: str,
    reason: str,
    occasion: Occasion,
    links: Callable[[str], str],
    told: tuple[str, ...] = (),
    plan: PlanNote | None = None,
    step: str = "",
) -> Message:
    """The message that tells ``recipient`` of ``entry``.

    ``reason`` says why this person gets it ("you are on call for Support assistant"), ``links`` gives the address for a verb
    (``acknowledge``, ``approve``, ``decline``, ``open``), ``told`` who knows already, ``step`` tells apart two messages of the same occasion to the same
    recipient in one episode (the escalation step, the entry's version for an update). The idempotency key is made of risk,
    episode, occasion, step, channel and recipient, so that the same message composed again has the same key.
    """
    raise NotImplementedError
