"""Spot prices of memory chips, from the tables on DRAMeXchange's front page. They are published nowhere else, and not as data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import ClassVar

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import PriceSheet
from secondsource.contracts.reading import SourceConfig, WebAddress, spelt_number
from secondsource.domain.money import Unit
from secondsource.domain.observations import Price
from secondsource.domain.text import tidy

_ITEM, _LOW, _PRICE, _HIGH = "Item", "Session Low", "Session Average", "Session High"
_UPDATED = re.compile(r"Last Update: ?([A-Z][a-z]{2})\. ?(\d{1,2}),? (\d{4}) (\d{1,2}):(\d{2}) \(GMT([+-]\d{1,2})\)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOT_KNOWN = frozenset({"", "-", "--", "N/A"})


class Config(SourceConfig):
    """Which tables of the page to read."""

    url: WebAddress = Field(default="https://www.dramexchange.com/", description="The page with the tables.")
    tables: Mapping[str, str] = Field(
        default={"DRAM Spot Price": "", "Flash Spot Price": "NAND"},
        min_length=1,
        description="Titles of tables, and the item that the lines of each are of; empty: each line begins with it (DDR5).",
    )


class ComponentPrices:
    """The average of the last session for each chip, in USD. Every table asked for must be there, whole, with the headings that it had:
    the page is made for people, and where a heading has moved, one price would be taken for another. So an average must lie between low
    and high of its session.
    """

    spec: ClassVar[Spec] = Spec(
        name="component_prices",
        summary="Spot prices of DRAM and NAND chips from DRAMeXchange's tables",
        config=Config,
        interval=timedelta(hours=2),
        kinds=("price",),
        documentation="https://www.dramexchange.com/",
        limited=True,
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "text/html"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The prices of the tables asked for."""
        assert isinstance(config, Config)
        sheet = PriceSheet()
        seen: set[str] = set()
        title, updated = "", ""
        for table in _tables(response.body):
            heads = next((row for row in table.rows if any("Last Update:" in cell for cell in row)), None)
            if heads is not None:
                title, updated = heads[0], " ".join(heads)
            elif table.rows and table.rows[0][0] == _ITEM and title:
                if title in config.tables and title not in seen:
                    _read(table, title, updated, config.tables[title], sheet)
                    seen.add(title)
                else:
                    sheet.leave_out("tables that are not asked for")
                title = ""
        if missing := [name for name in config.tables if name not in seen]:
            raise ParseError("the page", f"there is no table {missing[0]!r} whose first heading is {_ITEM!r}")
        return sheet.parsed()

    def recognise(self, response: Response) -> float:
        """By words that stand above and in the tables."""
        return 0.9 if all(mark in response.body for mark in (b"Spot Price", b"Session Average", b"Last Update:")) else 0.0


class _Table(msgspec.Struct):
    """A table of the page: its lines, each the texts of its cells. ``line`` is where it begins in the page, from 1."""

    line: int
    rows: list[list[str]] = []
    whole: bool = False


class _Reader(HTMLParser):
    """Gathers the tables of a page in the order in which they begin; a table within a cell is one of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self.tables.append(_Table(self.getpos()[0]))
            self._open.append(self.tables[-1])
        elif tag == "tr" and self._open:
            self._open[-1].rows.append([])
        elif tag in ("td", "th") and self._open and self._open[-1].rows:
            self._open[-1].rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._open:
            self._open.pop().whole = True

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1].rows and self._open[-1].rows[-1]:
            self._open[-1].rows[-1][-1] += data


def _tables(body: bytes) -> Iterator[_Table]:
    """The tables of a page with tidy cells, without lines that have none."""
    if not body.strip():
        raise ParseError("line 1", "the body is empty; a web page (HTML) with tables was expected")
    reader = _Reader()
    try:
        reader.feed(body.decode("utf-8", "replace"))
        reader.close()
    except AssertionError as error:  # what the parser raises for declarations that it does not know
        raise ParseError(f"line {reader.getpos()[0]}", f"not HTML: {tidy(str(error), 100)}") from None
    for table in reader.tables:
        rows = [[tidy(cell, 200) for cell in row] for row in table.rows if row]
        yield _Table(table.line, rows, table.whole)


def _read(table: _Table, title: str, updated: str, item: str, sheet: PriceSheet) -> None:
    place = f"table {title!r} (line {table.line})"
    if not table.whole:
        raise ParseError(place, "the table has no end; is the page cut off?")
    heads, *lines = table.rows
    for head in (_ITEM, _LOW, _PRICE, _HIGH):
        if heads.count(head) != 1:
            raise ParseError(place, f"one column {head!r} was expected; the headings are {', '.join(heads)}")
    if not lines:
        raise ParseError(place, "the table has headings and no line")
    at = _moment(updated, place)
    for number, line in enumerate(lines, 1):
        where = f"{place} row {number}"
        if len(line) != len(heads):
            raise ParseError(where, f"{len(line)} cells, the headings are {len(heads)}")
        name, told = line[heads.index(_ITEM)], line[heads.index(_PRICE)]
        if not name:
            raise ParseError(where, f"the cell under {_ITEM!r} is blank")
        if told in _NOT_KNOWN:
            sheet.leave_out("chips without a price")
            continue
        low, amount, high = (spelt_number(line[heads.index(head)], f"{where} column {head!r}") for head in (_LOW, _PRICE, _HIGH))
        if not 0 < low <= amount <= high:
            raise ParseError(where, f"{_PRICE} {amount:f} is not from {_LOW} {low:f} to {_HIGH} {high:f}; have the headings moved?")
        first, _, rest = name.partition(" ")
        body = Price(
            item or tidy(first, 60),
            amount,
            Unit.PIECE,
            dimension="spot",
            conditions=tidy(name if item else rest, 80),
            original=f"{amount:f} USD, {_PRICE.lower()}",
        )
        sheet.price(body, since=at)


def _moment(updated: str, place: str) -> datetime:
    """When a table was last brought up to date: ``Last Update: Jul.15 2026 18:10 (GMT+8)``."""
    if (found := _UPDATED.search(updated)) and found[1] in _MONTHS:
        day, year, hour, minute, offset = map(int, found.groups()[1:])
        try:
            zone = timezone(timedelta(hours=offset))
            return datetime(year, _MONTHS.index(found[1]) + 1, day, hour, minute, tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ParseError(place, f"{tidy(updated, 120)!r} does not say when it was brought up to date")
