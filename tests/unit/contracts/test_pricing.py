"""Price sheets: one reading for each price whatever the order, shares that stay exact, and bounds that are told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.contracts import pricing
from secondsource.contracts.pricing import Machine, PriceSheet, chosen, each, machine
from secondsource.domain.money import Unit
from secondsource.domain.observations import Offer, Price


def price(amount: str, **more: str) -> Price:
    return Price("H100", Decimal(amount), Unit.ACCELERATOR_HOUR, **more)


def test_a_price_is_told_from_others_by_item_dimension_region_and_conditions() -> None:
    sheet = PriceSheet()
    for body in (price("1"), price("2", dimension="spot"), price("3", dimension="spot", region="eu"), price("4", conditions="1 year")):
        sheet.price(body)
        sheet.price(body)
    sheet.offer(Offer("H100", True, region="eu"), "8x", None)
    subjects = [reading.subject for reading in sheet.parsed().readings]
    assert subjects == ["price/H100", "price/H100/spot", "price/H100/spot/eu", "price/H100/1 year", "offer/H100/on_demand/eu/8x"]
    assert sheet.parsed().notes == ()


@given(st.permutations(["3", "1", "2", "1"]))
def test_of_a_price_that_is_given_twice_the_lowest_is_kept_whatever_the_order(amounts: list[str]) -> None:
    sheet = PriceSheet()
    for amount in amounts:
        sheet.price(price(amount))
    (reading,) = sheet.parsed().readings
    assert isinstance(reading.body, Price)
    assert reading.body.amount == 1
    assert "given twice" in sheet.parsed().notes[0]


def test_the_same_price_of_two_vendors_is_two() -> None:
    sheet = PriceSheet()
    sheet.price(price("1"), vendor="a")
    sheet.price(price("2"), vendor="b")
    assert len(sheet) == 2


def test_too_many_readings_are_told_and_are_not_the_whole_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricing, "MAX_READINGS", 2)
    sheet = PriceSheet()
    for region in ("a", "b", "c", "a"):
        sheet.price(price("1", region=region))
    parsed = sheet.parsed()
    assert len(parsed.readings) == 2
    assert not parsed.complete
    assert parsed.notes == ("1 readings beyond the first 2 (narrow the source's configuration) left out",)


def test_notes_count_what_was_left_out() -> None:
    sheet = PriceSheet()
    sheet.leave_out("models", 2)
    sheet.leave_out("models")
    sheet.note("as of yesterday")
    assert sheet.parsed(complete=False).notes == ("3 models left out", "as of yesterday")
    assert not sheet.parsed(complete=False).complete


@pytest.mark.parametrize(
    ("amount", "count", "part"),
    [
        ("20.4", 8, "2.55"),
        ("1", 3, "0.333333333333"),
        ("2", 3, "0.666666666667"),
        ("1e-9", 3, "3.33333333333E-10"),
        ("0", 7, "0"),
        ("98.32", 16, "6.145"),
        ("10.00", 1, "10"),
    ],
)
def test_a_share_is_exact_where_it_has_an_end(amount: str, count: int, part: str) -> None:
    assert str(each(Decimal(amount), count)) == part


def test_patterns_and_machines() -> None:
    assert chosen("H100 SXM", ("a100*", "h100*"))
    assert not chosen("H100 SXM", ("a100*",))
    assert chosen("anything", ())
    machines = {"p5.48xlarge": Machine(item="H100", count=8), "p5*": Machine(item="H200", count=8)}
    assert [found and found.item for found in (machine(n, machines) for n in ("p5.48xlarge", "p5en.48xlarge", "m5.large"))] == [
        "H100", "H200", None,
    ]  # fmt: skip
