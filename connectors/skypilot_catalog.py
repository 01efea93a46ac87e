"""Prices of accelerators on many clouds, from SkyPilot's hosted catalogs: one table (CSV) for each cloud."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import PriceSheet, chosen, each
from secondsource.contracts.reading import SourceConfig, WebAddress
from secondsource.contracts.table import Row, rows
from secondsource.domain.items import accelerator
from secondsource.domain.money import Unit
from secondsource.domain.observations import Price
from secondsource.domain.text import tidy

_COLUMNS = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "SpotPrice", "Region")
_ZONE = "AvailabilityZone"


class Config(SourceConfig):
    """The table of one cloud, and what to read of it. The tables of large clouds exceed the usual 5 MiB; raise ``max_bytes`` for them."""

    url: WebAddress = Field(
        default="https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs/v8/lambda/vms.csv",
        description="The table: catalogs/v8/<cloud>/vms.csv.",
    )
    accelerators: tuple[str, ...] = Field(
        default=("A100*", "H100*", "H200*", "B200*", "B300*", "GB200*", "GB300*", "GH200*", "L40S*", "MI3*"),
        description="Read these accelerators only, in the catalog's words (with * and ?); all of them if empty.",
    )
    regions: tuple[str, ...] = Field(default=(), description="Read these regions only (eu-*); all of them if empty.")


class SkypilotCatalog:
    """A machine's price is divided by its accelerators. A blank price is one that is not known; that a machine is listed says nothing
    about whether it can be had now.
    """

    spec: ClassVar[Spec] = Spec(
        name="skypilot_catalog",
        summary="Accelerator prices of one cloud from SkyPilot's catalog",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("price",),
        documentation="https://github.com/skypilot-org/skypilot-catalog",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The table."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "text/csv, text/plain"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """On-demand prices by region and spot prices by zone. A table without any line is a ParseError."""
        assert isinstance(config, Config)
        table = rows(response.body, _COLUMNS)
        if not table:
            raise ParseError("line 1", "the table has a header and no line")
        sheet = PriceSheet()
        items: dict[str, str | None] = {}  # the names of accelerators in the table: few, each on many lines
        for row in table:
            name = row.text("AcceleratorName")
            if name not in items:
                items[name] = accelerator(name) or tidy(name, 60) if name and chosen(name, config.accelerators) else None
            item = items[name]
            if not name:
                sheet.leave_out("machines without an accelerator")
            elif item is None or not chosen(row.needed("Region"), config.regions):
                sheet.leave_out("lines that are not asked for")
            else:
                _line(row, item, sheet)
        return sheet.parsed()

    def recognise(self, response: Response) -> float:
        """By the names of the columns."""
        header = response.body[:1000].partition(b"\n")[0]
        return 0.95 if all(column.encode() in header for column in _COLUMNS) else 0.0


def _line(row: Row, item: str, sheet: PriceSheet) -> None:
    count = row.number("AcceleratorCount")
    if count is None or count <= 0:
        raise ParseError(row.where("AcceleratorCount"), "a number above 0 was expected")
    region, many = row.needed("Region"), f"{count:f}x {tidy(row.text('AcceleratorName'), 60)}"
    places = {"Price": ("on_demand", region), "SpotPrice": ("spot", row.text(_ZONE) or region)}
    for column, (dimension, place) in places.items():
        price = row.number(column)
        if price is None or price == 0:
            sheet.leave_out(f"lines without a {dimension.replace('_', '-')} price")
            continue
        if price < 0:
            raise ParseError(row.where(column), "a price can not be negative")
        body = Price(
            item,
            each(price, count),
            Unit.ACCELERATOR_HOUR,
            dimension=dimension,
            region=tidy(place, 60),
            conditions=", ".join(filter(None, (tidy(row.text("InstanceType"), 80), many))),
            original=f"{price:f} USD per hour for {count:f}",
        )
        sheet.price(body)
