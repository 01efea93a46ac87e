"""The whole register as a table that sorts and filters, and keeps its state in the address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import risk_lists
from secondsource.adapters.sql.risk_lists import Place, RiskFilter, Sort
from secondsource.domain.register import State
from secondsource.domain.signals import Severity
from services.api.access import needs
from services.api.cursors import cursor, place_of
from services.api.pages.door import PageDoor
from services.api.pages.render import page
from services.api.parts import api_of
from services.api.routes.bodies import ANY_WORLD, Cursor, Strict
from services.api.telling import item

router = APIRouter(route_class=PageDoor, include_in_schema=False)

LIVE = tuple(state for state in State if state is not State.CLOSED)
PAGE = 50
SORTS: dict[Sort, str] = {"hurts_at": "time to hurt", "severity": "severity", "score": "score", "updated": "last change"}


class View(Strict):
    """What the address says; an empty field of the form does not narrow."""

    state: Literal["", "live", "all", "open", "acknowledged", "mitigating", "monitoring", "accepted", "closed"] = "live"
    severity: Literal["", "info", "low", "medium", "high", "critical"] = ""
    vendor: Annotated[str, Field(max_length=200)] = ""
    function: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(max_length=200)] = ""
    exercise: Annotated[str, Field(max_length=200)] = ""
    sort: Sort = "hurts_at"
    cursor: Cursor = None

    @property
    def filter(self) -> RiskFilter:
        """The same for the store."""
        states = LIVE if self.state in ("", "live") else () if self.state == "all" else (State(self.state),)
        return RiskFilter(
            states,
            Severity(self.severity) if self.severity else None,
            self.vendor or None,
            None,
            self.function or None,
            None if self.exercise == ANY_WORLD else self.exercise,
            self.text.strip() or None,
        )

    def address(self, **change: str | None) -> str:
        """The address of this view with something changed; a change begins at the first page."""
        said = {**self.model_dump(exclude_defaults=True, exclude={"cursor"}), **change}
        kept = {name: value for name, value in said.items() if value}
        return "/risks" + (f"?{urlencode(kept)}" if kept else "")


@router.get("/risks")
@needs("read")
async def table(request: Request, view: Annotated[View, Query()]) -> Response:
    """The page."""
    api = api_of(request)
    wanted, question = view.filter, (view.filter, view.sort)
    after = place_of(api.signer, question, view.cursor, Place)
    entries, more = await api.database.read(lambda connection: risk_lists.page(connection, wanted, view.sort, after, PAGE))
    now = api.clock.now()
    following = cursor(api.signer, question, more)
    portfolio = api.parts.context.portfolio
    return page(
        request,
        "register.html",
        HTTPStatus.OK,
        risks=[item(entry, now) for entry in entries],
        view=view,
        states=["live", "all", *(state.value for state in State)],
        severities=[severity.value for severity in Severity],
        functions=sorted(((f.id, f.name) for f in portfolio.functions), key=lambda pair: pair[1]),
        vendors=sorted({need.scope.vendor for need in portfolio.dependencies} | ({view.vendor} if view.vendor else set())),
        sorts=[(name, words, view.address(sort=name)) for name, words in SORTS.items()],
        following=view.address(cursor=following) if following is not None else "",
    )
