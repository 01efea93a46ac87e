"""``vendor_outage`` on declared incidents: what a page that is polled every minute would have shown, through the engine.

What must be found is worked out from the times alone: incidents of one vendor that follow each other within the rule's
``clear_hold`` are one stay in trouble; one below the threshold, or too short for its hold, is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from benchmarks.quality.corpus import Declared, poll_after
from rules.vendor_outage import OutageParams, VendorOutage
from secondsource.domain.context import Context
from secondsource.domain.observations import Batch, Incident, Observation, observe
from secondsource.domain.signals import Signal
from secondsource.domain.status import Status, rank
from secondsource.testing.scoring import Labelled, Scored, episodes, score
from secondsource.testing.timeline import batches, play

PARAMS = OutageParams()
LONG = timedelta(days=3650)
"""After the last observation: what is still open then never ends in the file."""


class Found(msgspec.Struct, frozen=True):
    """One file. ``over`` are the incidents that must be found, ``stays`` the stays in trouble that they come to, ``scored`` what the
    rule made of them, ``disturbed`` its episodes where each incident is told by two sources and restated at each poll. ``unseen`` are
    those of an impact over the threshold that stood for too short, or were over when they were published.
    """

    incidents: int
    over: int
    unseen: int
    stays: int
    scored: Scored
    disturbed: int


def found(declared: Sequence[Declared]) -> Found:
    """The rule over a file's incidents."""
    over = [each for each in declared if _must(each)]
    truth = [Labelled(each.vendor, each.start, each.end, _first(each), f"{each.vendor}/{each.id}", each.title) for each in over]
    told = _replayed(declared)
    return Found(
        incidents=len(declared),
        over=len(over),
        unseen=sum(rank(each.status) >= rank(PARAMS.min_status) for each in declared) - len(over),
        stays=stays(over),
        scored=score("vendor_outage", episodes(told), truth),
        disturbed=len(episodes(_replayed(declared, disturbed=True))),
    )


def stays(over: Iterable[Declared]) -> int:
    """How many stays in trouble the incidents come to, by the union of their spans."""
    by_vendor: dict[str, list[tuple[datetime, datetime]]] = {}
    for each in over:
        by_vendor.setdefault(each.vendor, []).append(_shown(each))
    count = 0
    for spans in by_vendor.values():
        last: datetime | None = None
        for start, end in sorted(spans):
            if last is None or start - last >= PARAMS.clear_hold:
                count += 1
            last = end if last is None else max(last, end)
    return count


def observed(each: Declared, *, disturbed: bool = False) -> list[Observation]:
    """What polls would have shown of one incident; disturbed: by a feed too, five minutes later, with words that
    change."""
    start, end = _shown(each)
    times = [start, *(at for word in each.words if start < (at := poll_after(word)) < end)]
    made = [_said(each, at, "page", resolved=False) for at in times]
    if each.end is not None:
        made.append(_said(each, end, "page", resolved=True))
    if not disturbed:
        return made
    again = []
    for number, observation in enumerate(made):
        body, late = observation.body, min(observation.observed_at + timedelta(minutes=5), end)
        assert isinstance(body, Incident)
        again.append(_said(each, late, "feed", resolved=body.resolved, note=f" (update {_order(each, number)})"))
        again.append(_said(each, observation.observed_at, "page", resolved=body.resolved, note=f" [{number}]"))
    return again


def _said(each: Declared, at: datetime, source: str, *, resolved: bool, note: str = "") -> Observation:
    body = Incident(each.title + note, each.status, "resolved" if resolved else "investigating", resolved, started_at=each.start)
    return observe(source=source, vendor=each.vendor, subject=f"incident/{each.id}", observed_at=at, body=body)


def _replayed(declared: Sequence[Declared], *, disturbed: bool = False) -> list[Signal]:
    counting = [each for each in declared if each.status is not Status.MAINTENANCE]
    told: list[Batch] = batches(each for one in counting for each in observed(one, disturbed=disturbed))
    return play([VendorOutage(PARAMS)], Context(), told, told[-1].at + LONG) if told else []


def _must(each: Declared) -> bool:
    """Whether it is over the threshold for as long as the rule holds."""
    if rank(each.status) < rank(PARAMS.min_status):
        return False
    start, end = _shown(each)
    hold = PARAMS.hold_degraded if each.status is Status.DEGRADED else PARAMS.hold_outage
    return end > start and end - start >= hold


def _shown(each: Declared) -> tuple[datetime, datetime]:
    """From the poll that first showed it to the one that showed its end."""
    start = poll_after(_first(each))
    return start, poll_after(each.end) if each.end is not None else start + LONG


def _first(each: Declared) -> datetime:
    return each.words[0] if each.words else each.start


def _order(each: Declared, number: int) -> int:
    """A number that only the incident decides: updates are told in no order."""
    return blake2b(f"{each.id}{number}".encode(), digest_size=1).digest()[0]
