"""Help for connectors of prices and offers: one reading for each price, units of account, and notes of what was left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Context, Decimal, Inexact
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

from secondsource.contracts.connector import Parsed, Reading, Request
from secondsource.contracts.reading import Node, canonical
from secondsource.domain.observations import AnyBody, Offer, Price
from secondsource.domain.text import tidy

MAX_READINGS = 20_000
"""From one answer. A list that has more is to be narrowed in the source's configuration."""

_ROUNDED = Context(prec=12)


def price_in(node: Node) -> Decimal:
    """The price that stands as a number in ``node``; a negative one is a ParseError."""
    value = node.number()
    if value < 0:
        raise node.fail("a price can not be negative")
    return value


def currency_in(node: Node) -> str:
    """The code of a currency (ISO 4217) in ``node``."""
    if not re.fullmatch("[A-Z]{3}", code := node.text()):
        raise node.fail(f"{code[:20]!r} is no currency; a code such as USD was expected")
    return code


class Machine(BaseModel):
    """What a kind of machine has in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: str = Field(min_length=1, max_length=60, description="The accelerator, as your portfolio calls it: H100.")
    count: int = Field(ge=1, le=1024, description="How many of it.")


def machine(name: str, *tables: Mapping[str, Machine]) -> Machine | None:
    """What is in the machine of that name; the patterns of ``tables`` (with * and ?) are tried in their order."""
    return next((found for table in tables for pattern, found in table.items() if fnmatchcase(name, pattern)), None)


def chosen(name: str, patterns: Sequence[str]) -> bool:
    """Whether ``name`` fits one of ``patterns`` (with * and ?, capitals and small letters alike); without patterns all do."""
    return not patterns or any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)


def each(amount: Decimal, count: Decimal | int) -> Decimal:
    """The part of ``amount`` that falls on one of ``count``: exact where it has an end, else to twelve digits."""
    exact = Context(prec=28)
    part = exact.divide(amount, Decimal(count))
    return canonical(_ROUNDED.divide(amount, Decimal(count)) if exact.flags[Inexact] else part)


class PriceSheet:
    """Gathers what one answer says: for each vendor and subject one reading, in the order of the answer, at most :data:`MAX_READINGS`.

    A price's subject is made of exactly what tells it from the source's other prices (item, dimension, region, conditions), so it
    lasts as long as the price is listed. Where a list names a price twice, the lowest is kept, so that the order of the list is
    of no account.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str | None, str], Reading] = {}
        self._left_out: Counter[str] = Counter()
        self._notes: list[str] = []

    def price(self, body: Price, vendor: str | None = None, since: datetime | None = None) -> None:
        """Add a price; ``since`` is from when on the source says that it holds."""
        subject = "/".join(filter(None, ("price", body.item, body.dimension, body.region, body.conditions)))
        before = self._kept.get((vendor, subject))
        if before is not None and isinstance(before.body, Price):
            if before.body.amount != body.amount:
                self.leave_out("prices that are given twice (the lower one is kept)")
            if before.body.amount <= body.amount:
                return
        self._keep(Reading(subject, body, occurred_at=since, vendor=vendor))

    def offer(self, body: Offer, *parts: str | None, vendor: str | None = None, at: datetime | None = None) -> None:
        """Add an offer; ``parts`` tell it from others of the same item, region and market."""
        self.add("/".join(filter(None, ("offer", body.item, body.market, body.region, *parts))), body, vendor, at)

    def add(self, subject: str, body: AnyBody, vendor: str | None = None, at: datetime | None = None) -> None:
        """Add any other fact under a subject of its own."""
        self._keep(Reading(tidy(subject, 400), body, occurred_at=at, vendor=vendor))

    def _keep(self, reading: Reading) -> None:
        key = (reading.vendor, reading.subject)
        if key not in self._kept and len(self._kept) >= MAX_READINGS:
            self.leave_out(f"readings beyond the first {MAX_READINGS} (narrow the source's configuration)")
            return
        self._kept[key] = reading

    def leave_out(self, what: str, count: int = 1) -> None:
        """Count what is not read, for the notes: "3 prices by the character left out"."""
        self._left_out[what] += count

    def note(self, text: str) -> None:
        """Something else for people."""
        self._notes.append(text)

    def __len__(self) -> int:
        return len(self._kept)

    def parsed(self, *, complete: bool = True, cursor: str | None = None, next_request: Request | None = None) -> Parsed:
        """All of it. It is not the whole picture where readings were left out for their number."""
        full = len(self._kept) >= MAX_READINGS
        left_out = [f"{count} {what} left out" for what, count in sorted(self._left_out.items())]
        return Parsed(
            tuple(self._kept.values()),
            complete=complete and not full,
            cursor=cursor,
            next_request=next_request,
            notes=(*left_out, *self._notes),
        )
