"""Shares and Herfindahl indices of a portfolio, on published figures and on what is not known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from secondsource.domain.concentration import CRITICAL, SPEND, Concentration, concentrations
from secondsource.domain.context import Context
from secondsource.domain.portfolio import Criticality, Dependency, Function, Portfolio
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Vendor, VendorGraph

VENDORS = (
    Vendor("azure", "Azure", country="US", parent="microsoft"),
    Vendor("github", "GitHub", country="US", parent="microsoft"),
    Vendor("mistral", "Mistral", country="FR"),
)


def bought(vendor: str, spend: int | str | None, region: str | None = None) -> Dependency:
    return Dependency(vendor, "chat", vendor, Scope(vendor, None, region), spend=None if spend is None else Decimal(spend))


def by(dimension: str, weight: str, *needs: Dependency, functions: tuple[Function, ...] = ()) -> Concentration:
    found = concentrations(Context(Portfolio(functions, (), needs), VendorGraph(VENDORS)))
    return next(each for each in found if (each.dimension, each.weight) == (dimension, weight))


def function(name: str, criticality: Criticality, *workloads: str) -> Function:
    return Function(name, name, "ana", criticality, workloads, timedelta(hours=1))


@pytest.mark.parametrize(
    ("market", "index", "equivalent"),
    [
        # US Department of Justice and Federal Trade Commission, Horizontal Merger Guidelines: 30, 30, 20 and 20 per cent are 2,600 points
        ((30, 30, 20, 20), "0.2600", "3.85"),
        # the same, Merger Guidelines of 2023, guideline 1: a market with one firm has 10,000 points
        ((100,), "1.0000", "1.00"),
        # n equal ones have 1/n (Adelman, "Comment on the H Concentration Measure as a Numbers-Equivalent", 1969)
        ((20, 20, 20, 20, 20), "0.2000", "5.00"),
    ],
)
def test_published_examples(market: tuple[int, ...], index: str, equivalent: str) -> None:
    found = by("vendor", SPEND, *(bought(f"firm-{n}", part) for n, part in enumerate(market)))
    assert (found.hhi, found.equivalent) == (Decimal(index), Decimal(equivalent))


def test_companies_of_one_group_count_together() -> None:
    needs = (bought("azure", 60), bought("github", 20), bought("mistral", 20))
    assert by("vendor", SPEND, *needs).shares[0] == ("azure", Decimal("0.6000"))
    assert by("group", SPEND, *needs).shares == (("microsoft", Decimal("0.8000")), ("mistral", Decimal("0.2000")))
    assert by("country", SPEND, *needs).shares == (("US", Decimal("0.8000")), ("FR", Decimal("0.2000")))


def test_what_is_not_known_is_told_and_not_spread() -> None:
    found = by("country", SPEND, bought("azure", 75), bought("halcyon", 25), bought("mistral", None))
    assert found.shares == (("US", Decimal("1.0000")),)
    assert (found.placed, found.unplaced) == (75, 25)
    assert found.missing == ("halcyon: no country", "mistral: no spend")
    assert by("region", SPEND, bought("azure", 75, "east"), bought("github", 25)).missing == ("github: no region",)


def test_no_weight_gives_no_figure() -> None:
    found = by("vendor", SPEND, bought("azure", None))
    assert (found.shares, found.top3, found.hhi, found.equivalent) == ((), None, None, None)


def test_critical_functions_count_once_for_each_that_they_rest_on() -> None:
    needs = (bought("azure", None), bought("github", None), Dependency("search", "find", "search", Scope("azure")))
    functions = (
        function("a", Criticality.CRITICAL, "chat", "find"),
        function("b", Criticality.CRITICAL, "find"),
        function("c", Criticality.STANDARD, "find"),
        function("d", Criticality.CRITICAL, "none"),
    )
    found = by("vendor", CRITICAL, *needs, functions=functions)
    assert found.shares == (("azure", Decimal("0.6667")), ("github", Decimal("0.3333")))
    assert found.placed == 3
    assert found.missing == ("d: no dependency on record",)
