"""A plan that a fallback names is for the rules that it says it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from secondsource.domain.signals import Severity
from secondsource.plans.facts import RiskFacts
from secondsource.plans.load import load
from secondsource.plans.selection import plans_for

DOCUMENTS = load([Path(__file__).parents[3] / "runbooks"]).documents


@pytest.mark.parametrize(
    ("rule", "plans"), [("vendor_outage", ["region-failover"]), ("concentration", []), ("price_change", ["price-shock-response"])]
)
def test_where_the_money_sits_is_no_reason_to_move_the_load(rule: str, plans: list[str]) -> None:
    risk = RiskFacts("R-1", rule, Severity.CRITICAL, "AWS us-east-1", plans=("region-failover",))
    assert [plan.id for plan in plans_for(risk, DOCUMENTS)] == plans


def test_a_plan_named_by_a_fallback_needs_no_least_severity() -> None:
    risk = RiskFacts("R-1", "vendor_outage", Severity.MEDIUM, "AWS us-east-1", plans=("region-failover",))
    assert [plan.id for plan in plans_for(risk, DOCUMENTS)] == ["region-failover"]
