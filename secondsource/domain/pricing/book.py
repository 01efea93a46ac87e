"""The book of a vendor's prices: for each price what was told of it last, what it is now, and whether that is news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec

from secondsource.domain.pricing.amounts import Amount, Rates, move
from secondsource.domain.pricing.level import MAX_CALM, MAX_STEPS, shifted
from secondsource.domain.pricing.moves import Change, Line


class Limits(msgspec.Struct, frozen=True):
    """From which part on a move is news, how long it must stand, and how long must lie between two pieces of news."""

    least: Decimal
    hold: timedelta
    quiet: timedelta
    rates: Rates


class Quote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One price as one source lists it. ``id`` is of the observation heard last.

    ``off_since`` is since when it differs by enough from what was told. Of market prices, ``calm`` is what it was at its level, ``steps``
    what it was since it left it. ``trusted`` is the last price before one that was doubted. ``ahead`` is a price announced for ``ahead_at``
    (None once it is withdrawn), which was told or not.
    """

    id: str
    line: Line
    source: str
    told: Amount
    now: Amount
    told_at: datetime | None = None
    off_since: datetime | None = None
    calm: tuple[Decimal, ...] = ()
    steps: tuple[tuple[datetime, Decimal], ...] = ()
    ahead: Amount | None = None
    ahead_at: datetime | None = None
    ahead_told: bool = False
    trusted: Amount | None = None


class Item(msgspec.Struct, frozen=True, array_like=True):
    """All prices of one item, by source and subject. Until ``fresh`` it need not be written down again that it is still listed."""

    fresh: datetime
    quotes: dict[str, Quote] = {}


def heard(
    quote: Quote | None, line: Line, source: str, amount: Amount, effective: datetime | None, now: datetime, limits: Limits
) -> tuple[Quote, bool]:  # fmt: skip
    """The price as it is after ``amount`` was read, and whether that calls for a judgement.

    What was never read before is no change, whatever it says; one that is announced for later counts from then on.
    """
    if quote is None:
        calm = (amount.value,) if line.spot else ()
        return Quote(amount.id, line, source, amount, amount, calm=calm), False
    later = effective if effective is not None and effective > now else None
    quote = msgspec.structs.replace(quote, id=amount.id)
    if later is not None:
        if quote.ahead is not None and quote.ahead.same(amount) and quote.ahead_at == later:
            return quote, False
        return msgspec.structs.replace(quote, ahead=amount, ahead_at=later, ahead_told=False), True
    if quote.ahead is not None:
        if amount.same(quote.ahead):  # it holds, sooner than was said
            return msgspec.structs.replace(quote, ahead_at=now), True
        quote = msgspec.structs.replace(quote, ahead_at=None)
    elif amount.same(quote.now):
        return quote, _off(quote.told, quote.now, limits)  # a list in doubt is itself again, and this did change meanwhile
    off = _off(quote.told, amount, limits)
    quote = _on_market(quote, amount, now, off) if line.spot else msgspec.structs.replace(quote, now=amount)
    if off or quote.ahead is not None or quote.trusted is not None:
        return quote, True
    return (quote if quote.off_since is None else msgspec.structs.replace(quote, off_since=None)), False


def _on_market(quote: Quote, amount: Amount, now: datetime, off: bool) -> Quote:
    if off:
        steps = (*quote.steps, (now, amount.value))[-MAX_STEPS:]
        return msgspec.structs.replace(quote, now=amount, off_since=quote.off_since or now, steps=steps)
    calm = (*quote.calm, amount.value)[-MAX_CALM:]
    return msgspec.structs.replace(quote, now=amount, off_since=None, steps=(), calm=calm)


def judged(name: str, item: Item, now: datetime, limits: Sequence[Limits]) -> tuple[Item, list[Change], datetime | None]:
    """The item with every price judged at ``now``, the changes that are news, and when to judge again.

    ``limits`` are those of list prices and those of market prices.
    """
    quotes, changes, dues = dict(item.quotes), [], []
    for place in sorted(quotes):
        quote, change, due = _judged(name, quotes[place], quotes, now, limits[quotes[place].line.spot])
        quotes[place] = quote
        if change is not None:
            changes.append(change)
        if due is not None:
            dues.append(due)
    return Item(item.fresh, quotes), changes, min(dues, default=None)


def _judged(
    name: str, quote: Quote, others: dict[str, Quote], now: datetime, limits: Limits
) -> tuple[Quote, Change | None, datetime | None]:  # fmt: skip
    ahead, due = quote.ahead, None
    if ahead is not None:
        if quote.ahead_at is None:
            told = quote.ahead_told
            quote = msgspec.structs.replace(quote, ahead=None, ahead_told=False)
            if told and quote.now.same(quote.told):
                return quote, Change(name, quote.line, quote.source, ahead, quote.now, withdrawn=True), None
        elif quote.ahead_at <= now:
            old, at, told = quote.told, quote.ahead_at, quote.ahead_told
            quote = msgspec.structs.replace(quote, now=ahead, ahead=None, ahead_at=None, ahead_told=False)
            if told:
                quote = msgspec.structs.replace(quote, told=ahead, told_at=now, off_since=None, steps=(), calm=())
                return quote, Change(name, quote.line, quote.source, old, ahead, at), None
        else:
            due = quote.ahead_at
            if not quote.ahead_told and _off(quote.told, ahead, limits):
                quote = msgspec.structs.replace(quote, ahead_told=True)
                return quote, Change(name, quote.line, quote.source, quote.told, ahead, due), due
    if quote.trusted is not None and not quote.told.same(quote.now):  # the list goes on in its new ways, or this price only is itself again
        nearer = _apart(quote.trusted, quote.now, limits.rates) < _apart(quote.told, quote.now, limits.rates)
        quote = msgspec.structs.replace(quote, told=quote.trusted if nearer else quote.told, trusted=None)
    if not _off(quote.told, quote.now, limits):
        return (quote if quote.off_since is None else msgspec.structs.replace(quote, off_since=None, steps=())), None, due
    if any(other.source != quote.source and _confirms(quote, other) for other in others.values()):
        return _settled(quote, quote.now, quote.told_at), None, due
    since = quote.off_since or now
    ripe = since + limits.hold if quote.told_at is None else max(since + limits.hold, quote.told_at + limits.quiet)
    waiting = msgspec.structs.replace(quote, off_since=since)
    if now < ripe:
        return waiting, None, ripe if due is None else min(due, ripe)
    new = quote.now
    if quote.line.spot and quote.told.alike(new):
        level = shifted(quote.told.value, quote.steps, quote.calm, since, now, limits.hold, limits.least)
        if level is None:
            return waiting, None, now + max(limits.hold, timedelta(minutes=1))
        new = Amount(level, new.unit, new.currency, new.id)
    return _settled(quote, new, now), Change(name, quote.line, quote.source, quote.told, new), due


def doubting(item: Item, changes: Sequence[Change]) -> Item:
    """The item after ``changes`` of it turned out to be no moves: what it cost before them is what the next change is held against."""
    before = {(change.line, change.source): change.old for change in changes if change.doubt}
    quotes = {
        place: msgspec.structs.replace(quote, trusted=before[quote.line, quote.source]) if (quote.line, quote.source) in before else quote
        for place, quote in item.quotes.items()
    }
    return Item(item.fresh, quotes)


def healed(items: dict[str, Item], stirred: Iterable[str], now: datetime) -> tuple[dict[str, Item], set[str]]:
    """The items as they are once a list that was in doubt says again what it said before, and the lists of which that is so. Their prices
    are held against what they were before.

    That is so when more than half of its doubted prices are what they were; of ``stirred`` something is another now.
    """
    told = (quote for name in stirred if name in items for quote in items[name].quotes.values())
    some = {quote.source for quote in told if quote.trusted is not None and quote.now.same(quote.trusted)}
    back: Counter[str] = Counter()
    for item in items.values() if some else ():
        for quote in item.quotes.values():
            if quote.trusted is not None and quote.source in some:
                back[quote.source] += 1 if quote.now.same(quote.trusted) else -1
    lists = {source for source, more in back.items() if more > 0}
    found = {}
    for name, item in items.items() if lists else ():
        quotes = {
            place: msgspec.structs.replace(quote, told=quote.trusted, trusted=None)
            if quote.trusted is not None and quote.source in lists
            else quote
            for place, quote in item.quotes.items()
        }
        if quotes != item.quotes:
            found[name] = Item(now, quotes)  # to be heard again before it is judged
    return {**items, **found}, lists


def _apart(one: Amount, other: Amount, rates: Rates) -> Fraction:
    """How many times the dearer is the cheaper; a million times where that can not be said."""
    part = move(one, other, rates)
    times = Fraction(10**6) if part is None or part == -1 else part + 1
    return max(times, 1 / times)


def _settled(quote: Quote, told: Amount, at: datetime | None) -> Quote:
    calm = (told.value,) if quote.line.spot else ()
    return msgspec.structs.replace(quote, told=told, told_at=at, off_since=None, steps=(), calm=calm)


def _confirms(quote: Quote, other: Quote) -> bool:
    """Whether another source made known before what this one says now."""
    return other.told_at is not None and other.line == quote.line and other.told.same(quote.now)


def _off(told: Amount, now: Amount, limits: Limits) -> bool:
    if told.same(now):
        return False
    if told.alike(now):  # nearly always; decimals are quick
        return abs(now.value - told.value) >= limits.least * told.value
    part = move(told, now, limits.rates)
    return part is None or abs(part) >= Fraction(limits.least)
