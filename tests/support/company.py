"""A small company: three functions on three workloads, a fallback that helps, and one that is hollow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from secondsource.domain.context import Context
from secondsource.domain.portfolio import Criticality, Dependency, Fallback, Function, Impact, Portfolio, Workload
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Severity, Signal, episode_id, signal
from secondsource.domain.vendors import Part, Upstream, Vendor, VendorGraph

T0 = datetime(2025, 10, 20, 6, 48, tzinfo=UTC)
EAST = Scope("aws", None, "us-east-1")
WEST = Scope("aws", None, "eu-west-1")
DYNAMO = Scope("aws", "dynamodb", "us-east-1")


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def at(number: float) -> datetime:
    """So many minutes after the trouble began."""
    return T0 + minutes(number)


VENDORS = (
    Vendor(
        "aws",
        "AWS",
        products=(Part("dynamodb", "DynamoDB"), Part("ec2", "EC2")),
        regions=(Part("us-east-1", "US East (N. Virginia)"), Part("eu-west-1", "Europe (Ireland)")),
    ),
    Vendor("gcp", "Google Cloud"),
    Vendor("statuses", "Statuses Inc"),
    Vendor("nvidia", "NVIDIA"),
    Vendor(
        "halcyon",
        "Halcyon AI",
        depends_on=(
            Upstream(EAST, confidence=0.9),
            Upstream(Scope("statuses"), kind="status_platform"),
            Upstream(Scope("nvidia", "h100"), kind="accelerator"),
        ),
    ),
    Vendor("borealis", "Borealis AI", depends_on=(Upstream(EAST),)),
    Vendor("cirrus", "Cirrus AI", depends_on=(Upstream(Scope("gcp", None, "europe-west1")),)),
    Vendor("gpuco", "GPU Co"),
)

WORKLOADS = (Workload("chat", "Chat inference"), Workload("search", "Search index"), Workload("batch", "Batch training"))

FUNCTIONS = (
    Function(
        "support",
        "Support assistant",
        "ana",
        Criticality.CRITICAL,
        ("chat",),
        minutes(60),
        impact=(Impact(minutes(30), 4, "queues grow"), Impact(minutes(120), 5, "contracts are broken")),
    ),
    Function("shop", "Shop search", "ben", Criticality.IMPORTANT, ("search", "chat"), minutes(240), impact=(Impact(minutes(240), 3),)),
    Function("models", "Model training", "cy", Criticality.STANDARD, ("batch",), timedelta(days=2)),
)

DEPENDENCIES = (
    Dependency(
        "chat-main",
        "chat",
        "model API",
        Scope("halcyon"),
        0.7,
        fallbacks=(Fallback(Scope("borealis"), 1.0, minutes(5), "failover"), Fallback(Scope("cirrus"), 0.6, minutes(10), "failover")),
    ),
    Dependency("chat-second", "chat", "model API", Scope("cirrus"), 0.3),
    Dependency("search-db", "search", "database", DYNAMO, 1.0, fallbacks=(Fallback(WEST, 0.5, minutes(30)),)),
    Dependency("batch-gpu", "batch", "GPU hours", Scope("gpuco"), None, items=("H100 SXM",)),
)


def company(
    dependencies: Iterable[Dependency] = DEPENDENCIES,
    functions: Iterable[Function] = FUNCTIONS,
    vendors: Iterable[Vendor] = VENDORS,
) -> Context:
    return Context(Portfolio(tuple(functions), WORKLOADS, tuple(dependencies)), VendorGraph(vendors))


def outage(
    phase: Phase = Phase.OPENED,
    *,
    now: datetime = T0,
    since: datetime = T0,
    severity: Severity = Severity.HIGH,
    scopes: tuple[Scope, ...] = (Scope("halcyon"),),
    rule: str = "vendor_outage",
    subject: str = "halcyon",
    title: str = "Halcyon AI: major outage",
    episode: datetime | None = None,
    reason: str = "its page says major outage",
    exercise: str | None = None,
) -> Signal:
    return signal(
        rule=rule,
        key=subject,
        episode=episode_id(episode or since),
        phase=phase,
        severity=severity,
        subject=subject,
        at=now,
        since=since,
        title=title,
        reason=reason,
        scopes=scopes,
        exercise=exercise,
    )
