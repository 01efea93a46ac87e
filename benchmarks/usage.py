"""What the company itself uses and pays in a day: quotas every minute, bills every hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from benchmarks.chance import whole
from benchmarks.polls import Said, Watched
from benchmarks.story import BREACH, CLIMB, DEAREST, MINUTES, REGIONS, RESET, START, gauged, vendor
from secondsource.domain.observations import Batch, Quota, Spend, batch_of, observe

GAUGED = range(2, 10)
"""Vendors whose quotas are read."""
_QUOTAS = 24
_IN_USE = 12
_LIMIT = 10_000


def gauge(number: int) -> Iterator[Batch]:
    """The quotas of one account, read every minute: half of them are in use and move each time, the others lie idle."""
    source = Watched(f"quota-{number}", vendor(number), "prometheus_quota", timedelta(minutes=1))
    courses = [_course(number, index) for index in range(_IN_USE)]
    for minute in range(MINUTES):
        at = gauged(number, minute)
        all_of_them = source.stale(at)
        yield from source.poll(at, _used(number, minute, courses, _QUOTAS if all_of_them else _IN_USE), complete=all_of_them)


def _course(number: int, index: int) -> tuple[int, int]:
    """Around which level a quota moves, and how many minutes before midnight it stands highest."""
    return whole(8, 42, "level", number, index) * _LIMIT // 100, whole(0, MINUTES, "phase", number, index)


def _used(number: int, minute: int, courses: Sequence[tuple[int, int]], quotas: int) -> Said:
    name = vendor(number)
    for index in range(quotas):
        used, limit = 0.0, float(_LIMIT)
        if (number, index) == (2, 0):
            used = CLIMB[0] + CLIMB[1] * minute / 60 if minute < RESET else 50 + CLIMB[1] * (minute - RESET) / 60
            limit = CLIMB[2]
        elif index < _IN_USE:
            middle, phase = courses[index]
            used = float(middle + _swing(minute + phase) + whole(-20, 20, "noise", number, index, minute))
        region = REGIONS[index % len(REGIONS)]
        yield name, f"quota/{index:02}", Quota(f"quota-{index:02}", used, limit, "requests", region)


def _swing(minute: int) -> int:
    """Up and down by a twenty-fifth of the limit once a day, in straight lines."""
    half = MINUTES // 2
    return (abs(minute % MINUTES - half) * 2 - half) * _LIMIT // 25 // half


def bills(vendors: int) -> Iterator[Batch]:
    """What each vendor has cost so far this month, by region, pushed by the company itself every hour."""
    for hour in range(24):
        for number in range(vendors):
            at = START + timedelta(hours=hour, minutes=1, seconds=number * 600 // vendors)
            name = vendor(number)
            lines = [(region, Decimal(1000 + whole(0, 99, "bill", number, region) + hour)) for region in REGIONS]
            if number == DEAREST and BREACH[0] <= hour < BREACH[1]:
                lines[0] = (REGIONS[0], Decimal(2 * 3 * 1050 * vendors))
            seen = tuple(
                observe(source="billing", vendor=name, subject=f"spend/{region}", observed_at=at, body=Spend(amount, region=region))
                for region, amount in lines
            )
            yield batch_of(name, "billing", at, seen)
