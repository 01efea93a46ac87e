"""Runs: what waits for whom, and one run with its question, its checklist and its log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from secondsource.adapters.sql.run_lists import RunFilter, RunPlace
from secondsource.plans import run as running
from secondsource.plans.run import RunState
from services.api.access import caller, needs
from services.api.cursors import place_of
from services.api.pages.door import PageDoor, form, same_site
from services.api.pages.render import page
from services.api.parts import api_of
from services.api.problems import Problem, not_found
from services.api.routes.runs import do, page_of, read
from services.api.run_shapes import VERBS

router = APIRouter(route_class=PageDoor, include_in_schema=False)

LIVE = tuple(state for state in RunState if not state.over)
OVER = tuple(state for state in RunState if state.over)
PAGE = 50
_LONGEST = 2000


@router.get("/runs")
@needs("read")
async def table(request: Request, cursor: Annotated[str | None, Query(max_length=2000)] = None) -> Response:
    """The runs that go on, and those that are over in pages."""
    api = api_of(request)
    past = RunFilter(OVER)
    after = place_of(api.signer, past, cursor, RunPlace)
    live = await api.database.read(lambda connection: page_of(connection, api, RunFilter(LIVE), None, 200))
    over = await api.database.read(lambda connection: page_of(connection, api, past, after, PAGE))
    following = f"/runs?cursor={over.next}" if over.next is not None else ""
    return page(request, "runs.html", live=live.items if after is None else (), over=over.items, following=following, first=after is None)


@router.get("/runs/{id}")
@needs("read")
async def show(request: Request, id: str) -> Response:
    """One run."""
    return await _page(request, id)


@router.get("/runs/{id}/{verb}")
@needs("read")
async def look_first(id: str, verb: str) -> Response:
    """Nothing happens by looking at the address of a form: it leads to the page, where the form stands."""
    if verb not in VERBS:
        raise not_found("action", verb)
    return RedirectResponse(f"/runs/{quote(id, safe='')}#{verb}", HTTPStatus.SEE_OTHER)


@router.post("/runs/{id}/{verb}")
@needs("respond")
async def act(request: Request, id: str, verb: str) -> Response:
    """Do what a form says, and show the page again."""
    fields, who = await form(request), caller(request)
    said = fields.get("comment", "").strip()[:_LONGEST]
    events: Mapping[str, Callable[[], running.AnyEvent]] = {
        "approve": lambda: running.Approved(who.actor, said, who.roles),
        "decline": lambda: running.Declined(who.actor, said, who.roles),
        "tick": lambda: running.Ticked(fields.get("item", "")[:_LONGEST], who.actor, said),
        "pause": lambda: running.Paused(who.actor),
        "resume": lambda: running.Resumed(who.actor),
        "hand-over": lambda: running.HandedOver(who.actor, f"person:{fields.get('to', '')[:_LONGEST]}", said),
        "cancel": lambda: running.Cancelled(who.actor, said),
        "rollback": lambda: running.RollBack(who.actor, said),
    }
    if verb not in events:
        raise not_found("action", verb)
    try:
        await do(api_of(request), id, events[verb]())
    except Problem as problem:
        if problem.status is not HTTPStatus.CONFLICT:
            raise
        return await _page(request, id, problem)
    return RedirectResponse(same_site(fields.get("back", f"/runs/{id}")), HTTPStatus.SEE_OTHER)


async def _page(request: Request, id_: str, problem: Problem | None = None) -> Response:
    api = api_of(request)
    found = await api.database.read(lambda connection: read(connection, api, id_))
    status = problem.status if problem is not None else HTTPStatus.OK
    people = [(person.id, person.name) for person in api.people.values()]
    return page(request, "run.html", status, run=found, problem=problem, people=people)
