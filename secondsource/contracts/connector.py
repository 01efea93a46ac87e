"""How a source is read. A connector is pure: requests out, observations in; the fetcher does the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, runtime_checkable

import msgspec
from pydantic import BaseModel

from secondsource.domain.observations import AnyBody, Outcome


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to fetch. ``auth`` names a credential of the configuration; the fetcher applies it, nobody else sees it.

    ``every_status`` hands over answers of any status, not only of success. ``every_time`` hands over an answer that is the
    same as last time, too, because what it means depends on when it is read. ``memo`` is never sent and comes back with the answer.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = {}
    params: Mapping[str, str] = {}
    body: bytes | None = None
    auth: str | None = None
    every_status: bool = False
    every_time: bool = False
    memo: str = ""


class Response(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came back: the final address, lower-case header names, the body decoded from its transfer encoding.

    ``latency_ms`` is how long it took, where it was measured; ``memo`` is the request's.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    latency_ms: int | None = None
    memo: str = ""


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """That no answer came, and why: one of the outcomes of a poll, with a sentence. ``memo`` is the request's."""

    outcome: Outcome
    detail: str
    latency_ms: int = 0
    memo: str = ""


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fact in a response. The collector adds source, vendor and time and makes an observation of it.

    ``vendor`` is set only where a source speaks of several (a price list); else the source's own vendor holds.
    """

    subject: str
    body: AnyBody
    occurred_at: datetime | None = None
    vendor: str | None = None


class Parsed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a response says.

    ``complete`` tells that the response is the whole picture, so that a subject missing from it has vanished.
    ``cursor`` is handed to the next ``requests``; ``next_request`` asks for a further page of the same poll.
    ``notes`` say what was left out and why, for people; rules never see them. ``inconclusive`` says in a sentence why
    nothing can be told: the poll has failed, and the readings, if any, say that it is not known how things are.
    """

    readings: Sequence[Reading]
    complete: bool = True
    cursor: str | None = None
    next_request: Request | None = None
    notes: Sequence[str] = ()
    inconclusive: str | None = None


class ParseError(Exception):
    """The response is not what the connector reads. ``where`` is a place in it (``components[3].status``, ``line 7``)."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


class Spec(msgspec.Struct, frozen=True):
    """What a connector is. ``kinds`` are the observation kinds that it emits."""

    name: str
    summary: str
    config: type[BaseModel]
    interval: timedelta
    kinds: tuple[str, ...]
    documentation: str
    limited: bool = False  # parse in a worker process with limits on time and memory


@runtime_checkable
class Connector(Protocol):
    """One source format. Found by scanning ``connectors`` and the entry-point group ``secondsource.connectors``."""

    spec: ClassVar[Spec]

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """What one poll begins with."""

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The facts in ``response``. Raises :class:`ParseError` for anything not understood; never guesses, never
        returns an empty result for a page that it did not understand."""


@runtime_checkable
class Recognises(Protocol):
    """A connector that can tell its format from a response."""

    def recognise(self, response: Response) -> float:
        """How sure, 0 (not mine) to 1 (surely mine)."""


@runtime_checkable
class ReadsFailures(Protocol):
    """A connector to which it is news that no answer came: a probe."""

    def on_failure(self, failure: Failure, config: BaseModel) -> Parsed:
        """What follows from the failure of one of its requests."""
