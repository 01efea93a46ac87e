"""Prices: what can be compared, when a market price has moved, what a change does to the bill, and whom it concerns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.context import Context
from secondsource.domain.money import Unit
from secondsource.domain.portfolio import Dependency, Portfolio
from secondsource.domain.pricing.amounts import Amount, move
from secondsource.domain.pricing.effect import Bill, effect, spoken
from secondsource.domain.pricing.level import shifted
from secondsource.domain.pricing.moves import MOVED, SCALED, Change, Line, doubted, merged, span
from secondsource.domain.pricing.usage import Use, users
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Vendor, VendorGraph

START = datetime(2025, 1, 6, tzinfo=UTC)
HOLD = timedelta(minutes=15)


def amount(value: str, unit: Unit = Unit.MILLION_TOKENS, currency: str = "USD") -> Amount:
    return Amount(Decimal(value), unit, currency, f"{value} {currency}")


def change(item: str, dimension: str, old: str, new: str, source: str = "list") -> Change:
    return Change(item, Line(dimension), source, amount(old), amount(new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (amount("10"), amount("12"), Fraction(1, 5)),
        (amount("0.08", Unit.KWH), amount("80", Unit.MWH), Fraction(0)),
        (amount("80", Unit.MWH), amount("0.1", Unit.KWH), Fraction(1, 4)),
        (amount("0.001", Unit.GB_HOUR), amount("0.73", Unit.GB_MONTH), Fraction(0)),
        (amount("10"), amount("10", currency="EUR"), Fraction(1, 4)),
        (amount("10"), amount("10", currency="GBP"), None),
        (amount("8", Unit.HOUR), amount("1", Unit.ACCELERATOR_HOUR), None),
        (amount("0"), amount("1"), None),
    ],
)
def test_a_move_is_told_where_the_two_can_be_compared(old: Amount, new: Amount, expected: Fraction | None) -> None:
    assert move(old, new, {"USD": Fraction(1), "EUR": Fraction(5, 4)}) == expected


def steps(*values: str) -> list[tuple[datetime, Decimal]]:
    return [(START + 5 * number * timedelta(minutes=1), Decimal(value)) for number, value in enumerate(values)]


def level(values: list[tuple[datetime, Decimal]], calm: list[str], after: timedelta = HOLD) -> Decimal | None:
    return shifted(Decimal(2), values, [Decimal(value) for value in calm], START, START + after, HOLD, Decimal("0.2"))


def test_a_market_price_has_moved_when_it_stands_elsewhere() -> None:
    assert level(steps("2.6", "2.7", "2.65"), ["2"]) == Decimal("2.65")


def test_one_wild_reading_is_not_the_level() -> None:
    assert level(steps("2.6", "2.6", "9"), ["2"]) == Decimal("2.6")
    assert level(steps("9", "2.1", "2.2"), ["2"]) is None


def test_a_price_that_swings_must_leave_its_swings_or_stay_away_for_long() -> None:
    swings = ["1.6", "2.4", "1.7", "2.3", "1.5", "2.5"]
    assert level(steps("2.6", "2.6", "2.6"), swings) is None
    assert level(steps("2.6", "2.6", "2.6"), swings, 8 * HOLD) == Decimal("2.6")
    assert level(steps("5", "5.1", "5"), swings) == 5


def test_exact_ratios_of_units_and_prices_that_change_places_are_doubted() -> None:
    changes = [
        change("a", "input", "3", "15"),
        change("a", "output", "15", "3"),
        change("b", "input", "0.0005", "0.5"),
        change("c", "x", "2", "3"),
    ]
    assert [told.doubt for told in doubted(changes)] == [MOVED, MOVED, SCALED, ""]


def test_a_list_most_of_whose_items_are_doubted_is_doubted_as_a_whole() -> None:
    damaged = [change(item, "input", "0.002", "2") for item in "abc"]
    odd = change("d", "input", "0.002", "2.2")
    assert {told.doubt for told in doubted([*damaged, odd])} == {SCALED}
    assert [told.doubt for told in doubted([*damaged, odd], sound={"list"})][-1] == ""
    assert [told.doubt for told in doubted([*damaged, change("d", "input", "2", "3", "other")])][-1] == ""


def test_the_span_of_moves_leaves_out_what_can_not_be_compared() -> None:
    changes = [change("a", "input", "10", "5"), change("a", "output", "10", "12"), change("b", "input", "0", "1")]
    assert span(changes, {}) == (Fraction(-1, 2), Fraction(1, 5))
    assert span(changes[2:], {}) is None


def test_an_episode_goes_from_the_first_price_to_the_last() -> None:
    (whole,) = merged([change("a", "input", "10", "12")], [change("a", "input", "12", "18")])
    assert (str(whole.old.value), str(whole.new.value)) == ("10", "18")


def need(id_: str, items: tuple[str, ...], spend: int | None, vendor: str = "halcyon") -> Dependency:
    return Dependency(id_, "bot", "model API", Scope(vendor), None, items, None if spend is None else Decimal(spend))


@given(
    st.lists(st.tuples(st.fractions(-1, 3), st.fractions(-1, 3)), min_size=1, max_size=4),
    st.lists(st.tuples(st.sets(st.integers(0, 5), min_size=1), st.integers(1, 1000)), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_whatever_the_mix_is_the_effect_lies_between_the_bounds(drawn, bought, random) -> None:  # type: ignore[no-untyped-def]
    moves = {f"item-{number}": (min(pair), max(pair)) for number, pair in enumerate(drawn)}
    needs = [need(f"need-{number}", tuple(f"item-{item}" for item in sorted(items)), spend) for number, (items, spend) in enumerate(bought)]
    found = effect(moves, needs, {}, "USD", {}, START)
    real = Fraction(0)
    for one in needs:
        weights = [random.randint(0, 9) for _ in one.items]
        weights[0] += 1
        for item, weight in zip(one.items, weights, strict=True):
            least, most = moves.get(item, (Fraction(0), Fraction(0)))
            part = Fraction(random.randint(0, 9), 9)
            real += Fraction(one.spend or 0) * Fraction(weight, sum(weights)) * (least + (most - least) * part)
    assert found.low <= real <= found.high


def test_a_need_that_only_buys_what_moved_has_an_exact_effect() -> None:
    found = effect({"halcyon/a": (Fraction(1, 5), Fraction(1, 5))}, [need("one", ("a",), 48000)], {}, "USD", {}, START)
    assert [found.low, found.high, found.total] == [Fraction(9600), Fraction(9600), Fraction(48000)]
    assert spoken(found, "Next month's bill") == "Next month's bill: +9,600 USD on 48,000 USD."


def test_a_bill_takes_the_place_of_what_the_configuration_says_until_it_is_old() -> None:
    bill = Bill(Decimal(73), "USD", "day", START - timedelta(days=3), "b")
    moves = {"a": (Fraction(1, 10), Fraction(1, 10))}
    found = effect(moves, [need("one", ("a",), 1000)], {"a": [bill]}, "USD", {}, START)
    month = Fraction(73 * 365, 12)
    # what the need spends beyond the billed item is spent on nothing that moved, or the bill has grown
    assert (found.low, found.total, found.bills) == (month / 10, month, ("b",))
    later = effect(moves, [need("one", ("a",), 1000)], {"a": [bill]}, "USD", {}, START + timedelta(days=90))
    assert (later.low, later.total, later.bills) == (Fraction(100), Fraction(1000), tuple[str, ...]())


def test_what_is_not_known_is_said() -> None:
    nothing = effect({"a": (Fraction(1), Fraction(1))}, [need("one", ("a",), None)], {}, "USD", {}, START)
    assert spoken(nothing, "x") == "What it does to the bill is not known: no spend is given for one."
    uncomparable = effect({"a": None}, [need("one", ("a",), 10)], {}, "USD", {}, START)
    assert spoken(uncomparable, "x") == "What it does to the bill is not known: the prices can not be compared."


def test_whom_a_price_concerns() -> None:
    graph = VendorGraph([Vendor("halcyon", "Halcyon"), Vendor("router", "Router")])
    needs = (need("named", ("large", "corvid/h100"), None), need("open", (), None, "corvid"))
    context = Context(Portfolio(dependencies=needs), graph)

    def use(vendor: str, item: str) -> tuple[Use, str, tuple[str, ...]]:
        found = users(vendor, item, context)
        return found.use, found.vendor, tuple(one.id for one in found.needs)

    assert use("halcyon", "large") == (Use.NAMED, "halcyon", ("named",))
    assert use("halcyon", "halcyon/Large") == (Use.NAMED, "halcyon", ("named",))
    assert use("router", "halcyon/large") == (Use.NAMED, "halcyon", ("named",))
    assert use("router", "other/large") == (Use.ELSEWHERE, "router", ("named",))
    assert use("market", "H100") == (Use.ELSEWHERE, "market", ("named",))
    assert use("corvid", "m5.large") == (Use.POSSIBLE, "corvid", ("open",))
    assert use("router", "halcyon/small") == (Use.UNUSED, "router", ())
    assert users("router", "x", Context()).use is Use.UNSAID
