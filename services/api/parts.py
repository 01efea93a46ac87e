"""What the API is built from, and what it keeps at hand for its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.sql import runs
from secondsource.adapters.sql.database import Database
from secondsource.domain.context import Context
from secondsource.domain.errors import UserError
from secondsource.domain.exposure import Exposure, dependents
from secondsource.domain.portfolio import Person
from secondsource.domain.scope import Scope
from secondsource.plans.schema import Runbook
from secondsource.ports.clock import Clock
from secondsource.runtimes.responder import Responder
from services.api.buckets import DEFAULT_RATE, Buckets, Rate
from services.api.counting import Observed
from services.api.signing import Signer


class Watched(msgspec.Struct, frozen=True):
    """A source as configured. ``kinds`` are the observation kinds that its connector gives."""

    id: str
    vendor: str
    connector: str
    interval: timedelta
    kinds: frozenset[str] = frozenset()


def _no_troubles() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class ApiParts:
    """What the composition hands over.

    ``clock`` is the time of the world that is watched, virtual in a demo; ``wall`` is the time of those who look: sessions and rate
    limits go by it. ``on_change`` is called after each accepted write, so that the runtime looks at once. ``troubles`` says which
    loops of the process fail now, and why. ``session_secret`` signs cookies and cursors and must outlive a restart.
    """

    database: Database
    responder: Responder
    context: Context
    clock: Clock
    sources: Sequence[Watched]
    session_secret: bytes = field(repr=False)
    public_url: str
    on_change: Callable[[], None]
    allowed_hosts: Sequence[str] = ("127.0.0.1", "localhost", "::1")
    wall: Clock = field(default_factory=SystemClock)
    troubles: Callable[[], Mapping[str, str]] = _no_troubles
    rate: Rate = DEFAULT_RATE


class Api:
    """The parts, and what is made of them once: the signer, the buckets, and who is who."""

    def __init__(self, parts: ApiParts) -> None:
        """Raises :class:`UserError` for a secret that is too short to sign with."""
        if len(parts.session_secret) < 32:
            raise UserError("api.secret is too short: it needs at least 32 characters; leave it out, and one is made and kept")
        self.parts = parts
        self.database = parts.database
        self.clock = parts.clock
        self.signer = Signer(parts.session_secret)
        self.buckets = Buckets(parts.rate)
        self.people: Mapping[str, Person] = {person.id: person for person in parts.context.portfolio.people}
        self._reached = {way: p.name for p in self.people.values() for way in (p.slack, p.email) if way}
        self.functions = {function.id: function.name for function in parts.context.portfolio.functions}
        self.secure = urlsplit(parts.public_url).scheme == "https"
        self.observed = Observed()
        self._runbooks: dict[str, Runbook] = {}
        self._dependents: dict[str, Exposure] = {}

    def runbook(self, connection: Connection, version: str) -> Runbook:
        """The text that a run began with. It never changes under its version, so it is read once."""
        if version not in self._runbooks:
            self._runbooks[version] = runs.runbook(connection, version)
        return self._runbooks[version]

    def dependents(self, vendor: str) -> Exposure:
        """Functions that rest on the vendor, through however many others. The context does not change, so it is worked out once."""
        if vendor not in self._dependents:
            self._dependents[vendor] = dependents(Scope(vendor), self.parts.context)
        return self._dependents[vendor]

    def reached(self, recipient: str) -> str:
        """Whom an address of a message reaches: the person's name, else the address."""
        return self._reached.get(recipient, recipient)

    def who(self, actor: str | None) -> str:
        """What people call an actor: the person's name, else the actor itself without its prefix."""
        if actor is None:
            return ""
        kind, _, id_ = actor.partition(":")
        person = self.people.get(id_ if kind == "person" else actor)
        return person.name if person is not None else id_ if kind in ("person", "key") and id_ else actor


def api_of(request: Request) -> Api:
    """The application's own parts."""
    api = request.app.state.api
    assert isinstance(api, Api)
    return api
