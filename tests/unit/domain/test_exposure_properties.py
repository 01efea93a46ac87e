"""What must hold of the exposure join for any portfolio and any graph of vendors."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.context import Context
from secondsource.domain.exposure import Exposure, hollow_fallbacks, join
from secondsource.domain.portfolio import Criticality, Dependency, Fallback, Function, Impact, Portfolio, Workload
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Upstream, Vendor, VendorGraph
from tests.support.company import T0, at, minutes

IDS = ("v0", "v1", "v2", "v3")
scopes = st.builds(Scope, st.sampled_from(IDS), st.sampled_from((None, "p", "q")), st.sampled_from((None, "r", "s")))
upstreams = st.builds(
    Upstream,
    scopes,
    kind=st.sampled_from(("cloud", "cloud", "network", "foundry")),
    product=st.sampled_from((None, "p")),
    confidence=st.sampled_from((1.0, 0.6, 0.3)),
)
fallbacks = st.builds(Fallback, scopes, st.sampled_from((0.5, 1.0)), st.just(minutes(5)))
needs = st.lists(
    st.builds(
        Dependency,
        id=st.integers(0, 9).map(lambda n: f"d{n}"),
        workload=st.sampled_from(("w0", "w1", "w2")),
        provides=st.sampled_from(("x", "y")),
        scope=scopes,
        share=st.sampled_from((None, 0.25, 0.5, 1.0)),
        fallbacks=st.lists(fallbacks, max_size=2).map(tuple),
    ),
    max_size=6,
    unique_by=lambda need: need.id,
)
functions = st.lists(
    st.builds(
        Function,
        id=st.integers(0, 4).map(lambda n: f"f{n}"),
        name=st.just("F"),
        owner=st.just("o"),
        criticality=st.sampled_from(Criticality),
        workloads=st.lists(st.sampled_from(("w0", "w1", "w2")), max_size=2, unique=True).map(tuple),
        rto=st.just(minutes(60)),
        impact=st.lists(st.builds(Impact, st.integers(1, 90).map(minutes), st.integers(1, 5)), max_size=3).map(tuple),
    ),
    max_size=4,
    unique_by=lambda function: function.id,
)
vendors = st.lists(st.lists(upstreams, max_size=3), min_size=len(IDS), max_size=len(IDS)).map(
    lambda edges: [Vendor(id_, id_.upper(), depends_on=tuple(found)) for id_, found in zip(IDS, edges, strict=True)]
)
troubles = st.lists(scopes, max_size=2).map(tuple)
ages = st.integers(0, 120)


def context_of(functions: list[Function], needs: list[Dependency], vendors: list[Vendor]) -> Context:
    return Context(Portfolio(tuple(functions), (Workload("w0", "W"),), tuple(needs)), VendorGraph(vendors))


def by_function(exposure: Exposure) -> dict[str, tuple[bool, float | None]]:
    return {hit.function: (hit.certain, hit.lost) for hit in exposure.hits}


@given(functions, needs, vendors, troubles, ages, st.data())
def test_the_order_of_the_configuration_does_not_matter(
    functions: list[Function], needs: list[Dependency], vendors: list[Vendor], trouble: tuple[Scope, ...], age: int, data: st.DataObject
) -> None:
    context = context_of(functions, needs, vendors)
    turned = [msgspec.structs.replace(v, depends_on=tuple(reversed(v.depends_on))) for v in data.draw(st.permutations(vendors))]
    swapped = [msgspec.structs.replace(n, fallbacks=tuple(reversed(n.fallbacks))) for n in data.draw(st.permutations(needs))]
    other = context_of(data.draw(st.permutations(functions)), swapped, turned)
    down = frozenset({Scope("v3", None, "r")})
    assert join(trouble, T0, at(age), context, down) == join(tuple(reversed(trouble)), T0, at(age), other, down)
    assert hollow_fallbacks(context) == hollow_fallbacks(other)


@given(functions, needs, vendors, troubles, st.data())
def test_a_further_dependency_never_removes_a_hit(
    functions: list[Function], needs: list[Dependency], vendors: list[Vendor], trouble: tuple[Scope, ...], data: st.DataObject
) -> None:
    if not needs:
        return
    keep = data.draw(st.lists(st.sampled_from(needs), unique_by=lambda need: need.id))
    fewer = by_function(join(trouble, T0, T0, context_of(functions, keep, vendors)))
    all_ = by_function(join(trouble, T0, T0, context_of(functions, needs, vendors)))
    assert fewer.keys() <= all_.keys()
    for function, (certain, _) in fewer.items():
        assert all_[function][0] or not certain


@given(functions, needs, vendors, troubles, scopes)
def test_further_trouble_never_removes_a_hit_nor_restores_a_fallback(
    functions: list[Function], needs: list[Dependency], vendors: list[Vendor], trouble: tuple[Scope, ...], more: Scope
) -> None:
    context = context_of(functions, needs, vendors)
    one, two = join(trouble, T0, T0, context), join((*trouble, more), T0, T0, context)
    assert by_function(one).keys() <= by_function(two).keys()
    hollow = {(s.dependency, s.scope) for hit in one.hits for s in hit.standbys if s.hollow}
    sound = {(s.dependency, s.scope) for hit in two.hits for s in hit.standbys if not s.hollow}
    assert not hollow & sound


@given(functions, needs, vendors, troubles, ages)
def test_every_hit_is_well_formed(
    functions: list[Function], needs: list[Dependency], vendors: list[Vendor], trouble: tuple[Scope, ...], age: int
) -> None:
    exposure = join(trouble, T0, at(age), context_of(functions, needs, vendors))
    for hit in exposure.hits:
        assert len(hit.chain) == len(hit.chain_ids)
        assert 3 <= len(hit.chain) <= 7
        assert 0 < hit.confidence <= 1
        assert hit.lost is None or 0 < hit.lost <= 1
        assert hit.hurts_at is None or (hit.hurts_at > at(age) and hit.next_level > hit.level_now)
        assert hit.fallback is None or hit.fallback in hit.standbys
    assert exposure.hurts_at == min((hit.hurts_at for hit in exposure.hits if hit.hurts_at), default=None)
