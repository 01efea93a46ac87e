"""Market prices: when a price that moves all the time has come to stand elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from secondsource.domain.figures import held_median, median

MAX_CALM = 12
MAX_STEPS = 24
"""Readings that are kept of a price at its level, and off it."""

_FEW = 6
_SIGMAS = Decimal("4.4478")
"""Three standard deviations of noise, by its median absolute deviation: 3 x 1.4826."""
_PATIENCE = 8
"""Holds after which a price that never came back has moved, however much it used to swing."""


def shifted(
    told: Decimal, steps: Sequence[tuple[datetime, Decimal]], calm: Sequence[Decimal], since: datetime, now: datetime, hold: timedelta,
    least: Decimal,
) -> Decimal | None:  # fmt: skip
    """The level at which the price stands now, or None while it is still noise.

    ``steps`` is what it was since it left ``told``, ``calm`` what it was before; ``least`` is the part of ``told`` by which the level must
    differ. The level is the median over the time away: half of that time it was at most this. It must also lie outside of the swings
    that the price is known for, unless it stays away for long.
    """
    level = held_median(steps, since, now)
    if level is None:  # no hold, and so no time yet
        level = steps[-1][1]
    off = abs(level - told)
    if off < least * told:
        return None
    swings = median([abs(value - told) for value in calm]) if len(calm) >= _FEW else Decimal(0)
    if off < _SIGMAS * swings and now - since < _PATIENCE * hold:
        return None
    last = steps[-1][1]
    return last if abs(last - level) < least * level else level
