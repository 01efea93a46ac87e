"""When nobody is called for a risk, and why: it is a consequence of another, for which they are called."""

from __future__ import annotations

from secondsource.domain.register import Entry

CALLS = frozenset({"first", "escalation", "reminder"})
"""The occasions of a runbook on which someone is called. A decision that is asked for, a plan, and the end of the trouble are told all the
same: to move the load is another question than to know of the trouble."""


def withheld(entry: Entry) -> str:
    """Why nobody is called for the risk; empty where they are."""
    return f"held back: it is part of {entry.cause}" if entry.cause is not None else ""
