"""Asks come by stated rules, each with its figure; without the figure there is none."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from secondsource.adapters.sql.database import Database
from secondsource.domain.review.asks import asks
from secondsource.domain.review.availability import Availability
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.capacity import Offers, Quotas
from secondsource.domain.review.episodes import Episode
from secondsource.domain.review.honesty import Honesty
from secondsource.domain.review.incidents import Lag
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.prices import Prices
from secondsource.domain.review.spend import Spending
from tests.reports.world import context, fill, reviewed
from tests.support.company import minutes

NOTHING = Missing("nobody read it")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder: Path = tmp_path_factory.mktemp("asks")
    database = Database(folder / "store.db")
    known = context()
    database.write_now(lambda connection: fill(connection, known))
    found = reviewed(database, known).measured
    database.close()
    return found


def rules(measured: Measured) -> list[str]:
    return [ask.rule for ask in asks(measured)]


def changed(measured: Measured, **values: object) -> Measured:
    return msgspec.structs.replace(measured, **values)


def milder_lag(day: Measured) -> Measured:
    assert isinstance(day.lag, Lag)
    return changed(day, lag=msgspec.structs.replace(day.lag, word=minutes(14)))


def cheaper(day: Measured) -> Measured:
    assert isinstance(day.prices, Prices)
    (series,) = day.prices.moved
    return changed(day, prices=msgspec.structs.replace(day.prices, moved=(msgspec.structs.replace(series, change=Decimal("4.9")),)))


def of_others(day: Measured) -> Measured:
    assert isinstance(day.prices, Prices)
    (series,) = day.prices.moved
    return changed(day, prices=msgspec.structs.replace(day.prices, moved=(msgspec.structs.replace(series, ours=False),)))


def roomier(day: Measured) -> Measured:
    assert isinstance(day.quotas, Quotas)
    (line,) = day.quotas.lines
    return changed(day, quotas=Quotas((msgspec.structs.replace(line, lowest=Decimal(20)),)))


def steadier(day: Measured) -> Measured:
    assert isinstance(day.offers, Offers)
    (line,) = day.offers.lines
    return changed(day, offers=Offers((msgspec.structs.replace(line, vanished=0),)))


def smaller(day: Measured) -> Measured:
    assert isinstance(day.spending, Spending)
    return changed(day, spending=msgspec.structs.replace(day.spending, share=Decimal("29.9")))


def kept(day: Measured) -> Measured:
    return changed(day, sla=tuple(msgspec.structs.replace(month, verdict="open") for month in day.sla))


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("word", milder_lag), ("word", lambda day: changed(day, lag=NOTHING)),
        ("hold", cheaper), ("hold", of_others), ("hold", lambda day: changed(day, prices=NOTHING)),
        ("limit", roomier), ("limit", lambda day: changed(day, quotas=NOTHING)),
        ("reserve", steadier), ("reserve", lambda day: changed(day, offers=NOTHING)),
        ("terms", smaller), ("terms", lambda day: changed(day, spending=NOTHING)),
        ("credit", kept),
    ],
)  # fmt: skip
def test_below_its_threshold_or_without_its_figure_a_rule_asks_for_nothing(
    day: Measured, rule: str, change: Callable[[Measured], Measured]
) -> None:
    assert rule in rules(day)
    assert rules(change(day)) == [other for other in rules(day) if other != rule]


def test_a_promise_is_asked_for_where_there_is_none(day: Measured) -> None:
    bare = changed(day, sla=(), contracts=tuple(msgspec.structs.replace(line, sla=None) for line in day.contracts))
    assert rules(bare)[0] == "promise"
    assert isinstance(bare.mine, Availability)
    never_down = changed(bare, mine=msgspec.structs.replace(bare.mine, down=minutes(0)))
    assert "promise" not in rules(never_down)


def test_terms_for_leaving_are_asked_for_where_there_is_no_way_out(day: Measured) -> None:
    stuck = changed(day, way_out=msgspec.structs.replace(day.way_out, bare=("A", "B", "C", "D", "E")))
    (ask,) = [ask for ask in asks(stuck) if ask.rule == "exit"]
    assert ask.because == "outside it no alternative is known to help A, B, C and 2 more"


def test_an_honest_page_is_asked_for_where_trouble_was_not_admitted(day: Measured) -> None:
    assert isinstance(day.honesty, Honesty)
    silent = changed(day, honesty=msgspec.structs.replace(day.honesty, unadmitted=minutes(15)))
    (ask,) = [ask for ask in asks(silent) if ask.rule == "admission"]
    assert ask.because == "for 15 min our own probes found it down while its pages said operational"
    assert "admission" not in rules(changed(day, honesty=NOTHING))


def test_another_place_is_asked_for_where_a_supplier_hit_us(day: Measured) -> None:
    (episode,) = day.episodes
    through: Episode = msgspec.structs.replace(episode, title="AWS us-east-1: major outage")
    (ask,) = [ask for ask in asks(changed(day, upstream=(through,))) if ask.rule == "elsewhere"]
    assert ask.because == "trouble of AWS us-east-1 reached Support assistant and Shop search by way of it, for 3 h 20 min"


def test_a_lasting_timeline_is_asked_for_where_a_start_was_changed(day: Measured) -> None:
    (line,) = day.incidents
    assert rules(changed(day, incidents=(msgspec.structs.replace(line, moved=minutes(-5)),)))[-1] == "record"


def test_each_ask_states_its_rule_and_what_it_rests_on(day: Measured) -> None:
    for ask in asks(day):
        assert ask.when.startswith("asked for where ")
        assert ask.basis.observations


def test_without_figures_there_are_no_asks(day: Measured) -> None:
    bare = changed(day, mine=NOTHING, sla=(), incidents=(), lag=NOTHING, prices=NOTHING, quotas=NOTHING, offers=NOTHING, spending=NOTHING)
    assert asks(bare) == ()
