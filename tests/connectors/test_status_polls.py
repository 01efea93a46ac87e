"""Polls of status pages that take several answers, over loopback: what one answer says goes along to the next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.domain.observations import ComponentStatus, Incident, Outcome
from secondsource.ports.fetcher import NO_VALIDATORS, FetchPolicy
from secondsource.runtimes.poll import Polled, Source, poll
from tests.http.conftest import NOW, Call, Names, Serve, Server, local, names, serve

__all__ = ["local", "names", "serve"]

HERE = Path(__file__).parent


class Page:
    """A status page that answers some paths with recorded cases, and any other with the status that is set."""

    def __init__(self, serve: Serve, local: FetchPolicy, fetcher: HttpFetcher) -> None:
        self._serve, self._local, self._fetcher = serve, local, fetcher
        self.status = 404
        self._server: Server | None = None

    async def polled(self, name: str, cases: Mapping[str, str], path: str = "") -> Polled:
        """Poll the page once. ``cases`` are the cases of connector ``name`` by path and query."""

        async def answer(call: Call) -> None:
            case = cases.get(call.path)
            if case is None:
                await call.answer(b"<html><body>no</body></html>", self.status)
            else:
                await call.answer(next((HERE / name / case).glob("response.*")).read_bytes())

        self._server = await self._serve(answer)
        reader = connector(name)
        config = reader.spec.config.model_validate({"url": self._server.url(path, "here.test")})
        source = Source("page", "borealis", reader, config, timedelta(minutes=1), self._local)
        parser = LimitedParser()
        try:
            return await poll(source, None, NO_VALIDATORS, self._fetcher, parser)
        finally:
            await parser.close()

    @property
    def asked(self) -> list[str]:
        assert self._server is not None
        return [call.path for call in self._server.calls]


@pytest_asyncio.fixture
async def page(serve: Serve, names: Names, local: FetchPolicy) -> AsyncIterator[Page]:
    async with HttpFetcher(now=lambda: NOW, resolver=names) as fetcher:
        yield Page(serve, local, fetcher)


async def test_pagerduty_names_what_is_impacted_by_the_lists_before(page: Page) -> None:
    posts = "/api/posts?is_featured=true&limit=500"
    cases = {"/api/services": "services", "/api/post_enums": "words", "/api/impacted_services": "typical", posts: "posts"}
    told = await page.polled("pagerduty_status", cases)
    assert (told.outcome, told.complete) == (Outcome.OK, True)
    assert page.asked == list(cases)
    bodies = {reading.subject: reading.body for reading in told.readings}
    impacted = bodies["component/PSVC1"]
    assert isinstance(impacted, ComponentStatus)
    assert (impacted.name, impacted.native) == ("Inference API", "outage")
    incident = bodies["incident/PPOST1"]
    assert isinstance(incident, Incident)
    assert incident.components == ("Inference API", "Batch API")


async def test_pagerduty_is_unread_when_one_of_its_lists_is(page: Page) -> None:
    told = await page.polled("pagerduty_status", {"/api/services": "services", "/api/post_enums": "words"})
    assert told.outcome is Outcome.HTTP_ERROR
    assert not told.readings


async def test_incident_io_reads_the_other_interface_where_there_is_no_proxy(page: Page) -> None:
    told = await page.polled("incident_io", {"/api/v2/summary.json": "shim_typical"})
    assert told.outcome is Outcome.OK
    assert page.asked == ["/proxy/here.test", "/api/v2/summary.json"]
    assert [reading.subject.partition("/")[0] for reading in told.readings] == ["page", "component", "component", "incident"]


async def test_incident_io_keeps_to_the_proxy_while_it_is_only_overloaded(page: Page) -> None:
    page.status = 503
    told = await page.polled("incident_io", {"/api/v2/summary.json": "shim_typical"})
    assert told.outcome is Outcome.HTTP_ERROR
    assert "503" in told.detail
    assert page.asked == ["/proxy/here.test"]


async def test_uptime_robot_reads_all_pages_of_monitors(page: Page) -> None:
    path = "/api/getMonitorList/KxQ7"
    told = await page.polled("uptime_robot", {path: "first_page_of_two", f"{path}?page=2": "last_page_of_two"}, path)
    assert (told.outcome, told.complete) == (Outcome.OK, True)
    assert [reading.subject for reading in told.readings] == ["component/781", "component/782", "component/783"]


async def test_instatus_joins_what_is_going_on_and_the_components(page: Page) -> None:
    told = await page.polled("instatus", {"/summary.json": "typical", "/v2/components.json": "components"})
    assert told.outcome is Outcome.OK
    kinds = {reading.subject.partition("/")[0] for reading in told.readings}
    assert kinds == {"page", "component", "incident", "maintenance"}
