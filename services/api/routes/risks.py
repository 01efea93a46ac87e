"""``/v1/risks``: the register, and what people do to it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import risk_lists, risks, runs
from secondsource.adapters.sql.risk_lists import Place, RiskFilter, Sort
from secondsource.domain import register
from secondsource.domain.register import Entry, Refused, State
from secondsource.domain.signals import Severity
from services.api.access import Door, caller, needs
from services.api.answers import answer, etag, stale, wanted_version
from services.api.cursors import cursor, place_of
from services.api.explaining import explained
from services.api.explanation import Explanation
from services.api.openapi import returns
from services.api.parts import Api, api_of
from services.api.problems import not_found, refused
from services.api.routes.bodies import ANY_WORLD, NOTHING_SAID, Acceptance, Cursor, Limit, Name, Reasoned, Remark, Strict
from services.api.shapes import RiskDetail, RiskPage
from services.api.telling import detail, item

router = APIRouter(route_class=Door, tags=["risks"])


class RiskQuery(Strict):
    """Which risks, in which order."""

    state: tuple[State, ...] = Field(default=(), description="Only these states; may be given several times.")
    severity: Severity | None = Field(default=None, description="At least this severity.")
    vendor: Name | None = Field(default=None, description="The id of the vendor that the finding is about.")
    rule: Name | None = Field(default=None, description="The id of the rule that found it.")
    function: Name | None = Field(default=None, description="The id of a business function that it hits.")
    exercise: Name | None = Field(default=None, description="The id of a drill; `any` for all worlds; absent: the real one only.")
    text: Name | None = Field(default=None, description="A part of the title, in any case.")
    sort: Sort = Field(default="hurts_at", description="`hurts_at`: what hurts already or first; the others: the highest first.")
    limit: Limit = 50
    cursor: Cursor = None

    @property
    def filter(self) -> RiskFilter:
        """The same for the store."""
        world = None if self.exercise == ANY_WORLD else self.exercise or ""
        states = tuple(sorted(self.state, key=lambda state: state.value))
        return RiskFilter(states, self.severity, self.vendor, self.rule, self.function, world, self.text)


@router.get("/v1/risks", summary="List risks", responses=returns(RiskPage, "A page of risks."))
@needs("read")
async def list_risks(request: Request, query: Annotated[RiskQuery, Query()]) -> Response:
    """Risks by filter, sorted, in pages. What does not change while you page is seen exactly once."""
    api, wanted = api_of(request), query.filter
    question = (wanted, query.sort)
    after = place_of(api.signer, question, query.cursor, Place)
    entries, more = await api.database.read(lambda c: risk_lists.page(c, wanted, query.sort, after, query.limit))
    now = api.clock.now()
    return answer(RiskPage(tuple(item(entry, now) for entry in entries), cursor(api.signer, question, more)))


@router.get("/v1/risks/{id}", summary="Read a risk", responses=returns(RiskDetail, "All of the risk.", missing=True))
@needs("read")
async def read_risk(request: Request, id: str) -> Response:
    """All of a risk: evidence, exposure, scores with their reasons, plan, runs and history. Its ``ETag`` is its version."""
    api = api_of(request)
    return _told(await api.database.read(lambda connection: _detail(connection, api, id)))


@router.get(
    "/v1/risks/{id}/explanation", summary="Explain a risk", responses=returns(Explanation, "The chain behind the risk.", missing=True)
)
@needs("read")
async def explain(request: Request, id: str) -> Response:
    """Why it is what it is: the arithmetic, every change of a number, whom it reaches by which edges between vendors, the findings of the
    last episode, and for each observation that they name the response that it was read from, as far as it is kept."""
    api = api_of(request)

    def work(connection: Connection) -> Explanation:
        entry = risks.get(connection, id)
        if entry is None:
            raise not_found("risk", id)
        return explained(connection, api.parts.context, entry, list(risks.history(connection, id)), api.clock.now())

    return answer(await api.database.read(work))


@router.post("/v1/risks/{id}/acknowledge", summary="Take a risk", responses=returns(RiskDetail, "The risk.", missing=True, refused=True))
@needs("respond")
async def acknowledge(request: Request, id: str, body: Remark = NOTHING_SAID) -> Response:
    """Say that you have seen it and will act. Escalation stops."""
    return await _act(request, id, lambda by: register.Acknowledge(by, body.reason))


@router.post("/v1/risks/{id}/mitigate", summary="Begin work on it", responses=returns(RiskDetail, "The risk.", missing=True, refused=True))
@needs("respond")
async def mitigate(request: Request, id: str, body: Remark = NOTHING_SAID) -> Response:
    """Say that work on it has begun."""
    return await _act(request, id, lambda by: register.Mitigate(by, body.reason))


@router.post(
    "/v1/risks/{id}/accept", summary="Bear it until a date", responses=returns(RiskDetail, "The risk.", missing=True, refused=True)
)
@needs("respond")
async def accept(request: Request, id: str, body: Acceptance) -> Response:
    """Bear it until a date, for a reason. It opens again when the date has come, or when it becomes more severe."""
    return await _act(request, id, lambda by: register.Accept(by, body.until, body.reason))


@router.post("/v1/risks/{id}/close", summary="End it", responses=returns(RiskDetail, "The risk.", missing=True, refused=True))
@needs("respond")
async def close(request: Request, id: str, body: Reasoned) -> Response:
    """End it, for a reason."""
    return await _act(request, id, lambda by: register.Close(by, body.reason))


@router.post("/v1/risks/{id}/reopen", summary="Take it up again", responses=returns(RiskDetail, "The risk.", missing=True, refused=True))
@needs("respond")
async def reopen(request: Request, id: str, body: Reasoned) -> Response:
    """Take a closed one up again, for a reason. A new episode begins, and with it its escalation."""
    return await _act(request, id, lambda by: register.Reopen(by, body.reason))


async def _act(request: Request, id_: str, event: Callable[[str], register.AnyEvent]) -> Response:
    found = await do(api_of(request), id_, event(caller(request).actor), wanted_version(request))
    return _told(found)


async def do(api: Api, id_: str, event: register.AnyEvent, tags: frozenset[str] | None = None) -> RiskDetail:
    """Do ``event`` to a risk, and wake the runtime. Raises :class:`~services.api.problems.Problem`: 404, 409, 412."""
    now = api.clock.now()

    def work(connection: Connection) -> RiskDetail:
        entry = risks.get(connection, id_)
        if entry is None:
            raise not_found("risk", id_)
        if tags is not None and etag(entry.version) not in tags:
            raise stale(entry.version)
        try:
            api.parts.responder.act(connection, id_, event, now)
        except Refused as error:
            raise refused(error.why) from None
        return _detail(connection, api, id_)

    found = await api.database.write(work)
    api.parts.on_change()
    return found


def _detail(connection: Connection, api: Api, id_: str) -> RiskDetail:
    entry: Entry | None = risks.get(connection, id_)
    if entry is None:
        raise not_found("risk", id_)
    history = list(risks.history(connection, id_))
    return detail(entry, api.clock.now(), history, runs.of_risk(connection, id_, live=False))


def _told(found: RiskDetail) -> Response:
    return answer(found, HTTPStatus.OK, {"etag": etag(found.version)})
