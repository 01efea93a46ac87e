"""Help for connectors: RSS and Atom read defensively into plain values.

``feedparser`` is given a stream, never text or bytes: with those it may open a file or an address that they name.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from secondsource.contracts.connector import ParseError, Response
from secondsource.contracts.reading import looks_like_html

_PROLOG = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_HARMLESS = frozenset({"CharacterEncodingOverride", "NonXMLContentType"})
# what feedparser's loose parser is known to raise for badly broken documents, where it should have set its "bozo" flag
_FEEDPARSER_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_MOST_TAGS = 20_000
"""Elements cost time, texts do not: a feed of 25 stories has some 4,000 tags."""
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(rss|feed|RDF)[\s>]")


class Entry(msgspec.Struct, frozen=True):
    """One item of a feed. ``markup`` is its fullest text, as HTML; times are in UTC; missing texts are empty."""

    number: int  # from 0, in the order of the feed
    id: str
    title: str
    link: str
    markup: str
    published: datetime | None
    updated: datetime | None
    outlet: str  # where the item was taken over from, if it says so
    categories: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The place of this entry, for a ParseError."""
        return f"entry[{self.number}]"


class Feed(msgspec.Struct, frozen=True):
    """A feed that was understood. ``flaw`` says in one line why it is not well-formed, or is None.

    ``built`` is when the feed itself says that it was last written.
    """

    title: str
    entries: tuple[Entry, ...]
    flaw: str | None
    built: datetime | None = None


def is_feed(body: bytes) -> bool:
    """Whether ``body`` begins as RSS or Atom does. Cheap: looks at the first 4,000 bytes only."""
    return bool(_ROOT.search(body[:4000].replace(b"\0", b"")))


def _refuse_declarations(body: bytes) -> None:
    """Documents that declare entities of their own are refused before any parser sees them: no feed needs them."""
    head = body.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    at = 0
    while found := _PROLOG.match(head, at):
        at = found.end()
    if head[at : at + 9].upper() == b"<!DOCTYPE":
        end = head.find(b">", at)
        declaration = head[at : end if end >= 0 else len(head)]
        if b"[" in declaration or b"<!ENTITY" in declaration.upper():
            line = head.count(b"\n", 0, at) + 1
            raise ParseError(f"line {line}", "the document declares entities of its own (DOCTYPE with [...]); this is refused")


def _instant(parsed: Any) -> datetime | None:
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _text(values: dict[str, Any], key: str) -> str:
    # dict.get, because feedparser's own get answers with another key's value, and warns, where this one is missing
    value = dict.get(values, key)
    return value if isinstance(value, str) else ""


def _markup(entry: dict[str, Any]) -> str:
    contents = [_text(content, "value") for content in dict.get(entry, "content") or ()]
    return max([*contents, _text(entry, "summary")], key=len)


def _flaw(parsed: Mapping[str, Any]) -> str | None:
    error = parsed.get("bozo_exception")
    if not parsed.get("bozo") or error is None or type(error).__name__ in _HARMLESS:
        return None
    line = getattr(error, "getLineNumber", lambda: None)()
    message = getattr(error, "getMessage", lambda: str(error))()
    return f"line {line}: {message}" if line else str(message)


def read_feed(response: Response) -> Feed:
    """The feed in ``response``; one that is not well-formed is read as far as it goes and has a ``flaw``.

    Raises :class:`ParseError` for an empty body, a web page, a document with entities of its own or with more than 20,000 tags,
    what is no feed, and a feed that has neither a title nor an entry.
    """
    body = response.body.lstrip(b" \t\r\n")
    if not body:
        raise ParseError("line 1", "the body is empty; a feed (RSS or Atom) was expected")
    _refuse_declarations(body)
    tags = body.replace(b"\0", b"").count(b"<") + body.count(b"&lt;")
    if tags > _MOST_TAGS:
        raise ParseError("the document", f"it has {tags} tags, more than {_MOST_TAGS}; reading it would take too long")
    import feedparser  # it takes a tenth of a second, which only those pay who read a feed

    headers = {key: value for key, value in response.headers.items() if key == "content-type"}
    try:
        parsed = feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except _FEEDPARSER_ERRORS as error:
        raise ParseError("the document", f"it is so malformed that it can not be read ({type(error).__name__})") from None
    if not parsed.get("version"):
        if looks_like_html(body):
            raise ParseError("line 1", "this is a web page (HTML); a feed (RSS or Atom) was expected")
        raise ParseError("line 1", "this is neither RSS nor Atom")
    entries = tuple(
        Entry(
            number=number,
            id=_text(entry, "id"),
            title=_text(entry, "title"),
            link=_text(entry, "link"),
            markup=_markup(entry),
            published=_instant(dict.get(entry, "published_parsed")),
            updated=_instant(dict.get(entry, "updated_parsed")),
            outlet=_text(dict.get(entry, "source") or {}, "title"),
            categories=tuple(filter(None, (_text(tag, "term") for tag in dict.get(entry, "tags") or ()))),
        )
        for number, entry in enumerate(parsed.entries)
    )
    built = _instant(dict.get(parsed.feed, "updated_parsed"))
    feed = Feed(_text(parsed.feed, "title"), entries, _flaw(parsed), built)
    if not feed.entries and not feed.title:
        fault = f"; {feed.flaw}" if feed.flaw else ""
        raise ParseError("the document", f"the feed has neither a title nor an entry; it may have moved or broken{fault}")
    return feed


def read_whole_feed(response: Response) -> Feed:
    """As :func:`read_feed`, for where half a feed would be half the truth: one that is not well-formed is a ParseError."""
    feed = read_feed(response)
    if feed.flaw is not None:
        where, colon, reason = feed.flaw.partition(": ")
        raise ParseError(where if colon else "the document", f"the feed is cut off or malformed ({reason or where})")
    return feed
