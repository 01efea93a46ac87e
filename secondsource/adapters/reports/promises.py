"""Reads from the store how promised availabilities were kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from secondsource.adapters.reports.reading import vendor_facts
from secondsource.domain.context import Context
from secondsource.domain.portfolio import Contract
from secondsource.domain.review.availability import SlaMonth
from secondsource.domain.review.measured import Measured, measure
from secondsource.domain.review.period import NoReview, month_after, month_of


def measured_under(connection: Connection, contract: Contract, month: datetime, now: datetime, context: Context) -> Measured:
    """The vendor of ``contract`` in the month that begins at ``month``, up to ``now`` (UTC). Raises ``NoReview`` where there is nothing."""
    return measure(vendor_facts(connection, contract.vendor, month, min(month_after(month), now), now, context))


def promises(connection: Connection, context: Context, months: int, now: datetime) -> list[tuple[str, SlaMonth]]:
    """The last so many months of every promise with its vendor, the newest first; one of which nothing was read is left out, for
    nothing can be said of it."""
    lines: list[tuple[str, SlaMonth]] = []
    start = month_of(now)
    for _ in range(months):
        for contract in context.portfolio.contracts:
            if contract.sla is None:
                continue
            try:
                measured = measured_under(connection, contract, start, now, context)
            except NoReview:
                continue
            lines += [(contract.vendor, line) for line in measured.sla if line.contract == contract.id and line.known]
        start = month_of(start - timedelta(days=1))
    return lines
