"""``POST /v1/observations``: what no page tells, pushed by those who know."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter
from msgspec import Meta
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import pushed
from secondsource.domain.observations import observe
from secondsource.domain.scoping import enrich
from services.api.access import Door, caller, needs
from services.api.answers import answer
from services.api.observed import Pushed, PushItem, read
from services.api.openapi import returns, takes
from services.api.parts import Api, api_of
from services.api.problems import Fault, Problem

router = APIRouter(route_class=Door, tags=["observations"])

MOST = 1000
_PLACE = re.compile(r"(?P<what>.*) - at `\$\.?(?P<where>.*)`", re.DOTALL)


class Push(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch, in the order in which it was observed."""

    observations: Annotated[tuple[PushItem, ...], Meta(min_length=1, max_length=MOST)]


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    observations: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MOST)]


class Taken(msgspec.Struct, frozen=True):
    """What became of one item. ``outcome``: accepted, or unchanged where the last one of its subject said the same."""

    index: int
    id: str
    outcome: str


class PushAnswer(msgspec.Struct, frozen=True):
    """What became of a batch. What was accepted is durable."""

    accepted: int
    unchanged: int
    rejected: int
    items: tuple[Taken, ...]
    errors: tuple[Fault, ...]


_decode = msgspec.json.Decoder(_Batch).decode

EXAMPLE = {
    "observations": [
        {
            "vendor": "openai",
            "subject": "quota/tokens-per-minute",
            "body": {"kind": "quota", "name": "tokens per minute", "used": 1_640_000, "limit": 2_000_000, "unit": "tokens/min"},
        },
        {"vendor": "aws", "subject": "probe/checkout", "body": {"kind": "component_status", "name": "our probe", "status": "degraded"}},
    ]
}


@router.post(
    "/v1/observations",
    status_code=HTTPStatus.ACCEPTED,
    summary="Push observations",
    responses=returns(PushAnswer, "What became of each item; what was accepted is durable.", status=202, media=True),
    openapi_extra=takes(Push, EXAMPLE),
)
@needs("observe")
async def push(request: Request) -> Response:
    """Up to 1,000 observations of at most 1 MiB. Good ones are taken whatever is wrong with others; `errors` says what is.

    The vendor must be known to the configuration. What is observed counts from its arrival; `occurred_at` is kept beside it. The same
    content sent again is not a second observation. Where nothing of the batch can be taken the answer is 422.
    """
    api = api_of(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "no-json", "Send JSON, as `Content-Type: application/json`.")
    good, faults = _sorted(api, await request.body())
    taken = await keep(api, f"key:{caller(request).name}", good) if good else ()
    if not taken:
        detail = f"Nothing of the batch can be taken: item {faults[0].index}: {faults[0].place}: {faults[0].problem}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-taken", detail, errors=faults)
    accepted = sum(item.outcome == "accepted" for item in taken)
    return answer(PushAnswer(accepted, len(taken) - accepted, len(faults), taken, tuple(faults)), HTTPStatus.ACCEPTED)


def _sorted(api: Api, body: bytes) -> tuple[list[tuple[int, Pushed]], list[Fault]]:
    """The good items and what is wrong with the others, each with its index."""
    try:
        batch = _decode(body)
    except msgspec.ValidationError as error:
        fault = fault_of(error)
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{fault.place}: {fault.problem}", errors=[fault]) from None
    except msgspec.DecodeError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-json", f"This is not JSON: {error}.") from None
    good, faults, known = [], [], api.parts.context.graph.vendors
    for index, raw in enumerate(batch.observations):
        try:
            item = read(raw)
        except msgspec.ValidationError as error:
            faults.append(fault_of(error, index))
            continue
        if item.vendor in known:
            good.append((index, item))
        else:
            faults.append(Fault("vendor", "this vendor is not in the configuration or its catalogs", index))
    return good, faults


def fault_of(error: msgspec.ValidationError, index: int | None = None) -> Fault:
    """Where it is wrong, and what."""
    match = _PLACE.fullmatch(str(error))
    return Fault(match["where"] or "body", match["what"], index) if match else Fault("body", str(error), index)


async def keep(api: Api, source: str, good: list[tuple[int, Pushed]]) -> tuple[Taken, ...]:
    """Put the items into the log, durably; what became of each, with the index that it came with."""
    graph = api.parts.context.graph

    def work(connection: Connection) -> tuple[Taken, ...]:
        now = api.clock.now()  # here, in the one thread that writes, so that the log's times do not run backwards
        observations = [
            observe(
                source=source,
                vendor=item.vendor,
                subject=item.subject,
                observed_at=now,
                body=enrich(item.body, graph, item.vendor),
                occurred_at=item.occurred_at,
            )
            for _, item in good
        ]
        fresh = pushed.take(connection, source, observations, now)
        return tuple(
            Taken(index, observation.id, "accepted" if new else "unchanged")
            for (index, _), observation, new in zip(good, observations, fresh, strict=True)
        )

    taken = await api.database.write(work)
    api.parts.on_change()
    return taken
