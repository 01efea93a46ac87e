"""What happens on the day, and so what must be found: worked out from the story by hand, not by the rules that are measured."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from secondsource.domain.signals import Phase, Signal
from secondsource.domain.status import Status

START = datetime(2025, 10, 20, tzinfo=UTC)
MINUTES = 24 * 60
REGIONS = ("eu-1", "us-1", "ap-1")
LEAST_VENDORS = 40
"""The story needs so many; those beyond are quiet."""


def vendor(number: int) -> str:
    """The id of a vendor."""
    return f"vendor-{number:03}"


def page(number: int) -> str:
    """The id of a vendor's status page as a source."""
    return f"{vendor(number)}-page"


def clock(hour: int, minute: int = 0) -> int:
    """The minute of the day."""
    return hour * 60 + minute


def polled(number: int, minute: int) -> datetime:
    """When the page of a vendor is read in this minute of the day: each page has a second of its own."""
    return START + timedelta(minutes=minute, seconds=3 + number * 7 % 50)


class Outage(NamedTuple):
    """A region of a vendor in trouble by its own page, with an incident, from one poll to another."""

    vendor: int
    region: str
    status: Status
    first: int
    last: int


class Unread(NamedTuple):
    """A page that can not be read; ``silent`` where not even a failed poll is heard of."""

    vendor: int
    first: int
    last: int
    silent: bool


_DEGRADED, _PARTIAL, _MAJOR = Status.DEGRADED, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE

OUTAGES = (
    Outage(1, "us-1", _MAJOR, clock(6, 48), clock(9, 24)),
    Outage(2, "us-1", _PARTIAL, clock(6, 57), clock(10, 2)),
    Outage(3, "us-1", _MAJOR, clock(7, 3), clock(9, 51)),
    Outage(4, "us-1", _DEGRADED, clock(7, 15), clock(11, 30)),
    Outage(5, "eu-1", _DEGRADED, clock(1, 10), clock(1, 52)),
    Outage(6, "ap-1", _PARTIAL, clock(3, 33), clock(3, 41)),
    Outage(7, "eu-1", _MAJOR, clock(12, 0), clock(12, 25)),
    Outage(8, "us-1", _PARTIAL, clock(13, 30), clock(18, 5)),
    Outage(9, "ap-1", _DEGRADED, clock(15, 1), clock(15, 44)),
    Outage(10, "eu-1", _PARTIAL, clock(16, 20), clock(16, 59)),
    Outage(5, "eu-1", _MAJOR, clock(19, 10), clock(20, 0)),
    Outage(11, "us-1", _DEGRADED, clock(21, 0), clock(22, 15)),
    Outage(12, "us-1", _PARTIAL, clock(23, 55), MINUTES),
)
UNREAD = (
    Unread(13, clock(4, 0), clock(4, 40), silent=False),
    Unread(14, clock(14, 2), clock(14, 31), silent=True),
    Unread(15, clock(23, 30), MINUTES, silent=False),
)
BLIPS = range(16, LEAST_VENDORS)
"""Vendors with short troubles of one poll, readings of unknown and planned work, which are no findings."""

DEAREST = 20
"""The vendor whose bill grows to two thirds of all."""
BREACH = (9, 18)
"""The hours whose bills say so."""

SHORT = "h100"
"""The accelerator whose offers vanish while prices climb."""
SHORTAGE = (clock(10, 5), clock(15, 5))
MARKETS = 4

RAISED = (5, 0.2)
"""From the price list of this hour on, one price is up by so much."""
SPIKE = (clock(11, 5), 0.3)
"""From this minute on, one spot price is up by so much."""

CLIMB = (100.0, 25.0, 1000.0)
"""One quota: used at midnight, more of it each hour, limit. It is reset at ``RESET``."""
RESET = clock(20, 0)


class Finding(NamedTuple):
    """One line of the answer: which rule, on what, opened or cleared, when."""

    at: datetime
    rule: str
    key: str
    phase: Phase


def answer() -> list[Finding]:
    """What the story must give, by time: all that opens and clears, and nothing else."""
    found: list[Finding] = []

    def stands(rule: str, key: str, opened: datetime, cleared: datetime | None) -> None:
        found.append(Finding(opened, rule, key, Phase.OPENED))
        if cleared is not None and cleared <= START + timedelta(minutes=MINUTES):
            found.append(Finding(cleared, rule, key, Phase.CLEARED))

    for outage in OUTAGES:
        # an outage is told at once, what is merely degraded after two minutes; both are over when all was well for ten
        hold = timedelta(minutes=2 if outage.status is _DEGRADED else 0)
        opened, restored = polled(outage.vendor, outage.first) + hold, polled(outage.vendor, outage.last)
        stands("vendor_outage", f"{vendor(outage.vendor)}/{outage.region}", opened, restored + timedelta(minutes=10))
    for unread in UNREAD:
        # read every minute, so blind three minutes after the last success; sighted when that lasted for five
        opened = polled(unread.vendor, unread.first - 1) + timedelta(minutes=3)
        stands("blind_source", page(unread.vendor), opened, polled(unread.vendor, unread.last) + timedelta(minutes=5))
    # bills come within the first quarter of an hour and are judged at its end
    opened, cleared = (START + timedelta(hours=hour, minutes=15) for hour in BREACH)
    stands("concentration", "vendor", opened, cleared)
    stands("concentration", "region", opened, cleared)
    # judged every quarter of an hour: must stand for 30 minutes, and be gone for two hours
    first, last = (START + timedelta(minutes=minute + 10) for minute in SHORTAGE)
    stands("shortage", f"chip/{SHORT}", first + timedelta(minutes=30), last + timedelta(hours=2))
    # list prices are told at once, spot prices after 15 minutes; both stand for a day
    stands("price_change", f"{vendor(0)}/model-0", listed(RAISED[0]), None)
    stands("price_change", f"{vendor(1)}/a100", traded(0, SPIKE[0]) + timedelta(minutes=15), None)
    # less than 24 hours of runway: (1000 - used) / 25 < 24 from 400 on, that is after 12 hours; over when reset for half an hour
    used, hourly, limit = CLIMB
    hours = (limit - 24 * hourly - used) / hourly
    stands("quota_runway", f"{vendor(2)}/quota-00/{REGIONS[0]}", gauged(2, int(hours * 60) + 1), gauged(2, RESET) + timedelta(minutes=30))
    return sorted(found, key=lambda finding: (finding.at, finding.rule, finding.key))


def listed(hour: int) -> datetime:
    """When the price lists of this hour are read."""
    return START + timedelta(hours=hour, minutes=2, seconds=30)


def traded(market: int, minute: int) -> datetime:
    """When a market is read in this minute; each is every quarter of an hour."""
    return START + timedelta(minutes=minute, seconds=11 + market)


def gauged(number: int, minute: int) -> datetime:
    """When the quotas of a vendor are read in this minute."""
    return START + timedelta(minutes=minute, seconds=40 + number)


def found_in(signals: Iterable[Signal]) -> list[Finding]:
    """What a ledger says, as :func:`answer` says it: updates left out, by time."""
    found = [Finding(s.at, s.rule, s.key, s.phase) for s in signals if s.phase is not Phase.UPDATED]
    return sorted(found, key=lambda finding: (finding.at, finding.rule, finding.key))


def rise(amount: Decimal, by: float) -> Decimal:
    """An amount grown by a part of itself, to the hundredth."""
    return round(amount * Decimal(str(1 + by)), 2)
