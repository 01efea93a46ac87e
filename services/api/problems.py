"""What went wrong, as RFC 9457 problem details: a code that programs know, and a sentence that people understand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from starlette.responses import Response

TYPES = "urn:secondsource:problem:"
MEDIA_TYPE = "application/problem+json"


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong in what was sent: where, and what. ``index`` counts the items of a batch from 0."""

    place: str
    problem: str
    index: int | None = None


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is no success."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    errors: tuple[Fault, ...] = ()


class Problem(Exception):
    """Ends a request with a problem. ``code`` is the last part of its type; ``detail`` is one sentence that says what to do."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, *, errors: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def details(self, instance: str = "") -> ProblemDetails:
        """The body of the answer."""
        return ProblemDetails(f"{TYPES}{self.code}", self.status.phrase, self.status, self.detail, instance, self.errors)

    def response(self, instance: str = "") -> Response:
        """The answer."""
        body = msgspec.json.encode(self.details(instance))
        return Response(body, self.status, {"cache-control": "no-store", **self.headers}, MEDIA_TYPE)


def not_found(what: str, id_: str) -> Problem:
    """There is no such thing."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", f"There is no {what} {id_[:100]!r} here.")


def refused(why: str) -> Problem:
    """It exists, and may not happen as things stand."""
    return Problem(HTTPStatus.CONFLICT, "refused", f"{why[:1].upper()}{why[1:]}.")
