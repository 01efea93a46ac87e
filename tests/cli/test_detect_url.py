"""``secondsource detect URL``: the page itself, and what each connector would ask for there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from click.testing import CliRunner, Result

from secondsource.cli.app import cli
from secondsource.testing.standins.http import HttpStandIn, Received, Reply
from tests.support.pages import statuspage


class Site(HttpStandIn):
    """A site whose front page is HTML and which serves a Statuspage summary where such pages have it."""

    async def respond(self, request: Received) -> Reply:
        if request.target == "/api/v2/summary.json":
            return Reply(200, statuspage("Halcyon AI", {"API": "operational"}))
        return Reply(200, b"<!doctype html><title>Status</title>") if request.target == "/" else Reply(404)


@contextmanager
def serving(site: HttpStandIn) -> Iterator[str]:
    """The site on a thread of its own, for the command has an event loop of its own."""
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with site:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield site.url
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def detect(*words: str) -> Result:
    return CliRunner().invoke(cli({}), ["detect", *words])


def test_the_platform_behind_an_address_is_found() -> None:
    with serving(Site()) as url:
        result = detect(f"{url}/", "--allow", "127.0.0.0/8", "--json")
    found = msgspec.json.decode(result.stdout)
    assert result.exit_code == 0, result.output
    assert found[0]["connector"] == "statuspage"


def test_a_site_that_nothing_understands_is_said_to_be_so() -> None:
    class Plain(HttpStandIn):
        async def respond(self, request: Received) -> Reply:
            return Reply(200, b"<!doctype html><title>Welcome</title>")

    with serving(Plain()) as url:
        result = detect(f"{url}/", "--allow", "127.0.0.0/8")
    assert (result.exit_code, "no connector understands this" in result.output) == (1, True)


def test_an_address_inside_is_refused_unless_it_is_allowed() -> None:
    result = detect("http://127.0.0.1:1/")
    assert result.exit_code == 2
    assert "can not be read" in result.output
    assert "Traceback" not in result.output


def test_what_is_no_network_is_said_to_be_none() -> None:
    result = detect("http://127.0.0.1:1/", "--allow", "inside")
    assert result.exit_code == 2
    assert "--allow" in result.output
