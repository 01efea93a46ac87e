"""Reading a source over HTTP. What can go wrong with a source is a value here, never an exception."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import msgspec

from secondsource.contracts.connector import Request, Response
from secondsource.domain.ids import content_id
from secondsource.domain.observations import Outcome


class Validators(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to remember of the last answer, per source and request, to learn cheaply that nothing has changed.

    ``request`` is the :func:`request_key` of the request that was answered: validators of another request are ignored, so
    that a page whose address was changed in the configuration is read anew. ``body_hash`` is 128 bits of BLAKE2b in hexadecimal,
    the name that the archive of raw responses uses too.
    """

    request: str = ""
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


class FetchPolicy(msgspec.Struct, frozen=True):
    """The bounds of one fetch.

    ``allow`` lists networks (CIDR) that may be reached although they are not public, for one internal source; addresses of
    cloud metadata services are refused even there. ``ports`` None means any. ``deadline`` covers everything from the name
    look-up to the last byte, redirects included. ``max_bytes`` bounds the body, both as sent and as decoded.
    """

    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] | None = None
    deadline: timedelta = timedelta(seconds=20)
    max_bytes: int = 5 * 1024 * 1024
    max_redirects: int = 3


MAX_RETRY_AFTER = timedelta(days=1)  # a server may ask for less; more would be a way to blind us
DEFAULT_POLICY = FetchPolicy()
NO_VALIDATORS = Validators()


class Page(msgspec.Struct, frozen=True):
    """A complete answer that differs from the last one. ``raw_bytes`` is the size of the body as it was sent; ``retry_after``
    is what the server asked for, at most a day, with an answer that is no success."""

    response: Response
    latency_ms: int
    raw_bytes: int
    validators: Validators
    retry_after: timedelta | None = None


class Unchanged(msgspec.Struct, frozen=True):
    """The same as last time: the server said so (304), or the body is the same. ``validators`` replace the old ones."""

    latency_ms: int
    validators: Validators


class Failed(msgspec.Struct, frozen=True):
    """No usable answer. ``detail`` is one sentence for a person, free of secrets, of addresses' paths and of control
    characters; ``retry_after`` is what the server asked for, at most a day."""

    outcome: Outcome
    detail: str
    retry_after: timedelta | None = None
    latency_ms: int = 0


Fetched = Page | Unchanged | Failed


class Fetcher(Protocol):
    """Fetches what a connector asks for, within the bounds of a policy."""

    async def fetch(
        self,
        request: Request,
        *,
        policy: FetchPolicy = DEFAULT_POLICY,
        validators: Validators = NO_VALIDATORS,
    ) -> Fetched:
        """One attempt, redirects included; it does not retry. Raises only for cancellation and defects of the program."""

    async def close(self) -> None:
        """Let go of connections."""


def request_key(request: Request) -> str:
    """A name for what ``request`` asks for: address, parameters, method, headers, body and credential's name."""
    return content_id(request.method, request.url, request.params, request.headers, request.body, request.auth)
