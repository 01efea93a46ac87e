"""The register's transition table and its one step function."""

from __future__ import annotations

from datetime import datetime

from secondsource.domain.register import AnyEvent, Change, Entry, Policy


def step(entry: Entry | None, event: AnyEvent, now: datetime, policy: Policy = Policy()) -> tuple[Entry, tuple[Change, ...]]:
    """The entry after ``event`` and the rows for its history; the same entry and no rows where nothing changed.

    Signals are idempotent: one heard before, or older than the newest heard, changes nothing. Raises :class:`Refused` for
    what the table does not allow, and for a ``cleared`` of a risk that the register never had.
    """
    raise NotImplementedError


def due(entry: Entry, now: datetime, policy: Policy = Policy()) -> AnyEvent | None:
    """What the timer has to say to ``entry`` at ``now``: Expire, Settle, Rescore or nothing. Never refused by :func:`step`."""
    raise NotImplementedError
