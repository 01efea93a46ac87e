"""What observations say in half a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from secondsource.domain.money import Unit
from secondsource.domain.observations import (
    AnyBody,
    Body,
    ComponentStatus,
    Gone,
    Incident,
    Label,
    Maintenance,
    Measurement,
    News,
    Offer,
    Outcome,
    Price,
    Quota,
    Retirement,
    SourceHealth,
    Spend,
    Tick,
)
from secondsource.domain.statements import statement
from secondsource.domain.status import Status

DAY = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)

SAID: list[tuple[AnyBody, str]] = [
    (ComponentStatus("Chat API", Status.DEGRADED), "Chat API: degraded"),
    (ComponentStatus("Chat API", Status.DEGRADED, native="slow"), "Chat API: degraded (its word: slow)"),
    (Incident("Chat is down", Status.MAJOR_OUTAGE, "identified", False), "Chat is down: major_outage, identified"),
    (Incident("Chat is down", Status.MAJOR_OUTAGE, "postmortem", True), "Chat is down: major_outage, resolved"),
    (Maintenance("New disks", "scheduled"), "New disks: scheduled"),
    (Maintenance("New disks", "scheduled", DAY, DAY), "New disks: scheduled from 2026-03-31 09:30 until 2026-03-31 09:30"),
    (Price("m-1", Decimal("0.250"), Unit.MILLION_TOKENS, dimension="input"), "m-1: 0.25 USD per million-tokens (input)"),
    (
        Price("h100", Decimal(20), Unit.ACCELERATOR_HOUR, "EUR", "spot", "eu-1", "8 of them"),
        "h100: 20 EUR per accelerator-hour (spot, in eu-1, 8 of them)",
    ),
    (Offer("h100", False), "h100: not listed (on_demand)"),
    (
        Offer("h100", True, 4, Decimal("2.5"), region="eu-1", market="spot"),
        "h100: listed, 4 of it, 2.5 USD per accelerator-hour (spot, in eu-1)",
    ),
    (News("Fab stands still", outlet="Daily", labels=(Label("fab_incident", ("fab",)),)), "Fab stands still (Daily, fab_incident)"),
    (Quota("tokens", 1.5, None), "tokens: 1.5 of an unknown limit"),
    (Quota("GPUs", 6, 8, "GPU", "eu-1", "training"), "GPUs: 6 of 8 GPU (training, in eu-1)"),
    (Quota("tokens per minute", 1_640_000, 2_000_000), "tokens per minute: 1640000 of 2000000"),
    (Spend(Decimal("1200.00"), item="m-1"), "1200 USD in a month (m-1)"),
    (Measurement("grid carbon", Decimal("41"), "gCO2e/kWh", "FR", estimated=True), "grid carbon: 41 gCO2e/kWh (in FR, estimated)"),
    (Retirement("m-1", retires_at=DAY, replacement="m-2"), "m-1: retires on 2026-03-31 (replaced by m-2)"),
    (Retirement("m-1"), "m-1: deprecated, without a date yet"),
    (Retirement("m-1", deprecated=False), "m-1: not deprecated"),
    (SourceHealth(Outcome.HTTP_ERROR, detail="status 503"), "poll: http_error, status 503"),
    (Gone("incident", "Chat is down"), "Chat is down: no longer in its source"),
    (Gone("price"), "price: no longer in its source"),
    (Tick(), "time has passed"),
]


@pytest.mark.parametrize(("body", "wanted"), SAID)
def test_what_is_said(body: AnyBody, wanted: str) -> None:
    assert statement(body) == wanted


class Strange(Body, frozen=True, tag="strange_kind"):
    """A kind that is not known here."""


def test_of_another_kind_its_name_is_said() -> None:
    assert statement(Strange()) == "strange kind"
