"""The register over HTTP: lists that hold still, one risk with all of it, and what people do to it."""

from __future__ import annotations

from typing import Any

import pytest

from secondsource.domain.register import State, risk_id
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Severity
from tests.support.company import EAST, at, outage
from tests.support.site import Site

RISK = risk_id("vendor_outage", "halcyon")


async def items(site: Site, query: str = "") -> list[dict[str, Any]]:
    answer = await site.get(f"/v1/risks?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_risk_is_listed_with_its_sentence(site: Site) -> None:
    site.hear(outage())
    site.clock.move(at(23))
    (risk,) = await items(site)
    plan = "Failover to another model API is hollow: "
    assert risk["sentence"].startswith(f"Halcyon AI: major outage for 23 min; Support assistant (and 1 more) is hurt in 7 min; {plan}")
    assert (risk["id"], risk["vendor"], risk["state"], risk["severity"]) == (RISK, "halcyon", "open", "critical")
    assert (risk["functions"], risk["owner"], risk["hurts_at"]) == (["support", "shop"], "ana", "2025-10-20T07:18:00Z")


async def test_one_risk_says_why_and_what_happened(site: Site) -> None:
    site.hear(outage())
    answer = await site.get(f"/v1/risks/{RISK}")
    risk = answer.json()
    assert answer.headers["etag"] == f'"{risk["version"]}"'
    assert risk["exposure"]["hits"][0]["chain"] == ["Support assistant", "Chat inference", "Halcyon AI"]
    assert [f["hollow"] != "" for f in risk["exposure"]["hits"][0]["fallbacks"]] == [False, True]
    assert risk["inherent"]["value"] >= risk["current"]["value"] >= risk["residual"]["value"]
    assert all(risk[score]["reason"] for score in ("inherent", "current", "residual"))
    assert [change["event"] for change in risk["history"]] == ["opened", "rescore"]
    assert [(run["runbook"], run["state"]) for run in risk["runs"]] == [("vendor-outage", "waiting")]


async def test_acknowledging_stops_the_escalation_and_wakes_the_runtime(site: Site) -> None:
    site.hear(outage())
    site.clock.move(at(4))
    answer = await site.post(f"/v1/risks/{RISK}/acknowledge", {"reason": "on it"})
    risk = answer.json()
    assert (answer.status_code, risk["state"], risk["acknowledged_by"]) == (200, "acknowledged", "person:ana")
    assert (risk["history"][-1]["actor"], risk["history"][-1]["reason"]) == ("person:ana", "on it")
    assert site.changes == 1
    assert answer.headers["etag"] == f'"{risk["version"]}"'


async def test_the_body_of_an_acknowledgement_may_be_left_out(site: Site) -> None:
    site.hear(outage())
    answer = await site.client.post(f"/v1/risks/{RISK}/acknowledge", headers={"authorization": f"Bearer {site.ana}"})
    assert answer.json()["state"] == "acknowledged"


async def test_a_life_of_a_risk(site: Site) -> None:
    site.hear(outage())
    for minute, verb, body, state in (
        (1, "acknowledge", {}, State.ACKNOWLEDGED),
        (2, "mitigate", {"reason": "moving"}, State.MITIGATING),
        (3, "accept", {"reason": "it can wait", "until": "2025-10-21T00:00:00+02:00"}, State.ACCEPTED),
        (4, "close", {"reason": "done with"}, State.CLOSED),
        (5, "reopen", {"reason": "was too early"}, State.OPEN),
    ):
        site.clock.move(at(minute))
        answer = await site.post(f"/v1/risks/{RISK}/{verb}", body)
        assert (answer.status_code, answer.json()["state"]) == (200, state.value), answer.text
        if verb == "accept":
            assert answer.json()["accepted_until"] == "2025-10-20T22:00:00Z"


@pytest.mark.parametrize(
    ("verb", "body", "status", "says"),
    [
        ("reopen", {"reason": "why not"}, 409, "The risk is open; reopen is not possible from there."),
        (
            "accept",
            {"reason": "x", "until": "2020-01-01T00:00:00Z"},
            409,
            "The date until which it is accepted, 2020-01-01 00:00, has passed.",
        ),
        ("accept", {"reason": "x", "until": "2030-01-01T00:00:00"}, 422, "body.until: Input should have timezone info"),
        ("accept", {"reason": "x"}, 422, "body.until: Field required"),
        ("close", {"reason": "  "}, 422, "body.reason: String should have at least 1 character"),
        ("close", {}, 422, "body.reason: Field required"),
        ("acknowledge", {"why": "x"}, 422, "body.why: there is no such field"),
        ("acknowledge", {"reason": "x\x00y"}, 422, "body.reason: it holds control characters"),
        ("acknowledge", {"reason": "x" * 2001}, 422, "body.reason: String should have at most 2000 characters"),
    ],
)
async def test_what_is_refused_says_why_and_changes_nothing(site: Site, verb: str, body: dict[str, str], status: int, says: str) -> None:
    site.hear(outage())
    before = (await site.get(f"/v1/risks/{RISK}")).json()
    answer = await site.post(f"/v1/risks/{RISK}/{verb}", body)
    assert (answer.status_code, answer.json()["detail"]) == (status, says)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await site.get(f"/v1/risks/{RISK}")).json() == before
    assert site.changes == 0


async def test_a_version_that_was_overtaken_is_refused(site: Site) -> None:
    site.hear(outage())
    tag = (await site.get(f"/v1/risks/{RISK}")).headers["etag"]
    site.hear(outage(Phase.UPDATED, now=at(1), title="Halcyon AI: worse"))
    late = await site.post(f"/v1/risks/{RISK}/close", {"reason": "seen"}, headers={"if-match": tag})
    assert (late.status_code, late.json()["type"]) == (412, "urn:secondsource:problem:changed-meanwhile")
    fresh = late.headers["etag"]
    assert fresh != tag
    right = await site.post(f"/v1/risks/{RISK}/close", {"reason": "seen"}, headers={"if-match": f'"99", {fresh}'})
    assert (right.status_code, right.json()["state"]) == (200, "closed")
    assert (await site.post(f"/v1/risks/{RISK}/reopen", {"reason": "x"}, headers={"if-match": "*"})).status_code == 200


@pytest.mark.parametrize("path", ["R-none", "R-none/acknowledge", "%2e%2e", "R-none/nothing"])
async def test_what_is_not_there(site: Site, path: str) -> None:
    answer = await (site.post(f"/v1/risks/{path}", {}) if "acknowledge" in path else site.get(f"/v1/risks/{path}"))
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:secondsource:problem:not-found")


async def many(site: Site) -> None:
    """Ten outages of one vendor's regions and a few other findings."""
    for n in range(6):
        scope = Scope("aws", None, f"zone-{n}")
        severity, scopes = list(Severity)[n % 5], (EAST if n < 3 else scope,)
        site.hear(outage(subject=f"aws/zone-{n}", scopes=scopes, since=at(-n), title=f"AWS: {n}", severity=severity))
    site.hear(outage(rule="price_change", subject="halcyon/halcyon-4", scopes=(), title="Halcyon AI: dearer", severity=Severity.LOW))
    site.hear(outage(rule="concentration", subject="vendor/aws", scopes=(), title="AWS: 71 %", severity=Severity.MEDIUM))
    site.hear(outage(rule="shortage", subject="chip/h100-sxm", scopes=(), title="H100: short"))
    site.hear(outage(subject="cirrus", scopes=(Scope("cirrus"),), exercise="drill-1"))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("vendor=aws", {"AWS: 0", "AWS: 1", "AWS: 2", "AWS: 3", "AWS: 4", "AWS: 5", "AWS: 71 %"}),
        ("rule=price_change", {"Halcyon AI: dearer"}),
        ("rule=vendor_outage&vendor=cirrus", set()),
        ("rule=vendor_outage&vendor=cirrus&exercise=any", {"Halcyon AI: major outage"}),
        ("exercise=drill-1", {"Halcyon AI: major outage"}),
        ("state=closed", set()),
        ("function=models", {"H100: short"}),
        ("function=model", set()),
        ("severity=high", {"AWS: 0", "AWS: 1", "AWS: 2", "H100: short"}),
        ("severity=high&state=open&state=closed&vendor=aws&function=support", {"AWS: 0", "AWS: 1", "AWS: 2"}),
    ],
)
async def test_filters(site: Site, query: str, wanted: set[str]) -> None:
    await many(site)
    assert {risk["title"] for risk in await items(site, query)} == wanted


@pytest.mark.parametrize("sort", ["hurts_at", "score", "updated", "severity"])
@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_pages_hold_still_while_rows_change(site: Site, sort: str, limit: int) -> None:
    await many(site)
    whole = [risk["id"] for risk in await items(site, f"sort={sort}")]
    assert len(whole) == 9
    moved = risk_id("vendor_outage", "aws/zone-4")
    seen: list[str] = []
    cursor, turn = None, 0
    while True:
        query = f"sort={sort}&limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        page = (await site.get(f"/v1/risks?{query}")).json()
        seen += [risk["id"] for risk in page["items"]]
        assert len(page["items"]) <= limit
        cursor, turn = page["next"], turn + 1
        if cursor is None:
            break
        site.hear(outage(Phase.UPDATED, subject="aws/zone-4", scopes=(EAST,), now=at(turn), since=at(-4), title=f"AWS: 4 at {turn}"))
    assert [id_ for id_ in seen if id_ != moved] == [id_ for id_ in whole if id_ != moved]


async def test_the_order_is_what_it_says(site: Site) -> None:
    await many(site)
    by_hurt = [risk["first_hurt_at"] for risk in await items(site)]
    dated = [when for when in by_hurt if when is not None]
    assert dated == sorted(dated)
    assert by_hurt == [*dated, *[None] * (len(by_hurt) - len(dated))]
    scores = [risk["score"] for risk in await items(site, "sort=score")]
    assert scores == sorted(scores, reverse=True)


async def test_what_hurts_already_comes_first_though_nothing_further_is_ahead(site: Site) -> None:
    site.hear(outage(subject="halcyon", since=at(-600), now=at(0)), outage(subject="aws", scopes=(EAST,), title="AWS: fresh", now=at(0)))
    first, second = await items(site)
    assert (first["subject"], first["hurts_at"]) == ("halcyon", None)
    assert second["hurts_at"] is not None


@pytest.mark.parametrize("cursor", ["x", "AAAA", "", "ä", "a" * 500])
async def test_a_cursor_that_is_not_ours_is_refused(site: Site, cursor: str) -> None:
    answer = await site.get("/v1/risks", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:secondsource:problem:bad-cursor")


async def test_a_cursor_of_another_question_is_refused(site: Site) -> None:
    await many(site)
    cursor = (await site.get("/v1/risks?limit=1&sort=score")).json()["next"]
    answer = await site.get("/v1/risks", params={"limit": 1, "sort": "severity", "cursor": cursor})
    assert "other filters or another order" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["sort=name", "limit=0", "limit=201", "limit=x", "severity=worst", "state=lost", "colour=red", "exercise="]
)
async def test_a_question_that_has_no_meaning_is_refused(site: Site, query: str) -> None:
    answer = await site.get(f"/v1/risks?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"].startswith(f"query.{query.partition('=')[0]}")
