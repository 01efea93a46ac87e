"""Tables for spreadsheets: CSV in which no text of a vendor can become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With the full-width forms, which some spreadsheets take for the same."""


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The header and the rows as lines of CSV (RFC 4180), without their line ends.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises; numbers stay numbers, instants are
    ISO 8601 in UTC, None is empty.
    """
    yield _line(columns)
    for row in rows:
        yield _line([cell(value) for value in row])


def cell(value: object) -> object:
    """One value as a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINS_A_FORMULA) else text


def _line(values: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(values)  # line ends within a text are quoted only where they are the rows' own
    return buffer.getvalue().removesuffix("\r\n")
