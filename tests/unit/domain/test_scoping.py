"""What the words of a page mean in the catalog."""

from __future__ import annotations

import pytest

from secondsource.domain.observations import AnyBody, ComponentStatus, Gone, Incident, Label, Maintenance, News
from secondsource.domain.scope import Scope
from secondsource.domain.scoping import enrich
from secondsource.domain.status import Status
from secondsource.domain.vendors import Part, Vendor, VendorGraph

BOREALIS = Vendor(
    id="borealis",
    name="Borealis",
    products=(Part("compute", "Compute", ("VM", "ec2")), Part("tables", "Tables", ("dynamodb",))),
    regions=(Part("north-1", "Oslo"), Part("south-1", "Lisbon")),
)
GRAPH = VendorGraph([BOREALIS])


def incident(title: str, *components: str) -> Incident:
    return Incident(title=title, status=Status.DEGRADED, stage="identified", resolved=False, components=components)


@pytest.mark.parametrize(
    ("body", "scopes"),
    [
        (ComponentStatus("Compute", Status.DEGRADED), ["borealis/compute"]),
        (ComponentStatus("Compute", Status.DEGRADED, group="Oslo"), ["borealis/compute/north-1"]),
        (ComponentStatus("Website", Status.DEGRADED), ["borealis"]),
        (incident("Errors in Oslo and Lisbon", "Tables"), ["borealis/tables/north-1", "borealis/tables/south-1"]),
        (incident("Increased error rates", "dynamodb-north-1"), ["borealis/tables/north-1"]),
        (incident("VM launches fail in Oslo"), ["borealis/compute/north-1"]),
        (incident("Something is wrong"), ["borealis"]),
        (incident("Compute is slow", "Compute", "Tables"), ["borealis/compute", "borealis/tables"]),
        (Maintenance("Switches in Lisbon", "scheduled"), ["borealis/south-1"]),
        (Gone("component_status", name="Tables"), ["borealis/tables"]),
    ],
)
def test_names_become_scopes(body: AnyBody, scopes: list[str]) -> None:
    found = enrich(body, GRAPH, "borealis")
    assert [str(scope) for scope in getattr(found, "scopes", ())] == scopes


def test_scopes_that_are_there_are_kept_and_other_kinds_have_none() -> None:
    known = Gone("incident", name="Compute", scopes=(Scope("borealis", "tables"),))
    assert enrich(known, GRAPH, "borealis") is known
    news = News(title="Compute in Oslo")
    assert enrich(news, GRAPH, "borealis") is news


def test_news_names_whom_it_names_whatever_its_source() -> None:
    news = News(title="Borealis buys H100s", summary="For its halls in Lisbon.", entities=("h100",))
    found = enrich(news, GRAPH, "press")
    assert isinstance(found, News)
    assert found.entities == ("borealis", "borealis/south-1", "h100")
    assert enrich(found, GRAPH, "press") is found


def test_places_are_named_where_something_happened() -> None:
    news = News(title="Flooding in Lisbon", labels=(Label("disaster", ("flooding",)),))
    found = enrich(news, GRAPH, "press")
    assert isinstance(found, News)
    assert found.entities == ("borealis/south-1",)


def test_a_vendor_without_a_catalog_entry_is_meant_as_a_whole() -> None:
    found = enrich(ComponentStatus("Compute", Status.DEGRADED), GRAPH, "unheard-of")
    assert isinstance(found, ComponentStatus)
    assert found.scopes == (Scope("unheard-of"),)
