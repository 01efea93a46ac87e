"""Memory stays bounded, measured from outside: a process of its own fetches, the servers run here."""

from __future__ import annotations

import asyncio
import gzip
import sys

import pytest

from tests.http.conftest import Call, Serve

MIB = 1024 * 1024

# Prints outcome and growth of the peak in bytes. A first small fetch loads everything that is loaded once.
PROGRAM = """
import asyncio, resource, sys
from pathlib import Path
from datetime import UTC, datetime
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.contracts.connector import Request
from secondsource.ports.fetcher import Failed, FetchPolicy


def peak():
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what this process was before it became itself: a copy of the tests
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

async def main(url):
    async with HttpFetcher(now=lambda: datetime(2026, 1, 1, tzinfo=UTC)) as fetcher:
        policy = FetchPolicy(allow=("127.0.0.0/8",))
        await fetcher.fetch(Request(url + "small"), policy=policy)
        before = peak()
        fetched = await fetcher.fetch(Request(url + "large"), policy=policy)
        grown = peak() - before
    print(fetched.outcome.value if isinstance(fetched, Failed) else len(fetched.response.body), grown)

asyncio.run(main(sys.argv[1]))
"""

GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "piece", "repeat", "outcome"),
    [
        pytest.param(GZIP, gzip.compress(bytes(100 * MIB)), 1, "too_large", id="a gzip bomb of 1000 to 1"),
        pytest.param(GZIP, gzip.compress(bytes(10 * MIB)) * 10, 1, "too_large", id="a row of gzip bombs"),
        pytest.param(PLAIN, bytes(MIB), 100, "too_large", id="a body of 100 MB"),
        pytest.param(GZIP, gzip.compress(bytes(5 * MIB)), 1, str(5 * MIB), id="a compressed body that just fits"),
        pytest.param(PLAIN, bytes(MIB), 5, str(5 * MIB), id="a body that just fits"),
    ],
)
async def test_memory_grows_by_less_than_ten_mebibytes(serve: Serve, head: bytes, piece: bytes, repeat: int, outcome: str) -> None:
    async def handler(call: Call) -> None:
        if call.path == "/small":
            await call.answer(b"operational")
            return
        await call.send(head)
        for _ in range(repeat):
            await call.send(piece)
        call.writer.close()

    server = await serve(handler)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, server.url(), stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    ended, grown = printed.split()
    assert ended.decode() == outcome
    assert int(grown) <= 10 * MIB
