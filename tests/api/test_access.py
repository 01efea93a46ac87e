"""Nobody comes in without the scope that a route declares; every route declares one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute

from secondsource.adapters.sql.keys import SCOPES
from secondsource.adapters.sql.tables import ApiKeyRow
from secondsource.domain.errors import UserError
from services.api.access import LASTING, SESSION, Door, needs
from services.api.app import ROUTERS, make_app
from services.api.buckets import Rate
from services.api.pages.door import PageDoor
from tests.support.company import T0, at, outage
from tests.support.site import Site

PUBLIC = {"/healthz", "/readyz", "/openapi.json", "/static/{name}", "/sign-in"}
ROUTES = [route for router in ROUTERS for route in router.routes]


def undeclared(routes: list[BaseRoute]) -> list[str]:
    """Routes that are no doors, or whose door says nothing of a scope."""
    return [str(getattr(route, "path", route)) for route in routes if not isinstance(route, Door) or not hasattr(route, "needs")]


def test_every_route_declares_its_scope(site: Site) -> None:
    assert undeclared(site.app.routes) == []
    assert {route.path for route in site.app.routes if isinstance(route, Door) and route.needs is None} == PUBLIC
    assert [route.path for route in site.app.routes if isinstance(route, Door)] == [
        route.path for route in ROUTES if isinstance(route, Door)
    ]


def test_a_route_without_a_scope_is_found_and_can_not_be_built() -> None:
    async def open_to_all(request: Request) -> None:
        """Says nothing of a scope."""

    assert undeclared([APIRoute("/x", open_to_all)]) == ["/x"]
    with pytest.raises(TypeError, match="/x: open_to_all declares no scope"):
        APIRouter(route_class=Door).get("/x")(open_to_all)
    with pytest.raises(ValueError, match="there is no scope everything"):
        needs("everything")


def doors(kind: type[Door]) -> Iterator[tuple[str, str, str]]:
    for route in ROUTES:
        if isinstance(route, Door) and isinstance(route, PageDoor) == (kind is PageDoor) and route.needs is not None:
            yield from ((method, route.path, route.needs) for method in sorted(route.methods or ()))


@pytest.mark.parametrize("scope", SCOPES)
async def test_every_route_with_every_scope(site: Site, scope: str) -> None:
    key = site.key("one", scope)
    for method, path, needed in doors(Door):
        answer = await site.client.request(method, path.replace("{id}", "R-x"), headers={"authorization": f"Bearer {key}"}, json={})
        if scope == needed:
            assert answer.status_code not in (401, 403), path
        else:
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:secondsource:problem:scope-missing"), path
            assert answer.json()["detail"] == f"This needs the scope {needed}; the key one has {scope}."


@pytest.mark.parametrize("header", [None, "Basic YTpi", "Bearer ", "Bearer ss_x_y", "Bearer ss_0123abcd_" + "x" * 43, "ss_only"])
async def test_no_route_without_a_key(site: Site, header: str | None) -> None:
    await signed_in(site)  # a cookie opens no door of the API
    for method, path, _ in doors(Door):
        headers = {} if header is None else {"authorization": header}
        answer = await site.client.request(method, path.replace("{id}", "R-x"), headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:secondsource:problem:not-authenticated"), path
        assert answer.headers["www-authenticate"] == 'Bearer realm="secondsource"'


async def test_no_page_without_a_session(site: Site) -> None:
    for method, path, _ in doors(PageDoor):
        answer = await site.client.request(method, path.replace("{id}", "R-x").replace("{verb}", "close"), headers=site.bearer(None, {}))
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in"), path


async def test_who_may_only_read_changes_nothing_on_the_page(site: Site) -> None:
    await signed_in(site, site.key("reader", "read"))
    changing = [(method, path) for method, path, needed in doors(PageDoor) if needed != "read"]
    assert len(changing) == 2
    for method, path in changing:
        answer = await site.client.request(method, path.replace("{id}", "R-x").replace("{verb}", "close"))
        assert answer.status_code == 403, path


async def signed_in(site: Site, key: str | None = None) -> str:
    """Sign in as a browser does; returns the token of its forms."""
    form = await site.client.get("/sign-in")
    answer = await site.client.post("/sign-in", data={"token": token_in(form.text), "key": key or site.ana, "next": "/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
    return token_in((await site.client.get("/")).text)


def token_in(page: str) -> str:
    return page.partition('name="token" value="')[2].partition('"')[0]


async def test_the_session_cookie_tells_nothing_and_is_kept_from_script(site: Site) -> None:
    form = await site.client.get("/sign-in")
    answer = await site.client.post("/sign-in", data={"token": token_in(form.text), "key": site.ana})
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith(SESSION)]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert site.ana not in cookie
    assert site.ana.split("_", 2)[2] not in cookie


async def test_over_https_cookies_are_secure(tmp_path: Path) -> None:
    site = Site(tmp_path / "store.db", public_url="https://risk.example.org")
    answer = await site.client.get("/sign-in")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    await site.close()


async def test_a_session_ends_with_its_time_and_with_its_key(site: Site) -> None:
    await signed_in(site)
    assert (await site.client.get("/")).status_code == 200
    site.wall.move(T0 + LASTING + timedelta(seconds=1))
    assert (await site.client.get("/")).status_code == 303
    site.client.cookies.clear()
    await signed_in(site)
    rows = ApiKeyRow.__table__  # type: ignore[attr-defined]
    site.database.write_now(lambda c: c.execute(rows.update().values(revoked_at=at(1))))
    assert (await site.client.get("/")).status_code == 303
    assert (await site.get("/v1/risks")).status_code == 401


async def test_a_changed_cookie_is_none(site: Site) -> None:
    await signed_in(site)
    value = site.client.cookies[SESSION]
    for changed in (value[:-2] + ("AA" if value[-2:] != "AA" else "BB"), "", "x", "é", value[:-4], site.ana):
        answer = await site.visitor().get("/", headers=[(b"cookie", f"{SESSION}={changed}".encode())])
        assert answer.status_code == 303
    cursor = site.app.state.api.signer.seal("cursor", b"anything")
    assert (await site.visitor().get("/", headers={"cookie": f"{SESSION}={cursor}"})).status_code == 303


@pytest.mark.parametrize("token", ["", "0" * 32, "é"])
async def test_a_form_without_its_token_changes_nothing(site: Site, token: str) -> None:
    site.hear(outage())
    risk = (await site.get("/v1/risks")).json()["items"][0]
    await signed_in(site)
    answer = await site.client.post(f"/risks/{risk['id']}/close", data={"token": token, "reason": "forged"})
    assert answer.status_code == 403
    assert (await site.get(f"/v1/risks/{risk['id']}")).json()["state"] == "open"


async def test_a_token_of_another_session_is_none(site: Site) -> None:
    theirs = await signed_in(site)
    site.client = site.visitor()
    site.wall.move(T0 + timedelta(minutes=1))
    await signed_in(site, site.key("other", person="ben"))
    answer = await site.client.post("/sign-out", data={"token": theirs})
    assert answer.status_code == 403


async def test_signing_out_takes_the_cookie_back(site: Site) -> None:
    token = await signed_in(site)
    answer = await site.client.post("/sign-out", data={"token": token})
    assert answer.status_code == 303
    assert (await site.client.get("/")).status_code == 303


@pytest.mark.parametrize(
    ("key", "says"), [("ss_x_y", "unknown, expired or revoked"), ("", "unknown, expired or revoked"), ("observer", "may not read")]
)
async def test_a_key_that_does_not_hold_signs_nobody_in(site: Site, key: str, says: str) -> None:
    form = await site.client.get("/sign-in")
    given = site.key("observer", "observe") if key == "observer" else key
    answer = await site.client.post("/sign-in", data={"token": token_in(form.text), "key": given})
    assert answer.status_code == 403
    assert says in answer.text
    assert given == "" or given not in answer.text
    assert (await site.client.get("/")).status_code == 303


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/ok\r\nx: y", ""])
async def test_signing_in_leads_to_our_own_pages_only(site: Site, target: str) -> None:
    form = await site.client.get("/sign-in", params={"next": target})
    answer = await site.client.post("/sign-in", data={"token": token_in(form.text), "key": site.ana, "next": target})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_after_signing_in_the_reader_is_where_they_wanted_to_be(site: Site) -> None:
    sent = await site.client.get("/risks/R-x?a=1")
    assert sent.headers["location"] == "/sign-in?next=%2Frisks%2FR-x%3Fa%3D1"
    form = await site.client.get(sent.headers["location"])
    assert 'name="next" value="/risks/R-x?a=1"' in form.text


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("127.0.0.1:8765", 200), ("LOCALHOST", 200), ("[::1]:8765", 200), ("evil.example", 400), ("", 400),
     ("127.0.0.1.evil.example", 400), ("127.0.0.1@evil.example", 400), ("127.0.0.1:x", 400), ("localhost/../x", 400)],
)  # fmt: skip
async def test_only_configured_hosts_are_answered_to(site: Site, host: str, status: int) -> None:
    answer = await site.client.get("/healthz", headers={"host": host})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["type"] == "urn:secondsource:problem:unknown-host"


async def test_a_key_that_asks_too_often_waits(tmp_path: Path) -> None:
    site = Site(tmp_path / "store.db", rate=Rate(per_second=2, burst=3))
    other = site.key("other")
    assert [(await site.get("/v1/risks")).status_code for _ in range(4)] == [200, 200, 200, 429]
    late = await site.get("/v1/risks")
    assert (late.headers["retry-after"], late.json()["type"]) == ("1", "urn:secondsource:problem:too-often")
    assert (await site.get("/v1/risks", other)).status_code == 200
    site.wall.move(T0 + timedelta(seconds=1))
    assert [(await site.get("/v1/risks")).status_code for _ in range(3)] == [200, 200, 429]
    await site.close()


async def test_every_answer_carries_the_headers_of_a_careful_page(site: Site) -> None:
    for path in ("/sign-in", "/healthz", "/v1/risks", "/nothing", "/"):
        answer = await site.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in answer.headers


async def test_a_key_of_nobody_acts_under_its_own_name(site: Site) -> None:
    site.hear(outage())
    risk = (await site.get("/v1/risks")).json()["items"][0]
    robot = site.key("robot", "respond", "read")
    answer = await site.post(f"/v1/risks/{risk['id']}/acknowledge", {}, key=robot)
    assert answer.json()["acknowledged_by"] == "key:robot"


def test_a_short_secret_is_refused(site: Site) -> None:
    with pytest.raises(UserError, match=r"api\.secret is too short"):
        make_app(replace(site.parts, session_secret=b"short"))
    assert b"only-for-tests" not in repr(site.parts).encode()
