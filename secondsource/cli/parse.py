"""``secondsource parse``: what a connector makes of a saved response."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from pydantic import BaseModel, ValidationError

from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.contracts.connector import Connector, Parsed, ParseError, Response
from secondsource.domain.errors import UserError
from secondsource.domain.observations import Observation, observe

_TYPES = {
    ".json": "application/json",
    ".atom": "application/atom+xml",
    ".rss": "application/rss+xml",
    ".xml": "application/xml",
    ".html": "text/html",
}
_NO_ADDRESS = "https://localhost/"


def response_of(file: Path) -> Response:
    """The saved response in ``file`` (``-`` is standard input). It counts as received when the file was last changed."""
    try:
        if str(file) == "-":
            return Response(_NO_ADDRESS, 200, {}, sys.stdin.buffer.read(), datetime.fromtimestamp(0, UTC))
        received_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        # a type without charset, so that the document's own declaration counts
        kind = _TYPES.get(file.suffix.lower())
        return Response(_NO_ADDRESS, 200, {"content-type": kind} if kind else {}, file.read_bytes(), received_at)
    except OSError as error:
        raise UserError(f"{file} can not be read: {error.strerror or error}") from None


def config_of(reader: Connector, given: str | None) -> BaseModel:
    """The connector's configuration from JSON text; an address is not needed to read a file, so one is made up."""
    try:
        values: Any = msgspec.json.decode(given) if given else {}
    except msgspec.DecodeError as error:
        raise UserError(f"--config is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise UserError('--config must be a JSON object, such as \'{"only": ["API"]}\'')
    if "url" in reader.spec.config.model_fields:
        values = {"url": _NO_ADDRESS, **values}
    try:
        return reader.spec.config.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise UserError(f"--config for {reader.spec.name}: {place}: {first['msg']}") from None


async def _limited(name: str, config: BaseModel, response: Response) -> Parsed:
    parser = LimitedParser()
    try:
        return await parser.parse(name, config, response)
    finally:
        await parser.close()


def parsed_by(reader: Connector, config: BaseModel, response: Response) -> Parsed:
    """What ``reader`` makes of ``response``, in a worker process where it asks for one. Raises :class:`ParseError`."""
    if reader.spec.limited:
        return asyncio.run(_limited(reader.spec.name, config, response))
    return reader.parse(response, config)


def observations_of(parsed: Parsed, connector_name: str, vendor: str, at: datetime) -> tuple[Observation, ...]:
    """The observations that a poll would make of ``parsed``."""
    return tuple(
        observe(
            source=f"file:{connector_name}",
            vendor=reading.vendor or vendor,
            subject=reading.subject,
            observed_at=at,
            occurred_at=reading.occurred_at,
            body=reading.body,
        )
        for reading in parsed.readings
    )


@click.command("parse")
@click.argument("connector_name", metavar="CONNECTOR")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--config", metavar="JSON", help="The connector's configuration, as in a source's `config`.")
@click.option("--vendor", default="vendor", show_default=True, help="The vendor that the page is about.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with observations and notes, instead of a line for each.")
def command(connector_name: str, file: Path, config: str | None, vendor: str, as_json: bool) -> None:
    """Print what CONNECTOR makes of the saved response in FILE (- for standard input), as JSON lines.

    Nothing is fetched and nothing is stored. Exits with 1 where the file is not what the connector reads.
    """
    try:
        reader = connector(connector_name)
        settings = config_of(reader, config)
        response = response_of(file)
    except UserError as error:
        click.echo(f"secondsource parse: {error}", err=True)
        raise click.exceptions.Exit(UserError.exit_code) from None
    try:
        parsed = parsed_by(reader, settings, response)
    except ParseError as error:
        click.echo(f"{file}: {error.where}: {error.reason}", err=True)
        raise click.exceptions.Exit(1) from None
    observations = observations_of(parsed, connector_name, vendor, response.received_at)
    if as_json:
        whole = {"connector": connector_name, "complete": parsed.complete, "notes": parsed.notes, "observations": observations}
        click.echo(msgspec.json.encode(whole))
        return
    for observation in observations:
        click.echo(msgspec.json.encode(observation))
    for note in parsed.notes:
        click.echo(f"{file}: {note}", err=True)
