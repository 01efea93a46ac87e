"""What electricity costs, and how much carbon it carries: Electricity Maps (JSON), and market reports of MISO's form (CSV)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import PriceSheet, chosen, each
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, canonical, document
from secondsource.contracts.table import Row, rows
from secondsource.domain.money import Unit
from secondsource.domain.observations import Measurement, Price
from secondsource.domain.text import tidy

_ITEM, _CARBON, _CARBON_UNIT = "electricity", "grid carbon intensity", "gCO2e/kWh"
_PER = re.compile(r"([A-Z]{3})/([MK]Wh)", re.IGNORECASE)
_THOUSANDS = {"mwh": 0, "kwh": 3}
_SERIES = ("history", "data", "forecast")

_HOURS = tuple(f"HE {hour}" for hour in range(1, 25))  # hours by their end
_PREAMBLE = 10
_DATE = re.compile(rb"^\W*(\d{2})/(\d{2})/(\d{4})\W*$", re.MULTILINE)
_MARKETS = {b"day ahead": "day ahead", b"real-time": "real time", b"real time": "real time"}
_EASTERN = timezone(timedelta(hours=-5))  # MISO keeps Eastern Standard Time all year


class Config(SourceConfig):
    """Where from, and for which places:

    - ``https://api.electricitymaps.com/v3/carbon-intensity/latest`` and ``.../price-day-ahead/latest`` with ``zones``; the key is a
      header credential named ``auth-token``;
    - a report with one line for each node and one column for each hour, such as MISO's day-ahead prices.
    """

    url: WebAddress = Field(
        default="https://api.electricitymaps.com/v3/carbon-intensity/latest", description="The end point, or the address of the report."
    )
    zones: tuple[str, ...] = Field(default=(), description="Electricity Maps: the zones to ask for, one request each: DE, US-MIDA-PJM.")
    nodes: tuple[str, ...] = Field(default=("*.HUB",), description="Report: the nodes to read, with *; all of them if empty.")
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="Report: the currency of its prices, which it does not name.")


class Energy:
    """Prices per MWh are spot prices: they move by the hour. Of a report's day, the mean and the dearest hour are told. Carbon is a
    measurement. A figure that is not known yet is no reading.
    """

    spec: ClassVar[Spec] = Spec(
        name="energy",
        summary="Electricity prices and grid carbon from Electricity Maps and market reports",
        config=Config,
        interval=timedelta(minutes=30),
        kinds=("price", "measurement"),
        documentation="https://portal.electricitymaps.com/developer-hub/api/reference",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """One request for each zone, or one for the address as it is."""
        assert isinstance(config, Config)
        accept = {"accept": "application/json, text/csv"}
        if not config.zones:
            return (Request(config.url, headers=accept, auth=config.auth),)
        return tuple(Request(config.url, headers=accept, params={"zone": zone}, auth=config.auth, memo=zone) for zone in config.zones)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The figures of one zone, or of the nodes of a report. An answer about another zone than the one asked for is a ParseError."""
        assert isinstance(config, Config)
        sheet = PriceSheet()
        if _is_report(response.body):
            _report(response.body, config, sheet)
            return sheet.parsed()
        root = document(response.body)
        for key in ("error", "message"):
            if root.has(key):
                raise root[key].fail(f"the service answers with an error: {tidy(str(root[key].value), 200)}")
        zone = tidy(root["zone"].text(), 60)
        if response.memo and zone != response.memo:
            raise root["zone"].fail(f"the answer is about {zone}, asked was {response.memo}; is there such a zone?")
        entry = _latest(root, response.received_at)
        known = _carbon(entry, zone, sheet) if "carbonIntensity" in entry.mapping() else _price(entry, root, zone, sheet)
        return sheet.parsed(complete=known)

    def recognise(self, response: Response) -> float:
        """By the names of the figures."""
        if _is_report(response.body):
            return 0.9
        try:
            root = document(response.body)
            if not root.has("zone"):
                return 0.0
            entry = _latest(root, response.received_at)
            priced = entry.has("value") and (entry.has("unit") or root.has("unit"))
            return 0.9 if "carbonIntensity" in entry.mapping() or priced else 0.0
        except ParseError:
            return 0.0


def _latest(root: Node, now: datetime) -> Node:
    """The entry for the time that is last but not after ``now``; an answer without a series is its own entry."""
    key = next((key for key in _SERIES if root.has(key)), None)
    if key is None:
        return root
    entries = [(entry["datetime"].instant(), entry) for entry in root[key].items()]
    begun = [pair for pair in entries if pair[0] <= now]
    if not begun:
        raise root[key].fail("there is no figure for a time that has come")
    return max(begun, key=lambda pair: pair[0])[1]


def _carbon(entry: Node, zone: str, sheet: PriceSheet) -> bool:
    node = entry.get("carbonIntensity")
    if node is None:
        sheet.note(f"the carbon of {zone} is not known now")
        return False
    if (value := node.number()) < 0:
        raise node.fail("carbon can not be negative")
    estimated = entry.has("isEstimated") and entry["isEstimated"].value is True
    body = Measurement(_CARBON, value, _CARBON_UNIT, region=zone, estimated=estimated)
    sheet.add(f"measurement/{_CARBON}/{zone}", body, at=entry["datetime"].instant())
    return True


def _price(entry: Node, root: Node, zone: str, sheet: PriceSheet) -> bool:
    unit = entry["unit"] if entry.has("unit") else root["unit"]
    found = _PER.fullmatch(unit.text())
    if found is None:
        raise unit.fail(f"{tidy(unit.text(), 40)!r} is not understood; something like EUR/MWh was expected")
    if "value" not in entry.mapping():
        raise entry.fail("neither carbonIntensity nor value is there")
    node = entry.get("value")
    if node is None:
        sheet.note(f"the price in {zone} is not known now")
        return False
    amount = canonical(node.number().scaleb(_THOUSANDS[found[2].lower()]))
    original = f"{node.number():f} {tidy(unit.text(), 20)}"
    sheet.price(_spot(amount, found[1].upper(), zone, "day ahead", original), since=entry["datetime"].instant())
    return True


def _spot(amount: Decimal, currency: str, region: str, conditions: str, original: str) -> Price:
    return Price(_ITEM, amount, Unit.MWH, currency, "spot", region, conditions, original=original)


def _is_report(body: bytes) -> bool:
    return b"HE 1," in body[:4000] and b"Node" in body[:4000]


def _report(body: bytes, config: Config, sheet: PriceSheet) -> None:
    """Title, date and blank lines, then ``Node,Type,Value,HE 1,...,HE 24``; of the values only the whole price (LMP) is read."""
    head = body[:4000].partition(b"Node")[0]
    market = next((market for words, market in _MARKETS.items() if words in head.lower()), None)
    date = _DATE.search(head)
    if market is None or date is None:
        raise ParseError("line 1", "a title that says day ahead or real time, and a date such as 07/14/2026, were expected")
    try:
        since = datetime(int(date[3]), int(date[1]), int(date[2]), tzinfo=_EASTERN).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ParseError("line 2", f"{b'/'.join(date.groups()).decode()} is no date") from None
    for row in rows(body, ("Node", "Type", "Value", *_HOURS), preamble=_PREAMBLE):
        if not chosen(row.needed("Node"), config.nodes):
            sheet.leave_out("lines of nodes that are not asked for")
        elif row.needed("Value") != "LMP":
            sheet.leave_out("lines of parts of the price")
        else:
            _day(row, market, config.currency, since, sheet)
    if not len(sheet):
        raise ParseError("the report", "it has no price (LMP) of a node asked for; correct `nodes`")


def _day(row: Row, market: str, currency: str, since: datetime, sheet: PriceSheet) -> None:
    """The mean and the dearest of a node's 24 hours; none of them where an hour is not known."""
    hours = [price for hour in _HOURS if (price := row.number(hour)) is not None]
    if len(hours) < len(_HOURS):
        sheet.leave_out("nodes of which an hour is not known")
        return
    node, unit, top = tidy(row.text("Node"), 60), f"{currency}/MWh", max(hours)
    mean = each(sum(hours, Decimal(0)), len(hours))
    sheet.price(_spot(mean, currency, node, f"{market}, mean of the day", f"{min(hours):f} to {top:f} {unit}"), since=since)
    sheet.price(_spot(top, currency, node, f"{market}, dearest hour", f"{top:f} {unit}"), since=since)
