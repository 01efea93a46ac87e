"""What was signed with the vendor, and the dates that follow from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from secondsource.domain.review.facts import Facts


class ContractLine(msgspec.Struct, frozen=True):
    """A contract. ``notice_by`` is the last day on which notice can be given; None where end or notice period are not known.

    ``days_left`` is from the day of the paper to ``notice_by``, negative once it has passed.
    """

    id: str
    starts: date | None
    ends: date | None
    notice_by: date | None
    days_left: int | None
    annual: Decimal | None
    currency: str
    sla: Decimal | None  # per cent of a month


def contract_lines(facts: Facts) -> tuple[ContractLine, ...]:
    """The vendor's contracts, the next notice date first."""
    lines = []
    today = facts.now.date()
    for contract in facts.context.portfolio.contracts:
        if contract.vendor != facts.vendor:
            continue
        notice_by = contract.ends - contract.notice if contract.ends is not None and contract.notice is not None else None
        lines.append(
            ContractLine(
                id=contract.id,
                starts=contract.starts,
                ends=contract.ends,
                notice_by=notice_by,
                days_left=(notice_by - today).days if notice_by is not None else None,
                annual=contract.annual,
                currency=contract.currency,
                sla=Decimal(str(contract.sla)) if contract.sla is not None else None,
            )
        )
    return tuple(sorted(lines, key=lambda line: (line.notice_by or line.ends or date.max, line.id)))
