"""Help for connectors: organisation reports of model APIs, which tell cost and use in buckets of a day, page by page.

A poll is a chain: what time it is there (known from the poll before), the costs of the last whole day or month, then each report of use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from pydantic import Field

from secondsource.contracts.connector import Parsed, Reading, Response
from secondsource.contracts.reading import Node, SourceConfig
from secondsource.contracts.usage import Line, Period, answered_at, quota, quota_reading, refused, whole_period
from secondsource.domain.text import tidy

MAX_SERIES = 2_000
"""Of use, in one report: a model and what is counted of it."""


class ReportConfig(SourceConfig):
    """Where an organisation's reports are, and over what time they are read."""

    period: Period = Field(default="month", description="Read the last whole month or the last whole day (UTC).")
    usage: bool = Field(default=True, description="Read what was used of each model too, not the costs alone.")


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which report is being read, over what time, and what its pages gave so far. ``report`` is empty where only the time is asked."""

    report: str = ""
    start: datetime | None = None
    end: datetime | None = None
    page: str | None = None
    lines: tuple[Line, ...] = ()
    used: Mapping[str, Decimal] = {}


def begin(config: ReportConfig, first: str, at: datetime) -> Progress:
    """The first report over the last whole period before ``at``."""
    start, end = whole_period(config.period, at)
    return Progress(first, start, end)


def clock(response: Response, who: str) -> datetime | Parsed:
    """What time it is there, from an answer of any kind; a failed poll where the key is refused, or no time is told."""
    at = answered_at(response)
    if at is None or response.status in (401, 403):
        return Parsed((), inconclusive=refused(response, who) if at else f"{who} does not say what time it is there")
    return at


def results(root: Node) -> Iterator[tuple[Node, Node]]:
    """Each result with the bucket that it is in. A report without a bucket is a ParseError: it says nothing, not that nothing was used."""
    buckets = root["data"].items()
    if not buckets:
        raise root["data"].fail("there is no bucket, so nothing is known")
    for bucket in buckets:
        for result in bucket["results"].items():
            yield bucket, result


def following(root: Node) -> str | None:
    """The token of the next page; None on the last one."""
    if root["has_more"].value is not True:
        return None
    return root["next_page"].text()


def count(used: dict[str, Decimal], model: str | None, what: str, amount: Decimal, where: Node) -> None:
    """Adds to what was used of a model; more than :data:`MAX_SERIES` series are a ParseError."""
    key = f"{tidy(model or '', 120)}\t{what}"
    if key not in used and len(used) >= MAX_SERIES:
        raise where.fail(f"more than {MAX_SERIES} models and figures")
    used[key] = used.get(key, Decimal(0)) + amount


def use_readings(report: str, used: Mapping[str, Decimal], period: Period | None) -> Sequence[Reading]:
    """What was used, model by model; ``period`` None: over what time is not known. The reports tell no limit."""
    readings = []
    per = f"/{period}" if period else ""
    for key, amount in used.items():
        model, _, what = key.partition("\t")
        body = quota(what.replace("_", " "), amount, None, unit=f"{what.replace('_', ' ')}{per}", product=model or None)
        readings.append(quota_reading(body, report, model, what))
    return readings
