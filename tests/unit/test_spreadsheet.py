"""CSV in which nothing becomes a formula and nothing else changes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.adapters.spreadsheet import csv_lines


def read(lines: list[str]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("\r\n".join(lines) + "\r\n", newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\tx", "\rx", "  =1", "\0x", "＝1"])
def test_what_could_be_a_formula_is_made_a_text(text: str) -> None:
    assert list(csv_lines(["a"], [[text]]))[1].lstrip('"').startswith("'")


def test_numbers_instants_and_nothing_keep_their_form() -> None:
    rows = read(list(csv_lines(["a", "b", "c", "d", "e"], [[-2, Decimal("-1.50"), datetime(2025, 10, 20, tzinfo=UTC), None, True]])))
    assert rows[1] == ["-2", "-1.50", "2025-10-20T00:00:00+00:00", "", "true"]


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2), max_size=5))
def test_every_text_comes_back_but_for_the_apostrophe(rows: list[list[str]]) -> None:
    back = read(list(csv_lines(["a", "b"], rows)))[1:]
    for row, found in zip(rows, back, strict=True):
        for text, cell in zip(row, found, strict=True):
            assert cell in (text, f"'{text}")
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
