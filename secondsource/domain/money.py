"""Money and prices: decimal amounts with a currency, normalised to a stated unit, the original kept."""

from __future__ import annotations

import enum
from decimal import Decimal
from fractions import Fraction

import msgspec

MONTHLY = {
    "hour": Fraction(730), "day": Fraction(365, 12), "week": Fraction(365, 84), "month": Fraction(1), "quarter": Fraction(1, 3),
    "year": Fraction(1, 12),
}  # fmt: skip
"""How often each period of a bill goes into a month, a twelfth of 365 days."""


class Money(msgspec.Struct, frozen=True):
    """An amount in a currency (ISO 4217 code, upper case)."""

    amount: Decimal
    currency: str = "USD"

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"


class Unit(enum.Enum):
    """What one price is paid for. A GB is 10^9 bytes; a piece is one image, request, search or chip, as the dimension says."""

    ACCELERATOR_HOUR = "accelerator-hour"
    MILLION_TOKENS = "million-tokens"
    GB = "gb"
    GB_HOUR = "gb-hour"
    GB_MONTH = "gb-month"
    HOUR = "hour"
    KWH = "kwh"
    MWH = "mwh"
    PIECE = "piece"
