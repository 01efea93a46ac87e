"""What a vendor sits on, narrowed by which part of it is meant."""

from __future__ import annotations

import pytest

from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Part, Upstream, Vendor, VendorGraph

EAST, WEST = Scope("aws", None, "us-east-1"), Scope("aws", None, "eu-west-1")
ANYWHERE, IN_EAST, PORTAL = Upstream(Scope("net")), Upstream(EAST, region="us"), Upstream(WEST, product="portal")
GRAPH = VendorGraph([Vendor("tessera", "Tessera", depends_on=(ANYWHERE, IN_EAST, PORTAL))])


@pytest.mark.parametrize(
    ("scope", "may", "surely"),
    [
        (Scope("tessera"), {ANYWHERE, IN_EAST, PORTAL}, {ANYWHERE}),
        (Scope("tessera", None, "us"), {ANYWHERE, IN_EAST, PORTAL}, {ANYWHERE, IN_EAST}),
        (Scope("tessera", None, "eu"), {ANYWHERE, PORTAL}, {ANYWHERE}),
        (Scope("tessera", "clusters", "eu"), {ANYWHERE}, {ANYWHERE}),
        (Scope("tessera", "portal", "us"), {ANYWHERE, IN_EAST, PORTAL}, {ANYWHERE, IN_EAST, PORTAL}),
        (Scope("other"), set(), set()),
    ],
)
def test_a_part_sits_only_on_what_is_said_of_it(scope: Scope, may: set[Upstream], surely: set[Upstream]) -> None:
    found = GRAPH.upstream(scope)
    assert set(found) == may
    assert {edge for edge in found if edge.surely_for(scope)} == surely


AZURE = VendorGraph(
    [Vendor("azure", "Azure", regions=(Part("westus", "West US"), Part("westus2", "West US 2", ("WUS2",)), Part("east", "East US")))]
)


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("Storage in West US 2", ["westus2"]),
        ("Storage in West US", ["westus"]),
        ("west us 2, West US and EAST US", ["east", "westus", "westus2"]),
        ("WUS2 only", ["westus2"]),
        ("Northwest USA", [None]),
        ("everywhere", [None]),
    ],
)
def test_of_names_that_stand_within_each_other_the_longer_is_meant(text: str, regions: list[str | None]) -> None:
    assert [scope.region for scope in AZURE.scopes("azure", [text])] == regions
