"""Whom a price concerns: who buys the item here, who buys it elsewhere, and who does not say what is bought."""

from __future__ import annotations

import enum

import msgspec

from secondsource.domain.context import Context
from secondsource.domain.portfolio import Dependency
from secondsource.domain.reach import index_of
from secondsource.domain.subjects import users_of


class Use(enum.Enum):
    """What the portfolio says of an item."""

    NAMED = "named"  # something of ours names it, and buys it from this vendor or from its maker
    POSSIBLE = "possible"  # something of ours buys from this vendor, and does not name what
    ELSEWHERE = "elsewhere"  # something of ours names it, and buys it from another
    UNSAID = "unsaid"  # there is no portfolio to ask
    UNUSED = "unused"


class Users(msgspec.Struct, frozen=True):
    """Who buys an item. ``vendor`` is whose price it is: the maker's where it is bought there, by a list of many makers' prices."""

    use: Use
    vendor: str
    needs: tuple[Dependency, ...] = ()


def users(vendor: str, item: str, context: Context) -> Users:
    """Who buys ``item``, whose price ``vendor`` (a seller, or a list of prices) told."""
    if not context.portfolio.dependencies:
        return Users(Use.UNSAID, vendor)
    index = index_of(context)
    named = users_of(vendor, item, index)
    here = tuple(need for need in named if need.scope.vendor == vendor)
    if here:
        return Users(Use.NAMED, vendor, here)
    maker, _, rest = item.partition("/")
    made = tuple(need for need in named if rest and need.scope.vendor == maker)
    if made:
        return Users(Use.NAMED, maker, made)
    if named:
        return Users(Use.ELSEWHERE, vendor, named)
    open_ended = tuple(need for need in index.uses(vendor) if not need.items)
    return Users(Use.POSSIBLE, vendor, open_ended) if open_ended else Users(Use.UNUSED, vendor)
