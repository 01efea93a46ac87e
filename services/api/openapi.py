"""The OpenAPI document: routes from the framework, forms of the answers from the values that are answered."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from secondsource import __version__
from services.api.access import Door
from services.api.problems import MEDIA_TYPE, Problem, ProblemDetails, refused

_TOLD: set[Any] = {ProblemDetails}
_REF = "#/components/schemas/{name}"

Responses = dict[int | str, dict[str, Any]]


def returns(
    type_: type[msgspec.Struct], says: str, *, status: int = 200, missing: bool = False, refused: bool = False, media: bool = False
) -> Responses:
    """The ``responses`` of a route that answers with ``type_``. ``missing``: 404 may come, ``refused``: 409 and 412, ``media``: 415."""
    _TOLD.add(type_)
    found: Responses = {status: {"description": says, "content": {"application/json": {"schema": _schema_of(type_)}}}}
    if missing:
        found[404] = _problem("There is no such thing.")
    if refused:
        found[409] = _problem("It may not happen as things stand.")
        found[412] = _problem("It was changed meanwhile.")
    if media:
        found[415] = _problem("It is not JSON.")
    return found


def takes(type_: type[msgspec.Struct], example: Any) -> dict[str, Any]:
    """The ``openapi_extra`` of a route that decodes its own body."""
    _TOLD.add(type_)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _schema_of(type_), "example": example}}}}


def _example(problem: Problem) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(problem.details("/v1/risks/R-kndjlontug/close"))
    return found


_EXAMPLES = {
    "ProblemDetails": _example(refused("the risk is closed; close is not possible from there")),
    "RiskPage": {
        "items": [
            {
                "id": "R-kndjlontug",
                "sentence": "OpenAI: major outage for 23 min; Support assistant is hurt in 7 min; failover plan was never drilled",
                "title": "OpenAI: major outage", "rule": "vendor_outage", "vendor": "openai", "subject": "openai", "state": "open",
                "severity": "critical", "score": 20, "functions": ["support"], "owner": "ana", "acknowledged_by": None,
                "since": "2025-10-20T06:48:00Z", "opened_at": "2025-10-20T06:50:00Z", "updated_at": "2025-10-20T06:50:00Z",
                "cleared_at": None, "hurts_at": "2025-10-20T07:18:00Z", "first_hurt_at": "2025-10-20T07:18:00Z", "exercise": None,
                "version": 2,
            }
        ],
        "next": None,
    },
}  # fmt: skip


def _schema_of(type_: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=type_.__name__)}


def _problem(says: str) -> dict[str, Any]:
    return {"description": says, "content": {MEDIA_TYPE: {"schema": _schema_of(ProblemDetails)}}}


def document(routes: list[APIRoute], public_url: str) -> dict[str, Any]:
    """The document for ``routes``; those that are no :class:`Door` are left out."""
    doors = [route for route in routes if isinstance(route, Door) and route.include_in_schema]
    found: dict[str, Any] = get_openapi(
        title="Second Source",
        version=__version__,
        openapi_version="3.1.0",
        summary="Vendor risk: what is in trouble, whom it hurts and when, and what is done about it.",
        routes=doors,
        servers=[{"url": public_url}],
    )
    components = found.setdefault("components", {})
    _, schemas = msgspec.json.schema_components(sorted(_TOLD, key=lambda type_: str(type_.__name__)), ref_template=_REF)
    for name, example in _EXAMPLES.items():
        schemas[name] = {**schemas[name], "examples": [example]}
    components["schemas"] = {**components.get("schemas", {}), **schemas}
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key: ss_..."}}
    for door in doors:
        for method in door.methods or ():
            operation = found["paths"][door.path_format][method.lower()]
            operation["responses"].pop("422", None)
            operation["responses"]["400"] = _problem("The request can not be read, or its Host is not served here.")
            if operation.get("requestBody"):
                operation["responses"]["413"] = _problem("More than 1 MiB.")
            if operation.get("parameters") or operation.get("requestBody"):
                operation["responses"]["422"] = _problem("What was sent is not understood; `errors` says where.")
            if door.needs is not None:
                operation["security"] = [{"key": []}]
                operation["description"] = f"{operation.get('description', '')}\n\nScope: `{door.needs}`.".strip()
                operation["responses"]["401"] = _problem("No key, or one that does not hold.")
                operation["responses"]["403"] = _problem(f"The key lacks the scope `{door.needs}`.")
                operation["responses"]["429"] = _problem("The key asks too often; `Retry-After` says when it may again.")
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return found
