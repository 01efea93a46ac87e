"""Whom a finding without outage concerns."""

from __future__ import annotations

import pytest

from secondsource.domain.exposure import Exposure, join_subject
from secondsource.domain.portfolio import Dependency
from secondsource.domain.scope import Scope
from tests.support.company import DEPENDENCIES, EAST, company, outage


def about(subject: str, *scopes: Scope, extra: tuple[Dependency, ...] = (), rule: str = "price_change") -> Exposure:
    return join_subject(outage(rule=rule, subject=subject, scopes=scopes), company((*DEPENDENCIES, *extra)))


def functions(exposure: Exposure) -> dict[str, bool]:
    """Functions hit, and whether surely."""
    return {hit.function: hit.certain for hit in exposure.hits}


@pytest.mark.parametrize("subject", ["chip/h100-sxm", "chip/H100 SXM", "item/H100_SXM", "model/any/h100-sxm"])
def test_items_are_matched_apart_from_case_and_separators(subject: str) -> None:
    assert functions(about(subject)) == {"models": True}


def test_an_item_that_nobody_uses_concerns_nobody_for_sure() -> None:
    exposure = about("chip/b200")
    assert (exposure.hits, exposure.known) == ((), True)


def test_an_item_reaches_those_who_rest_on_a_vendor_that_uses_it() -> None:
    exposure = about("chip/h100")
    assert functions(exposure) == {"shop": True, "support": True, "models": False}
    assert exposure.hits[0].chain == ("Support assistant", "Chat inference", "Halcyon AI", "NVIDIA h100")


def test_users_of_an_item_at_other_vendors_than_the_scopes_may_be_concerned() -> None:
    assert functions(about("chip/h100 sxm", Scope("gpuco"))) == {"models": True}
    assert functions(about("chip/h100 sxm", Scope("othergpu"))) == {"models": False}


def test_a_variant_of_an_item_may_be_meant() -> None:
    assert functions(about("chip/h100-sxm-80gb")) == {"models": False}
    assert functions(about("chip/h10")) == {}


def test_our_own_dealings_with_a_vendor_concern_only_its_direct_users() -> None:
    assert functions(about("aws/anything")) == {"shop": False}
    assert functions(about("halcyon/anything")) == {"shop": False, "support": False}


def test_the_name_of_a_quota_is_no_item() -> None:
    assert functions(about("gpuco/pods per region")) == {}
    assert functions(about("gpuco/pods per region", Scope("gpuco"), rule="quota_runway")) == {"models": True}
    assert functions(about("aws/tables", Scope("aws", None, "eu-west-1"), rule="quota_runway")) == {}


def test_what_rests_on_a_vendor_or_region_is_followed_through_other_vendors() -> None:
    assert functions(about("aws")) == {"shop": True, "support": True}
    assert functions(about("vendor/aws")) == {"shop": True, "support": True}
    assert functions(about("region/aws/us-east-1")) == {"shop": True, "support": True}
    assert functions(about("region/aws/eu-west-1")) == {}


def test_a_part_of_a_vendor_narrows_to_its_users() -> None:
    assert functions(about("aws/eu-west-1")) == {}
    assert functions(about("aws/dynamodb")) == {"shop": True}
    assert functions(about("aws/ec2")) == {}


def test_an_item_of_a_vendor_is_sure_where_named_and_possible_where_no_items_are_said() -> None:
    gpt = Dependency("batch-model", "batch", "model API", Scope("halcyon"), 1.0, items=("halcyon-2",))
    assert functions(about("halcyon/halcyon-2", extra=(gpt,))) == {"models": True, "shop": False, "support": False}
    assert functions(about("halcyon/halcyon-1", extra=(gpt,))) == {"shop": False, "support": False}


def test_scopes_narrow_a_vendor() -> None:
    assert functions(about("aws", EAST)) == {"shop": True, "support": True}
    assert functions(about("aws", Scope("aws", None, "eu-west-1"))) == {}


def test_a_subject_that_means_nothing_here_is_told_by_its_scopes_or_not_known() -> None:
    assert about("something") == Exposure(known=False)
    assert functions(about("something", EAST)) == {"shop": True, "support": True}


def test_the_hits_have_no_times_and_no_loss() -> None:
    (hit,) = about("chip/h100 sxm").hits
    assert (hit.since, hit.hurts_at, hit.level_now, hit.lost, hit.impact) == (None, None, 0, None, ())
