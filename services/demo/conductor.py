"""Sets the stage, and moves the clock from due time to due time until the day is over."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx2
from sqlalchemy import Connection

from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.http.backoff import BackoffPolicy
from secondsource.adapters.known import known
from secondsource.adapters.reports.html import html
from secondsource.adapters.reports.reading import vendor_review
from secondsource.adapters.reports.vendor import paper_of
from secondsource.adapters.sql import drills, keys
from secondsource.adapters.sql.database import Database
from secondsource.domain.scope import Scope
from secondsource.settings.load import load
from secondsource.testing.standins.slack import SlackStandIn
from secondsource.testing.standins.smtp import SmtpStandIn
from services.all_in_one import watched
from services.api.app import make_app
from services.api.buckets import Rate
from services.api.parts import ApiParts
from services.compose import Parts, compose
from services.demo import story
from services.demo.cast import PEOPLE, Cast
from services.demo.market import Market
from services.demo.pages import app as pages
from services.serving import bind, port_of, serving

CONFIGURATION = Path(__file__).with_name("secondsource.yaml")
TOKEN = "xoxb-demo"  # noqa: S105  it opens nothing but the stand-in beside it
TOKEN_NAME = "SECONDSOURCE_DEMO_SLACK_TOKEN"  # noqa: S105
CHANNELS = {"C0RISK": "vendor-risk"}
TICKS = timedelta(minutes=5)
"""Timers tell time too; between them this is enough for a day in which all polls keep to whole minutes."""
UNLIMITED = Rate(1_000_000, 1_000_000)
"""Of the API: a day goes by in seconds, so a person's clicks come as fast as a robot's."""


@dataclass
class Stage:
    """The world of the demo: the clock, the product in it, and the stand-ins that hear from it."""

    clock: VirtualClock
    parts: Parts
    slack: SlackStandIn
    mail: SmtpStandIn
    cast: Cast
    market: Market
    url: str
    key: str

    async def play(self, after_turn: Callable[[datetime], None] = lambda now: None) -> None:
        """From the first due time to the end of the day."""
        await self.parts.embedded.begin()
        while self.clock.now() <= story.END:
            now = self.clock.now()
            await self.market.act(now)
            await self._turn()
            if (due := self.cast.next_due()) is not None and due <= now:
                await self.cast.act(now)
                await self._turn()
            if now >= story.DRILL_AT and not await self.parts.database.read(drills.outcomes):
                await self._drill(now)
                await self._turn()
            after_turn(now)
            await self.clock.wait_until(await self._next_due())

    async def review(self) -> Path:
        """The review of the vendor that the day was about, written as a paper beside the database."""
        now, desk = self.clock.now(), self.parts.desk
        read = partial(vendor_review, vendor="halcyon", start=story.START, end=story.END, now=now, context=desk.context)
        paper = paper_of(await self.parts.database.read(lambda connection: read(connection, documents=desk.library.documents)))
        target = self.parts.settings.path.parent / "review-halcyon.html"
        target.write_text(html(paper), encoding="utf-8")
        return target

    async def _turn(self) -> None:
        await self.parts.embedded.turn()
        self.cast.look()

    async def _next_due(self) -> datetime:
        dues = [await self.parts.embedded.next_due(), self.cast.next_due(), self.market.next_due()]
        return min(due for due in dues if due is not None)

    async def _drill(self, now: datetime) -> None:
        """Once, in the evening, when the real trouble is over."""
        place = Scope("halcyon", "api")
        await self.parts.database.write(lambda c: self.parts.desk.drilling.start(c, story.DRILL, now, scope=place))


@contextlib.asynccontextmanager
async def stage(folder: Path, port: int, speed: float | None) -> AsyncIterator[Stage]:
    """Everything set up: pages, stand-ins, product and page, the configuration as it is used in ``folder``.

    Raises :class:`secondsource.domain.errors.UserError` where the folder can not be written or the port is taken.
    """
    clock = VirtualClock(story.START, speed)
    listening = bind("127.0.0.1", port)
    url = f"http://127.0.0.1:{port_of(listening)}"
    shop = bind("127.0.0.1", 0)
    slack = SlackStandIn(token=TOKEN, clock=clock.now, channels=CHANNELS, users={p.slack: f"{p.id}@marlow.example" for p in PEOPLE})
    os.environ[TOKEN_NAME] = TOKEN
    async with slack, SmtpStandIn() as mail, serving(pages(clock.now), shop):
        path = _configuration(folder, {18600: port_of(shop), 18601: slack.port, 18602: mail.port, 8765: port_of(listening)})
        settings = load(path, known())
        for old in settings.data_dir.glob("secondsource.db*"):
            old.unlink()
        database = Database(settings.data_dir / "secondsource.db")
        parts = compose(settings, database, clock, public_url=url, monotonic=lambda: 0.0, backoff=BackoffPolicy(jitter=0), every=TICKS)
        issued = {name: keys.make_key() for name in (*(person.id for person in PEOPLE), "market", "reader")}
        await database.write(lambda connection: _store(connection, issued))
        api = make_app(
            ApiParts(
                database=database,
                responder=parts.desk.responder,
                context=parts.desk.context,
                clock=clock,
                sources=[watched(source) for source in parts.sources],
                session_secret=os.urandom(32),
                public_url=url,
                on_change=parts.embedded.nudge,
                rate=UNLIMITED,
            )
        )
        try:
            async with serving(api, listening), httpx2.AsyncClient(base_url=url, trust_env=False) as client:
                cast = Cast(slack, client, issued)
                yield Stage(clock, parts, slack, mail, cast, Market(client, issued["market"]), url, issued["reader"])
        finally:
            await parts.close()


def _configuration(folder: Path, ports: dict[int, int]) -> Path:
    """The shipped configuration with the ports that are free here, written where a reader finds it."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for named, free in ports.items():
        text = text.replace(f":{named}", f":{free}").replace(f"port: {named}", f"port: {free}")
    path = folder / "secondsource.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _store(connection: Connection, issued: dict[str, str]) -> None:
    for name, key in issued.items():
        if name == "market":
            keys.store(connection, key, name, ("observe",), story.START)
        elif name == "reader":
            keys.store(connection, key, "demo", ("read", "respond"), story.START, "ana")
        else:
            keys.store(connection, key, name, ("read", "respond"), story.START, name)
