"""Vendors: how each stands, and one of them with what rests on it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from services.api.access import needs
from services.api.pages.chain import chains
from services.api.pages.door import PageDoor
from services.api.pages.render import page
from services.api.parts import api_of
from services.api.routes.vendors import read, vendor_ids
from services.api.vendors import known, vendor_item

router = APIRouter(route_class=PageDoor, include_in_schema=False)


@router.get("/vendors")
@needs("read")
async def table(request: Request, all: Annotated[bool, Query()] = False) -> Response:
    """Those that functions of ours rest on; all that are known, where the reader wants them."""
    api = api_of(request)
    found = await api.database.read(lambda connection: known(connection, api))
    items = [vendor_item(id_, found, api) for id_ in vendor_ids(api)]
    used = [item for item in items if item.functions or item.used or item.open_risks]
    return page(request, "vendors.html", vendors=items if all else used, total=len(items), everyone=all)


@router.get("/vendors/{id}")
@needs("read")
async def show(request: Request, id: str) -> Response:
    """One vendor."""
    api = api_of(request)
    found = await api.database.read(lambda connection: read(connection, api, id))
    return page(request, "vendor.html", vendor=found, chain=chains(api.dependents(id).hits), names=api.functions)
