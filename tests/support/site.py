"""The API over a real store with the small company in it, asked in the same process; time stands where a test puts it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import uvicorn
from fastapi import FastAPI

from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.sql import keys
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.keys import SCOPES
from secondsource.domain.context import Context
from secondsource.domain.portfolio import Person
from secondsource.domain.signals import Signal
from secondsource.plans.load import load
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.responder import Responder
from services.api.app import make_app
from services.api.buckets import DEFAULT_RATE, Rate
from services.api.parts import ApiParts, Watched
from tests.support.company import DEPENDENCIES, T0, at, company

DOCUMENTS = load([Path(__file__).parents[2] / "runbooks"]).documents
PEOPLE = (
    Person("ana", "Ana Ito", "ana@example.org", "U1", ("on-call",)),
    Person("ben", "Ben Okafor", None, "U2", ("duty-manager",)),
    Person("cy", "Cy Marsh", "cy@example.org", None, ("incident-commander",)),
)
CHANNELS = (Channel("slack", "slack", "C1"), Channel("mail", "email", "ops@example.org"))
WATCHED = (
    Watched("halcyon-page", "halcyon", "statuspage", timedelta(minutes=2), frozenset({"component_status", "incident"})),
    Watched("aws-feed", "aws", "feed_status", timedelta(minutes=5), frozenset({"incident"})),
)
HOST = "127.0.0.1"


def populated(failover: str = "model-api-failover") -> Context:
    """The small company with people; ``failover`` is the plan that the fallbacks of its chat name."""
    main = DEPENDENCIES[0]
    fallbacks = tuple(msgspec.structs.replace(fallback, plan=failover) for fallback in main.fallbacks)
    found = company(dependencies=(msgspec.structs.replace(main, fallbacks=fallbacks), *DEPENDENCIES[1:]))
    return Context(msgspec.structs.replace(found.portfolio, people=PEOPLE), found.graph)


class Site:
    """The application and what stands behind it."""

    def __init__(self, path: Path, *, rate: Rate = DEFAULT_RATE, public_url: str = "http://127.0.0.1:8765") -> None:
        self.database = Database(path)
        self.context = populated()
        self.clock, self.wall = VirtualClock(T0), VirtualClock(T0)
        playbook = Playbook(DOCUMENTS, self.context, {"statuspage"})
        links: Callable[[str, str], str] = lambda id_, verb: f"{public_url}/risks/{id_}/{verb}"  # noqa: E731
        self.responder = Responder(self.context, playbook, Directory(PEOPLE, CHANNELS), links)
        self.changes = 0
        self.troubles: dict[str, str] = {}
        self.parts = ApiParts(
            database=self.database,
            responder=self.responder,
            context=self.context,
            clock=self.clock,
            sources=WATCHED,
            session_secret=b"only-for-tests" * 3,
            public_url=public_url,
            on_change=self._changed,
            wall=self.wall,
            troubles=lambda: self.troubles,
            rate=rate,
        )
        self.app: FastAPI = make_app(self.parts)
        self.client = self.visitor()
        self.ana = self.key("ana", person="ana")

    def visitor(self) -> httpx2.AsyncClient:
        """Somebody with a cookie jar of their own."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url=f"http://{HOST}")

    def _changed(self) -> None:
        self.changes += 1

    def key(self, name: str, *scopes: str, person: str | None = None) -> str:
        """A new key; with every scope where none is named."""
        made = keys.make_key()
        self.database.write_now(lambda c: keys.store(c, made, name, scopes or SCOPES, T0, person))
        return made

    def hear(self, *signals: Signal) -> None:
        """Let detection say something; the clock moves to the last of it."""
        self.database.write_now(lambda c: self.responder.on_signals(c, signals))
        self.clock.move(max(signal.at for signal in signals))

    def pass_time(self, minute: float) -> datetime:
        """Move the clock to so many minutes after the beginning, and let timers run out."""
        self.clock.move(at(minute))
        self.database.write_now(lambda c: self.responder.on_tick(c, at(minute)))
        return at(minute)

    async def get(self, path: str, key: str | None = None, **options: Any) -> httpx2.Response:
        """Ask as Ana, or with another key."""
        return await self.client.get(path, headers=self.bearer(key, options), **options)

    async def post(self, path: str, json: Any = None, key: str | None = None, **options: Any) -> httpx2.Response:
        """Send as Ana, or with another key."""
        return await self.client.post(path, json=json, headers=self.bearer(key, options), **options)

    def bearer(self, key: str | None, options: dict[str, Any]) -> dict[str, str]:
        """The headers of a request; takes those that the options name."""
        return {"authorization": f"Bearer {key or self.ana}", **options.pop("headers", {})}

    async def close(self) -> None:
        """Let go."""
        await self.client.aclose()
        self.database.close()


class Served:
    """The site behind a real server on loopback, in a thread with a loop of its own."""

    def __init__(self, path: Path) -> None:
        self.site = Site(path)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self.site.app, log_level="warning", lifespan="off", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([self._socket])))
        self._thread.start()

    def close(self) -> None:
        """Stop the server and let go."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        asyncio.run(self.site.close())
