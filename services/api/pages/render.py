"""From templates to pages. Everything that is filled in is text: escaped, on sight as it is stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import jinja2
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from secondsource.domain.words import count, duration
from services.api.access import Caller
from services.api.pages.assets import WEB, asset
from services.api.pages.door import form_token, same_tag
from services.api.parts import api_of

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def seen(value: Any) -> Any:
    """Text without characters that can not be seen: with them, what is read is not what is there."""
    if isinstance(value, Markup) or not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    return "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in _UNSEEN)


_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(WEB / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=seen,
    trim_blocks=True,
    lstrip_blocks=True,
)


def at(instant: datetime | None, now: datetime) -> Markup:
    """An instant as the reader's clock shows it; in UTC where no script runs, and always in its title."""
    if instant is None:
        return Markup("")
    instant, now = instant.astimezone(UTC), now.astimezone(UTC)
    same_day = instant.date() == now.date()
    shown = (
        f"{instant:%H:%M} UTC"
        if same_day
        else f"{instant.day} {instant:%b}{f' {instant:%Y}' if instant.year != now.year else ''}, {instant:%H:%M} UTC"
    )
    form = "clock" if same_day else "day"
    return Markup('<time datetime="{}" title="{}" data-form="{}">{}</time>').format(
        f"{instant:%Y-%m-%dT%H:%M:%SZ}", f"{instant:%Y-%m-%d %H:%M:%S} UTC", form, shown
    )


_PERSON = re.compile(r"\bperson:([A-Za-z0-9_.-]*[A-Za-z0-9_])")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")


def worded(text: str, now: datetime, who: Callable[[str], str]) -> Markup:
    """What a run wrote down, with people by their names and instants as clocks show them."""
    named = _PERSON.sub(lambda match: who(match.group(0)), seen(text))
    found, end = [], 0
    for match in _INSTANT.finditer(named):
        found += [escape(named[end : match.start()]), at(datetime.fromisoformat(match.group(0)), now)]
        end = match.end()
    return Markup("").join([*found, escape(named[end:])])


def ago(instant: datetime, now: datetime) -> str:
    """How long ago, or how far ahead."""
    gone = now - instant
    return f"in {duration(-gone)}" if gone < timedelta(0) else f"{duration(gone)} ago"


def span(length: timedelta) -> str:
    """A length of time."""
    return duration(length)


def headed(sentence: str) -> tuple[str, str]:
    """A sentence in two: what it is, and the clauses that follow."""
    head, _, tail = sentence.partition("; ")
    return head, tail


def percent(part: float) -> str:
    """A part of one as per cent."""
    return f"{part:.0%}"


_environment.filters.update(ago=ago, span=span, headed=headed, percent=percent)
PAGES = (
    ("/", "Overview"),
    ("/risks", "Risks"),
    ("/vendors", "Vendors"),
    ("/sources", "Sources"),
    ("/runs", "Runs"),
    ("/messages", "Messages"),
)
"""What the masthead leads to."""

_environment.globals.update(asset=asset, at=at, count=count, pages=PAGES, worded=worded)


def page(request: Request, template: str, /, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
    """The page; 304 where the reader has it as it is."""
    api = api_of(request)
    caller: Caller | None = getattr(request.state, "caller", None)
    shared = {
        "now": api.clock.now(),
        "path": request.url.path,
        "reader": caller,
        "reader_name": api.who(caller.actor) if caller is not None else "",
        "may_respond": caller is not None and "respond" in caller.scopes,
        "token": form_token(api, request),
        "who": api.who,
        "reached": api.reached,
        "vendor_name": api.parts.context.graph.name,
    }
    body = _environment.get_template(template).render(**shared, **values).encode("utf-8", "replace")
    tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"cache-control": "private, no-cache", "etag": tag, "vary": "cookie"}
    if status is HTTPStatus.OK and same_tag(request.headers.get("if-none-match", ""), tag):
        return Response(b"", HTTPStatus.NOT_MODIFIED, headers)
    return Response(body, status, headers, "text/html; charset=utf-8")
