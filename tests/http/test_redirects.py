"""Redirects are followed by hand: few, each checked like the first, never down to http."""

from __future__ import annotations

import pytest

from secondsource.adapters.http.failures import Refusal
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.http.hops import first_hop, next_hop
from secondsource.adapters.http.hosts import BadAddress
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import DEFAULT_POLICY, Failed, FetchPolicy, Page
from tests.http.conftest import Call, Handler, Names, Serve


def leads(*steps: str, status: int = 302) -> Handler:
    """``/0`` leads to the first step, ``/1`` to the second and so on; everything else is a page."""

    async def handler(call: Call) -> None:
        step = call.path.removeprefix("/")
        if step.isdigit() and int(step) < len(steps):
            await call.answer(b"moved", status, Location=steps[int(step)])
        else:
            await call.answer(b"operational")

    return handler


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_three_redirects_are_followed(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, status: int) -> None:
    server = await serve(leads("/1", "2", "./page?x=1#part", status=status))
    fetched = await fetcher.fetch(Request(server.url("/0")), policy=local)
    assert isinstance(fetched, Page)
    assert fetched.response.url == server.url("/page?x=1")
    assert [call.path for call in server.calls] == ["/0", "/1", "/2", "/page?x=1"]


@pytest.mark.parametrize("steps", [("/1", "/2", "/3", "/page"), ("/0",), ("/1", "/0")])
async def test_a_fourth_redirect_is_not(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, steps: tuple[str, ...]) -> None:
    server = await serve(leads(*steps))
    fetched = await fetcher.fetch(Request(server.url("/0")), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.HTTP_ERROR
    assert fetched.detail.startswith("more than 3 redirects")
    assert len(server.calls) == 4


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("http://[::ffff:169.254.169.254]/", "metadata"),
        ("http://metadata.test/", "metadata"),
        ("http://10.0.0.1/", "private"),
        ("http://mixed.test/", "private"),
        ("http://0x7f.1/", "four decimal"),
        ("http://2130706433/", "four decimal"),
        ("http://here.test@there.test/", "user name"),
        ("file:///etc/passwd", "only http"),
        ("gopher://here.test/", "only http"),
        ("http://[::1", "no URL"),
        ("//here.test:99999/", "between 1 and 65535"),
    ],
)
async def test_a_redirect_to_a_forbidden_place_is_refused(
    serve: Serve, fetcher: HttpFetcher, names: Names, local: FetchPolicy, target: str, reason: str
) -> None:
    names["metadata.test"] = ["169.254.169.254"]
    names["mixed.test"] = ["8.8.8.8", "10.0.0.1"]
    server = await serve(leads(target))
    fetched = await fetcher.fetch(Request(server.url("/0")), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert reason in fetched.detail


async def test_a_redirect_off_the_allowed_ports_is_refused(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    other = await serve(leads())
    server = await serve(leads(other.url("/page")))
    policy = FetchPolicy(allow=local.allow, ports=(server.port,))
    fetched = await fetcher.fetch(Request(server.url("/0")), policy=policy)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert not other.calls


async def test_a_public_source_can_not_lead_to_an_internal_one(
    serve: Serve, fetcher: HttpFetcher, names: Names, local: FetchPolicy
) -> None:
    """Not even over a connection that another source, which may go there, has left open."""
    server = await serve(leads())
    assert isinstance(await fetcher.fetch(Request(server.url("/page", "here.test")), policy=local), Page)
    fetched = await fetcher.fetch(Request(server.url("/page", "here.test")))
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert len(server.calls) == 1


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_post_becomes_a_get_without_its_body(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, status: int) -> None:
    server = await serve(leads("/page", status=status))
    request = Request(server.url("/0"), method="POST", body=b"{}", headers={"Content-Type": "application/json", "X-Trace": "1"})
    assert isinstance(await fetcher.fetch(request, policy=local), Page)
    last = server.calls[-1]
    assert (last.method, last.body) == ("GET", b"")
    assert "content-type" not in last.headers
    assert last.headers["x-trace"] == "1"


@pytest.mark.parametrize("status", [307, 308])
async def test_a_post_stays_a_post_at_home_only(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, status: int) -> None:
    other = await serve(leads())
    server = await serve(leads("/page", other.url("/page"), status=status))
    home = await fetcher.fetch(Request(server.url("/0"), method="POST", body=b"{}"), policy=local)
    assert isinstance(home, Page)
    assert (server.calls[-1].method, server.calls[-1].body) == ("POST", b"{}")
    away = await fetcher.fetch(Request(server.url("/1"), method="POST", body=b"{}"), policy=local)
    assert isinstance(away, Failed)
    assert away.outcome is Outcome.REFUSED
    assert not other.calls


def test_https_does_not_lead_to_http() -> None:
    hop = first_hop(Request("https://status.example/a"), None, None, DEFAULT_POLICY, "test")
    assert str(next_hop(hop, 302, "https://other.example/b", DEFAULT_POLICY).url) == "https://other.example/b"
    with pytest.raises(Refusal, match="from https to http"):
        next_hop(hop, 302, "http://status.example/a", DEFAULT_POLICY)


@pytest.mark.parametrize(
    "location", ["http://evil\\@10.0.0.1/", "https://a b/", "https://user@x.example/", "javascript:alert(1)", "data:,x"]
)
def test_locations_that_programs_read_differently_are_refused(location: str) -> None:
    hop = first_hop(Request("http://status.example/a"), None, None, DEFAULT_POLICY, "test")
    with pytest.raises((Refusal, BadAddress)):
        next_hop(hop, 302, location, DEFAULT_POLICY)


async def test_a_redirect_without_a_place_is_an_http_error(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    async def nowhere(call: Call) -> None:
        await call.answer(b"", 302)

    fetched = await fetcher.fetch(Request((await serve(nowhere)).url()), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.HTTP_ERROR
