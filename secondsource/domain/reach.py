"""What each dependency rests on, worked out once for each configuration: the index that the exposure join reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from secondsource.domain.context import Context
from secondsource.domain.items import normalised, spellings
from secondsource.domain.portfolio import Dependency, Function
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import VendorGraph

DEPTH = 4  # edges between vendors that are followed; what lies deeper is hearsay

# An outage of a chip maker stops no running service, and a status page that is down hurts nobody but its readers.
SUPPLY_KINDS = frozenset({"accelerator", "foundry", "memory", "equipment"})
SIDE_KINDS = frozenset({"status_platform"})

CERTAIN_CONFIDENCE = 0.5  # an edge chain less sure than this may be true, and is called possible


class Reach(msgspec.Struct, frozen=True):
    """That something rests on ``scope``, by way of ``path`` (from the root to ``scope``, both with it).

    ``sure``: every edge holds for the product that is used. ``supply``: an edge is one of supply, not of service.
    """

    scope: Scope
    path: tuple[Scope, ...]
    confidence: float
    sure: bool
    supply: bool

    @property
    def merit(self) -> tuple[bool, float, int, tuple[str, ...]]:
        """Sorts the better known, then the shorter way first; the names decide ties, so the order of edges does not."""
        return (not self.sure, -self.confidence, len(self.path), tuple(map(str, self.path)))


def closure(root: Scope, graph: VendorGraph) -> tuple[Reach, ...]:
    """All that ``root`` rests on, itself first, at most :data:`DEPTH` edges away. Cycles are walked once.

    For each scope, each number of edges and each nature (service or supply) the best known way is kept.
    """
    start = Reach(root, (root,), 1.0, True, False)
    found = [start]
    level = [start]
    for _ in range(DEPTH):
        best: dict[tuple[Scope, bool], Reach] = {}
        for here in level:
            for edge in graph.upstream(here.scope):
                if edge.kind in SIDE_KINDS or edge.scope in here.path:
                    continue
                sure = here.sure and edge.surely_for(here.scope)
                supply = here.supply or edge.kind in SUPPLY_KINDS
                there = Reach(edge.scope, (*here.path, edge.scope), here.confidence * edge.confidence, sure, supply)
                key = (there.scope, supply)
                if key not in best or there.merit < best[key].merit:
                    best[key] = there
        level = sorted(best.values(), key=lambda reach: reach.merit)  # whatever the order in the configuration
        found += level
    return tuple(found)


class Index:
    """The portfolio of one context, arranged by what trouble is looked up with. Read-only."""

    def __init__(self, context: Context) -> None:
        portfolio, self.graph = context.portfolio, context.graph
        self.dependencies: Mapping[str, Dependency] = {need.id: need for need in portfolio.dependencies}
        self.needs = portfolio.by_workload()
        self.workload_names = {workload.id: workload.name for workload in portfolio.workloads}
        self.functions_of: dict[str, list[Function]] = {}
        for function in portfolio.functions:
            for workload in dict.fromkeys(function.workloads):
                self.functions_of.setdefault(workload, []).append(function)
        self.by_scope: dict[Scope, list[Dependency]] = {}
        self.by_item: dict[str, list[Dependency]] = {}
        for need in portfolio.dependencies:
            self.by_scope.setdefault(need.scope, []).append(need)
            for key in dict.fromkeys(key for item in need.items for key in spellings(item)):
                self.by_item.setdefault(key, []).append(need)
        self._closures: dict[Scope, tuple[Reach, ...]] = {}
        self._over: dict[str, list[tuple[Scope, Reach]]] = {}  # vendor -> roots that rest on some part of it
        for root in self.by_scope:
            for reach in self.closure(root):
                self._over.setdefault(reach.scope.vendor, []).append((root, reach))
        self._parts: dict[str, set[Scope]] = {}
        for reaches in self._over.values():
            for _, reach in reaches:
                if reach.scope.product is not None:
                    self._parts.setdefault(normalised(reach.scope.product), set()).add(reach.scope)
        self._words: dict[Scope, str] = {}

    def closure(self, root: Scope) -> tuple[Reach, ...]:
        """:func:`closure`, remembered."""
        if root not in self._closures:
            self._closures[root] = closure(root, self.graph)
        return self._closures[root]

    def struck(self, troubles: Iterable[Scope], *, supply: bool) -> dict[Scope, tuple[bool, Reach, Scope]]:
        """Roots that rest on ``troubles``: whether surely, by the best known way, and which trouble it is.

        ``supply`` follows the edges of supply too; an outage does not travel over them.
        """
        best: dict[Scope, tuple[tuple[object, ...], tuple[bool, Reach, Scope]]] = {}
        for trouble in sorted(set(troubles), key=str):
            for root, reach in self._over.get(trouble.vendor, ()):
                if (reach.supply and not supply) or not reach.scope.touches(trouble):
                    continue
                certain = reach.sure and reach.confidence >= CERTAIN_CONFIDENCE and reach.scope.within(trouble)
                merit = (not certain, *reach.merit, str(trouble))
                if root not in best or merit < best[root][0]:
                    best[root] = (merit, (certain, reach, trouble))
        return {root: found for root, (_, found) in best.items()}

    def knows(self, vendor: str) -> bool:
        """Whether the catalog has the vendor, or anything of the portfolio rests on it."""
        return vendor in self.graph.vendors or vendor in self._over

    def uses(self, vendor: str) -> list[Dependency]:
        """Dependencies on ``vendor`` itself, by id."""
        roots = {root for root, reach in self._over.get(vendor, ()) if root.vendor == vendor and len(reach.path) == 1}
        return sorted((need for root in roots for need in self.by_scope[root]), key=lambda need: need.id)

    def used_parts(self, vendor: str) -> tuple[Scope, ...]:
        """The parts of ``vendor`` that something of ours runs on, directly or by way of others; empty where nothing is known to."""
        return tuple(sorted({reach.scope for _, reach in self._over.get(vendor, ()) if not reach.supply}, key=str))

    def part(self, vendor: str, name: str) -> Scope | None:
        """The region or product of ``vendor`` with the id ``name``; None where the catalog has no such part."""
        known = self.graph.vendors.get(vendor)
        if known is not None and any(region.id == name for region in known.regions):
            return Scope(vendor, None, name)
        if known is not None and any(product.id == name for product in known.products):
            return Scope(vendor, name)
        return None

    def parts_named(self, key: str) -> frozenset[Scope]:
        """Scopes that the portfolio rests on whose product goes by ``key`` (see :func:`~secondsource.domain.items.normalised`)."""
        return frozenset(self._parts.get(key, ()))

    def name(self, scope: Scope) -> str:
        """A scope in words: ``AWS us-east-1``, ``OpenAI API``. Regions keep their id, as everybody calls them."""
        if scope not in self._words:
            known = self.graph.vendors.get(scope.vendor)
            product = next((p.name or p.id for p in known.products if p.id == scope.product), scope.product) if known else scope.product
            vendor = self.graph.name(scope.vendor)
            if product and vendor.casefold() in product.casefold():
                vendor = ""  # "OpenAI API" needs no second "OpenAI"
            self._words[scope] = " ".join(part for part in (vendor, product, scope.region) if part)
        return self._words[scope]


@lru_cache(maxsize=8)
def index_of(context: Context) -> Index:
    """The index of ``context``, made at its first use."""
    return Index(context)
