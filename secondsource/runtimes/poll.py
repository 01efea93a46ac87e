"""One poll of one source: fetch what the connector asks for, read it, and tell what changed. Touches no database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import msgspec
from pydantic import BaseModel

from secondsource.contracts.connector import Connector, Parsed, ParseError, Reading, Response
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import NO_VALIDATORS, Failed, Fetcher, FetchPolicy, Page, Validators

MAX_PAGES = 50
"""How many answers one poll may take: a source that always names a next page is not followed for ever."""


class Source(msgspec.Struct, frozen=True):
    """A source as configured: where, by which connector, how often, within which bounds."""

    id: str
    vendor: str
    connector: Connector
    config: BaseModel
    interval: timedelta
    policy: FetchPolicy = FetchPolicy()


class Polled(msgspec.Struct, frozen=True):
    """How a poll ended.

    ``readings`` are what all its answers said; empty when nothing is new or it failed. ``complete`` tells that they are the whole
    picture. ``responses`` are the answers as they came.
    """

    outcome: Outcome
    detail: str = ""
    latency_ms: int = 0
    bytes: int = 0
    readings: Sequence[Reading] = ()
    complete: bool = False
    cursor: str | None = None
    retry_after: timedelta | None = None
    validators: Validators = NO_VALIDATORS
    responses: Sequence[Response] = ()


class Parser(Protocol):
    """Reads a response within bounds of time and memory; raises ParseError as the connector does."""

    async def parse(self, name: str, config: BaseModel, response: Response) -> Parsed:
        """What connector ``name`` makes of ``response``."""


async def poll(source: Source, cursor: str | None, validators: Validators, fetcher: Fetcher, parser: Parser) -> Polled:
    """Poll once. What can go wrong with a source is in the outcome; nothing half-read is returned.

    ``validators`` serve only polls of a single answer: with several, one that did not change would be missing from the picture.
    """
    pending = list(source.connector.requests(source.config, cursor))
    single = len(pending) == 1
    readings: list[Reading] = []
    responses: list[Response] = []
    complete, latency, size, seen = True, 0, 0, NO_VALIDATORS
    for _ in range(MAX_PAGES):
        if not pending:
            break
        request = pending.pop(0)
        fetched = await fetcher.fetch(request, policy=source.policy, validators=validators if single else NO_VALIDATORS)
        latency += fetched.latency_ms
        if isinstance(fetched, Failed):
            return Polled(fetched.outcome, fetched.detail, latency, size, retry_after=fetched.retry_after, cursor=cursor)
        if not isinstance(fetched, Page):
            return Polled(Outcome.UNCHANGED, "", latency, size, cursor=cursor, validators=fetched.validators)
        size += fetched.raw_bytes
        responses.append(fetched.response)
        seen = fetched.validators
        try:
            parsed = await _parse(source, fetched.response, parser)
        except ParseError as error:
            return Polled(Outcome.PARSE, str(error), latency, size, cursor=cursor, responses=responses)
        readings.extend(parsed.readings)
        complete = complete and parsed.complete
        cursor = parsed.cursor if parsed.cursor is not None else cursor
        if parsed.next_request is not None:
            pending.insert(0, parsed.next_request)
            single = False
    else:
        return Polled(Outcome.PARSE, f"the source names more than {MAX_PAGES} pages", latency, size, cursor=cursor, responses=responses)
    return Polled(
        Outcome.OK, "", latency, size, readings, complete, cursor, validators=seen if single else NO_VALIDATORS, responses=responses
    )


async def _parse(source: Source, response: Response, parser: Parser) -> Parsed:
    spec = source.connector.spec
    if spec.limited:
        return await parser.parse(spec.name, source.config, response)
    try:
        return source.connector.parse(response, source.config)
    except ParseError:
        raise
    except Exception as error:  # a connector's defect makes its own source unread, and stops no other
        raise ParseError(f"connector {spec.name}", f"it failed on this page ({type(error).__name__}: {error}); please report it") from error
