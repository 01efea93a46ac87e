"""The exposure join on a small company, with answers worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from secondsource.domain.exposure import Exposure, FunctionHit, age, dependents, expose, join, names, over
from secondsource.domain.portfolio import Criticality, Dependency, Function, Impact
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Upstream, Vendor
from tests.support.company import DEPENDENCIES, DYNAMO, EAST, FUNCTIONS, T0, VENDORS, at, company, minutes, outage


def hit(exposure: Exposure, function: str) -> FunctionHit:
    (found,) = (found for found in exposure.hits if found.function == function)
    return found


def test_the_chain_leads_from_the_function_through_the_vendor_to_the_shared_region() -> None:
    exposure = join((EAST,), T0, at(23), company())
    support = hit(exposure, "support")
    assert support.chain == ("Support assistant", "Chat inference", "Halcyon AI", "AWS us-east-1")
    assert support.chain_ids == ("support", "chat", "halcyon", "aws/us-east-1")
    assert support.owner == "ana"
    assert support.certain
    assert support.confidence == 0.9
    assert support.dependencies == ("chat-main",)


def test_functions_come_in_the_order_in_which_they_hurt() -> None:
    exposure = join((EAST,), T0, at(23), company())
    assert names(exposure.hits) == ("Support assistant", "Shop search")
    assert [found.hurts_at for found in exposure.hits] == [at(30), at(240)]
    assert exposure.hurts_at == at(30)


@pytest.mark.parametrize(
    ("after", "level", "hurts", "next_level"),
    [
        (0, 0, 30, 4),
        (29.99, 0, 30, 4),
        (30, 4, 120, 5),
        (119, 4, 120, 5),
        (120, 5, None, 0),
    ],
)
def test_the_next_threshold_is_the_first_that_is_not_yet_crossed(after: float, level: int, hurts: float | None, next_level: int) -> None:
    support = hit(join((EAST,), T0, at(after), company()), "support")
    assert (support.level_now, support.next_level) == (level, next_level)
    assert support.hurts_at == (None if hurts is None else at(hurts))


def test_a_later_threshold_that_is_no_worse_is_passed_over() -> None:
    thresholds = (Impact(minutes(90), 3), Impact(minutes(10), 3), Impact(minutes(60), 2), Impact(minutes(200), 4))
    context = company(functions=[replace(FUNCTIONS[0], impact=thresholds)])
    found = hit(join((EAST,), T0, at(20), context), "support")
    assert (found.level_now, found.hurts_at, found.next_level) == (3, at(200), 4)
    assert found.hurt_since == at(10)


@pytest.mark.parametrize(("criticality", "level"), [(Criticality.STANDARD, 2), (Criticality.IMPORTANT, 3), (Criticality.CRITICAL, 4)])
def test_without_thresholds_the_recovery_time_objective_is_one(criticality: Criticality, level: int) -> None:
    context = company(functions=[replace(FUNCTIONS[0], impact=(), criticality=criticality)])
    found = hit(join((EAST,), T0, T0, context), "support")
    assert (found.hurts_at, found.next_level) == (at(60), level)


def test_shares_of_one_group_add_up_and_the_worst_group_counts() -> None:
    context = company()
    assert hit(join((Scope("halcyon"),), T0, T0, context), "support").lost == 0.7
    assert hit(join((Scope("halcyon"), Scope("cirrus")), T0, T0, context), "support").lost == 1.0
    assert hit(join((Scope("cirrus"),), T0, T0, context), "support").lost == 0.3
    # Shop search needs the index (all lost) and the chat (70 % lost).
    assert hit(join((EAST,), T0, T0, context), "shop").lost == 1.0


def test_an_unmeasured_share_leaves_the_loss_unknown() -> None:
    assert hit(join((Scope("gpuco"),), T0, T0, company()), "models").lost is None
    half_known = (*DEPENDENCIES, Dependency("chat-third", "chat", "model API", Scope("halcyon"), None))
    assert hit(join((Scope("halcyon"),), T0, T0, company(half_known)), "support").lost is None


def test_a_total_loss_is_known_whatever_else_is_not() -> None:
    needs = (*DEPENDENCIES, Dependency("search-gpu", "search", "GPU hours", Scope("aws", "ec2", "us-east-1"), None))
    assert hit(join((EAST,), T0, T0, company(needs)), "shop").lost == 1.0


def test_trouble_that_may_lie_elsewhere_is_possible_not_certain() -> None:
    # Halcyon sits on us-east-1, by which product is not said; DynamoDB's trouble may reach it.
    exposure = join((DYNAMO,), T0, T0, company())
    assert not hit(exposure, "support").certain
    assert hit(exposure, "shop").certain
    assert hit(exposure, "shop").dependencies == ("chat-main", "search-db")
    assert hit(exposure, "shop").lost == 1.0


def test_trouble_in_another_region_hits_nobody() -> None:
    assert join((Scope("aws", None, "ap-south-1"),), T0, T0, company()) == Exposure(outage=True)
    assert join((), T0, T0, company()) == Exposure(outage=True)


def test_a_status_page_or_a_chip_maker_that_is_down_stops_nothing() -> None:
    assert join((Scope("statuses"),), T0, T0, company()).hits == ()
    assert join((Scope("nvidia"),), T0, T0, company()).hits == ()


def test_a_chain_that_is_hardly_known_is_only_possible() -> None:
    vendors = [replace(v, depends_on=(Upstream(EAST, confidence=0.3),)) if v.id == "halcyon" else v for v in VENDORS]
    found = hit(join((EAST,), T0, T0, company(vendors=vendors)), "support")
    assert (found.certain, found.confidence) == (False, 0.3)


def test_an_edge_of_another_product_is_not_followed_and_one_of_an_unsaid_product_is_possible() -> None:
    vendors = [replace(v, depends_on=(Upstream(EAST, product="video"),)) if v.id == "halcyon" else v for v in VENDORS]
    assert not hit(join((EAST,), T0, T0, company(vendors=vendors)), "support").certain
    chat = [replace(need, scope=Scope("halcyon", "chat")) if need.id == "chat-main" else need for need in DEPENDENCIES]
    assert names(join((EAST,), T0, T0, company(chat, vendors=vendors)).hits) == ("Shop search",)


def chained(length: int, loop: bool = False) -> list[Vendor]:
    """v0 sits on v1, that on v2, and so on; with ``loop`` the last sits on the first."""
    last = [Vendor(f"v{length}", f"V{length}", depends_on=(Upstream(Scope("v0")),) if loop else ())]
    return [Vendor(f"v{n}", f"V{n}", depends_on=(Upstream(Scope(f"v{n + 1}"), confidence=0.95),)) for n in range(length)] + last


def test_four_edges_are_followed_and_no_more() -> None:
    context = company([Dependency("d", "chat", "x", Scope("v0"), 1.0)], vendors=chained(5))
    assert hit(join((Scope("v4"),), T0, T0, context), "support").chain[2:] == ("V0", "V1", "V2", "V3", "V4")
    assert join((Scope("v5"),), T0, T0, context).hits == ()


def test_a_cycle_between_vendors_ends() -> None:
    context = company([Dependency("d", "chat", "x", Scope("v0"), 1.0)], vendors=chained(2, loop=True))
    assert hit(join((Scope("v2"),), T0, T0, context), "support").chain[2:] == ("V0", "V1", "V2")
    assert hit(join((Scope("v0"),), T0, T0, context), "support").chain[2:] == ("V0",)


def test_time_passes_without_the_configuration() -> None:
    context = company()
    early = join((EAST,), T0, T0, context)
    for after in (5, 30, 130, 300):
        assert age(early, at(after)) == join((EAST,), T0, at(after), context)


def test_what_is_over_hurts_no_further_but_keeps_what_it_reached() -> None:
    ended = over(join((EAST,), T0, T0, company()), at(45))
    assert ended.hurts_at is None
    assert [(found.function, found.level_now, found.hurts_at) for found in ended.hits] == [("support", 4, None), ("shop", 0, None)]


def test_what_hurts_already_comes_first_even_when_nothing_worse_is_ahead() -> None:
    functions = [replace(FUNCTIONS[1], impact=(Impact(minutes(5), 2),)), FUNCTIONS[0]]
    exposure = join((EAST,), T0, at(10), company(functions=functions))
    assert names(exposure.hits) == ("Shop search", "Support assistant")
    assert exposure.first_hurt_at == at(5)


def test_dependents_of_a_vendor_are_all_that_rest_on_it_without_times() -> None:
    found = dependents(Scope("aws"), company())
    assert names(found.hits) == ("Support assistant", "Shop search")
    assert {one.hurts_at for one in found.hits} == {None}
    assert names(dependents(Scope("nvidia"), company()).hits) == ("Support assistant", "Shop search")


def test_the_signal_decides_which_join_it_gets() -> None:
    context = company()
    assert expose(outage(), at(5), context) == join((Scope("halcyon"),), T0, at(5), context)
    assert not expose(outage(rule="price_change"), at(5), context).outage
    assert expose(outage(rule="my_probe"), at(5), context, outage=True).outage


def test_ten_thousand_functions_on_a_thousand_vendors() -> None:
    vendors = [Vendor(f"m{n}", f"M{n}", depends_on=(Upstream(EAST if n % 10 == 0 else Scope(f"m{n - 1}")),)) for n in range(1000)]
    functions = [Function(f"f{n}", f"F{n}", "o", Criticality.STANDARD, (f"w{n}",), timedelta(hours=1)) for n in range(10_000)]
    needs = [Dependency(f"d{n}", f"w{n}", "model API", Scope(f"m{n % 1000}"), 1.0) for n in range(10_000)]
    exposure = join((EAST,), T0, T0, company(needs, functions, vendors))
    # m0 is one edge from the region, m1 two, m2 three, m3 four; m4 is five edges away.
    assert {found.function for found in exposure.hits} == {f"f{n}" for n in range(10_000) if n % 10 < 4}
