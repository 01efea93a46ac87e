"""What comes and goes: told once, with the count, instead of each time."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec


class Flaps(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a condition last began, oldest first, as many as it takes to be called flapping; ``since`` while it is. ``bad``: it stands."""

    onsets: tuple[datetime, ...] = ()
    bad: bool = False
    since: datetime | None = None

    def due(self, now: datetime, window: timedelta) -> datetime | None:
        """When time alone next changes something: the last beginning falls out of the window. None for never."""
        return self.onsets[-1] + window if self.onsets and self.onsets[-1] + window > now else None


def flap(flaps: Flaps, condition: bool, now: datetime, times: int, window: timedelta) -> tuple[Flaps, bool]:
    """One step: the condition as it stands at ``now`` in; the new value, and whether flapping begins.

    It begins when the condition began ``times`` times within ``window``, and ends when it has not begun for as long. Call it for each
    input and at each wake; calling it again with the same input changes nothing.
    """
    onsets, since = flaps.onsets, flaps.since
    if condition and not flaps.bad:
        onsets = (*onsets, now)[-times:]
    if onsets and now - onsets[-1] >= window:
        onsets, since = (), None
    began = since is None and len(onsets) == times and now - onsets[0] <= window
    after = Flaps(onsets, condition, now if began else since)
    return (flaps if after == flaps else after), began
