"""What takes a function down: the cases that one can check by hand."""

from __future__ import annotations

from datetime import timedelta

from secondsource.domain.context import Context
from secondsource.domain.portfolio import Criticality, Dependency, Fallback, Function, Portfolio
from secondsource.domain.resilience import FunctionCuts, Resilience, resilience, shared
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Upstream, Vendor, VendorGraph

HALCYON, CIRRUS, DUNE = Scope("halcyon", "api"), Scope("cirrus"), Scope("dune")
EAST, WEST = Scope("aws", None, "east"), Scope("aws", None, "west")


def need(
    id_: str, scope: Scope, *fallbacks: Fallback, provides: str = "", share: float | None = None, workload: str = "chat"
) -> Dependency:
    return Dependency(id_, workload, provides or id_, scope, share=share, fallbacks=fallbacks)


def found(*needs: Dependency, vendors: tuple[Vendor, ...] = (), enough: float = 0.5) -> Resilience:
    function = Function("support", "Support", "ana", Criticality.CRITICAL, ("chat",), timedelta(hours=1))
    return resilience(Context(Portfolio((function,), (), needs), VendorGraph(vendors)), enough)


def cuts(*needs: Dependency, vendors: tuple[Vendor, ...] = (), enough: float = 0.5) -> list[str]:
    (of_it,) = found(*needs, vendors=vendors, enough=enough).functions
    return [" + ".join(map(str, losses)) for losses in (*of_it.singles, *of_it.pairs, *of_it.triples)]


def sits_on(name: str, *places: Scope, confidence: float = 1.0, kind: str = "cloud") -> Vendor:
    return Vendor(name, name, depends_on=tuple(Upstream(place, kind, confidence=confidence) for place in places))


def test_without_a_fallback_each_source_is_a_single_point() -> None:
    assert cuts(need("model", HALCYON), need("store", DUNE)) == ["dune", "halcyon/api"]


def test_a_fallback_makes_it_two_and_a_second_three() -> None:
    assert cuts(need("model", HALCYON, Fallback(CIRRUS))) == ["cirrus + halcyon/api"]
    assert cuts(need("model", HALCYON, Fallback(CIRRUS), Fallback(DUNE))) == ["cirrus + dune + halcyon/api"]


def test_what_both_sit_on_is_a_single_point() -> None:
    below = (sits_on("halcyon", EAST), sits_on("cirrus", EAST))
    assert cuts(need("model", HALCYON, Fallback(CIRRUS)), vendors=below) == ["aws/east", "cirrus + halcyon/api"]


def test_two_regions_of_a_cloud_fall_with_the_cloud_or_both() -> None:
    below = (sits_on("halcyon", EAST), sits_on("cirrus", WEST))
    assert cuts(need("model", HALCYON, Fallback(CIRRUS)), vendors=below) == [
        "aws",
        "aws/east + aws/west",
        "aws/east + cirrus",
        "aws/west + halcyon/api",
        "cirrus + halcyon/api",
    ]


def test_what_is_hearsay_or_supply_takes_nothing_down() -> None:
    hearsay = (sits_on("halcyon", EAST, confidence=0.4), sits_on("cirrus", EAST, confidence=0.4))
    supply = (sits_on("halcyon", Scope("tsmc"), kind="foundry"), sits_on("cirrus", Scope("tsmc"), kind="foundry"))
    for vendors in (hearsay, supply):
        assert cuts(need("model", HALCYON, Fallback(CIRRUS)), vendors=vendors) == ["cirrus + halcyon/api"]


def test_a_fallback_without_room_is_none() -> None:
    assert cuts(need("model", HALCYON, Fallback(CIRRUS, 0.4))) == ["halcyon/api"]
    assert cuts(need("model", HALCYON, Fallback(CIRRUS, 0.4)), enough=0.4) == ["cirrus + halcyon/api"]


def test_shared_loads_are_down_when_too_little_is_carried() -> None:
    parts = [need(name, Scope(name), provides="model", share=share) for name, share in (("a", 0.6), ("b", 0.2), ("c", 0.2))]
    assert cuts(*parts) == ["a"]
    assert cuts(*parts, enough=0.3) == ["a + b", "a + c"]
    assert cuts(*parts, enough=1.0) == ["a", "b", "c"]


def test_shares_that_nobody_measured_are_taken_as_needed_and_told() -> None:
    parts = (need("one", HALCYON, provides="model", share=0.9), need("two", CIRRUS, provides="model"))
    assert cuts(*parts) == ["cirrus", "halcyon/api"]
    assert found(*parts).unmeasured == ("two",)
    assert found(need("one", HALCYON)).unmeasured == ()


def test_what_is_not_known_is_told() -> None:
    assert not found().functions[0].known
    assert found(need("model", HALCYON), need("store", DUNE), vendors=(sits_on("halcyon", EAST),)).blind == ("dune",)


def test_losses_are_listed_by_the_critical_functions_that_they_take_down() -> None:
    def of(name: str, criticality: Criticality, *losses: str) -> FunctionCuts:
        return FunctionCuts(name, name, criticality, True, tuple((Scope(each),) for each in losses), (), ())

    functions = [of("x", Criticality.STANDARD, "a", "b"), of("y", Criticality.STANDARD, "b"), of("z", Criticality.CRITICAL, "c")]
    told = shared((function, function.singles) for function in functions)
    assert [(str(loss[0]), [each.function for each in hit]) for loss, hit in told] == [("c", ["z"]), ("b", ["x", "y"]), ("a", ["x"])]
