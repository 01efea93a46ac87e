"""``secondsource up``: everything in one process, live."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.known import known
from secondsource.adapters.lock import held
from secondsource.adapters.scheduling.scheduler import Job, Scheduler
from secondsource.adapters.sql import keys, retention
from secondsource.adapters.sql.database import Database
from secondsource.cli._configuration import DATABASE, config_option, configured
from secondsource.runtimes.poll import Source
from secondsource.settings.settings import Settings
from services import logs
from services.api.app import make_app
from services.api.parts import ApiParts, Watched
from services.compose import Parts, compose
from services.serving import bind, port_of, serving

PRUNE = "17 3 * * *"
CHECK_PLANS = "7 * * * *"


@click.command("up")
@config_option
@click.option("--host", help="Listen at this address; else as configured.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen at this port; else as configured.")
def command(config: Path, host: str | None, port: int | None) -> None:
    """Watch, find, tell and serve the page, in one process, until it is stopped (Ctrl-C)."""
    settings = configured(config, known())
    settings.require_secrets()
    logs.configure()
    listening = bind(host or settings.api.host, settings.api.port if port is None else port)
    with contextlib.closing(listening), held(settings.data_dir):
        asyncio.run(up(settings, listening))


async def up(settings: Settings, listening: socket.socket) -> None:
    """Run until SIGINT or SIGTERM; what is under way then is given ten seconds to end."""
    clock = SystemClock()
    database = Database(settings.data_dir / DATABASE)
    public_url = settings.api.public_url or _address(listening)
    parts = compose(settings, database, clock, public_url=public_url)
    scheduler = Scheduler(database, clock, [_pruning(parts), Job("plans", CHECK_PLANS, parts.plan_checks.run)])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await _first_key(database, clock.now())
        async with serving(make_app(api_parts(parts, public_url)), listening):
            click.echo(f"Second Source watches {len(parts.sources)} sources; the page is at {public_url}", err=True)
            await scheduler.start()
            await parts.embedded.run(stop)
    finally:
        await scheduler.close()
        await parts.close()


def api_parts(parts: Parts, public_url: str) -> ApiParts:
    """What the API needs of a live process."""
    return ApiParts(
        database=parts.database,
        responder=parts.desk.responder,
        context=parts.desk.context,
        clock=parts.clock,
        sources=[watched(source) for source in parts.sources],
        session_secret=_session_secret(parts.settings),
        public_url=public_url,
        on_change=parts.embedded.nudge,
        allowed_hosts=_hosts(parts.settings, public_url),
        troubles=lambda: {name: trouble.reason for name, trouble in parts.embedded.troubles.items()},
    )


def watched(source: Source) -> Watched:
    """A source as the API shows it."""
    spec = source.connector.spec
    return Watched(source.id, source.vendor, spec.name, source.interval, frozenset(spec.kinds))


def _hosts(settings: Settings, public_url: str) -> tuple[str, ...]:
    named = urlsplit(public_url).hostname
    return tuple(dict.fromkeys(["127.0.0.1", "localhost", "::1", settings.api.host, *([named] if named else [])]))


def _session_secret(settings: Settings) -> bytes:
    """The configured one; else one that is made once and kept in the data folder, readable by its owner only."""
    if settings.api.secret is not None:
        return settings.api.secret.reveal().encode()
    path = settings.data_dir / "session.secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(48))
    return path.read_bytes()


async def _first_key(database: Database, now: datetime) -> None:
    """Where there is no key yet, one is made and shown, for else nobody could sign in."""
    if await database.read(keys.count):
        return
    key = keys.make_key()
    await database.write(lambda connection: keys.store(connection, key, "first", keys.SCOPES, now))
    click.echo(f"The first API key, shown only now: {key}", err=True)


def _pruning(parts: Parts) -> Job:
    async def prune(due: datetime) -> str:
        kept = parts.settings.retention
        now = parts.clock.now()
        gone = await parts.database.write(lambda connection: retention.prune(connection, now - kept.raw, now - kept.log))
        return f"{gone[0]} answers and {gone[1]} batches let go of"

    return Job("prune", PRUNE, prune)


def _address(listening: socket.socket) -> str:
    host = str(listening.getsockname()[0])
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port_of(listening)}"
