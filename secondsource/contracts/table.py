"""Help for connectors: CSV read strictly, by the names of its columns, so that a column that moved changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal

from secondsource.contracts.connector import ParseError
from secondsource.contracts.reading import looks_like_html, spelt_number


class Row:
    """One line of a table. ``line`` is its number in the file, counted from 1."""

    __slots__ = ("_at", "_cells", "line")

    def __init__(self, cells: Sequence[str], at: Mapping[str, int], line: int) -> None:
        self._cells = cells
        self._at = at
        self.line = line

    def where(self, column: str) -> str:
        """``line 7 column 'Price'``, for a ParseError."""
        return f"line {self.line} column {column!r}"

    def has(self, column: str) -> bool:
        """Whether the table has the column at all."""
        return column in self._at

    def text(self, column: str) -> str:
        """The cell, without blanks around it; empty where the cell is, or where the table has no such column."""
        return self._cells[self._at[column]].strip() if column in self._at else ""

    def needed(self, column: str) -> str:
        """The cell, which must not be blank."""
        if not (text := self.text(column)):
            raise ParseError(self.where(column), "the cell is blank")
        return text

    def number(self, column: str) -> Decimal | None:
        """The number in the cell; None for a blank one."""
        text = self.text(column)
        return spelt_number(text, self.where(column)) if text else None


def rows(body: bytes, columns: Sequence[str], preamble: int = 0) -> list[Row]:
    """The lines below the header of a table that has at least ``columns``, in any order.

    The header is the first line that has them, among the first ``preamble`` + 1. Blank lines are passed over. Raises
    :class:`ParseError` for an empty body, a web page, text that is not UTF-8, a missing or doubled column, a line that has fewer or
    more cells than the header, and a last line without an end, whose last cell may be cut.
    """
    if not body.strip():
        raise ParseError("line 1", "the body is empty; a table (CSV) was expected")
    if looks_like_html(body):
        raise ParseError("line 1", "this is a web page (HTML); a table (CSV) was expected")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ParseError("line 1", "the text is not valid UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    at: dict[str, int] = {}
    found: list[Row] = []
    width = passed = 0
    closest, lacks = 1, sorted(set(columns))
    try:
        for cells in reader:
            if at:
                if len(cells) != width and cells:
                    raise ParseError(f"line {reader.line_num}", f"{len(cells)} cells, the header has {width}; is the table cut off?")
                if cells:
                    found.append(Row(cells, at, reader.line_num))
                continue
            names = [cell.strip() for cell in cells]
            missing = sorted(set(columns) - set(names))
            if not missing:
                if doubled := sorted({name for name in names if name and names.count(name) > 1}):
                    raise ParseError(f"line {reader.line_num}", f"column {doubled[0]!r} is there twice")
                at, width = {name: index for index, name in enumerate(names)}, len(cells)
                continue
            if len(missing) < len(lacks):
                closest, lacks = reader.line_num, missing
            passed += 1
            if passed > preamble:
                break
    except csv.Error as error:
        raise ParseError(f"line {reader.line_num}", f"not CSV: {error}") from None
    if not at:
        raise ParseError(f"line {closest}", f"no column {lacks[0]!r}; a header with {', '.join(columns)} was expected")
    if found and not text.endswith(("\n", "\r")):
        raise ParseError(f"line {reader.line_num}", "the last line has no end; is the table cut off?")
    return found
