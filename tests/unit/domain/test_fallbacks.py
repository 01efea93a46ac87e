"""Fallbacks that would help, and those that would not."""

from __future__ import annotations

from msgspec.structs import replace

from secondsource.domain.exposure import expose, hollow_fallbacks, join
from secondsource.domain.hits import FunctionHit, Standby
from secondsource.domain.portfolio import Dependency, Fallback
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Upstream, Vendor
from tests.support.company import DEPENDENCIES, EAST, T0, VENDORS, WEST, at, company, minutes, outage

HALCYON = (Scope("halcyon"),)


def support(scopes: tuple[Scope, ...] = HALCYON, down: frozenset[Scope] = frozenset(), **changes: object) -> FunctionHit:
    context = company(**changes)  # type: ignore[arg-type]
    return next(hit for hit in join(scopes, T0, at(5), context, down).hits if hit.function == "support")


def standby(hit: FunctionHit, vendor: str) -> Standby:
    return next(one for one in hit.standbys if one.scope.vendor == vendor)


def need(*fallbacks: Fallback) -> tuple[Dependency, ...]:
    return (replace(DEPENDENCIES[0], fallbacks=fallbacks),)


def test_a_smaller_sound_fallback_goes_before_a_larger_hollow_one() -> None:
    hit = support()
    assert [one.name for one in hit.standbys] == ["Cirrus AI", "Borealis AI"]
    assert hit.fallback == Standby("chat-main", Scope("cirrus"), "Cirrus AI", 0.6, minutes(10), "failover")


def test_a_fallback_on_the_region_of_what_it_replaces_is_hollow_even_while_the_region_is_well() -> None:
    assert standby(support(), "borealis").hollow == "it sits on AWS us-east-1, as what it replaces does"


def test_a_fallback_in_the_same_trouble_is_hollow() -> None:
    assert standby(support((EAST,)), "borealis").hollow == "it sits on AWS us-east-1, which is in trouble"


def test_a_fallback_in_a_trouble_of_its_own_is_hollow() -> None:
    assert standby(support(down=frozenset({Scope("cirrus")})), "cirrus").hollow == "Cirrus AI is in trouble itself"
    deep = frozenset({Scope("gcp")})
    assert standby(support(down=deep), "cirrus").hollow == "it sits on Google Cloud, which is in trouble"


def test_a_trouble_that_may_reach_a_fallback_is_a_doubt() -> None:
    vague = [replace(v, depends_on=(Upstream(Scope("gcp")),)) if v.id == "cirrus" else v for v in VENDORS]
    found = standby(support(down=frozenset({Scope("gcp", None, "asia-east1")}), vendors=vague), "cirrus")
    assert (found.hollow, found.doubt) == ("", "it may sit on Google Cloud asia-east1, which is in trouble")


def test_trouble_of_one_product_in_the_region_of_a_fallback_makes_it_hollow() -> None:
    # Which products of the region the fallback uses is not said; it is not to be relied on.
    dynamo = frozenset({Scope("gcp", "spanner", "europe-west1")})
    assert standby(support(down=dynamo), "cirrus").hollow == "it sits on Google Cloud spanner europe-west1, which is in trouble"


def test_a_hardly_known_edge_makes_a_doubt_not_a_verdict() -> None:
    rumour = [replace(v, depends_on=(Upstream(EAST, confidence=0.2),)) if v.id == "borealis" else v for v in VENDORS]
    found = standby(support(vendors=rumour), "borealis")
    assert (found.hollow, found.doubt) == ("", "it may share AWS us-east-1 with what it replaces")
    down = standby(support((EAST,), vendors=rumour), "borealis")
    assert (down.hollow, down.doubt) == ("", "it may sit on AWS us-east-1, which is in trouble")


def test_the_same_vendor_with_no_region_said_is_a_doubt() -> None:
    both = [replace(v, depends_on=(Upstream(Scope("aws")),)) if v.id in ("halcyon", "borealis") else v for v in VENDORS]
    assert standby(support(vendors=both), "borealis").doubt == "it may share AWS with what it replaces"
    assert hollow_fallbacks(company(vendors=both)) == ()


def test_a_fallback_to_the_service_itself_is_hollow() -> None:
    found = standby(support(dependencies=need(Fallback(Scope("halcyon", None, "eu")))), "halcyon")
    assert found.hollow == "Halcyon AI is in trouble itself"
    (static,) = hollow_fallbacks(company(need(Fallback(Scope("halcyon", None, "eu")))))
    assert static.reason == "fallback Halcyon AI eu for Halcyon AI is hollow: it is part of Halcyon AI, which it is to replace"


def test_another_region_of_the_same_cloud_is_sound() -> None:
    hit = next(found for found in join((EAST,), T0, T0, company()).hits if found.function == "shop")
    # The weakest of the best: the database's fallback takes half, the model's 60 %.
    assert hit.fallback == Standby("search-db", WEST, "AWS eu-west-1", 0.5, minutes(30))


def test_one_dependency_without_a_fallback_leaves_the_function_without() -> None:
    hit = support((Scope("halcyon"), Scope("cirrus")))
    assert hit.fallback is None
    assert len(hit.standbys) == 2


def test_the_static_check_names_the_chokepoint_and_the_functions() -> None:
    (found,) = hollow_fallbacks(company())
    assert (found.dependency, found.fallback, found.shared, found.plan) == ("chat-main", Scope("borealis"), EAST, "failover")
    assert found.functions == ("shop", "support")
    assert found.reason == "fallback Borealis AI for Halcyon AI is hollow: it sits on AWS us-east-1, as what it replaces does"


def test_a_shared_accelerator_is_no_chokepoint() -> None:
    shared = (Upstream(Scope("nvidia", "h100", "tw"), kind="accelerator"),)
    vendors = [Vendor("halcyon", "Halcyon AI", depends_on=shared), Vendor("cirrus", "Cirrus AI", depends_on=shared)]
    assert hollow_fallbacks(company(vendors=vendors)) == ()


def test_fallbacks_are_judged_for_findings_without_outage_too() -> None:
    hits = expose(outage(rule="price_change"), T0, company(), frozenset({Scope("cirrus")})).hits
    assert [one.hollow != "" for one in hits[0].standbys] == [True, True]
