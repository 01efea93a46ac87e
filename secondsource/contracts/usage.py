"""Help for connectors of quotas and spend: figures that must not be guessed, the last whole day or month, and sums of a bill."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from email.utils import parsedate_to_datetime
from typing import Literal

import msgspec

from secondsource.contracts.connector import Parsed, ParseError, Reading, Response
from secondsource.contracts.reading import Node, canonical
from secondsource.domain.observations import Quota, Spend
from secondsource.domain.text import tidy

Period = Literal["day", "month"]

MAX_LINES = 5_000
"""Of one bill. One that has more is to be grouped by less."""

_FIGURE = re.compile(r"[-+]?[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,2})?")
_ENDLESS = Decimal(2**63 - 1)
_EXACT = Context(prec=80)


def figure(node: Node) -> Decimal:
    """The number in ``node``, as it stands or spelt as a text, as services write whole numbers of 64 bits."""
    value = node.value
    text = value.strip() if isinstance(value, str) else str(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        node.number()
    if not _FIGURE.fullmatch(text):
        raise node.fail(f"{tidy(text, 40)!r} is not a number, or out of range")
    return Decimal(text)


def used_in(node: Node) -> Decimal:
    """What is used: 0 is a value, less is a ParseError."""
    if (value := figure(node)) < 0:
        raise node.fail("what is used can not be negative")
    return value


def limit_in(node: Node | None) -> Decimal | None:
    """The limit; None where it is missing, and for -1 and 2^63 - 1, by which services say that they name none."""
    value = None if node is None else figure(node)
    return None if value is None or value < 0 or value >= _ENDLESS else value


def quota(
    name: str, used: Decimal, limit: Decimal | None, *, unit: str = "", region: str | None = None, product: str | None = None
) -> Quota:
    """A quota from exact figures, its texts tidied."""
    return Quota(
        name=tidy(name, 120),
        used=float(used),
        limit=None if limit is None else float(limit),
        unit=tidy(unit, 60),
        region=tidy(region, 80) if region else None,
        product=tidy(product, 120) if product else None,
    )


def quota_reading(body: Quota, *parts: str | None, vendor: str | None = None, at: datetime | None = None) -> Reading:
    """A reading whose subject is made of what tells the quota from the source's others."""
    return Reading("/".join(("quota", *(tidy(part, 120) if part else "-" for part in parts))), body, occurred_at=at, vendor=vendor)


def answered_at(response: Response) -> datetime | None:
    """When the service answered by its own clock, which is what a question about a period of time is put by."""
    return http_date(response.headers.get("date", ""))


def http_date(text: str) -> datetime | None:
    """The instant in a ``Date`` header; None where there is none."""
    try:
        at = parsedate_to_datetime(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        return at if 1990 <= at.year < 9000 else None
    except (ValueError, OverflowError):
        return None


def whole_period(period: Period, at: datetime) -> tuple[datetime, datetime]:
    """The last calendar day or month (UTC) that is over at ``at``: its first instant, and that after its last."""
    end = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return end - timedelta(days=1), end
    end = end.replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end


def month_after(month: datetime, where: str) -> datetime:
    """The first instant of the month after the one that ``month`` lies in."""
    if month.year >= 9000:
        raise ParseError(where, f"{month:%Y-%m} is no month of a bill")
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def length(start: datetime, end: datetime, where: str) -> str:
    """``hour``, ``day``, ``month`` or ``year`` by how far apart the two lie; a ParseError for any other length."""
    span = end - start
    for name, least, most in (("hour", 1, 1), ("day", 23, 25), ("month", 28 * 24, 31 * 24 + 1), ("year", 365 * 24, 366 * 24)):
        if timedelta(hours=least) <= span <= timedelta(hours=most):
            return name
    raise ParseError(where, f"from {start:%Y-%m-%d} to {end:%Y-%m-%d} is no hour, day, month or year")


def refused(response: Response, who: str) -> str:
    """That ``who`` refused, with the status; the words of an answer may quote the request, so they are not told."""
    hint = ": check the credential that `auth` names and what it may read" if response.status in (401, 403) else ""
    return f"{who} answered {response.status}{hint}"


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """Money spent on one thing."""

    amount: Decimal
    currency: str = "USD"
    product: str | None = None
    region: str | None = None
    item: str | None = None
    vendor: str | None = None

    def named(self) -> tuple[str | None, ...]:
        """All but the amount."""
        return self.vendor, self.product, self.region, self.item, self.currency


class Bill:
    """Sums lines that are for the same thing, exactly and whatever their order. More than :data:`MAX_LINES` sums are a ParseError."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._sums: dict[tuple[str | None, ...], Line] = {}
        for line in lines:
            self.add(line, "memo")

    def add(self, line: Line, where: str) -> None:
        """Add a line; ``where`` is its place, for the error."""
        product, region, item = (tidy(text, 120) or None if text else None for text in (line.product, line.region, line.item))
        short = Line(line.amount, line.currency, product, region, item, line.vendor)
        before = self._sums.get(key := short.named())
        if before is None and len(self._sums) >= MAX_LINES:
            raise ParseError(where, f"the bill has more than {MAX_LINES} lines; group it by less, or choose what to read")
        total = line.amount if before is None else _EXACT.add(before.amount, line.amount)
        self._sums[key] = msgspec.structs.replace(short, amount=total)

    def lines(self) -> tuple[Line, ...]:
        """The sums so far, for the memo of a further page."""
        return tuple(self._sums.values())

    def parsed(self, period: str, end: datetime | None, cursor: str | None = None, notes: Sequence[str] = ()) -> Parsed:
        """The whole bill. An empty one does not say that nothing is spent any more: it may not be written yet."""
        if not self._sums:
            notes = (*notes, "the bill has no line: nothing was spent, or it is not written yet")
        return Parsed(self.readings(period, end), complete=bool(self._sums), cursor=cursor, notes=notes)

    def readings(self, period: str, end: datetime | None) -> Sequence[Reading]:
        """One for each sum, over the period that ends at ``end``."""
        return [
            Reading(
                "/".join(("spend", line.product or "-", line.region or "-", line.item or "-", line.currency)),
                Spend(canonical(line.amount), line.currency, period, end, line.product, line.region, line.item),
                vendor=line.vendor,
            )
            for line in self._sums.values()
        ]
