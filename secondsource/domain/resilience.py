"""What must be lost for a business function to be down: single points of failure, pairs and triples of the portfolio.

A function needs all of its workloads, a workload all that its dependencies provide. What provides the same thing shares the load, and
is down when less than ``enough`` of it is carried. A part of the load is carried by its source or by a fallback with room for
``enough`` of it. A source falls with itself and with all that it surely sits on (:mod:`secondsource.domain.reach`); what it only may
sit on, and what it is built from (chips), takes nothing down here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import floor

import msgspec

from secondsource.domain.context import Context
from secondsource.domain.cutsets import LARGEST, Cut, any_of, cuts_of
from secondsource.domain.hits import weight
from secondsource.domain.portfolio import Criticality, Dependency
from secondsource.domain.reach import CERTAIN_CONFIDENCE, Index, index_of
from secondsource.domain.scope import Scope

ENOUGH = 0.5
"""The part of a load that must be carried."""

Losses = tuple[Scope, ...]
"""Parts of vendors that are lost together."""


class FunctionCuts(msgspec.Struct, frozen=True):
    """What takes one function down: alone, as two and as three, none of which could be fewer or narrower.

    ``known`` is False where a workload has no dependency on record: then there may be more than is told.
    """

    function: str
    name: str
    criticality: Criticality
    known: bool
    singles: tuple[Losses, ...]
    pairs: tuple[Losses, ...]
    triples: tuple[Losses, ...]


class Resilience(msgspec.Struct, frozen=True):
    """Functions, the more critical first, then by id; and what is not known.

    ``unmeasured``: dependencies that share a load by parts that nobody has measured; all of them are taken as needed.
    ``blind``: vendors in use of which it is not known what they sit on.
    """

    functions: tuple[FunctionCuts, ...]
    unmeasured: tuple[str, ...]
    blind: tuple[str, ...]


def resilience(context: Context, enough: float = ENOUGH) -> Resilience:
    """The cut sets of every function; ``enough`` is over 0, at most 1."""
    portfolio = context.portfolio
    cutter = _Cutter(index_of(context), enough)
    needs = portfolio.by_workload()
    ordered = sorted(portfolio.functions, key=lambda each: (-weight(each.criticality), each.id))
    functions = tuple(
        FunctionCuts(
            function.id,
            function.name,
            function.criticality,
            bool(function.workloads) and all(workload in needs for workload in function.workloads),
            *cutter.function(function.workloads),
        )
        for function in ordered
    )
    used = {place.vendor for need in portfolio.dependencies for place in (need.scope, *(each.scope for each in need.fallbacks))}
    vendors = context.graph.vendors
    return Resilience(
        functions=functions,
        unmeasured=tuple(sorted(cutter.unmeasured)),
        blind=tuple(sorted(vendor for vendor in used if vendor not in vendors or not vendors[vendor].depends_on)),
    )


def shared(found: Iterable[tuple[FunctionCuts, Sequence[Losses]]]) -> list[tuple[Losses, list[FunctionCuts]]]:
    """Functions by what takes them down: the loss with the most critical functions first, then the most functions, then by name."""
    by_loss: dict[Losses, list[FunctionCuts]] = {}
    for function, losses in found:
        for loss in losses:
            by_loss.setdefault(loss, []).append(function)
    return sorted(
        by_loss.items(),
        key=lambda item: (-sum(each.criticality is Criticality.CRITICAL for each in item[1]), -len(item[1]), tuple(map(str, item[0]))),
    )


def _firm(index: Index, place: Scope) -> set[Scope]:
    """What ``place`` surely falls with, itself among it."""
    reaches = index.closure(place)
    return {reach.scope for reach in reaches if reach.sure and not reach.supply and reach.confidence >= CERTAIN_CONFIDENCE}


def _around(scope: Scope) -> set[Scope]:
    """All that ``scope`` lies in, itself among it."""
    return {scope, Scope(scope.vendor, scope.product), Scope(scope.vendor, None, scope.region), Scope(scope.vendor)}


class _Cutter:
    """Cut sets from the bottom up; what several needs or functions have in common is worked out once.

    Scopes are numbered in the order of their names, so that cuts are in that order too.
    """

    def __init__(self, index: Index, enough: float) -> None:
        self._index, self._enough = index, enough
        self._spare = 1 - Fraction(str(enough))
        self._places = {need.id: self._carriers(need) for need in index.dependencies.values()}
        firm = {place: _firm(index, place) for place in dict.fromkeys(place for places in self._places.values() for place in places)}
        around = {scope: _around(scope) for scope in set().union(*firm.values())}
        around |= {wide: _around(wide) for scopes in list(around.values()) for wide in scopes}
        self._scopes = sorted(around, key=str)
        number = {scope: place for place, scope in enumerate(self._scopes)}
        self._wider = [frozenset([number[wide] for wide in around[scope] if wide != scope]) for scope in self._scopes]
        self._takes = {place: frozenset([number[wide] for scope in scopes for wide in around[scope]]) for place, scopes in firm.items()}
        self._groups: dict[tuple[tuple[float | None, tuple[Scope, ...]], ...], frozenset[Cut]] = {}
        self._workloads: dict[str, frozenset[Cut]] = {}
        self._losses: dict[Cut, Losses] = {}
        self.unmeasured: set[str] = set()

    def function(self, workloads: Sequence[str]) -> list[tuple[Losses, ...]]:
        """What takes any of ``workloads`` down: one loss, two, three; each in the order of names."""
        by_size: list[list[Cut]] = [[] for _ in range(LARGEST + 1)]
        for cut in any_of([self._workload(workload) for workload in workloads], self._wider):
            by_size[len(cut)].append(cut)
            if cut not in self._losses:
                self._losses[cut] = tuple([self._scopes[number] for number in cut])
        return [tuple([self._losses[cut] for cut in sorted(cuts)]) for cuts in by_size[1:]]

    def _workload(self, workload: str) -> frozenset[Cut]:
        if workload not in self._workloads:
            groups: dict[str, list[Dependency]] = {}
            for need in self._index.needs.get(workload, ()):
                groups.setdefault(need.provides, []).append(need)
            self._workloads[workload] = any_of([self._group(group) for group in groups.values()], self._wider)
        return self._workloads[workload]

    def _group(self, group: Sequence[Dependency]) -> frozenset[Cut]:
        measured = all(need.share is not None for need in group)
        if not measured and len(group) > 1:
            self.unmeasured.update(need.id for need in group if need.share is None)
        key = tuple([(need.share if measured else None, self._places[need.id]) for need in group])
        if key not in self._groups:
            bit = {place: 1 << number for number, place in enumerate(dict.fromkeys(place for _, places in key for place in places))}
            parts = tuple(
                [(1 if share is None else round(share * 1_000_000), sum(bit[place] for place in places)) for share, places in key]
            )
            spare = floor(self._spare * sum(size for size, _ in parts)) if measured else 0
            self._groups[key] = cuts_of([self._takes[place] for place in bit], parts, spare, self._wider)
        return self._groups[key]

    def _carriers(self, need: Dependency) -> tuple[Scope, ...]:
        """Where the load of ``need`` can be carried."""
        if not need.fallbacks:
            return (need.scope,)
        return tuple(dict.fromkeys((need.scope, *(each.scope for each in need.fallbacks if each.capacity >= self._enough))))
