"""Sources and messages: how well we see, and what we said."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import message_lists, sources
from secondsource.adapters.sql.message_lists import MessageFilter
from services.api.access import needs
from services.api.cursors import cursor as cursor_of
from services.api.cursors import place_of
from services.api.pages.door import PageDoor
from services.api.pages.render import page
from services.api.parts import api_of
from services.api.routes.ledger import message_item
from services.api.watching import sources_of

router = APIRouter(route_class=PageDoor, include_in_schema=False)

PAGE = 50
_ORDER = ("unread", "blind", "stale", "fresh")


@router.get("/sources")
@needs("read")
async def source_table(request: Request) -> Response:
    """Every source, the ones that tell nothing first."""
    api = api_of(request)
    states = await api.database.read(sources.all_states)
    items = sources_of(api.parts.sources, states, api.clock.now())
    return page(request, "sources.html", sources=sorted(items, key=lambda item: (_ORDER.index(item.health), item.id)))


@router.get("/messages")
@needs("read")
async def message_table(request: Request, cursor: Annotated[str | None, Query(max_length=2000)] = None) -> Response:
    """What was said, newest first."""
    api = api_of(request)
    wanted = MessageFilter()
    before = place_of(api.signer, wanted, cursor, int)
    found, more = await api.database.read(lambda connection: message_lists.page(connection, wanted, before, PAGE))
    following = cursor_of(api.signer, wanted, more)
    address = f"/messages?cursor={following}" if following is not None else ""
    said = [list(group) for _, group in groupby(map(message_item, found), lambda m: (m.created_at, m.risk, m.occasion))]
    return page(request, "messages.html", said=said, following=address)
