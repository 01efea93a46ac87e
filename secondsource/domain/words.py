"""Durations and counts as people say them."""

from __future__ import annotations

from datetime import timedelta


def duration(span: timedelta) -> str:
    """How long: ``under a minute``, ``23 min``, ``1 h 20 min``, ``3 days``. Rounded down; a negative span counts as none.

    Hours go as far as two days, with their minutes as far as one; then days.
    """
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return "under a minute"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if hours < 48:
        return f"{hours} h"
    return f"{hours // 24} days"


def count(number: int, noun: str) -> str:
    """``1 function``, ``2 functions``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
