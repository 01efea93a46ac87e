"""The worker process: the same answers as without it, and nothing that a page can do reaches further than the worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from pydantic import BaseModel

from secondsource.adapters.limited import LimitedParser, Limits
from secondsource.adapters.plugins import connector
from secondsource.contracts.connector import ParseError, Response
from secondsource.domain.observations import News

HERE = Path(__file__).parent
AT = datetime(2026, 1, 2, tzinfo=UTC)

HOSTILE = """
import os, sys, time
from datetime import timedelta
from pydantic import BaseModel
from secondsource.contracts.connector import Parsed, Reading, Spec
from secondsource.domain.observations import News

class Config(BaseModel):
    pass

class Hostile:
    spec = Spec("hostile", "", Config, timedelta(minutes=1), ("news",), "", limited=True)

    def requests(self, config, cursor):
        return ()

    def parse(self, response, config):
        what = response.body.decode()
        if what == "spin":
            while True:
                pass
        if what == "hang":
            time.sleep(3600)
        if what == "eat":
            return [bytearray(2**24) for _ in range(10_000)]
        if what == "die":
            os._exit(3)
        if what == "fail":
            return {}["missing"]
        if what == "print":
            print("not an answer" * 1000)
        if what == "write":
            with open(response.url, "wb") as file:
                file.write(b"x" * 10)
        if what == "environment":
            what = ",".join(sorted(os.environ))
        return Parsed((Reading("pid", News(title=str(os.getpid()), summary=what)),))
"""


class NoConfig(BaseModel):
    """The hostile connector needs none."""


def response(body: bytes, url: str = "https://localhost/") -> Response:
    return Response(url, 200, {}, body, AT)


def settings(name: str) -> BaseModel:
    return connector(name).spec.config.model_validate({"url": "https://localhost/"})


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector that does what a hostile page would like it to do, installed for the worker to find."""
    (tmp_path / "hostile_code.py").write_text(HOSTILE)
    (tmp_path / "hostile-1.0.dist-info").mkdir()
    (tmp_path / "hostile-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    (tmp_path / "hostile-1.0.dist-info" / "entry_points.txt").write_text("[secondsource.connectors]\nhostile = hostile_code:Hostile\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest_asyncio.fixture
async def parser() -> AsyncIterator[LimitedParser]:
    limited = LimitedParser(Limits(cpu=timedelta(seconds=4), wall=timedelta(seconds=20), memory=256 * 2**20))
    yield limited
    await limited.close()


async def said(parser: LimitedParser, what: str, url: str = "https://localhost/") -> tuple[str, str]:
    """Title and summary of the hostile connector's only reading: the worker's process id, and what was asked."""
    parsed = await parser.parse("hostile", NoConfig(), response(what.encode(), url))
    body = parsed.readings[0].body
    assert isinstance(body, News)
    return body.title, body.summary


async def test_answers_are_those_of_the_connector_itself(parser: LimitedParser) -> None:
    reader, config = connector("feed_status"), settings("feed_status")
    for case in sorted((HERE / "feed_status").iterdir()):
        page = response(next(case.glob("response.*")).read_bytes())
        if (case / "expected.jsonl").exists():
            parsed = await parser.parse("feed_status", config, page)
            assert msgspec.msgpack.encode(parsed) == msgspec.msgpack.encode(reader.parse(page, config))
            continue
        with pytest.raises(ParseError) as here:
            reader.parse(page, config)
        with pytest.raises(ParseError) as there:
            await parser.parse("feed_status", config, page)
        assert (there.value.where, there.value.reason) == (here.value.where, here.value.reason)


async def test_a_worker_is_used_again(parser: LimitedParser, hostile: None) -> None:
    first, _ = await said(parser, "a")
    second, _ = await said(parser, "b")
    assert first == second != str(os.getpid())


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("spin", "it exceeded 4 s of processor time"),
        ("eat", "it needed more than 256 MiB of memory"),
        ("die", r"it ended unexpectedly \(exit code 3\)"),
        ("fail", r"it ended unexpectedly \(KeyError: 'missing'\)"),
    ],
)
async def test_a_worker_that_fails_is_replaced(parser: LimitedParser, hostile: None, what: str, reason: str) -> None:
    first, _ = await said(parser, "a")
    with pytest.raises(ParseError, match=reason) as caught:
        await said(parser, what)
    assert caught.value.where == "parser"
    second, _ = await said(parser, "b")
    assert first != second
    with pytest.raises(ProcessLookupError):
        os.kill(int(first), 0)


async def test_a_worker_that_hangs_is_killed(hostile: None) -> None:
    parser = LimitedParser(Limits(wall=timedelta(seconds=3), cpu=timedelta(seconds=30)))
    with pytest.raises(ParseError, match="parser: it exceeded 3 s"):
        await said(parser, "hang")
    assert (await said(parser, "a"))[1] == "a"
    await parser.close()


async def test_a_cancelled_parse_leaves_no_worker_in_the_middle_of_its_answer(parser: LimitedParser, hostile: None) -> None:
    first, _ = await said(parser, "a")
    task = asyncio.create_task(said(parser, "hang"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await task
    assert (await said(parser, "b"))[1] == "b"
    with pytest.raises(ProcessLookupError):
        os.kill(int(first), 0)


async def test_what_a_library_prints_is_not_taken_for_an_answer(parser: LimitedParser, hostile: None) -> None:
    assert (await said(parser, "print"))[1] == "print"
    assert (await said(parser, "a"))[1] == "a"


async def test_a_worker_writes_no_file(parser: LimitedParser, hostile: None, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="OSError"):
        await said(parser, "write", str(tmp_path / "written"))
    assert not (tmp_path / "written").exists() or (tmp_path / "written").read_bytes() == b""


async def test_a_worker_has_no_secrets_in_its_environment(parser: LimitedParser, hostile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-not-real")
    _, names = await said(parser, "environment")
    assert set(names.split(",")) <= {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LC_ALL"}


async def test_parses_run_side_by_side_up_to_the_number_of_workers(hostile: None) -> None:
    parser = LimitedParser(workers=2)
    answers = await asyncio.gather(*(said(parser, str(number)) for number in range(6)))
    assert [what for _, what in answers] == [str(number) for number in range(6)]
    assert 1 <= len({pid for pid, _ in answers}) <= 2
    await parser.close()


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>' + b"<a>" * 200_000,
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>' + b"&amp;" * 400_000 + b"</title></channel></rss>",
        b"<rss><channel>" + b"<item><title>" * 100_000,
    ],
    ids=["nested", "references", "unclosed"],
)
async def test_a_page_made_to_cost_much_costs_little(parser: LimitedParser, body: bytes) -> None:
    # read or refused, as may be: the worker's bounds see to it that it ends
    with contextlib.suppress(ParseError):
        await parser.parse("news_feed", settings("news_feed"), response(body))
    small = b'<rss version="2.0"><channel><title>t</title><item><title>Quake</title></item></channel></rss>'
    parsed = await parser.parse("news_feed", settings("news_feed"), response(small))
    assert len(parsed.readings) == 1


@pytest.mark.parametrize(("program", "why"), [("/does/not/exist", "No such file or directory"), ("/bin/false", "exit code 1")])
async def test_a_worker_that_does_not_start_is_an_error_of_this_parse(program: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = LimitedParser()
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", program)
        with pytest.raises(ParseError, match=f"parser: its worker process does not start: {why}"):
            await parser.parse("news_feed", settings("news_feed"), response(b"<rss></rss>"))
    with pytest.raises(ParseError, match="neither a title nor an entry"):
        await parser.parse("news_feed", settings("news_feed"), response(b"<rss></rss>"))
    await parser.close()
