"""Style and script, read once and named by their content, so that a browser may keep them for ever."""

from __future__ import annotations

from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.api.access import Door, needs
from services.api.problems import not_found

router = APIRouter(route_class=Door, include_in_schema=False)

WEB = Path(__file__).parents[1] / "web"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


def _load() -> dict[str, tuple[str, bytes, str]]:
    found = {}
    for path in sorted((WEB / "static").iterdir()):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            digest = blake2b(body, digest_size=6).hexdigest()
            found[path.name] = (f"{path.stem}.{digest}{path.suffix}", body, _TYPES[path.suffix])
    return found


_ASSETS = _load()
_BY_ADDRESS = {name: (body, type_) for name, body, type_ in _ASSETS.values()}


def asset(name: str) -> str:
    """The address of a file in ``web/static``."""
    return f"/static/{_ASSETS[name][0]}"


@router.get("/static/{name}")
@needs(None)
async def read_asset(request: Request, name: str) -> Response:
    """One file."""
    found = _BY_ADDRESS.get(name)
    if found is None:
        raise not_found("file", name)
    return Response(found[0], HTTPStatus.OK, _FOR_EVER, found[1])
