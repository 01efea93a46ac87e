"""Changes of prices that were seen together, and which of them are no change of price at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import msgspec

from secondsource.domain.pricing.amounts import Amount, Rates, move

_FACTORS = frozenset(Fraction(number) ** sign for number in (24, 60, 730, 1000, 3600, 10**6) for sign in (1, -1))
"""Between prices by the day, minute, month, second, thousand and million; a price that moves by exactly that has another unit."""

_MANY = 3
SCALED, MOVED = "scaled", "moved"


class Line(msgspec.Struct, frozen=True, array_like=True):
    """What tells a price from the others of its item."""

    dimension: str = ""
    region: str | None = None
    conditions: str = ""

    @property
    def spot(self) -> bool:
        """Whether it is the price of a market, which moves all the time."""
        return self.dimension == "spot"

    @property
    def name(self) -> str:
        """``cached input eu (over 200k tokens)``; empty where the item has the one price."""
        parts = (self.dimension.replace("_", " "), self.region or "", f"({self.conditions})" if self.conditions else "")
        return " ".join(part for part in parts if part)


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One price that is another now, or will be from ``effective`` on.

    ``doubt`` says why it is taken for no move: ``scaled`` by exactly what lies between two units, or ``moved`` to another column of the
    list. ``withdrawn``: it was announced, and does not come.
    """

    item: str
    line: Line
    source: str
    old: Amount
    new: Amount
    effective: datetime | None = None
    doubt: str = ""
    withdrawn: bool = False

    @property
    def place(self) -> tuple[str, Line, str]:
        """What it is the price of, and who says so."""
        return self.item, self.line, self.source

    def part(self, rates: Rates) -> Fraction | None:
        """By what part it moved; None where it is not known to have moved, or was free before."""
        return None if self.doubt else move(self.old, self.new, rates)


def doubted(changes: Iterable[Change], sound: Container[str] = ()) -> list[Change]:
    """The changes of one poll, those marked that are no moves of prices. A list of ``sound`` is not in doubt as a whole."""
    lists: dict[str, dict[str, list[Change]]] = defaultdict(lambda: defaultdict(list))
    for change in changes:
        lists[change.source][change.item].append(change)
    found = []
    for source, items in lists.items():
        together = [_of_item(changes) for changes in items.values()]
        found += [change for item in together for change in item] if source in sound else _of_list(together)
    return found


def _of_list(items: Sequence[list[Change]]) -> list[Change]:
    """Where most items of a list are in doubt for one reason, the list is, and all that it says in this poll."""
    doubts = Counter(change.doubt for item in items for change in item[:1] if change.doubt)
    why, number = doubts.most_common(1)[0] if doubts else ("", 0)
    whole = number >= _MANY and 2 * number > len(items)
    return [
        msgspec.structs.replace(change, doubt=why) if whole and not change.doubt and not change.line.spot else change
        for item in items
        for change in item
    ]


def _of_item(changes: Sequence[Change]) -> list[Change]:
    swapped = _swapped(changes)
    found = []
    for change in changes:
        alike = change.old.alike(change.new) and not change.line.spot
        ratio = Fraction(change.new.value) / Fraction(change.old.value) if alike and change.old.value else None
        doubt = MOVED if change.place in swapped else SCALED if ratio in _FACTORS else ""
        found.append(msgspec.structs.replace(change, doubt=doubt) if doubt else change)
    return found


def _swapped(changes: Sequence[Change]) -> set[tuple[str, Line, str]]:
    """The prices that changed places: what one says now is what another said before, and each is taken once."""
    plain = [change for change in changes if change.old.alike(change.new) and not change.line.spot and not change.withdrawn]
    before = sorted(_said(change.old) for change in plain)
    after = sorted(_said(change.new) for change in plain)
    return {change.place for change in plain} if len(set(before)) > 1 and before == after else set()


def _said(amount: Amount) -> tuple[Decimal, str, str]:
    return amount.value, amount.unit.value, amount.currency


def span(changes: Iterable[Change], rates: Rates) -> tuple[Fraction, Fraction] | None:
    """The least and the largest move, falls being negative; None where none of them can be put in per cent."""
    parts = [part for change in changes if (part := change.part(rates)) is not None]
    return (min(parts), max(parts)) if parts else None


def merged(before: Sequence[Change], news: Iterable[Change]) -> tuple[Change, ...]:
    """All of one episode: each price once, from what it was at first to what it is now."""
    found = {change.place: change for change in before}
    for change in news:
        first = found.get(change.place)
        if first is None or change.withdrawn:
            found[change.place] = change
        else:
            found[change.place] = msgspec.structs.replace(change, old=first.old)
    return tuple(found.values())
