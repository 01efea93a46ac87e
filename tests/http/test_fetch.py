"""A fetch that goes as it should, against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta
from hashlib import blake2b

import pytest

from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, FetchPolicy, Page, Unchanged, Validators, request_key
from tests.http.conftest import NOW, Call, Names, Serve


async def operational(call: Call) -> None:
    await call.answer(b'{"status": "operational"}', Content_Type="application/json", ETag='"v1"', Set_Cookie="session=1")


async def test_a_page_comes_with_its_headers_time_and_size(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    server = await serve(operational)
    request = Request(server.url("/status?a=1"), headers={"Accept": "application/json"}, params={"b": "x y"})
    fetched = await fetcher.fetch(request, policy=local)
    assert isinstance(fetched, Page)
    body = b'{"status": "operational"}'
    assert fetched.response.body == body
    assert fetched.response.status == 200
    assert fetched.response.url == server.url("/status?a=1&b=x+y")
    assert fetched.response.headers == {"content-type": "application/json", "etag": '"v1"'}
    assert fetched.response.received_at == NOW
    assert fetched.raw_bytes == len(body)
    assert fetched.validators == Validators(request_key(request), '"v1"', None, blake2b(body, digest_size=16).hexdigest())
    (call,) = server.calls
    assert (call.method, call.path) == ("GET", "/status?a=1&b=x+y")
    assert call.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": call.headers["user-agent"],
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
    }
    assert call.headers["user-agent"].startswith("SecondSource/")


async def test_a_body_is_posted(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    server = await serve(operational)
    request = Request(server.url(), method="post", body=b'{"query": 1}', headers={"Content-Type": "application/json"})
    assert isinstance(await fetcher.fetch(request, policy=local), Page)
    (call,) = server.calls
    assert (call.method, call.body, call.headers["content-type"]) == ("POST", b'{"query": 1}', "application/json")


async def test_a_compressed_body_is_decoded_and_counted_as_sent(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    body = b"operational " * 1000

    async def compressed(call: Call) -> None:
        await call.answer(gzip.compress(body), Content_Encoding="gzip")

    fetched = await fetcher.fetch(Request((await serve(compressed)).url()), policy=local)
    assert isinstance(fetched, Page)
    assert fetched.response.body == body
    assert "content-encoding" not in fetched.response.headers
    assert fetched.raw_bytes == len(gzip.compress(body))


async def test_chunked_bodies_and_connections_are_joined(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    async def chunked(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await call.send(b"2\r\nde\r\n0\r\n\r\n")

    server = await serve(chunked)
    for _ in range(3):
        fetched = await fetcher.fetch(Request(server.url()), policy=local)
        assert isinstance(fetched, Page)
        assert fetched.response.body == b"abcde"
    assert server.opened == 1


async def test_a_page_that_the_server_calls_unmodified_is_unchanged(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    modified = "Tue, 03 Mar 2026 08:00:00 GMT"

    async def conditional(call: Call) -> None:
        if call.headers.get("if-none-match") == '"v1"' and call.headers.get("if-modified-since") == modified:
            await call.send(b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n')
        else:
            await call.answer(b"operational", ETag='"v1"', Last_Modified=modified)

    server = await serve(conditional)
    first = await fetcher.fetch(Request(server.url()), policy=local)
    assert isinstance(first, Page)
    second = await fetcher.fetch(Request(server.url()), policy=local, validators=first.validators)
    assert isinstance(second, Unchanged)
    assert second.validators == first.validators
    assert server.opened == 1


async def test_the_same_body_without_validators_is_unchanged(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    bodies = [b"operational", b"operational", b"degraded"]

    async def plain(call: Call) -> None:
        await call.answer(bodies.pop(0))

    request = Request((await serve(plain)).url())
    first = await fetcher.fetch(request, policy=local)
    assert isinstance(first, Page)
    second = await fetcher.fetch(request, policy=local, validators=first.validators)
    assert isinstance(second, Unchanged)
    third = await fetcher.fetch(request, policy=local, validators=second.validators)
    assert isinstance(third, Page)
    assert third.response.body == b"degraded"


async def test_an_etag_that_changes_with_the_same_body_is_taken_over(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    tags = ['"v1"', '"v2"']

    async def retagged(call: Call) -> None:
        await call.answer(b"operational", ETag=tags.pop(0))

    request = Request((await serve(retagged)).url())
    first = await fetcher.fetch(request, policy=local)
    assert isinstance(first, Page)
    second = await fetcher.fetch(request, policy=local, validators=first.validators)
    assert isinstance(second, Unchanged)
    assert second.validators.etag == '"v2"'


@pytest.mark.parametrize("other", [{"params": {"page": "2"}}, {"headers": {"accept": "text/html"}}, {"method": "POST"}, {"body": b"x"}])
async def test_validators_of_another_request_are_not_used(
    serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, other: dict[str, object]
) -> None:
    server = await serve(operational)
    first = await fetcher.fetch(Request(server.url()), policy=local)
    assert isinstance(first, Page)
    changed = Request(server.url(), **other)  # type: ignore[arg-type]
    assert isinstance(await fetcher.fetch(changed, policy=local, validators=first.validators), Page)
    assert "if-none-match" not in server.calls[-1].headers


async def test_a_304_that_nobody_asked_for_is_a_failure(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    async def unasked(call: Call) -> None:
        await call.send(b"HTTP/1.1 304 Not Modified\r\n\r\n")

    fetched = await fetcher.fetch(Request((await serve(unasked)).url()), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.HTTP_ERROR
    assert "304" in fetched.detail


@pytest.mark.parametrize("etag", ["é", "x" * 600])
async def test_validators_that_could_not_be_sent_back_are_forgotten(
    serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, etag: str
) -> None:
    async def tagged(call: Call) -> None:
        await call.answer(b"operational", ETag=etag)

    fetched = await fetcher.fetch(Request((await serve(tagged)).url()), policy=local)
    assert isinstance(fetched, Page)
    assert fetched.validators.etag is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("Wed, 04 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Wed, 04 Mar 2026 12:05:00", timedelta(minutes=5)),
        ("Wed, 04 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("Wed, 04 Mar 2099 11:00:00 GMT", timedelta(days=1)),
        ("9999999", timedelta(days=1)),
        ("9" * 4000, timedelta(days=1)),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Wed, 99 Mar 2026 12:05:00 GMT", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_understood(
    serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, value: str, wanted: timedelta | None, status: int
) -> None:
    async def busy(call: Call) -> None:
        await call.answer(b"later", status, Retry_After=value)

    server = await serve(busy)
    fetched = await fetcher.fetch(Request(server.url("/secret-path")), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.HTTP_ERROR
    assert fetched.detail == f"http://127.0.0.1:{server.port} answered {status}"
    assert fetched.retry_after == wanted


@pytest.mark.parametrize("status", [206, 300, 400, 404, 500, 599])
async def test_what_is_no_complete_answer_is_an_http_error(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, status: int) -> None:
    async def wrong(call: Call) -> None:
        await call.answer(b"operational", status)

    fetched = await fetcher.fetch(Request((await serve(wrong)).url()), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.HTTP_ERROR
    assert str(status) in fetched.detail


async def test_no_more_than_two_requests_run_at_once_against_a_host(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy) -> None:
    running = most = 0
    enough = asyncio.Event()

    async def counted(call: Call) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:  # the rest has time to come, if anything lets it
            asyncio.get_running_loop().call_later(0.1, enough.set)
        await enough.wait()
        await call.answer(b"operational")
        running -= 1

    server = await serve(counted)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(fetcher.fetch(Request(server.url(f"/{number}")), policy=local)) for number in range(9)]
    assert all(isinstance(task.result(), Page) for task in tasks)
    assert most == 2


async def test_waiting_for_a_slot_is_not_part_of_the_deadline(serve: Serve, names: Names, hasty: FetchPolicy) -> None:
    async def first_hangs(call: Call) -> None:
        if call.path == "/hang":
            await call.hang()
        await call.answer(b"operational")

    server = await serve(first_hangs)
    async with HttpFetcher(now=lambda: NOW, resolver=names, per_host=1) as fetcher:
        hanging = [asyncio.create_task(fetcher.fetch(Request(server.url("/hang")), policy=hasty)) for _ in range(2)]
        patient = FetchPolicy(allow=hasty.allow)
        assert isinstance(await fetcher.fetch(Request(server.url("/")), policy=patient), Page)
        for task in hanging:
            assert isinstance(failed := await task, Failed)
            assert failed.outcome is Outcome.TIMEOUT


async def test_latency_is_measured_with_the_given_clock(serve: Serve, names: Names, local: FetchPolicy) -> None:
    readings = iter([10.0, 10.25])
    server = await serve(operational)
    async with HttpFetcher(now=lambda: NOW, resolver=names, monotonic=lambda: next(readings)) as fetcher:
        fetched = await fetcher.fetch(Request(server.url()), policy=local)
    assert fetched.latency_ms == 250


async def test_proxy_variables_are_ignored(serve: Serve, fetcher: HttpFetcher, local: FetchPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = await serve(operational)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url())
    server = await serve(operational)
    assert isinstance(await fetcher.fetch(Request(server.url()), policy=local), Page)
    assert not proxy.calls


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (Request("http://127.0.0.1:1/", method="DELETE"), "method 'DELETE'"),
        (Request("http://127.0.0.1:1/", headers={"Host": "evil.test"}), "'host' is set by the fetcher"),
        (Request("http://127.0.0.1:1/", headers={"Transfer-Encoding": "chunked"}), "'transfer-encoding' is set by the fetcher"),
        (Request("http://127.0.0.1:1/", headers={"X-A": "a\r\nX-B: b"}), "'x-a' holds characters"),
        (Request("http://127.0.0.1:1/", headers={"X A": "a"}), "not a header name"),
        (Request("ftp://127.0.0.1:1/"), "only http and https"),
        (Request("http://127.0.0.1:1/", auth="nobody"), "no credential is called 'nobody'"),
    ],
)
async def test_a_request_that_can_not_be_sent_is_refused(fetcher: HttpFetcher, local: FetchPolicy, request_: Request, reason: str) -> None:
    fetched = await fetcher.fetch(request_, policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert reason in fetched.detail


async def test_a_policy_that_names_no_network_is_an_error(fetcher: HttpFetcher) -> None:
    with pytest.raises(ValueError, match="localhost"):
        await fetcher.fetch(Request("http://127.0.0.1/"), policy=FetchPolicy(allow=("localhost",)))
