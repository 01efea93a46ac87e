"""What a change of prices does to the bill: exactly where the mix is known, and between which bounds where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec

from secondsource.domain.figures import plain, rounded
from secondsource.domain.items import normalised
from secondsource.domain.money import MONTHLY
from secondsource.domain.portfolio import Dependency
from secondsource.domain.pricing.amounts import Rates

MAX_AGE = timedelta(days=62)
"""A bill that is older says nothing of the next one."""


class Bill(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """The newest line of a bill that names the item."""

    amount: Decimal
    currency: str
    period: str
    until: datetime
    id: str

    @property
    def monthly(self) -> Fraction | None:
        """What a month costs at this rate; None for a period that is not known."""
        times = MONTHLY.get(self.period)
        return None if times is None else Fraction(self.amount) * times


class Effect(msgspec.Struct, frozen=True):
    """On a month's bill of ``total``: from ``low`` to ``high`` more. ``unknown`` says what is not in it."""

    low: Fraction
    high: Fraction
    total: Fraction
    currency: str
    unknown: tuple[str, ...] = ()
    bills: tuple[str, ...] = ()  # ids of observations

    @property
    def known(self) -> bool:
        """Whether there is any bill to speak of."""
        return self.total > 0


def named(item: str) -> str:
    """How bills and portfolios call an item, whoever sells it."""
    return normalised(item.rpartition("/")[2])


def effect(
    moves: Mapping[str, tuple[Fraction, Fraction] | None], needs: Iterable[Dependency], bills: Mapping[str, Sequence[Bill]], currency: str,
    rates: Rates, now: datetime,
) -> Effect:  # fmt: skip
    """The effect of ``moves``: for each item from the least to the largest move of any of its prices, None where they can not be compared.

    ``bills`` (by :func:`named`) tell what an item costs a month; else the ``spend`` of ``needs`` does. A need that buys other things too
    may spend next to nothing on the item, so no effect at all is one of the bounds.
    """
    low = high = total = Fraction(0)
    unknown: list[str] = []
    seen: list[str] = []
    billed: dict[str, Fraction] = {}  # by item, a month
    parts = {named(item): move for item, move in moves.items()}
    for item, move in sorted(parts.items()):
        for line in bills.get(item, ()):
            if now - line.until > MAX_AGE:
                continue
            month = _in(line.monthly, line.currency, currency, rates)
            seen.append(line.id)
            billed.setdefault(item, Fraction(0))
            if month is None:
                unknown.append(f"the bill of {item} is in {line.currency} by the {line.period}, which can not be put in {currency} a month")
            elif move is None:
                unknown.append(f"the prices of {item} can not be compared")
            else:
                low, high, total = low + month * move[0], high + month * move[1], total + month
                billed[item] += month
    for need in needs:
        items = {named(item) for item in need.items}
        touched = sorted((items & parts.keys() if items else parts.keys()) - billed.keys())
        if not touched:
            continue
        if need.spend is None:
            unknown.append(f"no spend is given for {need.id}")
            continue
        known = [move for item in touched if (move := parts[item]) is not None]
        if len(known) < len(touched):
            unknown.append("the prices can not be compared")
            continue
        if not items or items - set(touched):
            known.append((Fraction(0), Fraction(0)))
        month = max(Fraction(need.spend) - sum((billed.get(item, Fraction(0)) for item in items), Fraction(0)), Fraction(0))
        low += month * min(least for least, _ in known)
        high += month * max(most for _, most in known)
        total += month
    return Effect(low, high, total, currency, tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(seen)))


def _in(amount: Fraction | None, currency: str, wanted: str, rates: Rates) -> Fraction | None:
    if amount is None or currency == wanted:
        return amount
    return amount * rates[currency] / rates[wanted] if currency in rates and wanted in rates else None


def spoken(effect: Effect, month: str) -> str:
    """The effect as a sentence; ``month`` is the bill that is meant: ``Next month's bill``."""
    if not effect.known:
        return f"What it does to the bill is not known: {effect.unknown[0]}." if effect.unknown else ""
    whole = f"{plain(rounded(effect.total, 2))} {effect.currency}"
    if effect.low == effect.high:
        text = f"{month}: {_signed(effect.low)} {effect.currency} on {whole}"
    else:
        text = (
            f"{month}: from {_signed(effect.low)} to {_signed(effect.high)} {effect.currency} on {whole}, as how it falls on the prices "
            "is not known"
        )
    return f"{text}; {effect.unknown[0]}." if effect.unknown else f"{text}."


def _signed(amount: Fraction) -> str:
    text = plain(rounded(amount, 2))
    return f"+{text}" if amount > 0 else text
