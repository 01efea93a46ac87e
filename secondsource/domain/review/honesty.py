"""The vendor's account against our own probes: what it did not admit, and what we did not feel."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

import msgspec

from secondsource.domain.review.basis import Basis, Missing, basis
from secondsource.domain.review.spans import Span, joined, total
from secondsource.domain.review.timeline import Band
from secondsource.domain.status import Status

_DOWN = (Status.MAJOR_OUTAGE, Status.PARTIAL_OUTAGE)
_WELL = (Status.OPERATIONAL,)


class Honesty(msgspec.Struct, frozen=True, tag=True):
    """``compared`` is the time for which both are known. In it, ``unadmitted``: our probes found an outage, full or partial, and its
    pages said operational; ``unfelt``: the other way round."""

    compared: timedelta
    unadmitted: timedelta
    unfelt: timedelta
    basis: Basis


def honesty(theirs: Sequence[Band], own: Sequence[Band]) -> Honesty | Missing:
    """Both accounts, side by side."""
    known = tuple(status for status in Status if status is not Status.UNKNOWN)
    compared = _both(theirs, known, own, known)
    if not compared:
        return Missing("no probe of our own was read at a time at which its pages were")
    unadmitted, unfelt = _both(theirs, _WELL, own, _DOWN), _both(theirs, _DOWN, own, _WELL)
    ids = [id_ for band in own if band.status in _DOWN for id_ in band.observations]
    ids += [id_ for band in theirs if band.status in _DOWN for id_ in band.observations]
    says = "What its pages said against what our own probes found, while both are known; an outage is a full or a partial one."
    return Honesty(total(compared), total(unadmitted), total(unfelt), basis(says, ids))


def _both(theirs: Iterable[Band], said: Collection[Status], own: Sequence[Band], found: Collection[Status]) -> tuple[Span, ...]:
    """When the one was so and the other so."""
    mine = [band for band in own if band.status in found]
    return joined(Span(max(one.start, other.start), min(one.end, other.end)) for one in theirs if one.status in said for other in mine)
