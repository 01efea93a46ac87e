"""What is paid for what, and when two amounts can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec

from secondsource.domain.figures import plain
from secondsource.domain.money import Unit

_SIZES: Mapping[Unit, tuple[str, Fraction]] = {
    Unit.KWH: ("energy", Fraction(1)),
    Unit.MWH: ("energy", Fraction(1000)),
    Unit.GB_HOUR: ("kept bytes", Fraction(1)),
    Unit.GB_MONTH: ("kept bytes", Fraction(730)),
}
"""Units that measure the same, and how large each is. An hour of a machine is not one of them: nobody says what is in the machine."""


class Amount(msgspec.Struct, frozen=True, array_like=True):
    """A price, and the observation that says so."""

    value: Decimal
    unit: Unit
    currency: str
    id: str

    def same(self, other: Amount) -> bool:
        """Whether both say the same price."""
        return self.value == other.value and self.alike(other)

    def alike(self, other: Amount) -> bool:
        """Whether the numbers mean the same without any conversion."""
        return self.unit is other.unit and self.currency == other.currency

    @property
    def measure(self) -> str:
        """``USD/million-tokens``."""
        return f"{self.currency}/{self.unit.value}"

    def __str__(self) -> str:
        return f"{plain(self.value)} {self.currency} per {self.unit.value}"


Rates = Mapping[str, Fraction]
"""What one of each currency is worth, all in the same currency."""


def converted(amount: Amount, like: Amount, rates: Rates) -> Fraction | None:
    """The value of ``amount`` in the unit and currency of ``like``; None where that can not be said."""
    value = Fraction(amount.value)
    if amount.unit is not like.unit:
        kind, size = _SIZES.get(amount.unit, ("", Fraction(1)))
        other, wanted = _SIZES.get(like.unit, (None, Fraction(1)))
        if kind != other:
            return None
        value *= wanted / size
    if amount.currency != like.currency:
        if amount.currency not in rates or like.currency not in rates:
            return None
        value *= rates[amount.currency] / rates[like.currency]
    return value


def move(old: Amount, new: Amount, rates: Rates) -> Fraction | None:
    """By what part of the old price it moved: 1/5 for 20 % dearer. None where the two can not be compared, or the old one was nothing."""
    now = converted(new, old, rates)
    return None if now is None or not old.value else now / Fraction(old.value) - 1
