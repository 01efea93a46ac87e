"""From settings to the parts of a process: the one place that knows which adapter serves which port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from secondsource.adapters import senders
from secondsource.adapters.http.addresses import AddressPolicy
from secondsource.adapters.http.backoff import DEFAULT_BACKOFF, BackoffPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.http.resolver import Resolver, SystemResolver
from secondsource.adapters.http.transport import GuardedTransport
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.outbox.dispatcher import SLACK_PACE, Dispatcher
from secondsource.adapters.senders.heartbeat import HeartbeatSender
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.outbox import SqlOutbox
from secondsource.contracts.sender import Sender
from secondsource.ports.clock import Clock
from secondsource.runtimes.answers import Answers
from secondsource.runtimes.automation import AUTOMATION, AutomationSender
from secondsource.runtimes.collector import Collector
from secondsource.runtimes.desk import Desk, desk
from secondsource.runtimes.detector import Detector
from secondsource.runtimes.embedded import Embedded
from secondsource.runtimes.heartbeat import Heartbeat
from secondsource.runtimes.plan_checks import PlanChecks
from secondsource.runtimes.poll import Source
from secondsource.runtimes.rerouting import Rerouting
from secondsource.runtimes.sources import credentials, source_of
from secondsource.runtimes.ticks import EVERY
from secondsource.settings.settings import ChannelSettings, Settings

HEARTBEAT = "~heartbeat"
"""The channel that carries the sign of life. No configured channel is called so."""

CrashPoint = Callable[[str], None]


class Closing(Protocol):
    """Something that holds connections or a process."""

    async def close(self) -> None:
        """Let go of them."""


@dataclass
class Parts:
    """One embedded process, put together. Close it when it has ended."""

    settings: Settings
    database: Database
    clock: Clock
    desk: Desk
    sources: tuple[Source, ...]
    embedded: Embedded
    plan_checks: PlanChecks
    closing: list[Closing] = field(default_factory=list)

    async def close(self) -> None:
        """Let go of connections, workers and the database."""
        for part in self.closing:
            await part.close()
        self.database.close()


def compose(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    public_url: str | None = None,
    monotonic: Callable[[], float] | None = None,
    backoff: BackoffPolicy = DEFAULT_BACKOFF,
    crash_point: CrashPoint = lambda name: None,
    every: timedelta = EVERY,
) -> Parts:
    """The embedded runtime for ``settings``. Secrets are read when they are used; ``every`` is how often time is told.

    Raises :class:`secondsource.domain.errors.UserError` where runbooks or rules can not be read.
    """
    at_desk = desk(settings, public_url)
    resolver = SystemResolver()  # the fetcher closes it
    fetcher = HttpFetcher(now=clock.now, credentials=credentials(settings.credentials), resolver=resolver, monotonic=monotonic)
    parser = LimitedParser()
    ways: dict[str, Sender] = {channel.name: sender_of(channel, clock, resolver) for channel in settings.channels}
    if settings.heartbeat is not None:
        switch = GuardedTransport(resolver, AddressPolicy(settings.heartbeat.allow))
        ways[HEARTBEAT] = HeartbeatSender(settings.heartbeat.url, clock.now, switch)
    heartbeat = None if settings.heartbeat is None else Heartbeat(HEARTBEAT, "dead man's switch", settings.heartbeat.every)
    ways[AUTOMATION] = AutomationSender(
        database, fetcher, at_desk.responder.act_on_run, clock.now, settings.automation, on_change=lambda: embedded.nudge()
    )
    answers = Answers(at_desk.responder, at_desk.drilling, heartbeat)
    sources = tuple(source_of(each) for each in settings.sources)
    rules = settings.running_rules()
    pacing = {channel.name: SLACK_PACE for channel in settings.channels if channel.kind == "slack"}
    embedded = Embedded(
        database,
        clock,
        Collector(database, sources, settings.context, clock, fetcher, parser, backoff, crash_point),
        Detector(database, rules, settings.context, answers, crash_point),
        Dispatcher(SqlOutbox(database), ways, clock.now, pacing, Rerouting(at_desk.directory), crash_point),
        answers,
        every=every,
    )
    checks = PlanChecks(
        database,
        at_desk.playbook,
        fetcher,
        clock.now,
        allow=settings.automation.allow if settings.automation else (),
        on_change=embedded.nudge,
    )
    return Parts(settings, database, clock, at_desk, sources, embedded, checks, [*ways.values(), parser, fetcher])


def sender_of(channel: ChannelSettings, clock: Clock, resolver: Resolver) -> Sender:
    """What sends for a channel, held to the addresses that the channel may reach."""
    transport = GuardedTransport(resolver, AddressPolicy(channel.allow))
    return senders.build(channel.kind, dict(channel.sender), now=clock.now, transport=transport)
