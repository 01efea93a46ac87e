"""Retail prices of Azure, from its public price list (``prices.azure.com``), page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import Machine, PriceSheet, currency_in, each, machine, price_in
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, document, further
from secondsource.domain.money import Unit
from secondsource.domain.observations import Price
from secondsource.domain.text import tidy

_MEASURE = re.compile(r"(?P<count>\d{1,9})(?P<scale>[KM]?) ?/?(?P<what>[A-Za-z/ ]*)")
_SCALES = {"": 1, "K": 1000, "M": 10**6}
_UNITS: Mapping[str, Unit] = {
    "": Unit.PIECE, "hour": Unit.HOUR, "hours": Unit.HOUR, "gb": Unit.GB, "gb/month": Unit.GB_MONTH, "gb/hour": Unit.GB_HOUR,
    "gb hour": Unit.GB_HOUR,
}  # fmt: skip
_MACHINES = {
    name: Machine(item=item, count=count)
    for item, count, names in (
        ("H100", 8, ("Standard_ND96is*_H100_v5",)),
        ("H200", 8, ("Standard_ND96is*_H200_v5",)),
        ("MI300X", 8, ("Standard_ND96is*_MI300X_v5",)),
        ("A100", 8, ("Standard_ND96asr_v4", "Standard_ND96amsr_A100_v4")),
        ("V100", 8, ("Standard_ND40rs_v2",)),
        ("GB200", 4, ("Standard_ND128isr_NDR_GB200_v6",)),
        ("H100", 1, ("Standard_NC40ads_H100_v5",)),
        ("H100", 2, ("Standard_NC80adis_H100_v5",)),
        ("A100", 1, ("Standard_NC24ads_A100_v4",)),
        ("A100", 2, ("Standard_NC48ads_A100_v4",)),
        ("A100", 4, ("Standard_NC96ads_A100_v4",)),
        ("T4", 1, ("Standard_NC4as_T4_v3", "Standard_NC8as_T4_v3", "Standard_NC16as_T4_v3")),
        ("T4", 4, ("Standard_NC64as_T4_v3",)),
    )
    for name in names
}


class Config(SourceConfig):
    """Which part of the list to read. The whole list has several hundred thousand prices: the filter is applied by Azure."""

    url: WebAddress = Field(default="https://prices.azure.com/api/retail/prices", description="Where the list is published.")
    filter: str = Field(
        default="serviceName eq 'Virtual Machines' and priceType eq 'Consumption' and contains(armSkuName, 'Standard_ND')",
        min_length=1,
        description="What to ask for, as OData: serviceName, armSkuName, priceType, meterName and so on.",
    )
    regions: tuple[str, ...] = Field(default=(), description="Ask for these regions only, in Azure's words: westeurope.")
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="The currency to be told the prices in.")
    machines: Mapping[str, Machine] = Field(
        default={}, description="The accelerators in further sizes of machine (with * and ?); what is not known is priced by the machine."
    )


class AzureRetailPrices:
    """Sizes of machines with known accelerators are priced for one of these and hour. A reservation is priced for its whole term."""

    spec: ClassVar[Spec] = Spec(
        name="azure_retail_prices",
        summary="Azure retail prices from the public price list",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("price",),
        documentation="https://learn.microsoft.com/en-us/rest/api/cost-management/retail-prices/azure-retail-prices",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The first page."""
        assert isinstance(config, Config)
        places = " or ".join("armRegionName eq '{}'".format(region.replace("'", "''")) for region in config.regions)
        wanted = f"({config.filter}) and ({places})" if places else config.filter
        params = {"api-version": "2023-01-01-preview", "currencyCode": f"'{config.currency}'", "$filter": wanted}
        return (_page(config.url, config, params),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The prices of one page that hold when it is read. A first page without any is a ParseError: then the filter fits nothing."""
        assert isinstance(config, Config)
        root = document(response.body)
        if (error := root.get("Error") or root.get("error")) is not None:
            told = error.text_of("Message") or error.text_of("message") if isinstance(error.value, dict) else None
            raise error.fail(f"Azure answers with an error: {tidy(told or 'no reason given', 200)}")
        items = root["Items"].items()
        if not items and not response.memo:
            raise ParseError("Items", "no price fits the filter; correct `filter` or `regions`")
        sheet = PriceSheet()
        for row in _in_force(items, response.received_at, sheet):
            _row(row, config, sheet)
        link = root["NextPageLink"] if root.text_of("NextPageLink") else None
        return sheet.parsed(next_request=_page(further(link, config.url), config, memo="further") if link else None)

    def recognise(self, response: Response) -> float:
        """By the envelope of a page."""
        if b'"retailPrice"' not in response.body:
            return 0.0
        try:
            root = document(response.body)
            return 0.95 if root.has("BillingCurrency") and root.has("Items") else 0.0
        except ParseError:
            return 0.0


def _page(url: str, config: Config, params: Mapping[str, str] | None = None, memo: str = "") -> Request:
    return Request(url, headers={"accept": "application/json"}, params=params or {}, auth=config.auth, memo=memo)


def _in_force(rows: Sequence[Node], now: datetime, sheet: PriceSheet) -> list[Node]:
    """Rows of prices that hold at ``now``; of several for one meter that which began last."""
    latest: dict[tuple[str | None, ...], tuple[datetime, Node]] = {}
    for row in rows:
        start, end = row["effectiveStartDate"].instant(), row.instant_of("effectiveEndDate")
        if start > now or (end is not None and end <= now):
            sheet.leave_out("prices that do not hold now")
            continue
        key = (*(row.text_of(name) for name in ("meterId", "skuId", "armRegionName", "type", "reservationTerm")), str(_tier(row)))
        if key not in latest or latest[key][0] < start:
            latest[key] = start, row
    return [row for _, row in latest.values()]


def _tier(row: Node) -> Decimal:
    found = row.get("tierMinimumUnits")
    return found.number() if found else Decimal(0)


def _row(row: Node, config: Config, sheet: PriceSheet) -> None:
    measure, meter = row["unitOfMeasure"].text(), tidy(row["meterName"].text(), 80)
    counted = _counted(measure, meter)
    if counted is None:
        sheet.leave_out(f"prices by {tidy(measure, 40)}")
        return
    unit, count = counted
    size, sku, product = (tidy(row.text_of(name) or "", 80) for name in ("armSkuName", "skuName", "productName"))
    is_machine = bool(size) and unit is Unit.HOUR and row.text_of("serviceName") == "Virtual Machines"
    amount = price_in(row["retailPrice"])
    if is_machine and not amount:
        sheet.leave_out("machines without a price")
        return
    fits = machine(size, config.machines, _MACHINES) if is_machine else None
    if fits:
        unit, count = Unit.ACCELERATOR_HOUR, count * fits.count
    if is_machine:
        parts = [size if fits else "", "Windows" if "windows" in product.lower() else ""]
    else:
        parts = [product, sku if sku != meter else ""]
    parts += [f"from {_tier(row):f}" if _tier(row) else "", "dev/test" if row["type"].text() == "DevTestConsumption" else ""]
    dimension = _market(f"{sku} {meter}".lower())
    if term := row.text_of("reservationTerm"):
        dimension, unit, count, measure = "reserved", Unit.PIECE, Decimal(1), "whole term"
        parts.append(f"{tidy(term, 20)}, the whole term")
    currency, since = currency_in(row["currencyCode"]), row["effectiveStartDate"].instant()
    plans = [(price_in(plan["retailPrice"]), "savings_plan", tidy(plan["term"].text(), 20)) for plan in row.list_of("savingsPlan")]
    for value, kind, plan in [(amount, dimension, ""), *plans]:
        body = Price(
            fits.item if fits else size if is_machine else meter,
            each(value, count),
            unit,
            currency=currency,
            dimension=kind,
            region=tidy(row.text_of("armRegionName") or "", 60) or None,
            conditions=", ".join(filter(None, (*parts, plan))),
            original=f"{value:f} {currency} per {tidy(measure, 40)}",
        )
        sheet.price(body, since=since)


def _counted(measure: str, meter: str) -> tuple[Unit, Decimal] | None:
    """The unit of a measure and how many of it are priced (``100 Hours``, ``10K``, ``1 GB/Month``); None for one that is not known."""
    found = _MEASURE.fullmatch(measure)
    unit = _UNITS.get(found["what"].strip().lower()) if found else None
    if found is None or unit is None or not int(found["count"]):
        return None
    count = Decimal(int(found["count"]) * _SCALES[found["scale"]])
    return (Unit.MILLION_TOKENS, count / 10**6) if unit is Unit.PIECE and "token" in meter.lower() else (unit, count)


def _market(words: str) -> str:
    return "spot" if re.search(r"\bspot\b", words) else "low_priority" if "low priority" in words else "on_demand"
