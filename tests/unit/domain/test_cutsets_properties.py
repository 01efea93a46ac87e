"""Cut sets are those that trying every loss finds, on any portfolio and any graph of vendors."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from secondsource.domain.context import Context
from secondsource.domain.portfolio import Criticality, Dependency, Fallback, Function, Portfolio
from secondsource.domain.reach import CERTAIN_CONFIDENCE, closure
from secondsource.domain.resilience import resilience
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Upstream, Vendor, VendorGraph
from tests.support.company import minutes

IDS = ("v0", "v1", "v2")
PRODUCTS = (None, "p")
REGIONS = (None, "r", "s")
EVERYTHING = [Scope(vendor, product, region) for vendor in IDS for product in PRODUCTS for region in REGIONS]
LOSSES = [frozenset(lost) for size in (1, 2, 3) for lost in combinations(EVERYTHING, size)]

scopes = st.sampled_from(EVERYTHING)
upstreams = st.builds(
    Upstream,
    scopes,
    kind=st.sampled_from(("cloud", "cloud", "foundry")),
    product=st.sampled_from(PRODUCTS),
    region=st.sampled_from(REGIONS),
    confidence=st.sampled_from((1.0, 0.6, 0.3)),
)
needs = st.lists(
    st.builds(
        Dependency,
        id=st.integers(0, 9).map(lambda n: f"d{n}"),
        workload=st.sampled_from(("w0", "w1")),
        provides=st.sampled_from(("x", "y")),
        scope=scopes,
        share=st.sampled_from((None, 0.2, 0.3, 0.5, 1.0)),
        fallbacks=st.lists(st.builds(Fallback, scopes, st.sampled_from((0.3, 0.5, 1.0))), max_size=2).map(tuple),
    ),
    max_size=6,
    unique_by=lambda need: need.id,
)
vendors = st.lists(st.lists(upstreams, max_size=2), min_size=len(IDS), max_size=len(IDS)).map(
    lambda edges: [Vendor(id_, id_.upper(), depends_on=tuple(found)) for id_, found in zip(IDS, edges, strict=True)]
)


def down(lost: frozenset[Scope], graph: VendorGraph, needs: list[Dependency], enough: float) -> bool:
    """Whether workloads with ``needs`` are down, from what the words say."""

    def falls(place: Scope) -> bool:
        return any(
            reach.sure and not reach.supply and reach.confidence >= CERTAIN_CONFIDENCE and any(reach.scope.within(each) for each in lost)
            for reach in closure(place, graph)
        )

    groups: dict[tuple[str, str], list[Dependency]] = {}
    for need in needs:
        groups.setdefault((need.workload, need.provides), []).append(need)
    for group in groups.values():
        carried = [
            not falls(need.scope) or any(each.capacity >= enough and not falls(each.scope) for each in need.fallbacks) for need in group
        ]
        if all(need.share is not None for need in group):
            sizes = [Fraction(str(need.share)) for need in group]
            if sum(size for size, up in zip(sizes, carried, strict=True) if up) < Fraction(str(enough)) * sum(sizes):
                return True
        elif not all(carried):
            return True
    return False


def loses_less(one: frozenset[Scope], other: frozenset[Scope]) -> bool:
    return one != other and len(one) <= len(other) and all(any(part.within(each) for each in other) for part in one)


@given(needs, vendors, st.sampled_from((0.4, 0.5, 1.0)))
@settings(max_examples=60)
def test_cut_sets_are_those_that_trying_finds(needs: list[Dependency], vendors: list[Vendor], enough: float) -> None:
    graph = VendorGraph(vendors)
    function = Function("f", "F", "o", Criticality.CRITICAL, ("w0", "w1"), minutes(60))
    (found,) = resilience(Context(Portfolio((function,), (), tuple(needs)), graph), enough).functions
    cuts = [lost for lost in LOSSES if down(lost, graph, needs, enough)]
    minimal = {cut for cut in cuts if not any(loses_less(other, cut) for other in cuts)}
    told = [frozenset(losses) for losses in (*found.singles, *found.pairs, *found.triples)]
    assert set(told) == minimal
    assert len(told) == len(minimal)
