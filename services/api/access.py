"""Who may do what: each route declares the scope that it wants, and nobody comes in without it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Any, TypeVar

import msgspec
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import keys
from secondsource.adapters.sql.keys import SCOPES, KeyHolder
from services.api.parts import Api, api_of
from services.api.problems import Problem

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

SESSION = "ss_session"
LASTING = timedelta(days=7)
"""How long a reader stays signed in; a key that is revoked ends it at once."""

_MARK = "__needs__"


class Caller(msgspec.Struct, frozen=True):
    """Who asks. ``actor`` is what histories call them. ``roles`` are those of the person; None: a key that manages keys, and so could
    make one for anybody, may decide whatever roles it takes."""

    name: str
    actor: str
    scopes: frozenset[str]
    roles: tuple[str, ...] | None = ()


class _Session(msgspec.Struct, frozen=True, array_like=True):
    prefix: str
    begun: datetime


def needs(scope: str | None) -> Callable[[Endpoint], Endpoint]:
    """Declare the scope that an endpoint wants; None lets everybody in."""
    if scope is not None and scope not in SCOPES:
        raise ValueError(f"there is no scope {scope}; there are {', '.join(SCOPES)}")

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, scope)
        return endpoint

    return mark


class Door(APIRoute):
    """A route for programs: a key in ``Authorization``, with the scope that the endpoint declares. Cookies do not count here."""

    needs: str | None

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if not hasattr(endpoint, _MARK):
            raise TypeError(f"{path}: {endpoint.__name__} declares no scope; say @needs(...) with one, or None for everybody")
        self.needs = getattr(endpoint, _MARK)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint behind its door: nothing of a request is read before the door has opened."""
        handle = super().get_route_handler()

        async def admitted(request: Request) -> Response:
            if self.needs is not None:
                caller = await self.caller(request)
                if self.needs not in caller.scopes:
                    detail = f"This needs the scope {self.needs}; the key {caller.name} has {', '.join(sorted(caller.scopes)) or 'none'}."
                    raise Problem(HTTPStatus.FORBIDDEN, "scope-missing", detail)
                request.state.caller = caller
            return await handle(request)

        return admitted

    async def caller(self, request: Request) -> Caller:
        """Whose key it is. Raises :class:`Problem`: 401 where there is none that holds, 429 where it asks too often."""
        api = api_of(request)
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not key:
            raise _unknown("Send an API key as `Authorization: Bearer ss_...`.")
        now, given = api.clock.now(), key.strip()
        holder = await api.database.read(lambda connection: keys.find(connection, given, now))
        if holder is None:
            raise _unknown("The API key is unknown, expired or revoked.")
        prefix = keys.prefix_of(given)
        assert prefix is not None
        paced(api, prefix)
        return caller_of(api, holder)


def _unknown(detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, "not-authenticated", detail, headers={"www-authenticate": 'Bearer realm="secondsource"'})


def paced(api: Api, prefix: str) -> None:
    """Count one request of a key. Raises :class:`Problem` (429) where it asks too often."""
    wait = api.buckets.take(prefix, api.parts.wall.now())
    if wait:
        seconds = ceil(wait)
        headers = {"retry-after": str(seconds)}
        detail = f"This key asks more often than {api.parts.rate.per_second:g} times a second; try again in {seconds} s."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-often", detail, headers=headers)


def caller_of(api: Api, holder: KeyHolder) -> Caller:
    """The holder of a key as histories and runbooks know them."""
    if holder.person is None:
        return Caller(holder.name, f"key:{holder.name}", holder.scopes, None if "admin" in holder.scopes else ())
    person = api.people.get(holder.person)
    return Caller(holder.name, f"person:{holder.person}", holder.scopes, person.roles if person is not None else ())


def caller(request: Request) -> Caller:
    """Who came through the door."""
    found = request.state.caller
    assert isinstance(found, Caller)
    return found


def begin_session(api: Api, prefix: str) -> str:
    """The cookie of a reader who has shown the key with ``prefix``. The key itself is not in it."""
    return api.signer.seal("session", msgspec.msgpack.encode(_Session(prefix, api.parts.wall.now())))


async def session_holder(api: Api, cookie: str) -> tuple[KeyHolder, str] | None:
    """Whose session it is, and the key's prefix; None where it is not ours, too old, or the key no longer holds."""
    sealed = api.signer.open("session", cookie)
    if sealed is None:
        return None
    session = msgspec.msgpack.decode(sealed, type=_Session)
    if api.parts.wall.now() - session.begun.astimezone(UTC) > LASTING:
        return None
    now = api.clock.now()
    holder = await api.database.read(lambda connection: keys.by_prefix(connection, session.prefix, now))
    return None if holder is None else (holder, session.prefix)
