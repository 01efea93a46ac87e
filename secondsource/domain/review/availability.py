"""How much of the time the vendor was up, by its own account.

The weights are those of Statuspage's own uptime figure: a major outage counts whole, a partial one three tenths, less than that
not at all. Time that nobody could read is counted apart; the figure is over the time that is known, and two bounds say what it would be
had the rest been all up, or all down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

import msgspec

from secondsource.domain.portfolio import Contract
from secondsource.domain.review.basis import Basis, Missing, basis
from secondsource.domain.review.period import Period, months
from secondsource.domain.review.timeline import Band
from secondsource.domain.status import Status

WEIGHTS = {Status.MAJOR_OUTAGE: Fraction(1), Status.PARTIAL_OUTAGE: Fraction(3, 10)}
_MICROSECOND = timedelta(microseconds=1)


class Availability(msgspec.Struct, frozen=True, tag=True):
    """Parts of the period. ``up`` is per cent of the known time, rounded down; ``least`` and ``most`` are of the whole period.

    ``down`` is the weighted time down, ``spent`` how long each status lasted.
    """

    up: Decimal
    least: Decimal
    most: Decimal
    known: timedelta
    unknown: timedelta
    down: timedelta
    spent: dict[Status, timedelta]
    basis: Basis


class SlaMonth(msgspec.Struct, frozen=True):
    """A promise held against one calendar month.

    ``down`` and ``known`` are of the part of the month that the period covers. ``verdict`` is ``missed`` where more time is known to have
    been down than was allowed, ``kept`` where not even the time that is not known could make it so, else ``open``.
    """

    contract: str
    month: str  # "2025-10"
    promised: Decimal
    allowed: timedelta
    down: timedelta
    known: timedelta
    unknown: timedelta
    verdict: str


def availability(bands: Sequence[Band], what: str, whose: str = "its own pages") -> Availability | Missing:
    """The parts that ``bands`` come to. ``what`` names what they are of and ``whose`` who says so, for the basis."""
    spent = _spent(bands)
    whole = sum(spent.values(), timedelta(0))
    unknown = spent.get(Status.UNKNOWN, timedelta(0))
    known = whole - unknown
    if not known:
        return Missing("no source that tells of its status could be read in the period")
    down = weighted(spent)
    bad = [id_ for band in bands if band.status in WEIGHTS for id_ in band.observations]
    says = (
        f"Share of the known time that {what} was not down, by what {whose} said when they were read; a major outage counts whole, "
        "a partial one 0.3, degraded service and maintenance not at all. Time that could not be read is left out."
    )
    return Availability(
        up=_percent(known - down, known),
        least=_percent(known - down, whole),
        most=_percent(whole - down, whole),
        known=known,
        unknown=unknown,
        down=down,
        spent=spent,
        basis=basis(says, bad),
    )


def weighted(spent: dict[Status, timedelta]) -> timedelta:
    """The time down, each status by its weight."""
    whole = sum((weight * (spent.get(status, timedelta(0)) // _MICROSECOND) for status, weight in WEIGHTS.items()), Fraction(0))
    return round(whole) * _MICROSECOND


def sla_months(bands: Sequence[Band], contracts: Iterable[Contract], period: Period) -> tuple[SlaMonth, ...]:
    """Each promise against each month of the period in which its contract ran."""
    found = []
    for contract in contracts:
        if contract.sla is None:
            continue
        promised = Decimal(str(contract.sla))
        for start, end in months(period):
            if (contract.starts and contract.starts >= end.date()) or (contract.ends and contract.ends < start.date()):
                continue
            found.append(_month(contract.id, promised, start, end, bands))
    return tuple(found)


def _month(contract: str, promised: Decimal, start: datetime, end: datetime, bands: Sequence[Band]) -> SlaMonth:
    cut = [msgspec.structs.replace(b, start=max(b.start, start), end=min(b.end, end)) for b in bands if b.start < end and b.end > start]
    spent = _spent(cut)
    unknown = spent.get(Status.UNKNOWN, timedelta(0))
    known = sum(spent.values(), timedelta(0)) - unknown
    down = weighted(spent)
    allowed = (end - start) // _MICROSECOND * (100 - Fraction(promised)) / 100
    budget = int(allowed) * _MICROSECOND
    rest = end - start - known
    verdict = "missed" if down > budget else "kept" if down + rest <= budget else "open"
    return SlaMonth(contract, f"{start:%Y-%m}", promised, budget, down, known, unknown, verdict)


def _spent(bands: Iterable[Band]) -> dict[Status, timedelta]:
    found: dict[Status, timedelta] = {}
    for band in bands:
        found[band.status] = found.get(band.status, timedelta(0)) + (band.end - band.start)
    return {status: found[status] for status in Status if status in found}


def _percent(part: timedelta, whole: timedelta) -> Decimal:
    """Rounded down, so that 100 is only said of what was never down."""
    return (Decimal(part // _MICROSECOND) * 100 / Decimal(whole // _MICROSECOND)).quantize(Decimal("0.001"), ROUND_DOWN)
