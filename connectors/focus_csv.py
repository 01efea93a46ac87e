"""What clouds and services cost, from a file in the format of FOCUS (the FinOps Open Cost and Usage Specification), read by its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import SourceConfig, moment
from secondsource.contracts.table import Row, rows
from secondsource.contracts.usage import Bill, Line, length
from secondsource.domain.items import accelerator
from secondsource.domain.text import tidy

_PROVIDERS = ("ServiceProviderName", "ProviderName", "Provider")  # by the specification's versions, newest first
_REGIONS = ("RegionId", "Region")
_DESCRIPTIONS = ("ChargeDescription", "SkuMeter", "SkuId")
_START, _END, _CURRENCY = "BillingPeriodStart", "BillingPeriodEnd", "BillingCurrency"


class Config(SourceConfig):
    """Where the file is, and whose money it tells of."""

    cost: Literal["BilledCost", "EffectiveCost"] = Field(
        default="BilledCost", description="Which cost: as it is invoiced, or with what was paid ahead spread over its time."
    )
    vendors: Mapping[str, str] = Field(
        default={}, description="Vendors of the catalog for the file's providers: {'Amazon Web Services': aws}; others are the source's."
    )


class FocusCsv:
    """A reading for each provider, service, region and accelerator of the last billing period that is over."""

    spec: ClassVar[Spec] = Spec(
        name="focus_csv",
        summary="Spend from files in the FOCUS format (CSV)",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("spend",),
        documentation="https://focus.finops.org/focus-specification/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The file."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "text/csv, */*;q=0.1"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The newest whole period; where a row lacks what the specification demands, a ParseError with its line."""
        assert isinstance(config, Config)
        table = rows(response.body, (config.cost, _CURRENCY, _START, _END, "ServiceName"))
        if not table:
            raise ParseError("line 2", "the table has no line, so nothing is known of the costs")
        periods = [(_instant(row, _START), _instant(row, _END)) for row in table]
        whole = [period for period in periods if period[1] <= response.received_at]
        if not whole:
            ends = min(end for _, end in periods)
            return Parsed((), complete=False, notes=(f"the billing period runs until {ends:%Y-%m-%d}; it is read when it is over",))
        start, end = max(whole, key=lambda period: (period[1], period[0]))
        span = length(start, end, table[periods.index((start, end))].where(_START))
        bill, others = Bill(), 0
        for row, period in zip(table, periods, strict=True):
            if period == (start, end):
                bill.add(_line(row, config), f"line {row.line}")
            else:
                others += 1
        return bill.parsed(span, end, notes=(f"{others} lines of other billing periods left out",) if others else ())

    def recognise(self, response: Response) -> float:
        """By columns that no other table has."""
        head = response.body[:20_000].split(b"\n", 1)[0]
        return 0.95 if b"BillingPeriodStart" in head and (b"BilledCost" in head or b"EffectiveCost" in head) else 0.0


def _instant(row: Row, column: str) -> datetime:
    text = row.needed(column)
    at = moment(text.removesuffix(" UTC"))
    if at is None:
        raise ParseError(row.where(column), f"{tidy(text, 40)!r} is not a time")
    return at


def _line(row: Row, config: Config) -> Line:
    amount = row.number(config.cost)
    if amount is None:
        raise ParseError(row.where(config.cost), "the cell is blank")
    currency = row.needed(_CURRENCY)
    if len(currency) != 3 or not (currency.isascii() and currency.isupper() and currency.isalpha()):
        raise ParseError(row.where(_CURRENCY), f"{tidy(currency, 20)!r} is no currency; a code such as USD was expected")
    provider = next((text for column in _PROVIDERS if (text := row.text(column))), "")
    words = [text for column in _DESCRIPTIONS if (text := row.text(column))]
    return Line(
        amount,
        currency,
        tidy(row.needed("ServiceName"), 120),
        next((tidy(text, 80) for column in _REGIONS if (text := row.text(column)) and text != "NULL"), None),
        next((chip for text in words if (chip := accelerator(text))), None),
        config.vendors.get(provider),
    )
