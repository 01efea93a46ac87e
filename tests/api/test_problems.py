"""Whatever goes wrong is a problem document for programs and a page for people; nothing of the inside shows."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from services.api.guard import MOST_BYTES
from tests.api.test_access import signed_in
from tests.support.site import Site

SECRET = "the-secret-of-the-house"


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    found: dict[str, Any] = answer.json()
    assert (found["type"], found["status"]) == (f"urn:secondsource:problem:{code}", status)
    assert found["title"]
    assert found["detail"].endswith((".", "?")) or ": " in found["detail"]
    return found


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/v1/risks/", 404, "not-found"),
        ("DELETE", "/v1/risks", 405, "method-not-allowed"),
        ("TRACE", "/healthz", 405, "method-not-allowed"),
        ("GET", "/static/../app.py", 404, "not-found"),
        ("GET", "/static/%2e%2e%2fapp.py", 404, "not-found"),
        ("GET", "/v1/vendors/nobody", 404, "not-found"),
        ("GET", "/v1/runs/nothing", 404, "not-found"),
    ],
)
async def test_what_is_not_there_is_a_problem(site: Site, method: str, path: str, status: int, code: str) -> None:
    answer = await site.client.request(method, path, headers=site.bearer(None, {}))
    assert problem(answer, status, code)["instance"].startswith("/")
    if status == 405:
        assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b"null", b'{"reason": 5}', b"[" * 100_000])
async def test_a_body_that_is_not_understood(site: Site, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await site.client.post("/v1/risks/R-x/close", content=body, headers=site.bearer(None, {"headers": headers}))
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_was_sent_is_not_said_again(site: Site) -> None:
    answer = await site.post("/v1/risks/R-x/accept", {"reason": "x", "until": SECRET, "password": SECRET})
    assert answer.status_code == 422
    assert SECRET not in answer.text


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large(site: Site, announced: bool) -> None:
    async def chunks() -> Any:
        for _ in range(MOST_BYTES // 1024 + 1):
            yield b" " * 1024

    content: Any = b" " * (MOST_BYTES + 1) if announced else chunks()
    headers = site.bearer(None, {"headers": {"content-type": "application/json"}})
    for path in ("/v1/observations", "/v1/risks/R-x/close"):
        answer = await site.client.post(path, content=content if announced else chunks(), headers=headers)
        problem(answer, 413, "too-large")


async def test_a_body_of_exactly_the_bound_is_read(site: Site) -> None:
    headers = site.bearer(None, {"headers": {"content-type": "application/json"}})
    answer = await site.client.post("/v1/observations", content=b" " * MOST_BYTES, headers=headers)
    problem(answer, 400, "no-json")


async def test_a_fault_of_ours_shows_nothing_of_the_inside(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(site.clock, "now", broken)
    answer = await site.get("/v1/risks")
    found = problem(answer, 500, "failed")
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert found["detail"].startswith("The program failed on this request (")
    log = capsys.readouterr().out
    assert "Traceback" in log
    assert site.ana not in log


async def test_a_store_that_can_not_be_used_is_said_to_be_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def locked(work: object) -> None:
        raise OperationalError("SELECT secret FROM api_key", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(site.database, "read", locked)
    answer = await site.get("/v1/risks")
    found = problem(answer, 503, "store-unavailable")
    assert answer.headers["retry-after"] == "5"
    assert "api_key" not in found["detail"]


async def test_people_get_a_page(site: Site) -> None:
    await signed_in(site)
    answer = await site.client.get("/risks/R-none", headers={"accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no risk &#39;R-none&#39; here." in answer.text
    bare = await site.visitor().get("/<script>", headers={"accept": "text/html"})
    assert (bare.status_code, "<script>" in bare.text.replace("<script src", "")) == (404, False)


async def test_the_api_answers_in_json_whoever_asks(site: Site) -> None:
    answer = await site.client.get("/v1/risks", headers={"accept": "text/html"})
    problem(answer, 401, "not-authenticated")
