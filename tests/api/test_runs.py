"""Runs over HTTP: what they wait for, and what people do to them."""

from __future__ import annotations

from typing import Any

import pytest

from secondsource.adapters.sql import drills, sources
from secondsource.adapters.sql.drills import Underway
from secondsource.domain.register import risk_id
from secondsource.domain.scope import Scope
from secondsource.plans.drill import DrillReport
from secondsource.plans.schema import Drill
from tests.support.company import at, outage
from tests.support.site import DOCUMENTS, Site

RISK = risk_id("vendor_outage", "halcyon")
ITEMS = ["room", "credentials", "some", "all", "tell"]


def proven(site: Site) -> None:
    """A drill of the failover passed an hour ago, and the alternate is watched and well."""
    (drill,) = [document for document in DOCUMENTS if isinstance(document, Drill)]
    report = DrillReport("d1", drill.id, "Drill", "model-api-failover", at(-90), (), True)

    def work(connection: Any) -> None:
        drills.begin(connection, Underway("d1", drill, Scope("halcyon"), at(-90)))
        drills.end(connection, report, at(-60))
        sources.declare(connection, [("cirrus", "cirrus", "statuspage")], at(-90))
        sources.save(connection, sources.SourceState("cirrus", "cirrus", "statuspage", at(1), succeeded_at=at(-1), outcome="ok"))

    site.database.write_now(work)


async def runs(site: Site, query: str = "") -> list[dict[str, Any]]:
    answer = await site.get(f"/v1/runs?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def asked(site: Site) -> str:
    """An outage that was acknowledged, so that the run asks for a decision."""
    proven(site)
    site.hear(outage())
    site.clock.move(at(4))
    assert (await site.post(f"/v1/risks/{RISK}/acknowledge")).status_code == 200
    (run,) = await runs(site, "state=awaiting_approval")
    return str(run["id"])


async def test_a_run_says_what_it_waits_for(site: Site) -> None:
    id_ = await asked(site)
    run = (await site.get(f"/v1/runs/{id_}")).json()
    assert (run["runbook"], run["kind"], run["risk"], run["state"]) == ("vendor-outage", "escalation", RISK, "awaiting_approval")
    assert run["question"]["role"] == "incident-commander"
    assert "Halcyon AI" in run["question"]["text"]
    assert run["question"]["until"] == run["until"]
    assert run["can"] == ["approve", "decline", "pause", "hand-over", "cancel"]
    assert (run["holder"], run["question"]["approvals"], run["question"]["given"]) == ("person:ana", 1, [])
    assert [(step["id"], step["place"]) for step in run["steps"]][:3] == [("page", "past"), ("answer", "past"), ("escalate", "ahead")]
    assert [line["event"] for line in run["log"]].count("Acknowledged") >= 1


async def test_only_the_role_that_is_asked_decides(site: Site) -> None:
    id_ = await asked(site)
    refused = await site.post(f"/v1/runs/{id_}/approve", {"comment": "go"})
    assert (refused.status_code, refused.json()["detail"]) == (409, "Person:ana does not have the role incident-commander.")
    robot = await site.post(f"/v1/runs/{id_}/approve", key=site.key("robot", "respond"))
    assert robot.status_code == 409
    granted = await site.post(f"/v1/runs/{id_}/approve", {"comment": "go"}, key=site.key("cy", person="cy"))
    assert (granted.status_code, granted.json()["log"][-1]["actor"] != "") == (200, True)
    again = await site.post(f"/v1/runs/{id_}/approve", key=site.key("cy", person="cy"))
    assert again.status_code == 409
    assert site.changes == 2  # the acknowledgement and the approval; what was refused wakes nobody


async def test_who_manages_keys_may_decide(site: Site) -> None:
    id_ = await asked(site)
    answer = await site.post(f"/v1/runs/{id_}/decline", {"comment": "not now"}, key=site.key("first"))
    assert answer.status_code == 200
    said = [line for line in answer.json()["log"] if line["event"] == "Declined"]
    assert (said[0]["actor"], said[0]["text"]) == ("key:first", "declined by key:first: not now")


async def plan(site: Site) -> str:
    """The contingency plan under way."""
    id_ = await asked(site)
    site.clock.move(at(5))
    await site.post(f"/v1/runs/{id_}/approve", key=site.key("cy", person="cy"))
    (run,) = await runs(site, "kind=contingency&state=running")
    assert [item["id"] for item in run["checklist"]] == ITEMS
    return str(run["id"])


async def test_a_checklist_is_ticked_to_its_end(site: Site) -> None:
    id_ = await plan(site)
    bare = await site.post(f"/v1/runs/{id_}/tick", {"item": "room"})
    assert (bare.status_code, bare.json()["detail"]) == (409, "Room needs a word on what was seen.")
    for n, item in enumerate(ITEMS):
        site.clock.move(at(6 + n))
        answer = await site.post(f"/v1/runs/{id_}/tick", {"item": item, "evidence": "seen"})
        assert answer.status_code == 200, answer.text
    first = next(item for item in (await site.get(f"/v1/runs/{id_}")).json()["steps"] if item["id"] == "switch")
    assert first["place"] == "past"
    assert answer.json()["step"] == "hold"
    assert (await site.get(f"/v1/risks/{RISK}")).json()["state"] == "mitigating"


async def test_a_half_done_checklist_says_who_did_what(site: Site) -> None:
    id_ = await plan(site)
    run = (await site.post(f"/v1/runs/{id_}/tick", {"item": "room", "evidence": "quota has 40 % left"})).json()
    done = run["checklist"][0]
    assert (done["done_by"], done["done_at"], done["seen"]) == ("person:ana", "2025-10-20T06:53:00Z", "quota has 40 % left")
    assert [item["done_by"] for item in run["checklist"][1:]] == [None] * 4


async def test_a_run_is_held_let_go_rolled_back_and_ended(site: Site) -> None:
    id_ = await plan(site)
    for verb, state in (("pause", "paused"), ("resume", "running"), ("rollback", "running"), ("cancel", "cancelled")):
        answer = await site.post(f"/v1/runs/{id_}/{verb}", None if verb in ("pause", "resume") else {"reason": "because"})
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.text
    assert answer.json()["can"] == []
    assert answer.json()["outcome"] == "cancelled by person:ana: because"
    late = await site.post(f"/v1/runs/{id_}/tick", {"item": "room", "evidence": "x"})
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("tick", {}, 422),
        ("tick", {"item": "nothing", "evidence": "x"}, 409),
        ("tick", {"item": "room", "evidence": "x", "more": 1}, 422),
        ("approve", {"comment": "x"}, 409),
        ("resume", None, 409),
        ("explode", {}, 404),
    ],
)
async def test_what_has_no_meaning_changes_nothing(site: Site, verb: str, body: Any, status: int) -> None:
    id_ = await plan(site)
    before = (await site.get(f"/v1/runs/{id_}")).json()
    answer = await site.post(f"/v1/runs/{id_}/{verb}", body)
    assert answer.status_code == status, answer.text
    assert (await site.get(f"/v1/runs/{id_}")).json() == before


async def test_runs_are_paged_newest_first(site: Site) -> None:
    for n in range(5):
        site.hear(outage(subject="halcyon" if n == 0 else f"halcyon/{n}", now=at(n), since=at(n)))
    whole = await runs(site)
    assert len(whole) == 5
    assert [run["started_at"] for run in whole] == sorted((run["started_at"] for run in whole), reverse=True)
    seen, cursor = [], None
    while True:
        page = (await site.get("/v1/runs", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        seen += [run["id"] for run in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        site.hear(outage(subject=f"halcyon/new-{len(seen)}", now=at(9 + len(seen)), since=at(9)))
    assert seen == [run["id"] for run in whole]
    assert await runs(site, "state=done") == []
    assert len(await runs(site, f"risk={RISK}")) == 1


async def test_a_run_is_handed_to_a_person_with_a_reason(site: Site) -> None:
    id_ = await asked(site)
    given = await site.post(f"/v1/runs/{id_}/hand-over", {"to": "ben", "reason": "end of my shift"})
    assert (given.status_code, given.json()["holder"]) == (200, "person:ben")
    assert given.json()["log"][-1]["text"] == "handed over from person:ana to person:ben: end of my shift"
    messages = (await site.get("/v1/messages")).json()["items"]
    assert messages[0]["recipient"] == "U2"
    assert "handed over to you by Ana Ito: end of my shift" in messages[0]["reason"]
    assert (await site.post(f"/v1/runs/{id_}/hand-over", {"to": "zoe", "reason": "x"})).status_code == 409
    assert (await site.post(f"/v1/runs/{id_}/hand-over", {"to": "ben"})).status_code == 422
