"""``POST /v1/rate-limits``: what is left of rate limits, from the headers that one's own clients got with their answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from connectors.rate_limit_headers import read_headers
from secondsource.contracts.connector import ParseError
from secondsource.contracts.reading import Node, document
from services.api.access import Door, caller, needs
from services.api.answers import answer
from services.api.observed import Pushed
from services.api.openapi import returns, takes
from services.api.parts import Api, api_of
from services.api.problems import Fault, Problem
from services.api.routes.observations import PushAnswer, keep

router = APIRouter(route_class=Door, tags=["observations"])

MOST = 1000


class SeenAnswer(msgspec.Struct, frozen=True):
    """One answer of a vendor as a client saw it. ``vendor`` is needed where ``url`` does not tell it; ``at`` is when it came."""

    headers: dict[str, str]
    url: str | None = None
    status: int | None = None
    at: str | None = None
    vendor: str | None = None
    product: str | None = None
    region: str | None = None


class SeenAnswers(msgspec.Struct, frozen=True):
    """Answers, in the order in which they came."""

    answers: Annotated[tuple[SeenAnswer, ...], Meta(min_length=1, max_length=MOST)]


EXAMPLE = {
    "answers": [
        {
            "url": "https://api.openai.com/v1/chat/completions",
            "at": "2026-01-02T12:00:00Z",
            "headers": {"x-ratelimit-limit-tokens": "200000", "x-ratelimit-remaining-tokens": "149984", "x-ratelimit-reset-tokens": "4ms"},
        }
    ]
}


@router.post(
    "/v1/rate-limits",
    status_code=HTTPStatus.ACCEPTED,
    summary="Push headers of rate limits",
    responses=returns(PushAnswer, "What became of each limit; `index` is that of the answer.", status=202),
    openapi_extra=takes(SeenAnswers, EXAMPLE),
)
@needs("observe")
async def push(request: Request) -> Response:
    """Up to 1,000 answers; each limit that their headers tell becomes a quota. A limit that is not there is unknown, not unlimited.

    Answers that can be read are taken whatever is wrong with others; where none can be, the answer is 422.
    """
    api = api_of(request)
    try:
        answers = document(await request.body())["answers"].items()
    except ParseError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-answers", f"A JSON object with a list of answers is wanted: {error}.") from None
    if not 1 <= len(answers) <= MOST:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"1 to {MOST} answers are taken at once, not {len(answers)}.")
    good, faults = _read(api, answers)
    taken = await keep(api, f"key:{caller(request).name}", good) if good else ()
    if not taken:
        told = faults or [Fault("headers", "no header tells of a rate limit")]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-taken", f"{told[0].place}: {told[0].problem}", errors=told)
    accepted = sum(item.outcome == "accepted" for item in taken)
    return answer(PushAnswer(accepted, len(taken) - accepted, len(faults), taken, tuple(faults)), HTTPStatus.ACCEPTED)


def _read(api: Api, answers: list[Node]) -> tuple[list[tuple[int, Pushed]], list[Fault]]:
    """The limits that the headers tell, each with the index of its answer; of several about one thing the last counts."""
    found: dict[tuple[str, str], tuple[int, Pushed]] = {}
    faults: list[Fault] = []
    for index, each in enumerate(answers):
        try:
            readings, _ = read_headers(each)
        except ParseError as error:
            faults.append(Fault(error.where, error.reason, index))
            continue
        for reading in readings:
            if reading.vendor is None:
                faults.append(Fault("vendor", "neither `vendor` nor the host of `url` says whose limit this is", index))
            elif reading.vendor not in api.parts.context.graph.vendors:
                faults.append(Fault("vendor", f"{reading.vendor} is not in the configuration or its catalogs", index))
            else:
                item = Pushed(vendor=reading.vendor, subject=reading.subject, body=reading.body, occurred_at=reading.occurred_at)
                found[(item.vendor, item.subject)] = (index, item)
    return list(found.values()), faults
