"""The door of the page: a signed cookie instead of a key, and a token in every form."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request

from services.api.access import SESSION, Caller, Door, caller_of, paced, session_holder
from services.api.controls import without_controls
from services.api.parts import Api, api_of
from services.api.problems import Problem

FORM = "ss_form"
"""The cookie that binds the sign-in form to the browser that asked for it, before there is a session."""

TOKEN = "token"  # noqa: S105
_MOST_FIELDS = 50


class SignInFirst(Exception):
    """The reader is not signed in, or no longer."""


class PageDoor(Door):
    """A route for people: signed in, with the scope that the endpoint declares."""

    async def caller(self, request: Request) -> Caller:
        """Whose session it is. Raises :class:`SignInFirst` where there is none."""
        api = api_of(request)
        found = await session_holder(api, request.cookies.get(SESSION, ""))
        if found is None:
            raise SignInFirst
        holder, prefix = found
        paced(api, prefix)
        return caller_of(api, holder)


def form_token(api: Api, request: Request) -> str:
    """The token for forms of this reader: of their session, or of the browser where there is none yet."""
    return api.signer.token("form", _binding(request))


def new_binding() -> str:
    """A value for the :data:`FORM` cookie."""
    return secrets.token_urlsafe(16)


def _binding(request: Request) -> str:
    return request.cookies.get(SESSION) or request.cookies.get(FORM, "")


async def form(request: Request) -> Mapping[str, str]:
    """The fields of a posted form, each once, without control characters.

    Raises :class:`Problem` where it is not one of ours or has no valid token.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "no-form", "This takes what the page's own forms send.")
    try:
        pairs = parse_qsl((await request.body()).decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-form", "The form can not be read.") from None
    fields = dict(pairs)
    api = api_of(request)
    if not _binding(request) or not api.signer.proves("form", _binding(request), fields.get(TOKEN, "")):
        detail = "The form is too old, or was not made by this page. Nothing was changed; open the page again and repeat."
        raise Problem(HTTPStatus.FORBIDDEN, "form-not-ours", detail)
    return {name: without_controls(value.replace("\r\n", "\n")) for name, value in fields.items()}


def same_site(path: str) -> str:
    """``path`` where it leads to a page of ours, else the start page."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") and len(path) < 500 else "/"


def same_tag(given: str, tag: str) -> bool:
    """Whether ``If-None-Match`` names ``tag``."""
    return any(hmac.compare_digest(each.strip().encode("utf-8", "replace"), tag.encode()) for each in given.split(","))
