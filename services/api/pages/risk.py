"""One risk: what it is, the chain by which it reaches us, all that happened, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from urllib.parse import quote

import msgspec
from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from secondsource.adapters.sql import outbox, risks, runs, signals
from secondsource.domain import register
from secondsource.domain.register import Entry, State
from secondsource.domain.sentence import sentence
from services.api.access import caller, needs
from services.api.pages.chain import Node, chains
from services.api.pages.door import PageDoor, form
from services.api.pages.moments import Moment, moments
from services.api.pages.render import page
from services.api.parts import Api, api_of
from services.api.problems import Problem, not_found
from services.api.routes.risks import do
from services.api.run_shapes import RunItem, run_item
from services.api.telling import aged

router = APIRouter(route_class=PageDoor, include_in_schema=False)

VERBS: Mapping[State, tuple[str, ...]] = {
    State.OPEN: ("acknowledge", "mitigate", "accept", "close"),
    State.ACKNOWLEDGED: ("mitigate", "accept", "close"),
    State.MITIGATING: ("accept", "close"),
    State.MONITORING: ("accept", "close"),
    State.ACCEPTED: ("close",),
    State.CLOSED: ("reopen",),
}
"""What a person can do from each state, the likeliest first."""

DEEDS = frozenset(verb for verbs in VERBS.values() for verb in verbs)
_LONGEST = 2000


class Dossier(msgspec.Struct, frozen=True):
    """All that the page shows of a risk."""

    entry: Entry
    sentence: str
    chain: Sequence[Node]
    moments: Sequence[Moment]
    runs: Sequence[RunItem]  # newest first
    verbs: tuple[str, ...]
    covered: Sequence[Entry] = ()  # the risks that it explains


def dossier(connection: Connection, api: Api, id_: str) -> Dossier:
    """Read it. Raises :class:`~services.api.problems.Problem` where there is no such risk."""
    now, entry = api.clock.now(), risks.get(connection, id_)
    if entry is None:
        raise not_found("risk", id_)
    entry = aged(entry, now)
    found = runs.of_risk(connection, id_, live=False)
    said = {signal.id: signal for signal in signals.read_all(connection, risk=id_)}
    logs = [(run, list(runs.log(connection, run.id))) for run in found]
    column = moments(risks.history(connection, id_), said, logs, outbox.read(connection, risk=id_))
    items = [run_item(run, api.runbook(connection, run.version)) for run in reversed(found)]
    covered = [other for other in (risks.get(connection, each) for each in entry.covers) if other is not None]
    return Dossier(entry, sentence(entry, now), chains(entry.exposure.hits), column, items, VERBS[entry.state], covered)


@router.get("/risks/{id}")
@needs("read")
async def show(request: Request, id: str) -> Response:
    """The page."""
    return await _page(request, id)


@router.get("/risks/{id}/{verb}")
@needs("read")
async def look_first(id: str, verb: str) -> Response:
    """Nothing happens by looking at the address of a form: it leads to the page, where the form stands."""
    if verb not in DEEDS:
        raise not_found("action", verb)
    return RedirectResponse(f"/risks/{quote(id, safe='')}#{verb}", HTTPStatus.SEE_OTHER)


@router.post("/risks/{id}/{verb}")
@needs("respond")
async def act(request: Request, id: str, verb: str) -> Response:
    """Do what a form says, and show the page again."""
    api, fields = api_of(request), await form(request)
    by = caller(request).actor
    try:
        event = _event(verb, by, fields, api)
        await do(api, id, event)
    except Problem as problem:
        if problem.status not in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise
        return await _page(request, id, asked=verb, problem=problem)
    return RedirectResponse(f"/risks/{id}", HTTPStatus.SEE_OTHER)


async def _page(request: Request, id_: str, *, asked: str = "", problem: Problem | None = None) -> Response:
    api = api_of(request)
    now = api.clock.now()
    found = await api.database.read(lambda connection: dossier(connection, api, id_))
    status = problem.status if problem is not None else HTTPStatus.OK
    tomorrow, month = (now + timedelta(days=1)).date(), (now + timedelta(days=30)).date()
    return page(request, "risk.html", status, risk=found, asked=asked, problem=problem, earliest=tomorrow, proposed=month)


def _event(verb: str, by: str, fields: Mapping[str, str], api: Api) -> register.AnyEvent:
    reason = fields.get("reason", "").strip()[:_LONGEST]
    events: Mapping[str, Callable[[], register.AnyEvent]] = {
        "acknowledge": lambda: register.Acknowledge(by, reason),
        "mitigate": lambda: register.Mitigate(by, reason),
        "accept": lambda: register.Accept(by, _end_of(fields.get("until", "")), reason),
        "close": lambda: register.Close(by, reason),
        "reopen": lambda: register.Reopen(by, reason),
    }
    if verb not in events:
        raise not_found("action", verb)
    return events[verb]()


def _end_of(day: str) -> datetime:
    """The end of the day that a form names, in UTC."""
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "Until when? Give the last day as 2026-03-31.") from None
