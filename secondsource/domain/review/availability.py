"""How much of the time the vendor was up, by its own account.

The weights are those of Statuspage's own uptime figure: a major outage counts whole, a partial one three tenths, less than that
not at all. Time that nobody could read is counted apart; the figure is over the time that is known, and two bounds say what it would be
had the rest been all up, or all down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

import msgspec

from secondsource.domain.portfolio import Contract
from secondsource.domain.review.basis import Basis, Missing, basis
from secondsource.domain.review.period import Period, months
from secondsource.domain.review.spans import Span
from secondsource.domain.review.timeline import Band
from secondsource.domain.sla import TENTHS, claim_by, credit, in_force
from secondsource.domain.sla import availability as availability_of
from secondsource.domain.status import Status

WEIGHTS = {status: Fraction(tenths, 10) for status, tenths in TENTHS.items()}
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

    ``down`` and ``known`` are of the part of the month that the period covers, ``own`` is the time down by our probes. ``left_out`` is
    time down during announced work, which the contract does not count. ``credit`` is what the contract owes at the worse of both, per
    cent of the month's bill, None where it says nothing; ``claim_by`` the last day of the claim.

    ``verdict`` is ``missed`` where more time is known to have been down than was allowed, ``kept`` where not even the time that is not
    known could make it so, else ``open``.
    """

    contract: str
    month: str  # "2025-10"
    promised: Decimal
    allowed: timedelta
    down: timedelta
    known: timedelta
    unknown: timedelta
    verdict: str
    own: timedelta = timedelta(0)
    left_out: timedelta = timedelta(0)
    credit: Decimal | None = None
    claim_by: date | None = None


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


def sla_months(
    bands: Sequence[Band], contracts: Iterable[Contract], period: Period, own: Sequence[Band] = (), work: Sequence[Span] = ()
) -> tuple[SlaMonth, ...]:
    """Each promise against each month of the period in which its contract ran; ``work`` is when announced work was under way."""
    found = []
    for contract in contracts:
        if contract.sla is None:
            continue
        excluded = () if contract.terms.maintenance_counts else work
        found += [_month(contract, start, end, bands, own, excluded) for start, end in months(period) if in_force(contract, start)]
    return tuple(found)


def _month(
    contract: Contract, start: datetime, end: datetime, bands: Sequence[Band], own: Sequence[Band], work: Sequence[Span]
) -> SlaMonth:
    promised = Decimal(str(contract.sla))
    spent = _spent(_cut(bands, start, end))
    unknown = spent.get(Status.UNKNOWN, timedelta(0))
    known = sum(spent.values(), timedelta(0)) - unknown
    all_down, mine = weighted(spent), weighted(_spent(_cut(own, start, end)))
    out = weighted(_spent(_during(bands, start, end, work)))
    down, mine = all_down - out, mine - weighted(_spent(_during(own, start, end, work)))
    owed = credit(contract.terms, availability_of(max(down, mine), start))
    allowed = (end - start) // _MICROSECOND * (100 - Fraction(promised)) / 100
    budget = int(allowed) * _MICROSECOND
    rest = end - start - known
    verdict = "missed" if down > budget else "kept" if down + rest <= budget else "open"
    return SlaMonth(
        contract=contract.id,
        month=f"{start:%Y-%m}",
        promised=promised,
        allowed=budget,
        down=down,
        known=known,
        unknown=unknown,
        verdict=verdict,
        own=mine,
        left_out=out,
        credit=Decimal(str(owed.part)) if owed is not None else None,
        claim_by=claim_by(contract.terms, start),
    )


def _cut(bands: Iterable[Band], start: datetime, end: datetime) -> list[Band]:
    return [msgspec.structs.replace(b, start=max(b.start, start), end=min(b.end, end)) for b in bands if b.start < end and b.end > start]


def _during(bands: Iterable[Band], start: datetime, end: datetime, spans: Iterable[Span]) -> list[Band]:
    """The bands of the month that lie in the spans."""
    cut = _cut(bands, start, end)
    return [part for span in spans for part in _cut(cut, *span)]


def _spent(bands: Iterable[Band]) -> dict[Status, timedelta]:
    found: dict[Status, timedelta] = {}
    for band in bands:
        found[band.status] = found.get(band.status, timedelta(0)) + (band.end - band.start)
    return {status: found[status] for status in Status if status in found}


def _percent(part: timedelta, whole: timedelta) -> Decimal:
    """Rounded down, so that 100 is only said of what was never down."""
    return (Decimal(part // _MICROSECOND) * 100 / Decimal(whole // _MICROSECOND)).quantize(Decimal("0.001"), ROUND_DOWN)
