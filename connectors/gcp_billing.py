"""List prices of Google Cloud from the Cloud Billing catalog (``services/<id>/skus``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import PriceSheet, chosen, currency_in, each
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, canonical, document
from secondsource.domain.items import accelerator
from secondsource.domain.money import Unit
from secondsource.domain.observations import Price
from secondsource.domain.text import tidy

# What the catalog counts in: the unit here, and how many of it the catalog's unit is. A GiB is 2^30 bytes, a GB 10^9.
_GIB = Decimal(2**30) / 10**9
_UNITS: Mapping[str, tuple[Unit, Decimal]] = {
    "h": (Unit.HOUR, Decimal(1)),
    "GiBy.h": (Unit.GB_HOUR, _GIB),
    "GiBy.mo": (Unit.GB_MONTH, _GIB),
    "TiBy.mo": (Unit.GB_MONTH, _GIB * 1024),
    "GiBy": (Unit.GB, _GIB),
    "TiBy": (Unit.GB, _GIB * 1024),
    "count": (Unit.PIECE, Decimal(1)),
}
_USES = {
    "OnDemand": ("on_demand", ""),
    "Preemptible": ("spot", ""),
    "Commit1Yr": ("reserved", "1 year"),
    "Commit3Yr": ("reserved", "3 years"),
}
_PLACE = re.compile(r" (?:running )?in (?:the )?[A-Z][\w.,() -]*$")
_NANO = Decimal("1e-9")


class Config(SourceConfig):
    """Which SKUs of one service to read. The catalog wants an API key; give it as a header credential named ``x-goog-api-key``."""

    url: WebAddress = Field(
        default="https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus",
        description="The SKUs of a service; 6F81-5844-456A is Compute Engine.",
    )
    descriptions: tuple[str, ...] = Field(
        default=("*gpu*", "*tpu*"), description="Read SKUs with such a description only (with * and ?); all of them if empty."
    )
    regions: tuple[str, ...] = Field(default=(), description="Read these regions only (europe-*); all of them if empty.")
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="The currency to be told the prices in.")
    page_size: int = Field(default=1000, ge=1, le=5000, description="SKUs in one answer; a thousand are some 2 MB.")


class GcpBilling:
    """A price for each SKU, region and tier. GPUs and TPUs are priced by the accelerator-hour, memory by the GB-hour."""

    spec: ClassVar[Spec] = Spec(
        name="gcp_billing",
        summary="Google Cloud list prices from the Cloud Billing catalog",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("price",),
        documentation="https://cloud.google.com/billing/docs/reference/rest/v1/services.skus/list",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The first page."""
        assert isinstance(config, Config)
        return (_page(config, ""),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The prices of one page. Google's own error, and an answer without SKUs, is a ParseError that says what to do."""
        assert isinstance(config, Config)
        root = document(response.body)
        if (error := root.get("error")) is not None:
            raise _refusal(error)
        skus = root["skus"].items()
        token = root.text_of("nextPageToken")
        if not skus and not response.memo:
            raise ParseError("skus", "the list is empty; is the id of the service in the address right?")
        sheet = PriceSheet()
        for sku in skus:
            _sku(sku, config, sheet)
        return sheet.parsed(next_request=_page(config, token) if token else None)

    def recognise(self, response: Response) -> float:
        """By the pricing of the first SKU."""
        if b'"pricingInfo"' not in response.body:
            return 0.0
        try:
            first = document(response.body)["skus"].items()[:1]
            return 0.95 if first and first[0].has("pricingInfo") else 0.0
        except ParseError:
            return 0.0


def _page(config: Config, token: str) -> Request:
    params = {"currencyCode": config.currency, "pageSize": str(config.page_size), **({"pageToken": token} if token else {})}
    return Request(config.url, headers={"accept": "application/json"}, params=params, auth=config.auth, memo=token)


def _refusal(error: Node) -> ParseError:
    told = tidy(error.text_of("message") or "no reason given", 200)
    reasons = [detail.text_of("reason") for detail in error.list_of("details") if detail.has("reason")]
    reason = " ".join(tidy(str(word), 60) for word in (error.text_of("status"), *reasons) if word)
    return error.fail(f"Google answers {reason or 'with an error'}: {told} Check the key that `auth` names, and that it may use the API.")


def _sku(sku: Node, config: Config, sheet: PriceSheet) -> None:
    description = tidy(sku["description"].text(), 200)
    if not chosen(description, config.descriptions):
        sheet.leave_out("SKUs that are not asked for")
        return
    regions = [region.text() for region in sku["serviceRegions"].items()]
    wanted = [region for region in regions if chosen(region, config.regions)]
    if not wanted:
        sheet.leave_out("SKUs of other regions")
        return
    category = sku["category"]
    use = category["usageType"].text()
    dimension, term = _USES.get(use, (tidy(use, 40).lower(), ""))
    chip = accelerator(description) if category["resourceGroup"].text() in ("GPU", "TPU") else None
    name = tidy(_PLACE.sub("", description), 120)
    infos = sku["pricingInfo"].items()
    if not infos:
        sheet.leave_out("SKUs without a price")
    for info in infos[-1:]:  # in the order of time; the last one holds
        since = info.get("effectiveTime") or info.get("EffectiveTime")
        for amount, unit, tier, original, currency in _rates(info["pricingExpression"], sheet):
            per = Unit.ACCELERATOR_HOUR if chip and unit is Unit.HOUR else unit
            conditions = ", ".join(filter(None, (name if chip else "", term, tier)))
            for region in wanted:
                body = Price(
                    chip or name, amount, per, currency=currency, dimension=dimension, region=tidy(region, 60), conditions=conditions,
                    original=original,
                )  # fmt: skip
                sheet.price(body, since=since.instant() if since else None)


def _rates(expression: Node, sheet: PriceSheet) -> Iterator[tuple[Decimal, Unit, str, str, str]]:
    """Amount, unit, tier, original and currency of each tier of a price."""
    counted = expression["usageUnit"].text()
    known = _UNITS.get(counted)
    if known is None:
        sheet.leave_out(f"prices by {tidy(counted, 40)}")
        return
    unit, size = known
    for rate in expression["tieredRates"].items():
        price = rate["unitPrice"]
        value = _money(price)
        start = rate["startUsageAmount"].number()
        currency = currency_in(price["currencyCode"])
        tier = f"from {start:f} {counted}" if start else ""
        yield each(value, size), unit, tier, f"{value:f} {currency} per {counted}", currency


def _money(price: Node) -> Decimal:
    """Whole units as a text and billionths as a number, both of which must be there."""
    units, nanos = price["units"].spelt_number(), price["nanos"].number()
    if units != int(units) or nanos != int(nanos) or not 0 <= nanos < 10**9 or units < 0:
        raise price.fail(f"units {units:f} and nanos {nanos:f} are no amount of money")
    return canonical(units + nanos * _NANO)
