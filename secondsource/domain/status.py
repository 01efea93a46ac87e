"""One scale for what every provider calls its state."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Status(enum.Enum):
    """How a vendor, or a part of it, does by its own account.

    ``UNKNOWN`` stands beside the scale: nothing could be read. It is never healthy and never down.
    """

    OPERATIONAL = "operational"
    MAINTENANCE = "maintenance"
    DEGRADED = "degraded"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    UNKNOWN = "unknown"


_RANK = {
    Status.OPERATIONAL: 0,
    Status.MAINTENANCE: 1,
    Status.DEGRADED: 2,
    Status.PARTIAL_OUTAGE: 3,
    Status.MAJOR_OUTAGE: 4,
}


def rank(status: Status) -> int:
    """Place on the scale, 0 (operational) to 4 (major outage).

    Raises ``ValueError`` for ``UNKNOWN``, which has no place on it.
    """
    try:
        return _RANK[status]
    except KeyError:
        raise ValueError("unknown is not on the scale; treat it apart") from None


def worst(statuses: Iterable[Status]) -> Status:
    """The worst known status; ``UNKNOWN`` only when nothing is known at all.

    Pages contradict themselves (green components under an open critical incident), so a vendor's status
    is the worst of everything that its page says. An unknown part does not hide a known trouble, but an
    unknown part among healthy ones leaves the whole unknown: no data is never "healthy".
    """
    known = Status.OPERATIONAL
    unknown = False
    empty = True
    for status in statuses:
        empty = False
        if status is Status.UNKNOWN:
            unknown = True
        elif _RANK[status] > _RANK[known]:
            known = status
    if empty or (unknown and _RANK[known] <= _RANK[Status.MAINTENANCE]):
        return Status.UNKNOWN
    return known
