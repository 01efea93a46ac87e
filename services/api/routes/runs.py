"""``/v1/runs``: runbooks at work, and what people do to them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import run_lists, runs
from secondsource.adapters.sql.run_lists import RunFilter, RunPlace
from secondsource.plans import run as running
from secondsource.plans.run import RunState
from services.api.access import Door, caller, needs
from services.api.answers import answer
from services.api.cursors import cursor, place_of
from services.api.openapi import returns
from services.api.parts import Api, api_of
from services.api.problems import not_found, refused
from services.api.routes.bodies import NO_COMMENT, NOTHING_SAID, Comment, Cursor, HandingOver, Limit, Name, Remark, Strict, Ticking
from services.api.run_shapes import RunDetail, RunPage, run_detail, run_item

router = APIRouter(route_class=Door, tags=["runs"])

_RETURNS = returns(RunDetail, "The run.", missing=True, refused=True)


class RunQuery(Strict):
    """Which runs, newest first."""

    state: tuple[RunState, ...] = Field(default=(), description="Only these states; may be given several times.")
    kind: Literal["escalation", "contingency"] | None = Field(default=None, description="Only this kind of runbook.")
    risk: Name | None = Field(default=None, description="The id of a risk.")
    exercise: Name | None = Field(default=None, description="The id of a drill; absent: all worlds.")
    limit: Limit = 50
    cursor: Cursor = None

    @property
    def filter(self) -> RunFilter:
        """The same for the store."""
        return RunFilter(tuple(sorted(self.state, key=lambda state: state.value)), self.kind, self.risk, self.exercise)


@router.get("/v1/runs", summary="List runs", responses=returns(RunPage, "A page of runs."))
@needs("read")
async def list_runs(request: Request, query: Annotated[RunQuery, Query()]) -> Response:
    """Runs of runbooks, newest first, each with what it waits for."""
    api = api_of(request)
    after = place_of(api.signer, query.filter, query.cursor, RunPlace)
    return answer(await api.database.read(lambda connection: page_of(connection, api, query.filter, after, query.limit)))


def page_of(connection: Connection, api: Api, wanted: RunFilter, after: RunPlace | None, limit: int) -> RunPage:
    """One page of runs."""
    found, more = run_lists.page(connection, wanted, after, limit)
    items = tuple(run_item(run, api.runbook(connection, run.version)) for run in found)
    return RunPage(items, cursor(api.signer, wanted, more))


@router.get("/v1/runs/{id}", summary="Read a run", responses=returns(RunDetail, "All of the run.", missing=True))
@needs("read")
async def read_run(request: Request, id: str) -> Response:
    """All of a run: the steps of its text, where it stands, and its log."""
    api = api_of(request)
    return answer(await api.database.read(lambda connection: read(connection, api, id)))


@router.post("/v1/runs/{id}/approve", summary="Say yes", responses=_RETURNS)
@needs("respond")
async def approve(request: Request, id: str, body: Comment = NO_COMMENT) -> Response:
    """Say yes to what the run asks. It takes the role that the runbook names."""
    who = caller(request)
    return await _act(request, id, running.Approved(who.actor, body.comment, who.roles))


@router.post("/v1/runs/{id}/decline", summary="Say no", responses=_RETURNS)
@needs("respond")
async def decline(request: Request, id: str, body: Comment = NO_COMMENT) -> Response:
    """Say no to what the run asks. It takes the role that the runbook names."""
    who = caller(request)
    return await _act(request, id, running.Declined(who.actor, body.comment, who.roles))


@router.post("/v1/runs/{id}/tick", summary="Tick an item", responses=_RETURNS)
@needs("respond")
async def tick(request: Request, id: str, body: Ticking) -> Response:
    """Say that an item of the checklist is done."""
    return await _act(request, id, running.Ticked(body.item, caller(request).actor, body.evidence))


@router.post("/v1/runs/{id}/pause", summary="Hold it", responses=_RETURNS)
@needs("respond")
async def pause(request: Request, id: str) -> Response:
    """Hold the run; no timer of it goes on."""
    return await _act(request, id, running.Paused(caller(request).actor))


@router.post("/v1/runs/{id}/resume", summary="Let it go on", responses=_RETURNS)
@needs("respond")
async def resume(request: Request, id: str) -> Response:
    """Let a held run go on, with what was left of its wait."""
    return await _act(request, id, running.Resumed(caller(request).actor))


@router.post("/v1/runs/{id}/hand-over", summary="Hand it to somebody", responses=_RETURNS)
@needs("respond")
async def hand_over(request: Request, id: str, body: HandingOver) -> Response:
    """Say who has the run in hand from now on, and why. They are told."""
    to = f"person:{body.to.removeprefix('person:')}"
    return await _act(request, id, running.HandedOver(caller(request).actor, to, body.reason))


@router.post("/v1/runs/{id}/cancel", summary="End it where it stands", responses=_RETURNS)
@needs("respond")
async def cancel(request: Request, id: str, body: Remark = NOTHING_SAID) -> Response:
    """End the run where it stands."""
    return await _act(request, id, running.Cancelled(caller(request).actor, body.reason))


@router.post("/v1/runs/{id}/rollback", summary="Begin the way back", responses=_RETURNS)
@needs("respond")
async def rollback(request: Request, id: str, body: Remark = NOTHING_SAID) -> Response:
    """End a contingency plan in good order: the run goes to its roll-back step."""
    return await _act(request, id, running.RollBack(caller(request).actor, body.reason))


async def _act(request: Request, id_: str, event: running.AnyEvent) -> Response:
    return answer(await do(api_of(request), id_, event))


async def do(api: Api, id_: str, event: running.AnyEvent) -> RunDetail:
    """Do ``event`` to a run, and wake the runtime. Raises :class:`~services.api.problems.Problem`: 404, 409."""
    now = api.clock.now()

    def work(connection: Connection) -> RunDetail:
        if runs.get(connection, id_) is None:
            raise not_found("run", id_)
        done = api.parts.responder.act_on_run(connection, id_, event, now)
        if done.refused:
            raise refused(done.refused)
        return read(connection, api, id_)

    found = await api.database.write(work)
    api.parts.on_change()
    return found


def read(connection: Connection, api: Api, id_: str) -> RunDetail:
    """A run with its log. Raises :class:`~services.api.problems.Problem` where there is none."""
    run = runs.get(connection, id_)
    if run is None:
        raise not_found("run", id_)
    return run_detail(run, api.runbook(connection, run.version), runs.log(connection, id_))
