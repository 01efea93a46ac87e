"""Minimal cut sets: the fewest things that must be lost together for something to be down. Exact, up to three at once.

Things are numbers. ``wider[thing]`` holds the things whose loss includes its own (all of a vendor, for one region of it).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import combinations, product

LARGEST = 3
"""Things lost at once. Four that fail together without a common cause are no plan's business."""

Cut = tuple[int, ...]
"""Things, ascending."""

Wider = Sequence[frozenset[int]]

Parts = tuple[tuple[int, int], ...]
"""The parts of a load: the weight of each, and its sources as bits. A part is lost when all of its sources are."""


def cuts_of(sources: Sequence[frozenset[int]], parts: Parts, spare: int, wider: Wider) -> frozenset[Cut]:
    """The least cuts of a load that is down when parts of more weight than ``spare`` are lost.

    Any one thing of ``sources[n]`` takes source ``n`` down.
    """
    if len(sources) == 1:  # as most are; nothing to choose
        down = sum(weight for weight, _ in parts) > spare
        return frozenset([(thing,) for thing in _narrowest(sources[0], wider)]) if down else frozenset()
    takes: dict[int, int] = {}
    for number, things in enumerate(sources):
        for thing in things:
            takes[thing] = takes.get(thing, 0) | 1 << number
    alike: dict[int, list[int]] = {}
    for thing, bits in takes.items():
        alike.setdefault(bits, []).append(thing)
    narrowest = {bits: _narrowest(things, wider) for bits, things in alike.items()}
    found = {
        tuple(sorted(chosen))
        for choice in _choices(frozenset(narrowest), parts, spare)
        for chosen in product(*(narrowest[bits] for bits in choice))
    }
    return least(found, wider)


def least(cuts: Iterable[Cut], wider: Wider) -> frozenset[Cut]:
    """Those of ``cuts`` that no other makes needless: none loses less, be it fewer things or narrower ones."""
    by_size: list[list[Cut]] = [[] for _ in range(LARGEST + 1)]
    for cut in cuts:
        by_size[len(cut)].append(cut)
    alone = {thing for (thing,) in by_size[1]}
    pairs = {cut for cut in by_size[2] if alone.isdisjoint(cut)}
    triples = {
        cut for cut in by_size[3] if alone.isdisjoint(cut) and cut[:2] not in pairs and cut[1:] not in pairs and cut[::2] not in pairs
    }
    kept = {*by_size[1], *pairs, *triples}
    present = alone.union(*pairs, *triples)
    wide = {above for thing in present for above in wider[thing] if above in present}
    if not wide:
        return frozenset(kept)
    return frozenset(cut for cut in kept if wide.isdisjoint(cut) or not any(_loses_less(other, cut, wider) for other in kept))


def any_of(groups: Sequence[frozenset[Cut]], wider: Wider) -> frozenset[Cut]:
    """The least cuts of what is down with any of several, of which ``groups`` are the least cuts."""
    distinct = set(groups)
    return distinct.pop() if len(distinct) == 1 else least(frozenset().union(*distinct), wider)


def _loses_less(cut: Cut, other: Cut, wider: Wider) -> bool:
    return cut != other and len(cut) <= len(other) and all(thing in other or not wider[thing].isdisjoint(other) for thing in cut)


def _narrowest(things: Collection[int], wider: Wider) -> list[int]:
    """Of things that take down the same: what is wider than another of them says nothing more."""
    needless = {above for thing in things for above in wider[thing]}
    return [thing for thing in things if thing not in needless]


@lru_cache(maxsize=65_536)  # portfolios have few shapes of needs, however many needs
def _choices(bits: frozenset[int], parts: Parts, spare: int) -> tuple[Cut, ...]:
    """The minimal choices of at most :data:`LARGEST` from ``bits`` that take the load down."""
    found: list[Cut] = []
    for size in range(1, LARGEST + 1):
        smaller = list(found)
        for choice in combinations(sorted(bits), size):
            lost = 0
            for each in choice:
                lost |= each
            if sum(weight for weight, needed in parts if needed & lost == needed) > spare and not any(
                set(one) <= set(choice) for one in smaller
            ):
                found.append(choice)
    return tuple(found)
