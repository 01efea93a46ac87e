"""Signing in with an API key, and out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from secondsource.adapters.sql import keys
from services.api.access import LASTING, SESSION, begin_session, needs
from services.api.pages.door import FORM, PageDoor, form, new_binding, same_site
from services.api.pages.render import page
from services.api.parts import Api, api_of

router = APIRouter(route_class=PageDoor, include_in_schema=False)


def to_sign_in(request: Request) -> Response:
    """Where a reader without session is sent, to come back afterwards."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = "" if request.method != "GET" or wanted == "/" else f"?next={quote(wanted, safe='')}"
    return RedirectResponse(f"/sign-in{back}", HTTPStatus.SEE_OTHER)


@router.get("/sign-in")
@needs(None)
async def sign_in_form(request: Request, next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """The form."""
    return _ask(request, same_site(next))


@router.post("/sign-in")
@needs(None)
async def sign_in(request: Request) -> Response:
    """A key for a cookie."""
    api, fields = api_of(request), await form(request)
    key, target = fields.get("key", "").strip(), same_site(fields.get("next", "/"))
    now = api.clock.now()
    holder = await api.database.read(lambda connection: keys.find(connection, key, now))
    if holder is None:
        return _ask(request, target, "This key is unknown, expired or revoked.", HTTPStatus.FORBIDDEN)
    if "read" not in holder.scopes:
        return _ask(request, target, f"The key {holder.name} may not read; use one that has the scope read.", HTTPStatus.FORBIDDEN)
    prefix = keys.prefix_of(key)
    assert prefix is not None
    answer = RedirectResponse(target, HTTPStatus.SEE_OTHER)
    _set(api, answer, SESSION, begin_session(api, prefix), int(LASTING.total_seconds()))
    answer.delete_cookie(FORM, path="/")
    return answer


@router.post("/sign-out")
@needs("read")
async def sign_out(request: Request) -> Response:
    """End the session in this browser."""
    await form(request)
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(SESSION, path="/")
    return answer


def _ask(request: Request, target: str, wrong: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    api = api_of(request)
    fresh = None if request.cookies.get(SESSION) or request.cookies.get(FORM) else new_binding()
    if fresh is not None:
        request.cookies[FORM] = fresh
    answer = page(request, "sign_in.html", status, target=target, wrong=wrong)
    if fresh is not None:
        _set(api, answer, FORM, fresh, 3600)
    return answer


def _set(api: Api, answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=api.secure, httponly=True, samesite="lax")
