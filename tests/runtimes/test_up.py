"""``secondsource up`` as a process of its own: it serves, it works, it stops when asked, and it goes on where it stopped."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.domain.observations import kind_of
from secondsource.testing.standins.http import HttpStandIn, Received, Reply
from tests.support.configured import COMPANY
from tests.support.pages import statuspage

PROGRAM = [sys.executable, "-c", "from services.command import main; main()"]


class Page(HttpStandIn):
    """Halcyon's status page, all well."""

    async def respond(self, request: Received) -> Reply:
        return Reply(200, statuspage("Halcyon AI", {"API": "operational"}))


class Process:
    """A running ``up``: where its page is, and the key that it showed."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, key: str | None) -> None:
        self._process = process
        self.address = address
        self.key = key

    async def stop(self) -> int:
        """Ask it to stop, and how it ended."""
        self._process.send_signal(signal.SIGTERM)
        await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode


async def start(config: Path) -> Process:
    process = await asyncio.create_subprocess_exec(*PROGRAM, "up", "--config", str(config), stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    key: str | None = None
    said = []
    while line := (await process.stderr.readline()).decode():
        said.append(line)
        shown = re.search(r"ss_[0-9a-f]{8}_\S+", line)
        key = shown[0] if shown else key
        if found := re.search(r"the page is at (\S+)", line):
            return Process(process, found[1], key)
    raise AssertionError("".join(said))


@pytest.fixture
async def config(tmp_path: Path) -> AsyncIterator[Path]:
    async with Page() as page:
        path = tmp_path / "secondsource.yaml"
        source = f"sources: [{{vendor: halcyon, connector: statuspage, url: '{page.url}/api/v2/summary.json', allow: [127.0.0.0/8]}}]\n"
        path.write_text(COMPANY + source + "api: {port: 0}\n", encoding="utf-8")
        yield path


async def test_it_serves_works_stops_and_goes_on(config: Path) -> None:
    first = await start(config)
    assert first.key is not None
    async with httpx2.AsyncClient(base_url=first.address, trust_env=False) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/v1/risks")).status_code == 401
        headers = {"authorization": f"Bearer {first.key}"}
        body = {"kind": "component_status", "name": "API", "status": "major_outage"}
        push = {"observations": [{"vendor": "cirrus", "subject": "component/api", "body": body}]}
        assert (await client.post("/v1/observations", json=push, headers=headers)).status_code == 202
        while (await client.get("/v1/sources", headers=headers)).json()["items"][0]["health"] != "fresh":
            pass  # the first poll is under way
        assert (await client.get("/readyz")).status_code == 200
    assert await first.stop() == 0
    second = await start(config)
    assert second.key is None, "a key was made though there was one"
    assert await second.stop() == 0
    database = Database(config.parent / "store" / "secondsource.db")
    try:
        said = [kind_of(o.body) for batch in database.read_now(lambda c: list(log.read_all(c))) for o in batch.observations]
        assert database.integrity() == []
    finally:
        database.close()
    assert said.count("component_status") == 3  # the page as a whole, its component, and what was pushed: each once
