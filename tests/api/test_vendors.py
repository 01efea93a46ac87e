"""How vendors and sources stand: what is not seen is unknown, never well."""

from __future__ import annotations

from typing import Any

import pytest

from secondsource.adapters.sql import sources
from secondsource.adapters.sql.sources import SourceState
from secondsource.domain.register import risk_id
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, signal
from tests.support.company import EAST, T0, at, outage
from tests.support.site import WATCHED, Site

HALCYON = Scope("halcyon")


def polled(
    site: Site, id_: str = "halcyon-page", outcome: str = "ok", succeeded: float | None = 0, minute: float = 0, detail: str = ""
) -> None:
    """The source was polled at ``minute``, and last read at ``succeeded``."""
    watched = next(source for source in WATCHED if source.id == id_)
    when = None if succeeded is None else at(succeeded)
    state = SourceState(id_, watched.vendor, watched.connector, at(minute + 2), None, at(minute), when, outcome, detail)

    def work(connection: Any) -> None:
        sources.declare(connection, [(source.id, source.vendor, source.connector) for source in WATCHED], T0)
        sources.save(connection, state)

    site.database.write_now(work)


async def source(site: Site, id_: str = "halcyon-page") -> dict[str, Any]:
    answer = await site.get("/v1/sources")
    return next(item for item in answer.json()["items"] if item["id"] == id_)


async def vendor(site: Site, id_: str = "halcyon") -> dict[str, Any]:
    answer = await site.get(f"/v1/vendors/{id_}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("minute", "outcome", "succeeded", "health", "status"),
    [
        (0, "ok", 0, "fresh", "operational"),
        (3, "unchanged", 0, "fresh", "operational"),
        (3.1, "ok", 0, "stale", "operational"),
        (1, "timeout", 0, "stale", "operational"),
        (5.9, "timeout", 0, "stale", "operational"),
        (6, "timeout", 0, "blind", "unknown"),
        (6, "ok", 0, "blind", "unknown"),
        (1, "parse", None, "unread", "unknown"),
    ],
)
async def test_a_source_is_as_fresh_as_its_last_good_read(
    site: Site, minute: float, outcome: str, succeeded: float | None, health: str, status: str
) -> None:
    polled(site, outcome=outcome, succeeded=succeeded)
    site.clock.move(at(minute))
    assert (await source(site))["health"] == health
    assert (await vendor(site))["status"] == status


async def test_a_source_that_was_never_polled_is_unread(site: Site) -> None:
    found = await source(site)
    assert (found["health"], found["says"], found["succeeded_at"]) == ("unread", "not polled yet", None)
    assert (await vendor(site))["status"] == "unknown"


async def test_a_source_tells_what_went_wrong(site: Site) -> None:
    polled(site, outcome="parse", minute=4, detail="components[3].status: unheard of")
    site.clock.move(at(7))
    found = await source(site)
    assert (found["outcome"], found["detail"]) == ("parse", "components[3].status: unheard of")
    assert found["says"] == "last read 7 min ago; the last poll ended in parse"
    assert (found["next_poll_at"], found["interval_s"]) == ("2025-10-20T06:54:00Z", 120)


async def test_a_vendor_whom_nobody_watches_is_unknown(site: Site) -> None:
    found = await vendor(site, "cirrus")
    assert (found["status"], found["says"]) == ("unknown", "no source of ours tells how it stands")


def told(
    site: Site, status: str, *, subject: str = "halcyon", scope: Scope = HALCYON, phase: Phase = Phase.OPENED, minute: float = 0
) -> None:
    evidence = Evidence(measures=(Measure("status", status),))
    said = signal(
        rule="vendor_outage", key=subject, episode="e", phase=phase, severity=Severity.MEDIUM, subject=subject, at=at(minute), since=T0,
        title=f"{subject}: {status}", reason="its page says so", scopes=(scope,), evidence=evidence,
    )  # fmt: skip
    site.hear(said)


async def test_a_finding_counts_more_than_a_page_that_was_read(site: Site) -> None:
    polled(site)
    told(site, "degraded")
    found = await vendor(site)
    assert (found["status"], found["says"], found["open_risks"], found["worst"]) == (
        "degraded",
        "halcyon: degraded",
        1,
        found["risks"][0]["severity"],
    )


async def test_the_worst_finding_counts_and_one_that_says_no_status_counts_as_worst(site: Site) -> None:
    told(site, "degraded", subject="aws", scope=EAST)
    told(site, "partial_outage", subject="aws/eu", scope=Scope("aws", None, "eu-west-1"))
    assert (await vendor(site, "aws"))["status"] == "partial_outage"
    site.hear(outage(subject="aws/x", scopes=(EAST,)))
    assert (await vendor(site, "aws"))["status"] == "major_outage"


async def test_a_risk_that_a_person_closed_still_fires(site: Site) -> None:
    polled(site)
    told(site, "major_outage")
    await site.post(f"/v1/risks/{risk_id('vendor_outage', 'halcyon')}/close", {"reason": "tired of it"})
    found = await vendor(site)
    assert (found["status"], found["open_risks"]) == ("major_outage", 0)
    told(site, "operational", phase=Phase.CLEARED, minute=1)
    assert (await vendor(site))["status"] == "operational"


async def test_a_drill_is_not_the_real_world(site: Site) -> None:
    polled(site)
    site.hear(outage(exercise="drill-1"))
    found = await vendor(site)
    assert (found["status"], found["open_risks"], found["risks"]) == ("operational", 0, [])


async def test_a_vendor_tells_what_rests_on_it_and_what_it_sits_on(site: Site) -> None:
    found = await vendor(site, "aws")
    assert [(hit["function"], hit["chain"][-1]) for hit in found["dependents"]] == [
        ("support", "AWS us-east-1"),
        ("shop", "AWS DynamoDB us-east-1"),
    ]
    assert found["functions"] == ["support", "shop"]
    assert [(need["workload"], need["provides"], need["share"]) for need in found["needs"]] == [("search", "database", 1.0)]
    upstream = (await vendor(site))["depends_on"]
    assert (upstream[0]["name"], upstream[0]["kind"], upstream[0]["confidence"]) == ("AWS us-east-1", "cloud", 0.9)


async def test_vendors_are_listed_in_pages(site: Site) -> None:
    whole = (await site.get("/v1/vendors?limit=200")).json()["items"]
    ids = [item["id"] for item in whole]
    assert ids == sorted(ids) == ["aws", "borealis", "cirrus", "gcp", "gpuco", "halcyon", "nvidia", "statuses"]
    seen, cursor = [], None
    while True:
        page = (await site.get("/v1/vendors", params={"limit": 3, **({"cursor": cursor} if cursor else {})})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ids
    used = [item["id"] for item in (await site.get("/v1/vendors?used=true")).json()["items"]]
    assert "halcyon" in used
    assert "borealis" not in used
