"""What Azure costs, by service and place: a query of Cost Management over the last whole month.

The credential is an OAuth 2 client of the tenant (scope ``https://management.azure.com/.default``) with the role Cost Management Reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.reading import Node, SourceConfig, document, further
from secondsource.contracts.usage import Bill, Line, month_after
from secondsource.domain.items import accelerator
from secondsource.domain.text import tidy

_VERSION = "2023-11-01"
_COSTS = ("Cost", "PreTaxCost", "CostUSD", "PreTaxCostUSD")
_PRODUCTS = ("ServiceName", "MeterCategory", "ConsumedService", "ResourceType", "ResourceId")
_REGIONS = ("ResourceLocation", "ResourceLocationId")
_ITEMS = ("Meter", "MeterSubCategory")
_MONTH = "BillingMonth"


class Config(SourceConfig):
    """A scope that is billed: ``https://management.azure.com/subscriptions/<its id>``, or a wider or narrower one."""

    grouping: tuple[str, ...] = Field(
        default=("ServiceName", "ResourceLocation"),
        max_length=2,
        description="By what to group; ServiceName and ResourceLocation, or Meter.",
    )
    amortised: bool = Field(default=False, description="Spread what was paid ahead over the time that it was paid for.")


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The lines of the pages so far."""

    lines: tuple[Line, ...] = ()


class AzureCost:
    """A reading for each service and place that cost something in the last whole month."""

    spec: ClassVar[Spec] = Spec(
        name="azure_cost",
        summary="Azure spend from Cost Management",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("spend",),
        documentation="https://learn.microsoft.com/rest/api/cost-management/query/usage",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The query."""
        assert isinstance(config, Config)
        return (_query(f"{config.url.rstrip('/')}/providers/Microsoft.CostManagement/query?api-version={_VERSION}", config, _Memo()),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The lines of one page; told when the last one is there. Azure's own error is a ParseError with its code."""
        assert isinstance(config, Config)
        root = document(response.body)
        if root.has("error"):
            raise root["error"].fail(f"Azure answers {tidy(root['error'].text_of('code') or 'an error', 80)}")
        told = root["properties"]
        named = told["columns"].items()
        columns = {column["name"].text(): number for number, column in enumerate(named)}
        if len(columns) != len(named):
            raise told["columns"].fail("two columns have one name")
        bill = Bill(read_memo(response.memo, _Memo).lines)
        months: set[datetime] = set()
        for row in told["rows"].items():
            cells = row.items()
            if len(cells) != len(columns):
                raise row.fail(f"{len(cells)} cells for {len(columns)} columns")
            _add({name: cells[at] for name, at in columns.items()}, row.where, bill, months)
        if len(months) > 1:
            raise told["rows"].fail("several months; ask for one")
        link = told.get("nextLink")
        if link is not None and link.value != "":
            return Parsed((), next_request=_query(further(link, config.url), config, _Memo(bill.lines())))
        return bill.parsed("month", month_after(months.pop(), "properties.rows") if months else None)

    def recognise(self, response: Response) -> float:
        """By the columns."""
        try:
            root = document(response.body)
            columns = root["properties"].list_of("columns") if root.has("properties") else []
            return 0.95 if {column["name"].value for column in columns} & set(_COSTS) else 0.0
        except (ParseError, TypeError):
            return 0.0


def _query(url: str, config: Config, memo: _Memo) -> Request:
    asked: dict[str, Any] = {
        "type": "AmortizedCost" if config.amortised else "ActualCost",
        "timeframe": "TheLastMonth",
        "dataset": {
            "granularity": "Monthly",
            "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
            "grouping": [{"type": "Dimension", "name": name} for name in config.grouping],
        },
    }
    headers = {"accept": "application/json", "content-type": "application/json"}
    return Request(url, "POST", headers=headers, body=msgspec.json.encode(asked), auth=config.auth, memo=write_memo(memo))


def _add(row: Mapping[str, Node], where: str, bill: Bill, months: set[datetime]) -> None:
    cost = next((row[name] for name in _COSTS if name in row), None)
    if cost is None:
        raise ParseError("properties.columns", f"none of {', '.join(_COSTS)}; the cost was expected")
    currency = _word(row, ("Currency", "BillingCurrency"), 3) or ""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise ParseError(where, "the row has no currency such as USD")
    if _MONTH in row:
        months.add(row[_MONTH].day())
    place = _word(row, _REGIONS, 80)
    meter = _word(row, _ITEMS, 120)
    product = _word(row, _PRODUCTS, 120) or meter
    bill.add(Line(cost.number(), currency, product, place, accelerator(meter) if meter else None), where)


def _word(row: Mapping[str, Node], names: Sequence[str], limit: int) -> str | None:
    """The first of the columns that is there, as a text; an empty one says nothing."""
    found = next((row[name] for name in names if name in row), None)
    return tidy(found.text(), limit) if found is not None and found.value not in (None, "") else None
