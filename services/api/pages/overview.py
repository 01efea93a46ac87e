"""The start page: what is wrong now by time to hurt, then the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import risk_lists, sources
from secondsource.adapters.sql.risk_lists import RiskFilter, Sort
from secondsource.domain.common_cause import COMMON_CAUSE
from secondsource.domain.exposure import OUTAGE_RULES
from secondsource.domain.register import Entry, State
from secondsource.domain.words import count
from services.api.access import needs
from services.api.pages.door import PageDoor
from services.api.pages.render import page
from services.api.parts import api_of
from services.api.shapes import RiskItem
from services.api.telling import item
from services.api.watching import SourceItem, sources_of, unseen

router = APIRouter(route_class=PageDoor, include_in_schema=False)

HANDLED = (State.OPEN, State.ACKNOWLEDGED, State.MITIGATING)
UNHANDLED = (State.CLOSED, State.ACCEPTED)
MOST = 50


class Front(msgspec.Struct, frozen=True):
    """What the start page shows.

    ``now`` are outages that go on, ``also`` other findings, ``watched`` what is borne or quiet; ``more`` tells that there are more open
    ones than are shown. ``cases`` are those of ``now`` that explain others, ``parts`` those that they explain, each below its case.
    ``unhandled`` counts the outages that go on though somebody closed or accepted them.
    """

    now: Sequence[RiskItem]
    also: Sequence[RiskItem]
    watched: Sequence[RiskItem]
    past: Sequence[RiskItem]
    drills: Sequence[RiskItem]
    more: bool
    unhandled: int
    cases: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


def front(connection: Connection, now: datetime) -> Front:
    """The start page's lists."""

    def read(wanted: RiskFilter, sort: Sort = "hurts_at", limit: int = MOST) -> list[Entry]:
        return risk_lists.page(connection, wanted, sort, None, limit)[0]

    def items(entries: Sequence[Entry]) -> tuple[RiskItem, ...]:
        return tuple(item(entry, now) for entry in entries)

    handled = RiskFilter(HANDLED)
    by_hurt, beyond = risk_lists.page(connection, handled, "hurts_at", None, MOST)
    ongoing = _folded([entry for entry in by_hurt if _goes_on(entry)])
    shown = {entry.id for entry in ongoing}
    return Front(
        now=items(ongoing),
        also=items([entry for entry in read(handled, "severity") if not _goes_on(entry)]),
        watched=items(read(RiskFilter((State.MONITORING, State.ACCEPTED)))),
        past=items(read(RiskFilter((State.CLOSED,)), "updated", 8)),
        drills=items(read(RiskFilter(HANDLED, drills=True, exercise=None))),
        more=beyond is not None,
        unhandled=risk_lists.going_on(connection, OUTAGE_RULES, UNHANDLED),
        cases=frozenset(entry.id for entry in ongoing if entry.rule == COMMON_CAUSE),
        parts=frozenset(entry.id for entry in ongoing if entry.cause in shown),
    )


def _folded(entries: Sequence[Entry]) -> list[Entry]:
    """The same, with what a case explains right below the case."""
    shown = {entry.id for entry in entries}
    heads = [entry for entry in entries if entry.cause not in shown]
    return [each for head in heads for each in (head, *(entry for entry in entries if entry.cause == head.id))]


def _goes_on(entry: Entry) -> bool:
    return entry.exposure.outage and entry.cleared_at is None


def lede(found: Front, blind: Sequence[SourceItem], watched: int, now: datetime) -> str:
    """The first sentence of the page. What can not be seen is never called well, nor is what somebody closed while it goes on."""
    outages = [risk for risk in found.now if risk.id not in found.cases]
    hurt = [risk for risk in outages if risk.first_hurt_at is not None and risk.first_hurt_at <= now]
    clauses = []
    if outages:
        causes = "one cause" if len(found.cases) == 1 else count(len(found.cases), "cause")
        one = f" from {causes}" if found.cases and len(found.parts) == len(outages) else ""
        clauses.append(f"{'more than ' if found.more else ''}{count(len(outages), 'outage')} now{one}, {_hurting(len(hurt), len(outages))}")
    if found.unhandled:
        clauses.append(f"{count(found.unhandled, 'outage')} that somebody closed or accepted {'goes' if found.unhandled == 1 else 'go'} on")
    if not clauses and found.also:
        clauses.append(f"no outage that we know of; {count(len(found.also), 'other finding')} open")
    elif not clauses:
        if not watched:
            return "Nothing is watched yet."
        clauses.append("nothing is wrong that we know of")
    if blind:
        what = "it tells" if len(blind) == 1 else "they tell"
        clauses.append(f"{count(len(blind), 'source')} can not be read, so what {what} of is unknown")
    said = "; ".join(clauses)
    return f"{said[0].upper()}{said[1:]}."


def _hurting(hurt: int, whole: int) -> str:
    if whole == 1:
        return "and it hurts already" if hurt else "which does not hurt yet"
    return f"{hurt or 'none'} of which {'hurts' if hurt == 1 else 'hurt'} already"


@router.get("/")
@needs("read")
async def overview(request: Request) -> Response:
    """The page."""
    api = api_of(request)
    now = api.clock.now()
    found, states = await api.database.read(lambda connection: (front(connection, now), sources.all_states(connection)))
    watched = sources_of(api.parts.sources, states, now)
    blind = unseen(watched)
    headline = lede(found, blind, len(watched), now)
    return page(request, "overview.html", front=found, blind=blind, watched=len(watched), lede=headline)
