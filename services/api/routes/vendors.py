"""``/v1/vendors`` and ``/v1/sources``: who is depended on, how they stand, and how well we see them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import risk_lists, sources
from secondsource.adapters.sql.risk_lists import RiskFilter
from secondsource.domain.register import State
from services.api.access import Door, needs
from services.api.answers import answer
from services.api.cursors import cursor, place_of
from services.api.openapi import returns
from services.api.parts import Api, api_of
from services.api.problems import not_found
from services.api.routes.bodies import Cursor, Limit, Strict
from services.api.telling import item
from services.api.vendors import VendorDetail, VendorPage, known, vendor_detail, vendor_item
from services.api.watching import SourceItem, sources_of

router = APIRouter(route_class=Door, tags=["vendors"])

LIVE = tuple(state for state in State if state is not State.CLOSED)
_MOST_RISKS = 50


class SourceList(msgspec.Struct, frozen=True):
    """Every source that is configured."""

    items: tuple[SourceItem, ...]


class VendorQuery(Strict):
    """Which vendors, by id."""

    used: bool | None = Field(default=None, description="true: only those that functions of ours rest on, through however many others.")
    limit: Limit = 50
    cursor: Cursor = None


@router.get("/v1/vendors", summary="List vendors", responses=returns(VendorPage, "A page of vendors."))
@needs("read")
async def list_vendors(request: Request, query: Annotated[VendorQuery, Query()]) -> Response:
    """Vendors by id, with their status as this program knows it."""
    api = api_of(request)
    question = ("vendors", query.used)
    after = place_of(api.signer, question, query.cursor, str) or ""
    ids = [id_ for id_ in vendor_ids(api) if id_ > after and (query.used is None or query.used == bool(api.dependents(id_).hits))]
    found = await api.database.read(lambda connection: known(connection, api))
    items = tuple(vendor_item(id_, found, api) for id_ in ids[: query.limit])
    more = items[-1].id if len(ids) > query.limit else None
    return answer(VendorPage(items, cursor(api.signer, question, more)))


@router.get("/v1/vendors/{id}", summary="Read a vendor", responses=returns(VendorDetail, "All of the vendor.", missing=True))
@needs("read")
async def read_vendor(request: Request, id: str) -> Response:
    """A vendor: status, open risks, sources, what it sits on, and what of ours rests on it."""
    api = api_of(request)
    return answer(await api.database.read(lambda connection: read(connection, api, id)))


@router.get("/v1/sources", summary="List sources", responses=returns(SourceList, "All sources."))
@needs("read")
async def list_sources(request: Request) -> Response:
    """Every source with its health: fresh, stale, blind or unread. What is not read is unknown, never healthy."""
    api = api_of(request)
    states = await api.database.read(sources.all_states)
    return answer(SourceList(tuple(sources_of(api.parts.sources, states, api.clock.now()))))


def vendor_ids(api: Api) -> list[str]:
    """All vendors that the configuration knows, sorted."""
    used = {need.scope.vendor for need in api.parts.context.portfolio.dependencies}
    return sorted({*api.parts.context.graph.vendors, *used, *(source.vendor for source in api.parts.sources)})


def read(connection: Connection, api: Api, id_: str) -> VendorDetail:
    """A vendor with its open risks. Raises :class:`~services.api.problems.Problem` where there is none."""
    if id_ not in vendor_ids(api):
        raise not_found("vendor", id_)
    entries, _ = risk_lists.page(connection, RiskFilter(LIVE, vendor=id_), "hurts_at", None, _MOST_RISKS)
    now = api.clock.now()
    return vendor_detail(id_, known(connection, api), [item(entry, now) for entry in entries], api)
