"""Signals and messages, newest first, in pages that nothing new disturbs."""

from __future__ import annotations

from typing import Any

import pytest

from secondsource.adapters.sql.outbox import SqlOutbox
from secondsource.domain.register import risk_id
from secondsource.domain.signals import Phase, Severity
from tests.support.company import at, minutes, outage
from tests.support.site import Site

RISK = risk_id("vendor_outage", "halcyon")


async def paged(site: Site, path: str, limit: int, between: Any) -> list[Any]:
    seen: list[Any] = []
    cursor = None
    while True:
        page = (await site.get(path, params={"limit": limit, **({"cursor": cursor} if cursor else {})})).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            return seen
        between(len(seen))


def speak(site: Site) -> None:
    for n in range(7):
        site.hear(outage(Phase.UPDATED if n else Phase.OPENED, now=at(n), severity=list(Severity)[n % 5], title=f"t{n}"))
    site.hear(outage(rule="price_change", subject="halcyon/m", scopes=(), now=at(7), title="dearer", severity=Severity.INFO))
    site.hear(outage(exercise="drill-1", now=at(8)))


@pytest.mark.parametrize("path", ["/v1/signals", "/v1/messages"])
@pytest.mark.parametrize("limit", [1, 3])
async def test_pages_are_not_disturbed_by_what_is_new(site: Site, path: str, limit: int) -> None:
    speak(site)
    whole = (await site.get(path, params={"limit": 200})).json()["items"]
    seen = await paged(site, path, limit, lambda n: site.hear(outage(subject=f"aws/{n}", now=at(20 + n))))
    assert seen == whole


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["dearer", "t6", "t5", "t4", "t3", "t2", "t1", "t0"]),
        ("rule=price_change", ["dearer"]),
        ("phase=opened", ["dearer", "t0"]),
        ("severity=high", ["t4", "t3"]),
        (f"risk={RISK}&phase=opened", ["t0"]),
        ("exercise=drill-1", ["Halcyon AI: major outage"]),
        ("exercise=any&phase=opened", ["Halcyon AI: major outage", "dearer", "t0"]),
    ],
)
async def test_signals_by_filter(site: Site, query: str, titles: list[str]) -> None:
    speak(site)
    found = (await site.get(f"/v1/signals?{query}")).json()["items"]
    assert [item["signal"]["title"] for item in found] == titles


async def test_a_message_says_to_whom_why_and_what_became_of_it(site: Site) -> None:
    site.hear(outage())
    await SqlOutbox(site.database).claim(at(0), 1, minutes(1))
    found = (await site.get("/v1/messages")).json()["items"]
    told = [(item["channel"], item["recipient"], item["state"]) for item in found]
    assert told == [
        ("mail", "ana@example.org", "pending"),
        ("slack", "U1", "sending"),
    ]
    assert {item["occasion"] for item in found} == {"opened"}
    assert all(item["reason"].startswith("You are on-call") for item in found)
    assert all(item["risk"] == RISK for item in found)
    assert "http" not in str(found)


@pytest.mark.parametrize(
    ("query", "count"), [("channel=slack", 2), ("state=sent", 0), ("exercise=drill-1", 2), (f"risk={RISK}", 2), ("", 4)]
)
async def test_messages_by_filter(site: Site, query: str, count: int) -> None:
    site.hear(outage(), outage(exercise="drill-1"))
    assert len((await site.get(f"/v1/messages?{query}")).json()["items"]) == count
