"""``/openapi.json``: the API describes itself."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from services.api.access import Door, needs
from services.api.answers import answer
from services.api.openapi import document
from services.api.parts import api_of

router = APIRouter(route_class=Door, include_in_schema=False)


@router.get("/openapi.json")
@needs(None)
async def read_description(request: Request) -> Response:
    """The OpenAPI 3.1 document."""
    routes = [route for route in request.app.routes if isinstance(route, APIRoute)]
    return answer(document(routes, api_of(request).parts.public_url))
