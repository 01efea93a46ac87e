"""An availability that was promised: how much time down it allows in a month, what is owed below it, and until when to claim.

The weights are those of :mod:`secondsource.domain.review.availability`: a major outage counts whole, a partial one three tenths. Months
are calendar months in UTC. All arithmetic is in whole tenths of a second, so that every machine comes to the same figure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction

import msgspec

from secondsource.domain.portfolio import Contract, Credit, SlaTerms
from secondsource.domain.review.period import month_after
from secondsource.domain.status import Status

TENTHS = {Status.MAJOR_OUTAGE: 10, Status.PARTIAL_OUTAGE: 3}
"""How much of the time counts as down, in tenths."""


def promised(contracts: Iterable[Contract], vendor: str) -> tuple[Contract, ...]:
    """The contracts with ``vendor`` that promise an availability."""
    return tuple(contract for contract in contracts if contract.vendor == vendor and contract.sla is not None)


def in_force(contract: Contract, month: datetime) -> bool:
    """Whether the contract ran on any day of the month that begins at ``month``."""
    last = (month_after(month) - timedelta(days=1)).date()
    return not ((contract.starts and contract.starts > last) or (contract.ends and contract.ends < month.date()))


def allowed(contract: Contract, month: datetime) -> timedelta:
    """The time down that the promise leaves in the month, rounded down to the second."""
    assert contract.sla is not None
    seconds = (month_after(month) - month) // timedelta(seconds=1)
    return timedelta(seconds=int(Fraction(seconds) * (100 - Fraction(str(contract.sla))) / 100))


def availability(down: timedelta, month: datetime) -> float:
    """Per cent of the whole month that was not down, rounded down to three decimals: 100 is only said of no time down at all."""
    length = month_after(month) - month
    return int(Fraction((length - down) // timedelta(milliseconds=100), length // timedelta(milliseconds=100)) * 100_000) / 1000


def credit(terms: SlaTerms, reached: float) -> Credit | None:
    """What is owed at an availability of ``reached`` per cent: the step furthest down that it is below."""
    return next((each for each in reversed(terms.credits) if reached < each.below), None)


def claim_by(terms: SlaTerms, month: datetime) -> date:
    """The last day on which a claim for the month is heard."""
    return (month_after(month) + terms.claim_within - timedelta(microseconds=1)).date()


class Count(msgspec.Struct, frozen=True, omit_defaults=True):
    """Time down of one month by one account, counted as it passes. ``tenths`` are tenths of seconds, weighted; ``weight`` holds now."""

    tenths: int = 0
    weight: int = 0

    def after(self, passed: timedelta) -> Count:
        """The count when ``passed`` has gone by."""
        return Count(self.tenths + passed * self.weight // timedelta(seconds=1), self.weight) if self.weight else self

    @property
    def down(self) -> timedelta:
        """The weighted time."""
        return timedelta(seconds=self.tenths) / 10

    def until(self, most: timedelta) -> timedelta | None:
        """How long from now until more than ``most`` is down, in whole seconds; None for never as things stand."""
        if not self.weight:
            return None
        left = most // timedelta(milliseconds=100) - self.tenths
        return timedelta(seconds=max(0, left) // self.weight + 1)
