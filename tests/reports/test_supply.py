"""Prices, quotas, offers and spend, where the day of ``world`` does not reach."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from secondsource.domain.context import Context
from secondsource.domain.money import Unit
from secondsource.domain.observations import Gone, Observation, Offer, Price, Quota, Spend
from secondsource.domain.portfolio import Portfolio
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.capacity import Offers, Quotas, offers, quotas
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.prices import DRAWN, Prices, prices
from secondsource.domain.review.sight import sights
from secondsource.domain.review.spend import Concentration, Spending, concentration, spending
from secondsource.domain.review.wayout import way_out
from tests.reports.made import clock, facts, said
from tests.reports.world import START, context


def priced(at: datetime, amount: str, **more: object) -> Observation:
    body = Price("halcyon-large", Decimal(amount), Unit.MILLION_TOKENS, dimension="input")
    return said(at, "price/large", msgspec.structs.replace(body, **more), "list")


def of(known: Facts) -> Prices:
    found = prices(known, sights(known.observations, known.vendor))
    assert isinstance(found, Prices)
    return found


def test_the_price_at_the_start_is_the_last_one_before_it() -> None:
    (series,) = of(facts([priced(clock("01:00", 18), "2"), priced(clock("23:00", 19), "4"), priced(clock("12:00"), "3")])).moved
    assert (series.first, series.last, series.change, series.moves) == (4, 3, Decimal("-25.0"), 1)


def test_a_price_that_went_and_came_back() -> None:
    found = of(
        facts([priced(clock("01:00"), "3"), said(clock("02:00"), "price/large", Gone("price"), "list"), priced(clock("03:00"), "3")])
    )
    (series,) = found.moved
    assert (series.moves, series.change) == (2, 0)
    assert [(move.before, move.after, move.change) for move in found.moves] == [(3, None, None)]


def test_what_was_free_has_no_percentage() -> None:
    (series,) = of(facts([priced(clock("01:00"), "0"), priced(clock("02:00"), "1")])).moved
    assert series.change is None


def test_another_unit_or_currency_begins_anew() -> None:
    found = of(facts([priced(clock("01:00"), "3"), priced(clock("02:00"), "9", currency="EUR")]))
    assert (found.moved, found.still) == ((), 1)


def test_a_price_that_was_gone_before_is_no_price_of_the_period() -> None:
    known = facts([priced(clock("01:00", 18), "2"), said(clock("02:00", 18), "price/large", Gone("price"), "list")])
    found = prices(known, sights(known.observations, known.vendor))
    assert found == Missing("no price of it was known in the period")


def test_a_restless_series_keeps_every_height_that_it_reached() -> None:
    ticks = [priced(START + timedelta(seconds=40 * n), str(100 if n == 1234 else 1 if n == 777 else 10 + n % 3)) for n in range(2000)]
    (series,) = of(facts(ticks)).moved
    assert len(series.steps) <= DRAWN
    amounts = [step.amount for step in series.steps]
    assert (min(filter(None, amounts)), max(filter(None, amounts))) == (series.low, series.high) == (1, 100)
    assert [step.at for step in series.steps] == sorted(step.at for step in series.steps)


def test_a_quota_without_limit_has_no_headroom() -> None:
    found = quotas(facts([said(clock("01:00"), "quota/a", Quota("a", 5.0)), said(clock("01:00"), "quota/b", Quota("b", 9.0, 10.0))]))
    assert isinstance(found, Quotas)
    assert [(line.name, line.headroom, line.lowest) for line in found.lines] == [("b", 10, 10), ("a", None, None)]


def test_a_quota_overdrawn_is_below_zero() -> None:
    found = quotas(facts([said(clock("01:00"), "quota/b", Quota("b", 12.0, 10.0))]))
    assert isinstance(found, Quotas)
    assert found.lines[0].lowest == -20


def test_a_quota_that_was_read_only_before_the_period_is_not_known_in_it() -> None:
    assert quotas(facts([said(clock("01:00", 19), "quota/b", Quota("b", 12.0, 10.0))])) == Missing("no source reads our use of its quotas")


def test_an_offer_that_never_came_back() -> None:
    known = facts([said(clock("01:00"), "offer/a", Offer("a", True), "market"), said(clock("02:00"), "offer/a", Gone("offer"), "market")])
    found = offers(known, sights(known.observations, known.vendor))
    assert isinstance(found, Offers)
    (line,) = found.lines
    assert (line.listed, line.count, line.lowest, line.vanished) == (False, None, None, 1)
    assert (line.listed_for, line.gone_for) == (timedelta(hours=1), timedelta(hours=6))


def bill(vendor: str, amount: str, at: datetime | None = None, **more: object) -> Observation:
    return said(at or clock("12:00"), "spend/all", msgspec.structs.replace(Spend(Decimal(amount)), **more), "bills", vendor)


def test_bills_for_other_spans_are_scaled_to_a_month() -> None:
    found = spending(facts(spends=[bill("halcyon", "1", period="hour"), bill("aws", "12", period="day")]))
    assert isinstance(found, Spending)
    assert (found.monthly, found.total) == (730, 730 + 365)
    assert found.share == Decimal("66.7")


def test_several_bills_of_one_vendor_add_up_and_the_latest_of_each_counts() -> None:
    second = said(clock("12:00"), "spend/other", Spend(Decimal(50)), "bills")
    found = spending(facts(spends=[bill("halcyon", "999", clock("01:00")), bill("halcyon", "100"), second]))
    assert isinstance(found, Spending)
    assert (found.monthly, found.share) == (150, 100)


def test_a_bill_in_another_currency_is_said_not_to_be_counted() -> None:
    found = spending(facts(spends=[bill("halcyon", "100", currency="EUR"), bill("aws", "5")]))
    assert found == Missing("its bill can not be counted (a bill in EUR, for which no rate is known)")
    other = spending(facts(spends=[bill("halcyon", "100"), bill("aws", "5", currency="EUR")]))
    assert isinstance(other, Spending)
    assert "aws: a bill in EUR, for which no rate is known" in other.left_out


def test_an_old_bill_says_nothing_of_the_present() -> None:
    old = START - timedelta(days=62)
    assert isinstance(spending(facts(spends=[bill("halcyon", "100", old)])), Missing)


def test_a_bill_that_is_gone_counts_no_more() -> None:
    gone = said(clock("13:00"), "spend/all", Gone("spend"), "bills")
    assert isinstance(spending(facts(spends=[bill("halcyon", "100"), gone])), Missing)


def test_what_the_start_of_the_period_cost() -> None:
    found = spending(facts(spends=[bill("halcyon", "80", clock("12:00", 19)), bill("halcyon", "100")]))
    assert isinstance(found, Spending)
    assert (found.before, found.monthly) == (80, 100)


def declared(**spends: int) -> Context:
    """The company, with what its needs cost as the portfolio says."""
    base = context()
    needs = tuple(
        msgspec.structs.replace(need, spend=Decimal(spends[name])) if (name := need.id.replace("-", "_")) in spends else need
        for need in base.portfolio.dependencies
    )
    portfolio = base.portfolio
    return Context(Portfolio(portfolio.functions, portfolio.workloads, needs, portfolio.contracts), base.graph)


def test_without_bills_the_portfolio_counts_and_says_so() -> None:
    found = spending(facts(known=declared(chat_main=900, chat_second=100)))
    assert isinstance(found, Spending)
    assert (found.monthly, found.share, found.billed, found.before) == (900, 90, False, None)
    assert found.basis.says.startswith("As declared in the portfolio")


def test_concentration_with_the_alternatives() -> None:
    known = facts(known=declared(chat_main=900, chat_second=100))
    found = concentration(known, way_out(known).alternatives)
    assert isinstance(found, Concentration)
    # Cirrus can carry 60 % of it: 360 stay, 540 go to the 100 that are there
    assert (found.share, found.share_with, found.moved) == (90, 36, 540)
    assert (found.index, found.index_with) == (8200, round((0.36**2 + 0.64**2) * 10_000))


@pytest.mark.parametrize("spends", [[], [bill("aws", "5")]])
def test_concentration_without_spend_is_not_known(spends: list[Observation]) -> None:
    known = facts(spends=spends)
    assert concentration(known, way_out(known).alternatives) == Missing("what is spent with it is not known")


def test_concentration_of_a_vendor_with_several_needs_whose_cost_nobody_says() -> None:
    base = context()
    second = msgspec.structs.replace(base.portfolio.dependencies[0], id="chat-third")
    portfolio = msgspec.structs.replace(base.portfolio, dependencies=(*base.portfolio.dependencies, second))
    known = facts(spends=[bill("halcyon", "5")], known=Context(portfolio, base.graph))
    found = concentration(known, way_out(known).alternatives)
    assert found == Missing("the portfolio does not say what chat-main, chat-third costs, so what would move is not known")
