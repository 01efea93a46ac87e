"""Answers that work went into once: encoded by msgspec, handed out as they are."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from services.api.problems import Problem

_encode = msgspec.json.Encoder(decimal_format="string").encode
NOBODY_KEEPS_IT = {"cache-control": "no-store"}


def answer(value: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    """``value`` as JSON."""
    return Response(_encode(value), status, {**NOBODY_KEEPS_IT, **(headers or {})}, "application/json")


def etag(version: int) -> str:
    """The entity tag of a version of a risk."""
    return f'"{version}"'


def wanted_version(request: Request) -> frozenset[str] | None:
    """The entity tags of ``If-Match``; None where any will do."""
    given = request.headers.get("if-match")
    if given is None:
        return None
    tags = frozenset(tag.strip() for tag in given.split(","))
    return None if "*" in tags else tags


def stale(version: int) -> Problem:
    """Somebody changed it first."""
    detail = f"The risk is at version {version} now, which If-Match does not name; read it again and decide on what it says."
    return Problem(HTTPStatus.PRECONDITION_FAILED, "changed-meanwhile", detail, headers={"etag": etag(version)})
