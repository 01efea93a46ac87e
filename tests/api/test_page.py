"""The page as it comes from the server: what it says, what its forms do, and that no text of others breaks out of its place."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from secondsource.domain.register import risk_id
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, signal
from services.api.app import ROUTERS
from services.api.pages.door import PageDoor
from tests.api.test_access import signed_in
from tests.api.test_runs import asked, plan
from tests.api.test_vendors import polled
from tests.support.company import EAST, T0, at, outage
from tests.support.site import Site

RISK = risk_id("vendor_outage", "halcyon")
PAGES = ("/", "/risks", f"/risks/{RISK}", "/vendors", "/vendors?all=true", "/vendors/halcyon", "/sources", "/runs", "/messages")


class Reader(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


async def page(site: Site, path: str, status: int = 200) -> Reader:
    answer = await site.client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return read(answer.text)


async def submit(site: Site, path: str, token: str, **fields: str) -> Any:
    return await site.client.post(path, data={"token": token, **fields}, headers={"accept": "text/html"})


async def test_an_empty_store_says_what_would_be_here(site: Site) -> None:
    await signed_in(site)
    front = await page(site, "/")
    assert "Nothing is wrong that we know of; 2 sources can not be read, so what they tell of is unknown." in front.text
    assert "Outages of vendors stand here while they last" in front.text
    assert "Nothing has been said yet" in (await page(site, "/messages")).text
    assert "Runbooks and plans at work stand here" in (await page(site, "/runs")).text
    assert "No risk is as you ask" in (await page(site, "/risks")).text


async def test_what_can_not_be_seen_is_never_called_well(site: Site) -> None:
    await signed_in(site)
    assert "is wrong" in (await page(site, "/")).text
    for id_ in ("halcyon-page", "aws-feed"):
        polled(site, id_)
    sources = await page(site, "/sources")
    assert "All 2 sources could be read of late." in sources.text
    site.clock.move(at(6))
    assert "1 of 2 sources can not be read." in (await page(site, "/sources")).text
    assert "1 source can not be read, so what it tells of is unknown." in (await page(site, "/")).text
    assert "unknown" in (await page(site, "/vendors/halcyon")).text


async def test_the_front_page_begins_with_what_hurts(site: Site) -> None:
    site.hear(outage(subject="gpuco", scopes=(Scope("gpuco"),), title="GPU Co: degraded"))
    site.hear(outage(now=at(0), since=at(-40), title="Halcyon AI: major outage"))
    site.hear(outage(rule="price_change", subject="halcyon/m", scopes=(), title="Halcyon AI: dearer"))
    await signed_in(site)
    front = await page(site, "/")
    assert "2 outages now, 1 of which hurts already" in front.text
    site.hear(outage(Phase.CLEARED, subject="gpuco", scopes=(Scope("gpuco"),), now=at(1)))
    assert "1 outage now, and it hurts already" in (await page(site, "/")).text
    places = [front.text.index(title) for title in ("Halcyon AI: major outage for 40 min", "GPU Co: degraded", "Halcyon AI: dearer")]
    assert places == sorted(places)
    assert "hurt already" in front.text
    assert "until it hurts" in front.text


async def test_what_one_cause_explains_stands_below_it_and_counts_once(site: Site) -> None:
    site.hear(outage(subject="gpuco", scopes=(Scope("gpuco"),), title="GPU Co: degraded"))
    site.hear(outage(title="Halcyon AI: major outage"))
    case = outage(rule="common_cause", subject="aws/us-east-1", scopes=(Scope("halcyon"),), title="AWS us-east-1: likely cause")
    site.hear(replace(case, covers=("vendor_outage:halcyon",)))
    await signed_in(site)
    front = await page(site, "/")
    assert "2 outages now, none of which hurt already" in front.text
    places = [front.text.index(title) for title in ("AWS us-east-1: likely cause", "part of the case above", "Halcyon AI: major outage")]
    assert places == sorted(places)
    assert front.text.count("part of the case above") == 1
    site.hear(outage(Phase.CLEARED, subject="gpuco", scopes=(Scope("gpuco"),), now=at(1)))
    assert "1 outage now from one cause, which does not hurt yet" in (await page(site, "/")).text
    risk = await page(site, f"/risks/{RISK}")
    assert "which explains it: nobody is called for it by itself" in risk.text
    assert "Explains Halcyon AI: major outage" in (await page(site, f"/risks/{risk_id('common_cause', 'aws/us-east-1')}")).text


@pytest.mark.parametrize(("verb", "more"), [("close", {}), ("accept", {"until": "2025-10-30T00:00:00Z"})])
async def test_what_somebody_closed_while_it_goes_on_is_not_called_well(site: Site, verb: str, more: dict[str, str]) -> None:
    site.hear(outage())
    await site.post(f"/v1/risks/{RISK}/{verb}", {"reason": "x", **more})
    await signed_in(site)
    assert "1 outage that somebody closed or accepted goes on; 2 sources can not be read" in (await page(site, "/")).text
    site.hear(outage(Phase.CLEARED, now=at(1)))
    assert "Nothing is wrong that we know of" in (await page(site, "/")).text


async def test_a_risk_shows_its_chain_from_event_to_function(site: Site) -> None:
    site.hear(outage(subject="aws", scopes=(EAST,), title="AWS us-east-1: down", since=at(-40)))
    await signed_in(site)
    shown = (await page(site, f"/risks/{risk_id('vendor_outage', 'aws')}")).text
    way = "event AWS us-east-1: down|shared part AWS us-east-1|vendor Halcyon AI|workload Chat inference|function Support assistant"
    chain = way.split("|")
    places = [shown.index(node) for node in chain]
    assert places == sorted(places)
    assert shown.count("workload Chat inference") == 1
    assert "hurt for 10 min, level 4 of 5; 70% lost" in shown
    assert "hollow fallback Borealis AI : it sits on AWS us-east-1, which is in trouble" in shown


async def test_the_story_of_a_risk_in_one_column(site: Site) -> None:
    id_ = await plan(site)
    site.clock.move(at(6))
    await site.post(f"/v1/runs/{id_}/tick", {"item": "room", "evidence": "40 % left"})
    await signed_in(site)
    shown = (await page(site, f"/risks/{RISK}")).text
    column = shown[shown.index("What happened") :]
    story = [
        "model-api-failover by Ana Ito run done: Check that the alternate's quota has room for the load. (40 % left)",
        "vendor-outage by Cy Marsh run approved by Cy Marsh",
        "Mitigation began",
        "Asked for a decision",
        "Acknowledged by Ana Ito",
        "Found its page says major outage",
    ]
    places = [column.index(part) for part in story]
    assert places == sorted(places)
    assert "Ana Ito by slack, pending" in column
    assert "person:" not in column


async def test_the_forms_of_a_risk_do_what_they_say(site: Site) -> None:
    site.hear(outage())
    token = await signed_in(site)
    steps = [
        ("acknowledge", {}, "acknowledged"),
        ("mitigate", {"reason": "moving"}, "mitigating"),
        ("accept", {"reason": "fine", "until": "2025-10-22"}, "accepted"),
        ("close", {"reason": "done"}, "closed"),
        ("reopen", {"reason": "not done"}, "open"),
    ]
    for minute, (verb, fields, state) in enumerate(steps, 1):
        site.clock.move(at(minute))
        answer = await submit(site, f"/risks/{RISK}/{verb}", token, **fields)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/risks/{RISK}"), answer.text
        assert (await site.get(f"/v1/risks/{RISK}")).json()["state"] == state
        if verb == "accept":
            assert (await site.get(f"/v1/risks/{RISK}")).json()["accepted_until"] == "2025-10-23T00:00:00Z"
    assert site.changes == len(steps)


@pytest.mark.parametrize(
    ("verb", "fields", "status", "says"),
    [
        ("reopen", {"reason": "x"}, 409, "The risk is open; reopen is not possible from there."),
        ("close", {"reason": " "}, 409, "To close a risk needs a reason."),
        ("accept", {"reason": "x", "until": "soon"}, 422, "Give the last day as 2026-03-31."),
        ("accept", {"reason": "x", "until": "9999-12-31"}, 422, "Give the last day as 2026-03-31."),
        ("accept", {"reason": "x", "until": "2020-01-01"}, 409, "has passed."),
    ],
)
async def test_a_form_that_can_not_be_followed_says_why_on_the_page(
    site: Site, verb: str, fields: dict[str, str], status: int, says: str
) -> None:
    site.hear(outage())
    token = await signed_in(site)
    answer = await submit(site, f"/risks/{RISK}/{verb}", token, **fields)
    assert answer.status_code == status
    shown = read(answer.text).text
    assert says in shown
    assert "Nothing was changed." in shown
    assert (await site.get(f"/v1/risks/{RISK}")).json()["state"] == "open"


@pytest.mark.parametrize(
    "path", [f"/risks/{RISK}/explode", f"/risks/{RISK}/__class__", "/risks/R-none/close", "/runs/none/tick", "/runs/none/explode"]
)
async def test_a_form_of_nothing_is_not_found(site: Site, path: str) -> None:
    site.hear(outage())
    token = await signed_in(site)
    assert (await submit(site, path, token, reason="x")).status_code == 404
    assert (await site.client.post(path, json={"token": token})).status_code == 415


async def test_looking_at_the_address_of_a_form_does_nothing(site: Site) -> None:
    site.hear(outage())
    await signed_in(site)
    answer = await site.client.get(f"/risks/{RISK}/acknowledge")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/risks/{RISK}#acknowledge")
    assert (await site.client.get("/runs/x/approve")).headers["location"] == "/runs/x#approve"
    assert (await site.client.get(f"/risks/{RISK}/explode")).status_code == 404
    assert (await site.get(f"/v1/risks/{RISK}")).json()["state"] == "open"
    shown = await page(site, f"/risks/{RISK}")
    assert [attrs["action"] for tag, attrs in shown.tags if attrs.get("id") == "acknowledge"] == [f"/risks/{RISK}/acknowledge"]


async def test_who_may_only_read_sees_no_forms(site: Site) -> None:
    id_ = await plan(site)
    await signed_in(site, site.key("reader", "read"))
    for path in ("/", f"/risks/{RISK}", f"/runs/{id_}"):
        shown = await page(site, path)
        assert [attrs["action"] for tag, attrs in shown.tags if tag == "form"] == ["/sign-out"], path


async def test_a_decision_is_taken_on_the_page_by_who_may(site: Site) -> None:
    id_ = await asked(site)
    token = await signed_in(site)
    assert "You do not have the role incident-commander" in (await page(site, f"/runs/{id_}")).text
    refused = await submit(site, f"/runs/{id_}/approve", token, comment="go")
    assert refused.status_code == 409
    assert "does not have the role incident-commander" in refused.text
    site.client = site.visitor()
    token = await signed_in(site, site.key("cy", person="cy"))
    shown = await page(site, f"/runs/{id_}")
    assert {attrs.get("id") for tag, attrs in shown.tags if tag == "form"} >= {"approve", "decline"}
    assert {attrs.get("id") for tag, attrs in (await page(site, f"/risks/{RISK}")).tags if tag == "form"} >= {"approve", "decline"}
    gone = await submit(site, f"/runs/{id_}/approve", token, comment="go", back=f"/risks/{RISK}")
    assert (gone.status_code, gone.headers["location"]) == (303, f"/risks/{RISK}")
    assert "0 of 5 done" in (await page(site, f"/risks/{RISK}")).text
    assert (await site.get(f"/v1/risks/{RISK}")).json()["state"] == "mitigating"


async def test_a_checklist_is_ticked_on_the_page(site: Site) -> None:
    id_ = await plan(site)
    token = await signed_in(site)
    bare = await submit(site, f"/runs/{id_}/tick", token, item="room", comment="")
    assert (bare.status_code, "needs a word on what was seen" in bare.text) == (409, True)
    assert (await submit(site, f"/runs/{id_}/tick", token, item="room", comment="40 % left")).status_code == 303
    shown = (await page(site, f"/runs/{id_}")).text
    assert "1 of 5 done" in shown
    assert "Ana Ito , 06:53 UTC : 40 % left" in shown
    for verb, state in (("pause", "paused"), ("resume", "running"), ("rollback", "running"), ("cancel", "cancelled")):
        done = await submit(site, f"/runs/{id_}/{verb}", token, comment="because", back="https://evil.example")
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert (await site.get(f"/v1/runs/{id_}")).json()["state"] == state


async def test_a_drill_carries_its_band_on_every_page_about_it(site: Site) -> None:
    site.hear(outage(exercise="drill-7"))
    await signed_in(site)
    drill = risk_id("vendor_outage", "halcyon", "drill-7")
    run = (await site.get("/v1/runs")).json()["items"][0]["id"]
    for path in ("/", f"/risks/{drill}", f"/runs/{run}"):
        assert any(attrs.get("class") == "band" for _, attrs in (await page(site, path)).tags), path
    assert "[DRILL] Halcyon AI" in (await page(site, "/")).text
    site.hear(outage())
    assert not any(attrs.get("class") == "band" for _, attrs in (await page(site, f"/risks/{RISK}")).tags)
    assert "drill-7" not in (await page(site, "/risks")).text


async def test_a_page_that_did_not_change_is_not_sent_again(site: Site) -> None:
    site.hear(outage())
    await signed_in(site)
    first = await site.client.get("/")
    again = await site.client.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "private, no-cache"
    await site.post(f"/v1/risks/{RISK}/acknowledge")
    changed = await site.client.get("/", headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_the_register_filters_sorts_and_pages_by_its_address(site: Site) -> None:
    for n in range(60):
        site.hear(outage(subject=f"aws/z{n}", scopes=(EAST,), title=f"AWS: zone {n}", now=at(n / 10), since=at(0)))
    await signed_in(site)
    shown = await page(site, "/risks?sort=updated&text=ZONE&vendor=aws&severity=&state=live&function=&exercise=")
    found = re.findall(r"AWS: zone (\d+)", shown.text)
    assert found == [str(n) for n in range(59, 9, -1)]
    (more,) = [attrs["href"] for tag, attrs in shown.tags if tag == "a" and attrs.get("class") == "button"]
    assert more is not None
    rest = await page(site, more)
    assert re.findall(r"AWS: zone (\d+)", rest.text) == [str(n) for n in range(9, -1, -1)]
    assert "No risk is as you ask" in (await page(site, "/risks?state=closed")).text
    assert len(re.findall(r"AWS: zone \d+", (await page(site, "/risks?text=zone+7")).text)) == 1
    await page(site, "/risks?sort=colour", 422)


async def test_style_and_script_are_kept_by_their_content(site: Site) -> None:
    addresses = re.findall(r'"(/static/[^"]+)"', (await site.client.get("/sign-in")).text)
    assert {address.rpartition(".")[2] for address in addresses} == {"css", "js", "svg"}
    for address in addresses:
        answer = await site.client.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_nothing_on_a_page_needs_what_the_policy_forbids(site: Site) -> None:
    id_ = await plan(site)
    await signed_in(site)
    for path in (*PAGES, f"/runs/{id_}", "/sign-in"):
        for tag, attrs in (await page(site, path)).tags:
            assert tag not in ("style", "iframe", "object", "embed", "base")
            assert tag != "script" or (attrs.get("src") or "").startswith("/static/")
            assert not [name for name in attrs if name.startswith("on") or name == "style"], (path, tag, attrs)


HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "</bdi></a></article><h1>owned</h1>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "<!--",
    "]]><svg/onload=alert(1)>",
    "&lt;script&gt;",
    "\u202egnp.exe\u2066",
    "a\x00b\x1b[31m",
)  # fmt: skip


def spoken(text: str, rule: str) -> Signal:
    """A finding in which every part that a source has a say in is ``text``."""
    evidence = Evidence(observations=(text,), measures=(Measure(text, text, text),), facts=(text, text))
    return signal(
        rule=rule, key="halcyon", episode="e", phase=Phase.OPENED, severity=Severity.HIGH, subject="halcyon", at=T0, since=T0,
        title=f"Halcyon AI: {text}", reason=text, scopes=(Scope("halcyon"),), evidence=evidence,
    )  # fmt: skip


async def shapes(path: Path, texts: list[str]) -> tuple[list[tuple[str, tuple[str, ...]]], str]:
    """The tags of all pages with the names of their attributes, in order; and the pages."""
    site = Site(path)
    site.hear(*(spoken(text, rule) for text, rule in zip(texts, ["vendor_outage", *map(str, range(len(texts)))], strict=False)))
    polled(site, outcome="parse", detail=texts[0])
    await site.post(f"/v1/risks/{RISK}/acknowledge", {"reason": "x"})
    await signed_in(site)
    risks = [f"/risks/{risk['id']}" for risk in (await site.get("/v1/risks")).json()["items"]]
    runs = [f"/runs/{run['id']}" for run in (await site.get("/v1/runs")).json()["items"]]
    assert (len(risks), len(runs) > 0) == (len(texts), True)
    whole = "\n".join([(await site.client.get(each)).text for each in (*PAGES, *sorted(risks), *sorted(runs))])
    await site.close()
    return [(tag, tuple(attrs)) for tag, attrs in read(whole).tags], whole


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=60), min_size=11, max_size=11))
@example(texts=list(HOSTILE))
async def test_no_text_of_others_becomes_a_tag_or_an_attribute(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("site")
    told, whole = await shapes(folder / "told.db", texts)
    plain, _ = await shapes(folder / "plain.db", ["words"] * len(texts))
    assert told == plain
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", whole)


async def test_what_people_write_is_text_too(site: Site) -> None:
    site.hear(outage())
    token = await signed_in(site)
    before = len((await page(site, f"/risks/{RISK}")).tags)
    for verb, fields in (("acknowledge", {"reason": HOSTILE[0]}), ("accept", {"reason": HOSTILE[1], "until": "2025-10-30"})):
        assert (await submit(site, f"/risks/{RISK}/{verb}", token, **fields)).status_code == 303
    shown = await page(site, f"/risks/{RISK}")
    assert before
    assert HOSTILE[0] in shown.text
    assert not [attrs for tag, attrs in shown.tags if tag == "img"]
    assert len([tag for tag, _ in shown.tags if tag == "script"]) == 1


async def test_what_the_address_says_is_text_too(site: Site) -> None:
    await signed_in(site)
    for path in ("/risks?text=", "/risks?vendor=", "/risks?exercise=", "/risks?function=", "/risks/", "/nothing/"):
        answer = await site.client.get(path + "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", headers={"accept": "text/html"})
        assert "<script>alert" not in answer.text
        assert len([tag for tag, _ in read(answer.text).tags if tag == "script"]) == 1


def test_every_page_is_looked_at() -> None:
    shown = {route.path for router in ROUTERS for route in router.routes if isinstance(route, PageDoor) and "GET" in (route.methods or ())}
    looked = {path.partition("?")[0].replace(RISK, "{id}").replace("halcyon", "{id}") for path in PAGES} | {"/runs/{id}", "/sign-in"}
    assert {path for path in shown if "{verb}" not in path} == looked
