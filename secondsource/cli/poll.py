"""``secondsource poll``: one poll of one source, live; nothing is stored."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.known import known
from secondsource.adapters.limited import LimitedParser
from secondsource.cli._configuration import config_option, configured
from secondsource.domain.errors import UserError
from secondsource.domain.observations import Observation, Outcome, observe
from secondsource.domain.scoping import enrich
from secondsource.ports.fetcher import NO_VALIDATORS
from secondsource.runtimes.poll import Polled, Source, poll
from secondsource.runtimes.sources import credentials, source_of
from secondsource.settings.settings import Settings


@click.command("poll")
@click.argument("name", metavar="SOURCE")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object with the outcome and all observations, instead of a line for each.")
def command(name: str, config: Path, as_json: bool) -> None:
    """Poll SOURCE once, as the configuration has it, and print what it says as JSON lines. Exits with 1 where it can not be read."""
    settings = configured(config, known())
    found = {source.id: source for source in settings.sources}
    if name not in found:
        raise UserError(f"there is no source {name!r} in {config}; there are {', '.join(sorted(found)) or 'none'}")
    source = source_of(found[name])
    polled, observations = asyncio.run(_poll(source, settings))
    read = polled.outcome in (Outcome.OK, Outcome.UNCHANGED)
    if as_json:
        told = {"source": name, "outcome": polled.outcome, "detail": polled.detail, "latency_ms": polled.latency_ms, "bytes": polled.bytes}
        click.echo(msgspec.json.encode({**told, "observations": observations}))
    else:
        for observation in observations:
            click.echo(msgspec.json.encode(observation))
    if not read:
        click.echo(f"{name}: {polled.outcome.value}: {polled.detail}", err=True)
        raise click.exceptions.Exit(1)


async def _poll(source: Source, settings: Settings) -> tuple[Polled, list[Observation]]:
    clock, parser = SystemClock(), LimitedParser()
    async with HttpFetcher(now=clock.now, credentials=credentials(settings.credentials)) as fetcher:
        try:
            polled = await poll(source, None, NO_VALIDATORS, fetcher, parser)
        finally:
            await parser.close()
    graph, now = settings.context.graph, clock.now()
    said = [
        observe(
            source=source.id,
            vendor=reading.vendor or source.vendor,
            subject=reading.subject,
            observed_at=now,
            body=enrich(reading.body, graph, reading.vendor or source.vendor),
            occurred_at=reading.occurred_at,
        )
        for reading in polled.readings
    ]
    return polled, said
