"""``/healthz``, ``/readyz`` and ``/metrics``: for those who watch the watcher."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus

import msgspec
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from secondsource.adapters.sql import sources
from secondsource.adapters.sql.errors import UNAVAILABLE
from secondsource.adapters.sql.gauges import Lag, gauges, lag
from secondsource.domain.words import duration
from secondsource.runtimes.detector import CONSUMER
from services.api.access import Door, needs
from services.api.answers import answer
from services.api.metrics import Figures
from services.api.openapi import returns
from services.api.parts import api_of
from services.api.problems import Fault, Problem
from services.api.watching import sources_of

router = APIRouter(route_class=Door, tags=["health"])

STALLED = timedelta(minutes=5)
"""How old the oldest batch that waits, or the newest one of all, may be. Ticks come every minute."""

_DOWN: tuple[type[Exception], ...] = (TimeoutError, *UNAVAILABLE)
_PATIENCE = 5.0  # seconds for the store to take a write


class Alive(msgspec.Struct, frozen=True):
    """The process lives."""

    status: str


class Ready(msgspec.Struct, frozen=True):
    """The process does its work."""

    ready: bool


@router.get("/healthz", summary="Does the process live?", responses=returns(Alive, "It does."))
@needs(None)
async def alive() -> Response:
    """Answers as long as the process lives."""
    return answer(Alive("ok"))


@router.get("/readyz", summary="Does it do its work?", responses=returns(Ready, "It does."))
@needs(None)
async def ready(request: Request) -> Response:
    """The store takes writes, and the detector keeps up. Otherwise 503 with the reasons."""
    api = api_of(request)
    faults = [Fault(f"loop.{name}", "its last turn failed, and it tries again") for name in sorted(api.parts.troubles())]
    try:
        async with asyncio.timeout(_PATIENCE):
            await api.database.write(_nothing)
            found = await api.database.read(lambda connection: lag(connection, CONSUMER))
        faults += _stalled(found, api.clock.now())
    except _DOWN:
        faults.append(Fault("store", "it takes no writes"))
    if faults:
        detail = "; ".join(f"{fault.place}: {fault.problem}" for fault in faults)
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", detail, errors=faults, headers={"retry-after": "10"})
    return answer(Ready(True))


@router.get("/metrics", summary="Figures for Prometheus", responses={200: {"description": "Text.", "content": {"text/plain": {}}}})
@needs("read")
async def metrics(request: Request) -> Response:
    """The figures of the store and of the sources."""
    api = api_of(request)
    now, counted = api.clock.now(), api.observed

    def work(connection: Connection) -> Figures:
        watched = sources_of(api.parts.sources, sources.all_states(connection), now)
        start = lag(connection, CONSUMER).newest if counted.position is None else counted.position
        return Figures(gauges(connection, CONSUMER, start), watched, now)

    figures = await api.database.read(work)
    figures = figures.with_observed(counted.add(figures.gauges.observed, figures.gauges.lag.newest))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return Response(generate_latest(registry), HTTPStatus.OK, {"cache-control": "no-store"}, CONTENT_TYPE_LATEST)


def _nothing(connection: Connection) -> None:
    """A transaction that is begun for writing, and writes nothing: the lock is there to be had, the file is there."""


def _stalled(found: Lag, now: datetime) -> Iterable[Fault]:
    if found.waiting_since is not None and now - found.waiting_since > STALLED:
        yield Fault("detector", f"what came {duration(now - found.waiting_since)} ago has not been looked at")
    if found.newest_at is not None and now - found.newest_at > STALLED:
        yield Fault("log", f"nothing has come in for {duration(now - found.newest_at)}, not even the time")
