"""The chain behind a risk, from its numbers down to the responses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from secondsource.adapters.sql import log, raw
from secondsource.adapters.sql.evidence import FAR_BACK
from secondsource.contracts.connector import Response
from secondsource.domain.money import Unit
from secondsource.domain.observations import (
    AnyBody,
    Batch,
    ComponentStatus,
    Gone,
    Observation,
    Outcome,
    Price,
    Quota,
    SourceHealth,
    batch_of,
    observe,
)
from secondsource.domain.register import risk_id
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, signal
from secondsource.domain.status import Status
from tests.api.test_openapi import checked, described
from tests.support.company import EAST, T0, at, outage
from tests.support.site import Site

RISK = risk_id("vendor_outage", "halcyon")
PAGE = b'{"components": [{"name": "Chat API", "status": "major_outage"}]}'
DOWN = ComponentStatus("Chat API", Status.MAJOR_OUTAGE, native="major_outage")


def said(
    body: AnyBody = DOWN,
    *,
    when: datetime = T0,
    source: str = "halcyon-page",
    vendor: str = "halcyon",
    subject: str = "component/chat",
    exercise: str | None = None,
    raw: str | None = None,
) -> Observation:
    return observe(source=source, vendor=vendor, subject=subject, observed_at=when, body=body, exercise=exercise, raw=raw)


def batch(*observations: Observation) -> Batch:
    first = observations[0]
    return batch_of(first.vendor, first.source, first.observed_at, observations)


def logged(site: Site, *observations: Observation) -> None:
    site.database.write_now(lambda c: log.append(c, [batch(each) for each in observations]))


def archived(site: Site, when: datetime = T0) -> str:
    response = Response("https://ana:pw@status.halcyon.example/api/v2?token=s3cret#x", 200, {}, PAGE, when)
    site.database.write_now(lambda c: raw.keep(c, "halcyon-page", response))
    return raw.hash_of(PAGE)


def resting(*ids: str, base: Signal | None = None, evidence: Evidence | None = None) -> Signal:
    """An outage that names these observations."""
    base = base or outage()
    fields = {name: value for name, value in msgspec.structs.asdict(base).items() if name not in ("id", "evidence")}
    return signal(**fields, evidence=evidence or Evidence(tuple(ids)))


async def explained(site: Site, id_: str = RISK) -> dict[str, Any]:
    answer = await site.get(f"/v1/risks/{id_}/explanation")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def origin(site: Site, observation: Observation) -> dict[str, Any]:
    """What is told of the only observation that the risk rests on."""
    logged(site, observation)
    site.hear(resting(observation.id))
    (found,) = (await explained(site))["evidence"]
    return dict(found)


async def test_the_chain_goes_from_the_severity_down_to_the_response(site: Site) -> None:
    observation = said(raw=archived(site))
    logged(site, observation)
    measures = (Measure("share down", 0.5, "of components", 0.3), Measure("price", Decimal("2.50"), "USD"))
    site.hear(resting(evidence=Evidence((observation.id,), measures, ("Its page says major outage.",))))
    site.clock.move(at(1))
    risk, found = (await site.get(f"/v1/risks/{RISK}")).json(), await explained(site)
    for name in ("id", "sentence", "state", "reason", "finding", "severity", "severity_reason", "inherent", "current", "residual"):
        assert found[name] == risk[name]
    assert found["severity_reason"].endswith(" points: critical")
    (heard,) = found["signals"]
    assert heard["evidence"]["measures"] == [
        {"name": "share down", "value": 0.5, "unit": "of components", "threshold": 0.3},
        {"name": "price", "value": "2.50", "unit": "USD"},
    ]
    assert heard["evidence"]["facts"] == ["Its page says major outage."]
    assert found["evidence"] == [
        {
            "id": observation.id,
            "origin": "response",
            "says": "it stood in this response",
            "source": "halcyon-page",
            "vendor": "halcyon",
            "subject": "component/chat",
            "kind": "component_status",
            "observed_at": "2025-10-20T06:48:00Z",
            "statement": "Chat API: major_outage (its word: major_outage)",
            "response": {
                "hash": raw.hash_of(PAGE),
                "fetched_at": "2025-10-20T06:48:00Z",
                "url": "https://status.halcyon.example/api/v2",
                "status": 200,
                "size": len(PAGE),
            },
            "finding": None,
        }
    ]


async def test_every_change_of_a_number_has_its_reason(site: Site) -> None:
    site.hear(outage())
    site.pass_time(31)
    found = await explained(site)
    first = {number["name"]: number for number in found["numbers"] if number["event"] == "opened"}
    assert list(first) == ["severity", "inherent", "current", "residual", "hurts_at"]
    assert (first["current"]["before"], first["current"]["after"], first["current"]["actor"]) == (None, "5 x 4 = 20", "detection")
    assert "every function hit has a fallback" in first["current"]["reason"]
    assert first["hurts_at"]["reason"] == "its page says major outage"  # a number without a reason of its own has the change's
    assert found["numbers"][-1] == {
        "at": "2025-10-20T07:18:00Z",
        "name": "hurts_at",
        "before": "2025-10-20T07:18:00+00:00",
        "after": "2025-10-20T08:48:00+00:00",
        "reason": "time has passed",
        "event": "rescore",
        "actor": "timer",
    }


async def test_the_edges_between_vendors_are_told_with_what_is_known_of_them(site: Site) -> None:
    site.hear(outage(subject="aws/us-east-1", scopes=(EAST,), title="AWS us-east-1: down"))
    by_function = {hit["function"]: hit for hit in (await explained(site, risk_id("vendor_outage", "aws/us-east-1")))["exposure"]}
    assert by_function["support"]["chain"] == ["Support assistant", "Chat inference", "Halcyon AI", "AWS us-east-1"]
    edge = {"upper": "Halcyon AI", "lower": "AWS us-east-1", "kind": "cloud", "basis": "", "confidence": 0.9}
    assert by_function["support"]["edges"] == [edge]
    assert by_function["shop"]["edges"] == []  # its database is there itself


async def test_whom_it_reaches_may_be_unknown(site: Site) -> None:
    site.hear(outage(rule="price_change", subject="nobody/x", scopes=(), severity=Severity.LOW))
    found = await explained(site, risk_id("price_change", "nobody/x"))
    assert (found["exposure_known"], found["exposure"]) == (False, [])


async def test_a_response_that_is_no_longer_kept_is_told_so(site: Site) -> None:
    found = await origin(site, said(raw=archived(site)))
    assert found["origin"] == "response"
    site.database.write_now(lambda c: raw.prune(c, at(1)))
    (found,) = (await explained(site))["evidence"]
    assert (found["origin"], found["response"]) == ("dropped", None)
    assert found["says"] == "the response that it stood in is no longer kept"
    assert found["statement"].startswith("Chat API: major_outage")


@pytest.mark.parametrize(
    ("observation", "wanted"),
    [
        (said(Quota("tokens", 9, 10), source="key:probe", subject="quota/tokens"), ("pushed", "tokens: 9 of 10")),
        (said(SourceHealth(Outcome.TIMEOUT), subject="source/halcyon-page"), ("poll", "poll: timeout")),
        (said(Gone("incident", "Chat is down")), ("absence", "Chat is down: no longer in its source")),
        (said(Price("m", Decimal("2.50"), Unit.MILLION_TOKENS)), ("responses", "m: 2.5 USD per million-tokens")),
    ],
)
async def test_what_stands_in_no_response_is_told_apart(site: Site, observation: Observation, wanted: tuple[str, str]) -> None:
    found = await origin(site, observation)
    assert (found["origin"], found["statement"]) == wanted
    assert found["response"] is None


async def test_what_was_pushed_over_the_api_is_found(site: Site) -> None:
    body = {"kind": "component_status", "name": "our probe", "status": "degraded"}
    pushed = await site.post("/v1/observations", {"observations": [{"vendor": "halcyon", "subject": "probe/chat", "body": body}]})
    site.hear(resting(pushed.json()["items"][0]["id"]))
    (found,) = (await explained(site))["evidence"]
    assert (found["origin"], found["source"], found["statement"]) == ("pushed", "key:ana", "our probe: degraded")


async def test_a_finding_of_another_rule_leads_to_its_risk(site: Site) -> None:
    first = outage()
    site.hear(first, resting(first.id, base=outage(rule="common_cause", subject="region/aws/us-east-1", scopes=(EAST,))))
    (found,) = (await explained(site, risk_id("common_cause", "region/aws/us-east-1")))["evidence"]
    assert found["finding"] == {"risk": RISK, "rule": "vendor_outage", "title": "Halcyon AI: major outage"}
    assert (found["origin"], found["vendor"], found["kind"]) == ("finding", "halcyon", "finding")


async def test_an_observation_of_another_vendor_is_found(site: Site) -> None:
    found = await origin(site, said(vendor="cirrus", source="cirrus-page"))
    assert (found["vendor"], found["source"]) == ("cirrus", "cirrus-page")


@pytest.mark.parametrize("when", [at(1), T0 - FAR_BACK - timedelta(seconds=1)])
async def test_what_was_said_afterwards_or_too_long_ago_does_not_count(site: Site, when: datetime) -> None:
    found = await origin(site, said(when=when))
    assert (found["origin"], found["observed_at"], found["statement"]) == ("unknown", None, None)
    assert "90 days" in found["says"]


async def test_it_counts_as_it_was_last_said_before_it_was_first_named(site: Site) -> None:
    times = (at(-1500), at(-60), at(2))
    logged(site, *(said(when=when) for when in times))
    id_ = said().id
    site.hear(resting(id_), resting(id_, base=outage(Phase.UPDATED, now=at(3))))
    (found,) = (await explained(site))["evidence"]
    assert found["observed_at"] == "2025-10-20T05:48:00Z"


async def test_a_drill_and_the_real_world_are_kept_apart(site: Site) -> None:
    played, real = said(exercise="drill-1", source="drill"), said()
    logged(site, played, real)
    site.hear(resting(played.id, real.id, base=outage(exercise="drill-1")))
    found = (await explained(site, risk_id("vendor_outage", "halcyon", "drill-1")))["evidence"]
    assert [each["origin"] for each in found] == ["drill", "unknown"]


async def test_only_the_last_episode_counts_though_a_person_took_it_up_again(site: Site) -> None:
    site.hear(outage(), outage(Phase.CLEARED, now=at(5)))
    site.hear(*(outage(phase, now=at(now), since=at(60)) for phase, now in ((Phase.OPENED, 60), (Phase.CLEARED, 65))))
    wanted = [("opened", "2025-10-20T07:48:00Z"), ("cleared", "2025-10-20T07:53:00Z")]
    assert [(heard["phase"], heard["at"]) for heard in (await explained(site))["signals"]] == wanted
    await site.post(f"/v1/risks/{RISK}/reopen", {"reason": "not convinced"})
    assert [(heard["phase"], heard["at"]) for heard in (await explained(site))["signals"]] == wanted


async def test_a_long_episode_tells_its_newest_findings_and_how_many_more_there_were(site: Site) -> None:
    updates: Iterable[Signal] = (outage(Phase.UPDATED, now=at(n), title=f"Halcyon AI: {n}") for n in range(1, 60))
    site.hear(outage(), *updates)
    found = await explained(site)
    assert (len(found["signals"]), found["earlier_signals"]) == (50, 10)
    assert [found["signals"][0]["title"], found["signals"][-1]["title"]] == ["Halcyon AI: 10", "Halcyon AI: 59"]


async def test_it_has_the_form_that_is_described(site: Site) -> None:
    observation = said(raw=archived(site))
    logged(site, observation)
    site.hear(outage(scopes=(EAST, Scope("halcyon"))), resting(observation.id, "gone", base=outage(Phase.UPDATED, now=at(1))))
    checked(await described(site), "Explanation", await explained(site))


async def test_a_risk_that_is_not_there_and_a_key_that_may_not_read(site: Site) -> None:
    answer = await site.get("/v1/risks/R-none/explanation")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:secondsource:problem:not-found")
    site.hear(outage())
    assert (await site.get(f"/v1/risks/{RISK}/explanation", site.key("pusher", "observe"))).status_code == 403
