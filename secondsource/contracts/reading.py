"""Help for connectors: JSON read strictly, where everything that is not as expected becomes a ParseError naming its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from secondsource.contracts.connector import ParseError

_BEFORE_ROOT = re.compile(rb"\s+|<\?[^>]*>|<!--.*?-->", re.DOTALL)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|title)[\s>/]", re.IGNORECASE)
_BYTE = re.compile(r" ?\(byte (\d+)\)")
_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", Decimal: "a number"}
_DIGITS = 18
_PORTS = {"https": 443, "http": 80}
_SPELT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")


def _web_address(url: str) -> str:
    if not re.match(r"https?://[^/\s]+", url):
        raise ValueError("must be a web address that begins with https:// or http://")
    return url


WebAddress = Annotated[str, AfterValidator(_web_address)]


class SourceConfig(BaseModel):
    """What every connector that fetches one address is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: WebAddress = Field(description="Where the source publishes.")
    auth: str | None = Field(default=None, description="The name of a credential in the configuration, if one is needed.")


def line_and_column(body: bytes, offset: int) -> str:
    """``line 3 column 14``, both counted from 1, for a byte of ``body``."""
    line = body.count(b"\n", 0, offset) + 1
    start = body.rfind(b"\n", 0, offset)
    return f"line {line} column {offset - start}"


def looks_like_html(body: bytes) -> bool:
    """Whether ``body`` begins as a web page does: a login, a captive portal or a bot check instead of data."""
    head = body[:4000].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    at = 0
    while skipped := _BEFORE_ROOT.match(head, at):
        at = skipped.end()
    return bool(_HTML.match(head, at))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ParseError("a number in the text", f"{text[:40]} is out of range") from None


_DECODER = msgspec.json.Decoder(float_hook=_number)


def _utf8(body: bytes) -> bytes:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            try:
                return body.decode(encoding).encode()
            except UnicodeError:
                raise ParseError("line 1 column 1", f"the body begins as {encoding} but is not valid {encoding}") from None
    return body


def document(body: bytes) -> Node:
    """The JSON document in ``body``, numbers with a point as exact decimals.

    Raises :class:`ParseError` with line and column for an empty body, a web page, and text that is cut off or malformed.
    """
    text = _utf8(body)
    if not text.strip():
        raise ParseError("line 1 column 1", "the body is empty; JSON was expected")
    if looks_like_html(text):
        raise ParseError("line 1 column 1", "this is a web page (HTML); JSON was expected")
    try:
        return Node(_DECODER.decode(text), "")
    except msgspec.DecodeError as error:
        at = _BYTE.search(str(error))
        reason = _BYTE.sub("", str(error)).removeprefix("JSON is malformed: ")
        if at is None:
            raise ParseError(line_and_column(text, len(text)), f"the JSON is cut off or malformed here ({reason})") from None
        raise ParseError(line_and_column(text, int(at.group(1))), f"not JSON: {reason}") from None
    except UnicodeDecodeError:
        raise ParseError("line 1 column 1", "the text is not valid UTF-8") from None
    except RecursionError:
        raise ParseError("line 1 column 1", "the JSON is nested too deeply") from None


def moment(text: str) -> datetime | None:
    """The instant that an ISO 8601 text names, in UTC (a text without a zone is taken as UTC); None where it names none."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


class Node:
    """A value in a JSON document, and where it stands there (``components[3].status``)."""

    __slots__ = ("value", "where")

    def __init__(self, value: Any, where: str) -> None:
        self.value = value
        self.where = where

    def fail(self, reason: str) -> ParseError:
        """The error to raise for this place."""
        return ParseError(self.where or "the document", reason)

    def _expected(self, what: str) -> ParseError:
        found = "null" if self.value is None else _NAMES.get(type(self.value), type(self.value).__name__)
        return self.fail(f"{what} was expected, found {found}")

    def has(self, key: str) -> bool:
        """Whether this is an object with a value other than null under ``key``."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def __getitem__(self, key: str) -> Node:
        """The value under ``key``, which must be there; null counts as a value."""
        mapping = self.mapping()
        place = f"{self.where}.{key}" if self.where else key
        if key not in mapping:
            raise ParseError(place, "missing")
        return Node(mapping[key], place)

    def get(self, key: str) -> Node | None:
        """The value under ``key``; None where it is missing or null."""
        mapping = self.mapping()
        if mapping.get(key) is None:
            return None
        return Node(mapping[key], f"{self.where}.{key}" if self.where else key)

    def mapping(self) -> Mapping[str, Any]:
        """The raw object."""
        if not isinstance(self.value, dict):
            raise self._expected("an object")
        return self.value

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Keys and values of an object, in the order of the text."""
        for key in self.mapping():
            yield key, Node(self.value[key], f"{self.where}[{key!r}]")

    def items(self) -> list[Node]:
        """The members of a list."""
        if not isinstance(self.value, list):
            raise self._expected("a list")
        return [Node(member, f"{self.where}[{number}]") for number, member in enumerate(self.value)]

    def list_of(self, key: str) -> list[Node]:
        """The list under ``key``; empty where it is missing or null."""
        found = self.get(key)
        return found.items() if found else []

    def text(self) -> str:
        """A text that is not blank."""
        if not isinstance(self.value, str):
            raise self._expected("a text")
        if not self.value.strip():
            raise self.fail("the text is blank")
        return self.value

    def text_of(self, key: str) -> str | None:
        """The text under ``key``; None where it is missing, null or blank."""
        found = self.get(key)
        if found is None or (isinstance(found.value, str) and not found.value.strip()):
            return None
        return found.text()

    def id(self) -> str:
        """A name for a thing, as text: ids come as texts and as whole numbers."""
        if isinstance(self.value, int) and not isinstance(self.value, bool) and abs(self.value) < 10**_DIGITS:
            return str(self.value)
        return self.text()

    def number(self) -> Decimal:
        """A number whose size is between 1e-18 and 1e18 (or 0), in the one form that all its spellings share."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            raise self._expected("a number")
        return _in_range(Decimal(self.value), self.where or "the document")

    def spelt_number(self) -> Decimal:
        """The number that a text spells (``"0.0000025"``), as exact as it is written."""
        return spelt_number(self.text(), self.where or "the document")

    def instant(self) -> datetime:
        """A point in time, ISO 8601, in UTC."""
        at = moment(self.text())
        if at is None:
            raise self.fail(f"{self.value[:40]!r} is not a time; something like 2025-10-20T06:48:00Z was expected")
        return at

    def day(self) -> datetime:
        """A calendar day, ISO 8601, as its first instant in UTC."""
        at = moment(self.text()[:10])
        if at is None:
            raise self.fail(f"{self.value[:40]!r} is not a date; something like 2026-02-19 was expected")
        return at

    def instant_of(self, key: str) -> datetime | None:
        """The time under ``key``; None where it is missing or null."""
        found = self.get(key)
        return found.instant() if found else None


def further(link: Node, home: str) -> str:
    """The address of a further page, which must be at the origin of ``home``: what leads elsewhere is not followed, for the
    credential would go along."""
    url = link.text()
    try:
        here, there = urlsplit(home), urlsplit(url)
        origins = {(at.scheme, at.hostname, at.port or _PORTS.get(at.scheme)) for at in (here, there)}
    except ValueError:
        raise link.fail("this is no web address") from None
    if len(origins) > 1:
        raise link.fail(f"the further page is not at {here.scheme}://{here.netloc}, so it is not followed")
    return url


def _in_range(value: Decimal, where: str) -> Decimal:
    if value and not -_DIGITS < value.adjusted() < _DIGITS:
        raise ParseError(where, "the number is out of range")
    return canonical(value)


def spelt_number(text: str, where: str) -> Decimal:
    """The number that ``text`` spells, ``.04`` and ``1e-7`` too, within the bounds of :meth:`Node.number`."""
    if not _SPELT.fullmatch(text):
        raise ParseError(where, f"{text[:40]!r} is not a number")
    return _in_range(_number(text), where)


def canonical(value: Decimal) -> Decimal:
    """The same number in the one form that all its spellings share: 3e-06 and 0.0000030 are equal as text too."""
    return Decimal(f"{value.normalize():f}") if value else Decimal(0)
