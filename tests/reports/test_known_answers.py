"""The day of ``world``, every figure worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from secondsource.adapters.sql.database import Database
from secondsource.domain.register import State
from secondsource.domain.review.availability import Availability
from secondsource.domain.review.capacity import Offers, Quotas
from secondsource.domain.review.honesty import Honesty
from secondsource.domain.review.incidents import Lag
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.prices import Prices
from secondsource.domain.review.review import VendorReview
from secondsource.domain.review.risks import Response
from secondsource.domain.review.spend import Concentration, Spending
from secondsource.domain.signals import Severity
from tests.reports.world import RISK, clock, context, fill, reviewed
from tests.support.company import minutes


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendorReview]:
    folder: Path = tmp_path_factory.mktemp("reports")
    database = Database(folder / "store.db")
    known = context()
    database.write_now(lambda connection: fill(connection, known))
    yield reviewed(database, known)
    database.close()


@pytest.fixture
def day(review: VendorReview) -> Measured:
    return review.measured


def test_availability(day: Measured) -> None:
    # 190 min major (the incident outlasts its component), 60 min partial; unread from 18:20 (17:50 and three intervals) to 20:00
    up = day.mine
    assert isinstance(up, Availability)
    assert (up.known, up.unknown, up.down) == (minutes(1340), minutes(100), minutes(208))
    assert (up.up, up.least, up.most) == (Decimal("84.477"), Decimal("78.611"), Decimal("85.555"))
    assert day.until == clock("23:59")


def test_our_own_probes(day: Measured) -> None:
    # down from 06:50 to 10:10; ten minutes of it before its page said so; the hour from 14:00 was not felt
    assert isinstance(day.own, Availability)
    assert (day.own.up, day.own.down, day.own.unknown) == (Decimal("86.111"), minutes(200), minutes(0))
    assert isinstance(day.honesty, Honesty)
    assert (day.honesty.compared, day.honesty.unadmitted, day.honesty.unfelt) == (minutes(1340), minutes(10), minutes(60))


def test_promise(day: Measured) -> None:
    (month,) = day.sla
    assert (month.month, month.allowed, month.down, month.verdict) == (
        "2025-10",
        timedelta(minutes=44, seconds=38.4),
        minutes(208),
        "missed",
    )


def test_incident_and_lag(day: Measured) -> None:
    (line,) = day.incidents
    assert (line.claimed_start, line.first_word, line.claimed_end) == (clock("06:48"), clock("07:06"), clock("10:02"))
    assert (line.seen, line.seen_over, line.live, line.moved) == (clock("07:10"), clock("10:10"), True, None)
    assert (line.lasted, line.watched) == (minutes(194), minutes(180))
    assert line.episodes == (1,)
    lag = day.lag
    assert isinstance(lag, Lag)
    assert (lag.count, lag.word, lag.seen, lag.worst) == (1, minutes(18), minutes(22), minutes(22))


def test_harm(day: Measured) -> None:
    # from 07:00 to 10:20; the support assistant hurts after half an hour, the shop after four hours
    support, shop = day.harm
    assert (support.name, support.hit, support.hurt, support.level) == ("Support assistant", minutes(200), minutes(170), 5)
    assert (shop.name, shop.hit, shop.hurt, shop.level) == ("Shop search", minutes(200), minutes(0), 0)
    assert support.basis.risks == (RISK,)


def test_risk_and_response(day: Measured) -> None:
    (line,) = day.risks
    assert (line.id, line.state, line.severity) == (RISK, State.CLOSED, Severity.CRITICAL)
    (answer,) = line.answers
    # the first escalation is after ten minutes, before the answer; the others are for the decision that nobody took
    assert (answer.opened_at, answer.after, answer.by, answer.over_at) == (clock("07:00"), minutes(14), "person:ana", clock("10:20"))
    response = day.response
    assert isinstance(response, Response)
    assert (response.opened, response.taken, response.unanswered, response.waiting) == (1, 1, 0, 0)
    assert (response.median, response.worst) == (minutes(14), minutes(14))


def test_prices(day: Measured) -> None:
    prices = day.prices
    assert isinstance(prices, Prices)
    assert (len(prices.moved), prices.still, prices.ours) == (1, 1, 1)
    (series,) = prices.moved
    assert (series.name, series.first, series.last, series.change, series.moves) == (
        "halcyon-large, input",
        3,
        Decimal("3.6"),
        Decimal("20.0"),
        1,
    )
    (move,) = prices.moves
    assert (move.at, move.before, move.after, move.ours) == (clock("12:00"), 3, Decimal("3.6"), True)


def test_spend_and_concentration(day: Measured) -> None:
    spending = day.spending
    assert isinstance(spending, Spending)
    assert (spending.monthly, spending.share, spending.total, spending.billed) == (12_000, 60, 20_000, True)
    assert spending.before is None  # nothing was read at midnight
    # 0.6^2 + 0.3^2 + 0.1^2, and with 60 % of 12,000 moved to Cirrus: 0.24^2 + 0.3^2 + 0.46^2
    concentration = day.concentration
    assert isinstance(concentration, Concentration)
    assert (concentration.share, concentration.index) == (60, 4600)
    assert (concentration.share_with, concentration.index_with, concentration.moved) == (24, 3592, 7200)


def test_quota_and_offer(day: Measured) -> None:
    assert isinstance(day.quotas, Quotas)
    (quota,) = day.quotas.lines
    assert (quota.headroom, quota.lowest, quota.lowest_at) == (40, 18, clock("10:00"))
    assert isinstance(day.offers, Offers)
    (offer,) = day.offers.lines
    # pushed, so each reading stands for six hours: 8 until 06:00, none until 09:00, 4 until 15:00
    assert (offer.listed, offer.count, offer.lowest, offer.vanished) == (True, 4, 0, 1)
    assert (offer.listed_for, offer.gone_for) == (timedelta(hours=12), timedelta(hours=3))


def test_way_out(day: Measured) -> None:
    cirrus, borealis = day.way_out.alternatives
    assert (cirrus.name, cirrus.capacity, cirrus.switch_time, cirrus.needed_within) == ("Cirrus AI", 0.6, minutes(10), minutes(30))
    assert (cirrus.tested_in, cirrus.tested_at, cirrus.in_time) == (minutes(24), clock("09:30", 8), True)
    assert borealis.hollow == "it sits on AWS us-east-1, as what it replaces does"
    assert borealis.tested_in is None
    (plan,) = day.way_out.plans
    assert (plan.title, plan.last_passed, plan.hollow) == ("Failover to another model API", True, ())
    assert day.way_out.bare == ()


def test_contract(day: Measured) -> None:
    (line,) = day.contracts
    assert (line.notice_by, line.days_left, line.sla) == (date(2025, 12, 2), 42, Decimal("99.9"))


def test_the_first_page(review: VendorReview) -> None:
    assert review.sentence == (
        "What we use of Halcyon AI was up 84.477 % of the time by its own account, with 1 h 40 min unread; Support assistant was hurt for "
        "2 h 50 min; its first word came 18 min after the start that it claims; Cirrus AI could take 60 % of it in 24 min, drilled on "
        "2025-10-08; notice must be given by 2025-12-02."
    )
    assert [(figure.label, figure.value) for figure in review.headlines] == [
        ("What we use, up by its own account", "84.477 %"),
        ("Functions hurt by it", "2 h 50 min"),
        ("Cost a month", "12,000 USD"),
        ("To move away", "24 min"),
    ]
    assert [ask.rule for ask in review.asks] == ["credit", "hold", "limit", "word", "reserve", "terms"]
