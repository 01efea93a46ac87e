"""What is left of rate limits, from the headers of answers that your own clients got: model APIs tell it on every call.

A document is one answer or a list of them, ``{"url": ..., "status": 200, "at": ..., "headers": {...}}``; ``vendor``, ``product`` and
``region`` may be said too. Where limit and rest are there, what is used is known. A rest without a limit is told as a figure of its
own: of what it is the rest nobody said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.pricing import PriceSheet
from secondsource.contracts.reading import Node, SourceConfig, document, moment
from secondsource.contracts.usage import http_date, limit_in, quota, quota_reading, used_in
from secondsource.domain.observations import Measurement
from secondsource.domain.text import tidy

_PARTS = "limit|remaining|reset|renewalperiod"
_FORMS = (
    re.compile(rf"anthropic-(?P<tier>priority-|fast-)?ratelimit-(?P<what>[a-z][a-z0-9-]{{0,59}})-(?P<part>{_PARTS})"),
    re.compile(rf"(?:x-)?ratelimit-(?P<part>{_PARTS})(?:-(?P<what>[a-z][a-z0-9-]{{0,59}}))?"),
)
_HOSTS = (
    ("api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    (".openai.azure.com", "azure"),
    (".services.ai.azure.com", "azure"),
    ("api.replicate.com", "replicate"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
)
_DEPLOYMENT = re.compile(r"/openai/deployments/([^/?]+)")
_SPAN = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:h|ms|m|s|us|µs|ns))+")
_PIECE = re.compile(r"([0-9.]+)(h|ms|m|s|us|µs|ns)")
_SECONDS = {
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("1e-3"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ns": Decimal("1e-9"),
}
_EPOCH = 10**9  # a number above is an instant, one below a length of time
_LONGEST = 400 * 86_400
_PERIODS = {1: "s", 60: "min", 3600: "h", 86_400: "day"}


class Config(SourceConfig):
    """Where your gateway or client hands out the headers that it saw last."""


class RateLimitHeaders:
    """One reading for each thing that is limited."""

    spec: ClassVar[Spec] = Spec(
        name="rate_limit_headers",
        summary="What is left of rate limits, from the headers that your own clients saw",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("quota", "measurement"),
        documentation="https://platform.openai.com/docs/guides/rate-limits",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The document, as configured."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "application/json"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The limits that the headers tell. Of several answers about one thing the last counts."""
        root = document(response.body)
        sheet = PriceSheet()
        for answer in root.items() if isinstance(root.value, list) else [root]:
            readings, notes = read_headers(answer)
            for reading in readings:
                sheet.add(reading.subject, reading.body, reading.vendor, reading.occurred_at)
            for note in notes:
                sheet.note(note)
        if not len(sheet):
            raise root.fail("there is no answer with headers of a rate limit")
        return sheet.parsed(complete=False)

    def recognise(self, response: Response) -> float:
        """By headers of a rate limit."""
        try:
            root = document(response.body)
            first = (root.items() or [root])[0] if isinstance(root.value, list) else root
            headers = first.get("headers")
            return 0.9 if headers is not None and any(_named(name) for name in headers.mapping()) else 0.0
        except ParseError:
            return 0.0


def read_headers(answer: Node) -> tuple[Sequence[Reading], Sequence[str]]:
    """The limits that one answer's headers tell, and notes for people.

    Raises :class:`ParseError` where a value is not what such a header holds, or where no header tells of a limit.
    """
    url = answer.text_of("url") or ""
    at = answer.instant_of("at")
    found: dict[str, dict[str, Node]] = {}
    plain: dict[str, Node] = {}
    for name, value in answer["headers"].entries():
        plain[name.lower()] = value
        if named := _named(name):
            what, part = named
            found.setdefault(what, {})[part] = value
    if not found:
        raise answer["headers"].fail("none of them tells of a rate limit")
    at = at or _date(plain)
    product = answer.text_of("product") or next(iter(_DEPLOYMENT.findall(url)), None)
    region = answer.text_of("region") or (_text(plain["x-ms-region"]) if "x-ms-region" in plain else None)
    vendor = answer.text_of("vendor") or _vendor(url)
    readings, notes = [], []
    for what, parts in found.items():
        period = _period(parts)
        unit = f"{what}/{_PERIODS.get(period, f'{period} s')}" if period else what
        limit = limit_in(_value(parts["limit"])) if "limit" in parts else None
        place = (product, region, what)
        label = f"{product} {what}" if product else what
        if "reset" in parts:
            notes.append(f"{label}: {_reset(parts['reset'], at, period)}")
        if "remaining" not in parts:
            notes.append(f"{label}: what remains is not said, so what is used is not known")
            continue
        left = used_in(_value(parts["remaining"]))
        if limit is None:
            body = Measurement(f"{tidy(what, 80)} left of an unknown limit", left, tidy(unit, 60), tidy(region, 80) if region else None)
            subject = "/".join(("left", *(tidy(part, 120) if part else "-" for part in place)))
            readings.append(Reading(subject, body, occurred_at=at, vendor=vendor))
        else:
            # what remains is rounded by some, up to above the limit
            spent = quota(what, max(limit - left, Decimal(0)), limit, unit=unit, region=region, product=product)
            readings.append(quota_reading(spent, *place, vendor=vendor, at=at))
    status = answer.get("status")
    if "retry-after" in plain and status is not None and status.number() < 400:
        notes.append(f"retry-after {tidy(_text(plain['retry-after']), 40)} on an answer of status {status.number():f} is no refusal")
    return readings, notes


def _named(name: str) -> tuple[str, str] | None:
    """What a header limits and which part of it the header tells; None for other headers."""
    lowered = name.lower()
    for form in _FORMS:
        if match := form.fullmatch(lowered):
            told = match.groupdict()
            return f"{told.get('tier') or ''}{told['what'] or 'requests'}", told["part"]
    return None


def _text(value: Node) -> str:
    """A header's value; recorders put it into a list of one."""
    if isinstance(value.value, list):
        values = value.items()
        if len(values) != 1:
            raise value.fail("one value was expected")
        value = values[0]
    return value.id()


def _value(value: Node) -> Node:
    return Node(_text(value), value.where)


def _vendor(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return next((vendor for name, vendor in _HOSTS if host == name or (name[0] == "." and host.endswith(name))), None)


def _date(plain: Mapping[str, Node]) -> datetime | None:
    return http_date(_text(plain["date"])) if "date" in plain else None


def _period(parts: Mapping[str, Node]) -> int | None:
    if "renewalperiod" not in parts:
        return None
    seconds = used_in(_value(parts["renewalperiod"]))
    if seconds != int(seconds) or not 0 < seconds <= _LONGEST:
        raise parts["renewalperiod"].fail("a whole number of seconds was expected")
    return int(seconds)


def _reset(value: Node, at: datetime | None, period: int | None) -> str:
    """When the limit is whole again: an instant, a length of time as Go writes it, or a number of seconds."""
    text = _text(value)
    if (instant := moment(text)) is not None and "-" in text:
        return f"whole again at {instant:%Y-%m-%dT%H:%M:%SZ}"
    if _SPAN.fullmatch(text):
        seconds = sum((Decimal(number) * _SECONDS[unit] for number, unit in _pieces(text, value)), Decimal(0))
    else:
        seconds = used_in(Node(text, value.where))
        if period is not None and seconds > period:
            return f"reset is {seconds:f}, which is no number of seconds in a period of {period} s"
    if seconds >= _EPOCH:
        if seconds > 10**11:
            raise value.fail(f"{tidy(text, 40)!r} is no time of which it is read when the limit is whole again")
        return f"whole again at {datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"
    when = f", at {at + timedelta(seconds=float(seconds)):%Y-%m-%dT%H:%M:%SZ}" if at and seconds <= _LONGEST else ""
    return f"whole again in {seconds.normalize():f} s{when}"


def _pieces(text: str, value: Node) -> Iterator[tuple[str, str]]:
    for number, unit in _PIECE.findall(text):
        if number.count(".") > 1:
            raise value.fail(f"{tidy(text, 40)!r} is no length of time")
        yield number, unit
