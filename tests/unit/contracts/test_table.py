"""Tables: columns by name, every cell with its place, and nothing read from what is no table."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.contracts.connector import ParseError
from secondsource.contracts.table import rows

TEXT = b'Name,Price,Region\r\n"a, b",.04,eu\r\n\r\nc,,us\r\n'


def test_cells_are_found_by_the_names_of_columns() -> None:
    first, second = rows(TEXT, ("Price", "Name"))
    assert (first.text("Name"), first.number("Price"), first.line) == ("a, b", Decimal("0.04"), 2)
    assert second.number("Price") is None
    assert (second.text("Colour"), second.has("Colour"), second.has("Region")) == ("", False, True)
    with pytest.raises(ParseError, match=r"line 4 column 'Price': the cell is blank"):
        second.needed("Price")


@given(order=st.permutations([0, 1, 2, 3]))
def test_columns_that_moved_change_nothing(order: list[int]) -> None:
    table = [["Name", "Price", "Region", "New"], ["a", "1.50", "eu", "x"], ["b", "2", "us", "y"]]
    body = "".join(",".join(line[index] for index in order) + "\n" for line in table).encode()
    assert [(row.text("Name"), row.number("Price"), row.text("Region")) for row in rows(body, ("Name", "Price"))] == [
        ("a", Decimal("1.5"), "eu"),
        ("b", Decimal("2"), "us"),
    ]


def test_a_preamble_is_passed_over_as_far_as_it_may_go() -> None:
    body = b"Report,\n07/14/2026\n\n" + TEXT
    assert len(rows(body, ("Name",), preamble=4)) == 2
    with pytest.raises(ParseError, match="no column 'Name'; a header with Name was expected"):
        rows(body, ("Name",), preamble=1)
    with pytest.raises(ParseError, match="line 4: no column 'Colour'; a header with Name, Colour was expected"):
        rows(body, ("Name", "Colour"), preamble=9)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"  \n", "the body is empty"),
        (b"<!doctype html><html>", "web page"),
        (b"Name\xff,Price\n", "not valid UTF-8"),
        (b"Name,Cost\n", "line 1: no column 'Price'; a header with Name, Price was expected"),
        (b"Name,Price,Price\n", "column 'Price' is there twice"),
        (b"Name,Price\na,1\nb\n", "line 3: 1 cells, the header has 2"),
        (b"Name,Price\na,12.5\nb,13", "line 3: the last line has no end"),
        (b"Name,Price\na,1,2\n", "line 2: 3 cells, the header has 2"),
        (b'Name,Price\n"a,1\n', "not CSV: unexpected end of data"),
        (b"Name,Price\n" + b"a" * 200_000 + b",1\n", "not CSV: field larger"),
        (b'{"Name": 1, "Price": 2}', "no column 'Name'"),
    ],
)
def test_what_is_no_such_table_is_refused_with_its_place(body: bytes, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        rows(body, ("Name", "Price"))


@pytest.mark.parametrize(
    ("text", "value"),
    [(b"1e-7", "1E-7"), (b"0.000000100", "1E-7"), (b"-.5", "-0.5"), (b"29", "29"), (b"+3.", "3"), (b"0.000", "0"), (b"10", "10")],
)
def test_numbers_are_exact_and_spelt_one_way(text: bytes, value: str) -> None:
    (row,) = rows(b"Price,x\n" + text + b",\n", ("Price",))
    assert str(row.number("Price")) == value


@pytest.mark.parametrize("text", [b"NaN", b"inf", b"1,5", b"1_000", b"$4", b"--1", b"1e99999", b"1e30", b"0x10", "١".encode()])
def test_what_is_no_number_is_refused(text: bytes) -> None:
    (row,) = rows(b'Price,x\n"' + text + b'",\n', ("Price",))
    with pytest.raises(ParseError, match="line 2 column 'Price'"):
        row.number("Price")
