"""What an observation says, in half a sentence. Words of sources are quoted as they are; whoever shows them escapes them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from secondsource.domain.observations import (
    Body,
    ComponentStatus,
    Gone,
    Incident,
    Maintenance,
    Measurement,
    News,
    Offer,
    Price,
    Quota,
    Retirement,
    SourceHealth,
    Spend,
    Tick,
    kind_of,
)


def statement(body: Body) -> str:
    """``Chat API: major_outage``, ``h100: 2.49 USD per accelerator-hour (spot, in us-east-1)`` and so on; else the kind."""
    match body:
        case ComponentStatus():
            native = f" (its word: {body.native})" if body.native else ""
            return f"{body.name}: {body.status.value}{native}"
        case Incident():
            return f"{body.title}: {body.status.value}, {'resolved' if body.resolved else body.stage}"
        case Maintenance():
            return f"{body.title}: {body.stage}{_span(body.starts_at, body.ends_at)}"
        case Price():
            more = _listed(body.dimension, _in(body.region), body.conditions)
            return f"{body.item}: {_plain(body.amount)} {body.currency} per {body.unit.value}{more}"
        case Offer():
            return f"{body.item}: {_offered(body)}{_listed(body.market, _in(body.region))}"
        case News():
            return f"{body.title}{_listed(body.outlet, *(label.name for label in body.labels))}"
        case Quota():
            limit = "an unknown limit" if body.limit is None else _figure(body.limit)
            unit = f" {body.unit}" if body.unit else ""
            return f"{body.name}: {_figure(body.used)} of {limit}{unit}{_listed(body.product, _in(body.region))}"
        case Spend():
            return f"{_plain(body.amount)} {body.currency} in a {body.period}{_listed(body.item, body.product, _in(body.region))}"
        case Measurement():
            return f"{body.name}: {_plain(body.value)} {body.unit}{_listed(_in(body.region), 'estimated' if body.estimated else '')}"
        case Retirement():
            return f"{body.item}: {_ends(body)}{_listed(f'replaced by {body.replacement}' if body.replacement else '')}"
        case SourceHealth():
            return f"poll: {body.outcome.value}{f', {body.detail}' if body.detail else ''}"
        case Gone():
            return f"{body.name or body.was}: no longer in its source"
        case Tick():
            return "time has passed"
        case _:
            return kind_of(body).replace("_", " ")


def _figure(value: float) -> str:
    return f"{value:.15g}"  # two million are no 2e+06


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _in(region: str | None) -> str:
    return f"in {region}" if region else ""


def _listed(*parts: str | None) -> str:
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _offered(body: Offer) -> str:
    count = "" if body.count is None else f", {body.count} of it"
    price = "" if body.price is None else f", {_plain(body.price)} {body.currency} per {body.unit.value}"
    return f"{'listed' if body.listed else 'not listed'}{count}{price}"


def _ends(body: Retirement) -> str:
    if body.retires_at is not None:
        return f"retires on {body.retires_at:%Y-%m-%d}"
    return "deprecated, without a date yet" if body.deprecated else "not deprecated"


def _span(start: datetime | None, end: datetime | None) -> str:
    return (f" from {start:%Y-%m-%d %H:%M}" if start else "") + (f" until {end:%Y-%m-%d %H:%M}" if end else "")
