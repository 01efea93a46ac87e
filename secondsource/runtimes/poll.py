"""One poll of one source: fetch what the connector asks for, read it, and tell what changed. Touches no database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel

from secondsource.contracts.connector import Connector, Failure, Parsed, ParseError, Reading, ReadsFailures, Request, Response
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import NO_VALIDATORS, Failed, Fetcher, FetchPolicy, Page, Unchanged, Validators

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

    ``readings`` are what all its answers said; empty when nothing is new or it failed, except where a connector reads failures.
    ``complete`` tells that they are the whole picture. ``responses`` are the answers worth archiving, as they came.
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
    later: timedelta | None = None
    for _ in range(MAX_PAGES):
        if not pending:
            break
        request = pending.pop(0)
        fetched = await fetcher.fetch(request, policy=source.policy, validators=validators if single else NO_VALIDATORS)
        latency += fetched.latency_ms
        if isinstance(fetched, Unchanged):
            return Polled(Outcome.UNCHANGED, "", latency, size, cursor=cursor, validators=fetched.validators)
        later = fetched.retry_after or later
        try:
            if isinstance(fetched, Failed):
                parsed = _of_failure(source, request, fetched)
            else:
                size += fetched.raw_bytes
                seen = fetched.validators
                response = replace(fetched.response, latency_ms=fetched.latency_ms, memo=request.memo)
                if not isinstance(source.connector, ReadsFailures):  # what a probe is told is not in the text: nobody reads it again
                    responses.append(response)
                parsed = await _parse(source, response, parser)
        except ParseError as error:
            return Polled(Outcome.PARSE, str(error), latency, size, cursor=cursor, responses=responses)
        cursor = parsed.cursor if parsed.cursor is not None else cursor
        if parsed.inconclusive is not None:
            return Polled(_outcome(fetched), parsed.inconclusive, latency, size, parsed.readings, cursor=cursor, retry_after=later)
        readings.extend(parsed.readings)
        complete = complete and parsed.complete
        if parsed.next_request is not None:
            pending.insert(0, parsed.next_request)
            single = False
    else:
        return Polled(Outcome.PARSE, f"the source names more than {MAX_PAGES} pages", latency, size, cursor=cursor, responses=responses)
    kept = seen if single else NO_VALIDATORS
    return Polled(Outcome.OK, "", latency, size, readings, complete, cursor, later, kept, responses)


def _outcome(fetched: Page | Failed) -> Outcome:
    """How a poll ended after whose last fetch nothing can be told."""
    if isinstance(fetched, Failed):
        return fetched.outcome
    return Outcome.HTTP_ERROR if fetched.response.status >= 400 else Outcome.PARSE


def _of_failure(source: Source, request: Request, failed: Failed) -> Parsed:
    """What a failure says: nothing, except to a connector that reads failures."""
    if not isinstance(source.connector, ReadsFailures):
        return Parsed((), inconclusive=failed.detail)
    failure = Failure(failed.outcome, failed.detail, failed.latency_ms, request.memo)
    with _named(source):
        return source.connector.on_failure(failure, source.config)


async def _parse(source: Source, response: Response, parser: Parser) -> Parsed:
    spec = source.connector.spec
    if spec.limited:
        return await parser.parse(spec.name, source.config, response)
    with _named(source):
        return source.connector.parse(response, source.config)


@contextmanager
def _named(source: Source) -> Iterator[None]:
    """A connector's defect makes its own source unread, and stops no other."""
    try:
        yield
    except ParseError:
        raise
    except Exception as error:
        where = f"connector {source.connector.spec.name}"
        raise ParseError(where, f"it failed on this page ({type(error).__name__}: {error}); please report it") from error
