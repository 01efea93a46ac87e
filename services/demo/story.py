"""What the world published on 20 October 2025, as facts with their times (UTC).

The course of the AWS us-east-1 outage is public: trouble from about 06:48 with DynamoDB's DNS, mended about 09:24, then
EC2 launches and network load balancers until about 20:00, all normal at 22:01. Halcyon AI, Lumen Models, Tessera DB, Borealis AI and
Corvid Compute are invented, so that no real company is made to say what it did not say.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

START = datetime(2025, 10, 20, 6, 0, tzinfo=UTC)
END = datetime(2025, 10, 21, 0, 0, tzinfo=UTC)
DRILL = "vendor-outage"
DRILL_AT = datetime(2025, 10, 20, 22, 30, tzinfo=UTC)


def at(clock: str) -> datetime:
    """``07:11`` of the day."""
    hours, minutes = clock.split(":")
    return START.replace(hour=int(hours), minute=int(minutes))


class AwsItem(NamedTuple):
    """One item of the AWS feed: an update, not an incident."""

    published: datetime
    title: str
    service: str  # as in the guid
    text: str


AWS = (
    AwsItem(at("07:11"), "Service impact: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "Error rates and latencies are up for several services in the US-EAST-1 Region. Engineers look for the cause."),
    AwsItem(at("07:51"), "Service impact: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "Several services in US-EAST-1 answer with errors. Creating support cases may fail too."),
    AwsItem(at("08:26"), "Service disruption: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "Requests to the DynamoDB endpoint in US-EAST-1 fail at a high rate; other services in the Region depend on it."),
    AwsItem(at("09:01"), "Service disruption: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "A likely cause is found: DNS resolution of the DynamoDB API endpoint in US-EAST-1."),
    AwsItem(at("09:27"), "Service disruption: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "DNS for DynamoDB answers again since 09:24. Most requests should now succeed; there is a backlog."),
    AwsItem(at("10:35"), "Service impact: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "EC2 launches in US-EAST-1 still fail at an increased rate, and what depends on them."),
    AwsItem(at("14:14"), "Service disruption: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "Network connectivity trouble for several services in US-EAST-1; the health checks of load balancers are affected."),
    AwsItem(at("16:43"), "Service impact: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "Load balancer health checks recovered at 16:38. EC2 launches are throttled on purpose while the rest recovers."),
    AwsItem(at("19:28"), "Service impact: Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "Launches succeed in more and more zones of US-EAST-1; the throttles are being taken back."),
    AwsItem(at("22:01"), "[RESOLVED] Increased Error Rates and Latencies", "multipleservices-us-east-1",
            "All services in US-EAST-1 work normally. A few still work off a backlog."),
)  # fmt: skip


class Stage(NamedTuple):
    """How a Statuspage looks from ``since`` on: component id to status, and the incident's stage with its wording."""

    since: datetime
    components: dict[str, str]
    stage: str
    text: str


class Page(NamedTuple):
    """A vendor's Statuspage and its one incident of the day."""

    vendor: str
    name: str
    components: dict[str, str]  # id to name
    incident: str
    title: str
    impact: str
    stages: tuple[Stage, ...]


HALCYON = Page(
    "halcyon", "Halcyon AI", {"hc-api": "API", "hc-console": "Console", "hc-batch": "Batch"},
    "hc-1020", "Requests to the API fail", "critical",
    (
        Stage(at("07:24"), {"hc-api": "partial_outage"}, "investigating", "Part of the requests to the API fail. We are looking into it."),
        Stage(at("07:52"), {"hc-api": "major_outage", "hc-batch": "partial_outage"}, "identified",
              "Our cloud provider has trouble in us-east-1, where the API runs."),
        Stage(at("09:40"), {"hc-api": "degraded_performance", "hc-batch": "partial_outage"}, "monitoring",
              "Requests succeed again since the provider's DNS is mended; latency is still high."),
        Stage(at("12:10"), {}, "resolved", "The API works as usual."),
    ),
)  # fmt: skip

TESSERA = Page(
    "tessera", "Tessera DB", {"td-us": "Clusters us-east-1", "td-eu": "Clusters eu-central-1", "td-portal": "Portal"},
    "td-311", "Clusters in us-east-1 can not be reached", "major",
    (
        Stage(at("07:38"), {"td-us": "partial_outage"}, "investigating", "Connections to clusters in us-east-1 time out."),
        Stage(at("10:05"), {"td-us": "degraded_performance"}, "monitoring", "Clusters answer; scaling up does not work yet."),
        Stage(at("17:30"), {}, "resolved", "Scaling works again. All clusters are well."),
    ),
)  # fmt: skip

LUMEN = Page(
    "lumen", "Lumen Models", {"lm-api": "Inference API", "lm-site": "Website"}, "lm-77", "Elevated error rates", "major",
    (
        Stage(at("07:45"), {"lm-api": "partial_outage"}, "investigating", "The inference API answers with errors to many customers."),
        Stage(at("09:50"), {"lm-api": "degraded_performance"}, "monitoring", "Most requests succeed."),
        Stage(at("11:20"), {}, "resolved", "Error rates are back to normal."),
    ),
)  # fmt: skip

BOREALIS = Page("borealis", "Borealis AI", {"bo-api": "API eu-north", "bo-us": "API us-central"}, "", "", "none", ())

PAGES = {page.vendor: page for page in (HALCYON, TESSERA, LUMEN, BOREALIS)}


class PriceStep(NamedTuple):
    """Token prices of a model from ``since`` on, USD per token."""

    since: datetime
    input: str
    output: str


MODEL_PRICES: dict[str, dict[str, tuple[PriceStep, ...]]] = {
    "halcyon": {"halcyon-large-2": (PriceStep(START, "3e-06", "1.5e-05"), PriceStep(at("13:00"), "3.6e-06", "1.8e-05"))},
    "borealis": {"borealis-medium": (PriceStep(START, "2e-06", "8e-06"),)},
    "lumen": {"lumen-pro": (PriceStep(START, "2.5e-06", "1e-05"),)},
}


class Market(NamedTuple):
    """The GPU market at a time: spot price of an H100 hour, and who still offers how many."""

    since: datetime
    spot: str  # USD per accelerator-hour
    offers: dict[str, int]


MARKET = (
    Market(START, "1.92", {"corvid/us-east": 64, "corvid/us-west": 48, "corvid/eu": 32, "ostrava/eu": 24}),
    Market(at("09:00"), "1.98", {"corvid/us-east": 52, "corvid/us-west": 48, "corvid/eu": 32, "ostrava/eu": 24}),
    Market(at("11:00"), "2.24", {"corvid/us-west": 30, "corvid/eu": 32, "ostrava/eu": 24}),
    Market(at("12:30"), "2.61", {"corvid/us-west": 8, "corvid/eu": 20, "ostrava/eu": 16}),
    Market(at("14:00"), "2.95", {"corvid/eu": 6, "ostrava/eu": 4}),
    Market(at("16:00"), "3.10", {"ostrava/eu": 4}),
)


class Story(NamedTuple):
    """An item of the trade press."""

    published: datetime
    title: str
    summary: str


NEWS = (
    Story(at("06:10"), "Chip designer opens an office in Lisbon", "Two hundred engineers will work on tools for analogue layout."),
    Story(at("08:30"), "HBM shortage to last into next year, memory makers say",
          "Suppliers of HBM3E put large customers on allocation; contract prices for DRAM rise for the third month."),
    Story(at("09:15"), "University builds a robot that folds laundry", "The arm learns from video."),
    Story(at("11:40"), "Lead times for H100 and H200 servers lengthen as HBM supply tightens",
          "Distributors speak of a shortage of accelerators; spot prices climb, orders are on allocation."),
    Story(at("15:05"), "Quarterly results of a packaging house beat forecasts", "Revenue rose in all divisions."),
)  # fmt: skip

QUOTA_GPU = ((START, 168.0), (END, 236.0), 240.0)
"""H100s reserved at Corvid: used at the start and at the end of the day, and the limit. Use climbs evenly."""

QUOTA_TOKENS = ((START, 4.1e6), (END, 5.6e6), 8.0e6)
"""Tokens a minute at Halcyon."""

SPEND = (
    ("aws", "us-east-1", "150000"),
    ("aws", "eu-central-1", "32000"),
    ("halcyon", "", "61000"),
    ("corvid", "", "44000"),
    ("tessera", "", "12500"),
    ("borealis", "", "9500"),
)
"""Vendor, region where the bill says so, and USD a month."""


def current(steps: Sequence[AwsItem] | Sequence[Stage] | Sequence[PriceStep] | Sequence[Market] | Sequence[Story], now: datetime) -> int:
    """The index of the last step that has begun at ``now``; -1 before the first."""
    return bisect_right([step[0] for step in steps], now) - 1


def between(quota: tuple[tuple[datetime, float], tuple[datetime, float], float], now: datetime) -> float:
    """The value of an even climb at ``now``."""
    (start, low), (end, high), _ = quota
    passed = max(timedelta(0), min(now, end) - start)
    return low + (high - low) * (passed / (end - start))
