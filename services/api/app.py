"""The application: routes, doors, and what becomes of errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql.errors import UNAVAILABLE
from services.api.guard import Guard
from services.api.pages import assets, lists, overview, register, risk, run, session, vendor
from services.api.pages.door import SignInFirst
from services.api.pages.render import page
from services.api.parts import Api, ApiParts
from services.api.problems import Fault, Problem
from services.api.routes import description, health, ledger, observations, rate_limits, risks, runs, vendors

ROUTERS = (
    risks.router,
    runs.router,
    vendors.router,
    ledger.router,
    observations.router,
    rate_limits.router,
    health.router,
    description.router,
    assets.router,
    session.router,
    overview.router,
    register.router,
    risk.router,
    run.router,
    vendor.router,
    lists.router,
)

_CODES = {
    HTTPStatus.NOT_FOUND: ("not-found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "This address does not take that method; `Allow` says which."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too-large", ""),
    HTTPStatus.BAD_REQUEST: ("bad-request", "The request can not be read."),
}


def make_app(parts: ApiParts) -> FastAPI:
    """The API and the page over ``parts``. Raises :class:`UserError` for a session secret that is too short."""
    api = Api(parts)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.api = api
    # the doors themselves, not wrapped: what stands in app.routes is what answers
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(SignInFirst, _on_sign_in)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    for unavailable in UNAVAILABLE:
        app.add_exception_handler(unavailable, _on_unavailable)
    app.add_middleware(Guard, hosts=parts.allowed_hosts, secure=api.secure)
    return app


def _told(request: Request, problem: Problem) -> Response:
    """A page for people, a document for programs."""
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/"):
        answer = page(request, "error.html", problem.status, problem=problem)
        answer.headers.update(problem.headers)
        return answer
    return problem.response(request.url.path)


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _told(request, error)


def _on_sign_in(request: Request, error: Exception) -> Response:
    return session.to_sign_in(request)


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code, detail = _CODES.get(status, ("refused", ""))
    return _told(request, Problem(status, code, detail or str(error.detail), headers=error.headers))


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [Fault(".".join(map(str, each["loc"])), _sentence(each)) for each in error.errors()]
    detail = f"{faults[0].place}: {faults[0].problem}" + (f" ({len(faults) - 1} more in errors)" if len(faults) > 1 else "")
    return _told(request, Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=faults))


def _sentence(error: dict[str, Any]) -> str:
    """What is wrong, without what was sent: it may be a secret in the wrong place."""
    if error["type"] == "extra_forbidden":
        return "there is no such field"
    return str(error["msg"]).removeprefix("Value error, ")


def _on_unavailable(request: Request, error: Exception) -> Response:
    detail = "The store can not be used just now; nothing was kept. Try again in a few seconds."
    return _told(request, Problem(HTTPStatus.SERVICE_UNAVAILABLE, "store-unavailable", detail, headers={"retry-after": "5"}))
