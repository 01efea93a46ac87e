"""The detection state machine that every rule uses: clear, pending, firing, clearing.

Two holds keep a finding from flapping: a condition must stand for ``hold`` before it fires, and be gone for ``clear_hold``
before it clears. Both are returned as a ``wake_at``; nothing here waits.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec


class Phase(enum.Enum):
    """Where detection stands for one rule and key."""

    CLEAR = "clear"
    PENDING = "pending"  # the condition stands, not yet for long enough
    FIRING = "firing"
    CLEARING = "clearing"  # the condition is gone, not yet for long enough


class Detection(msgspec.Struct, frozen=True, omit_defaults=True):
    """State of the machine. ``since`` is when the present phase began, ``opened_at`` when the episode fired."""

    phase: Phase = Phase.CLEAR
    since: datetime | None = None
    onset: datetime | None = None  # when the condition first stood in this episode
    opened_at: datetime | None = None


class Edge(enum.Enum):
    """What the step did that others must hear of."""

    OPENED = "opened"
    CLEARED = "cleared"


def detect(
    machine: Detection, condition: bool, now: datetime, hold: timedelta, clear_hold: timedelta
) -> tuple[Detection, Edge | None, datetime | None]:
    """One step: the condition as it stands at ``now`` in; the new machine, an edge or none, and the next wake out.

    Call it for each input and at each wake; calling it again with the same input changes nothing.
    """
    phase, since = machine.phase, machine.since
    if phase is Phase.CLEAR:
        if not condition:
            return machine, None, None
        if hold <= timedelta(0):
            return Detection(Phase.FIRING, now, now, now), Edge.OPENED, None
        return Detection(Phase.PENDING, now, now), None, now + hold
    assert since is not None  # only CLEAR has none
    if phase is Phase.PENDING:
        if not condition:
            return Detection(), None, None
        if now - since >= hold:
            return Detection(Phase.FIRING, now, machine.onset, now), Edge.OPENED, None
        return machine, None, since + hold
    if phase is Phase.FIRING:
        if condition:
            return machine, None, None
        if clear_hold <= timedelta(0):
            return Detection(), Edge.CLEARED, None
        return Detection(Phase.CLEARING, now, machine.onset, machine.opened_at), None, now + clear_hold
    if condition:
        return Detection(Phase.FIRING, now, machine.onset, machine.opened_at), None, None
    if now - since >= clear_hold:
        return Detection(), Edge.CLEARED, None
    return machine, None, since + clear_hold
