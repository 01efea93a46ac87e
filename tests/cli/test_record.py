"""The command ``record`` against a server on loopback: what is kept is a case that holds, and no secret is in it."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from secondsource.cli.app import cli
from secondsource.testing.fixtures import check
from secondsource.testing.redaction import carried, plain_address, redacted
from secondsource.testing.standins.http import HttpStandIn, Received, Reply

CANARY = 'c4n4ry/+"of=this test'
PAGE = {
    "page": {"id": "b", "name": "Borealis"},
    "components": [{"id": "api", "name": "API", "status": "operational"}],
    "incidents": [],
    "status": {"indicator": "none"},
}
CONFIG = """\
vendors: {{borealis: Borealis}}
credentials:
  page: {{{credential}}}
sources:
  - {{id: page, vendor: borealis, connector: statuspage, url: {url}, auth: page, allow: [127.0.0.0/8]}}
"""


class Echo(HttpStandIn):
    """A page that repeats what it was sent, in every spelling that there is."""

    body: bytes | None = None
    status = 200

    async def respond(self, request: Received) -> Reply:
        if request.target == "/token":
            told = {"access_token": "t0ken-of-the-test", "token_type": "Bearer", "expires_in": 3600}
            return Reply(200, json.dumps(told).encode(), {"content-type": "application/json"})
        sent = request.headers.get("authorization", "")
        echo = {
            "sent": sent,
            "bare": CANARY,
            "base64": base64.b64encode(CANARY.encode()).decode(),
            "escaped": CANARY.replace("/", "\\/"),
            "address": "https://x.example/?k=c4n4ry%2F%2B%22of%3Dthis%20test",
        }
        body = self.body if self.body is not None else json.dumps({**PAGE, **echo}).encode()
        headers = {"content-type": "application/json; charset=utf-8", "set-cookie": f"session={sent}", "x-echo": sent}
        return Reply(self.status, body, headers)


@pytest.fixture
def page() -> Iterator[Echo]:
    """The page, served by a thread of its own, as the command has a loop of its own."""
    found, ready, over = Echo(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with found:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(30)
    yield found
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli({}), ["record", *arguments, "--output", str(folder / "cases")])


def written(folder: Path) -> str:
    """Everything that was written, as text."""
    return "\n".join(path.read_text() for path in sorted((folder / "cases").rglob("*")) if path.is_file())


def test_a_page_is_kept_as_a_case_that_holds(tmp_path: Path, page: Echo) -> None:
    done = run(tmp_path, "statuspage", page.url, "--case", "live", "--allow", "127.0.0.0/8", "--told", '{"indicator": false}')
    case = tmp_path / "cases" / "statuspage" / "live"
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{case}: ")
    assert {path.name for path in case.iterdir()} == {"request.json", "response.json", "expected.jsonl"}
    assert check(case) == []
    request = json.loads((case / "request.json").read_text())
    assert request["config"] == {"url": page.url, "indicator": False}
    assert request["headers"] == {"content-type": "application/json; charset=utf-8"}
    assert len((case / "expected.jsonl").read_text().splitlines()) == 2
    again = run(tmp_path, "statuspage", page.url, "--case", "live", "--allow", "127.0.0.0/8")
    assert (again.exit_code, len(page.requests)) == (2, 1)
    assert "already" in again.stderr


def test_what_the_connector_refuses_is_kept_with_the_refusal(tmp_path: Path, page: Echo) -> None:
    page.body = b"<!DOCTYPE html><html><body>Log in</body></html>"
    done = run(tmp_path, "statuspage", page.url, "--case", "login", "--allow", "127.0.0.0/8")
    case = tmp_path / "cases" / "statuspage" / "login"
    assert done.exit_code == 0
    assert "refused: line 1 column 1: this is a web page (HTML)" in done.output
    assert (case / "expected_error.json").exists()
    assert check(case) == []


@pytest.mark.parametrize(
    "credential",
    [
        "bearer: file:secret",
        "basic: {username: ana, password: file:secret}",
        "header: {name: Authorization, value: file:secret}",
        "oauth2: {token_url: URL/token, client_id: ana, client_secret: file:secret}",
    ],
)
def test_no_secret_is_written(tmp_path: Path, page: Echo, credential: str) -> None:
    (tmp_path / "secret").write_text(CANARY + "\n")
    config = tmp_path / "secondsource.yaml"
    config.write_text(CONFIG.format(credential=credential.replace("URL", page.url), url=page.url))
    done = run(tmp_path, "page", "--case", "echo", "--config", str(config))
    assert done.exit_code == 0, done.output
    assert page.requests[-1].headers["authorization"]
    text = written(tmp_path) + done.output
    for spelling in ("c4n4ry", "t0ken-of-the-test", base64.b64encode(CANARY.encode()).decode()[:12], "YW5hOm", "set-cookie", "x-echo"):
        assert spelling not in text
    assert text.count("***") >= 5
    assert check(tmp_path / "cases" / "statuspage" / "echo") == []


def test_where_no_answer_comes_nothing_is_written(tmp_path: Path, page: Echo) -> None:
    page.status = 503
    done = run(tmp_path, "statuspage", page.url, "--case", "down", "--allow", "127.0.0.0/8")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "http_error: " in done.stderr
    assert not (tmp_path / "cases").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["statuspage", "http://127.0.0.1:9/", "--case", "x"], "is not a public address"),
        (["statuspage", "https://status.example/", "--case", "../x"], "is no name for a case"),
        (["statuspage", "https://status.example/", "--case", "x", "--told", "[]"], "--told must be a JSON object"),
        (["statuspag", "https://status.example/", "--case", "x"], "there is no connector 'statuspag'"),
        (["no-source", "--case", "x", "--config", "/nowhere/x.yaml"], "there is no /nowhere/x.yaml"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = run(tmp_path, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_poll_has_as_many_answers_as_it_has(tmp_path: Path, page: Echo) -> None:
    done = run(tmp_path, "statuspage", page.url, "--case", "second", "--answer", "2", "--allow", "127.0.0.0/8")
    assert done.exit_code == 2
    assert "takes 1 answers, not 2" in done.stderr


def test_addresses_lose_what_they_carry() -> None:
    url = "https://ana:pw1@x.example/v1?page=2&api_key=k3y&X-Amz-Signature=s1g&keyword=gpu"
    assert list(carried(url)) == ["pw1", "k3y", "s1g"]
    assert plain_address(url) == "https://x.example/v1?page=2&api_key=***&X-Amz-Signature=***&keyword=gpu"
    assert plain_address("https://x.example/a?b=c%20d#e") == "https://x.example/a?b=c%20d#e"
    assert redacted("k3y ünd".encode("utf-16"), ["k3y"]).decode("utf-16") == "*** ünd"
