"""``secondsource record``: one live answer, kept as a fixture of its connector."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.http.credentials import CredentialError
from secondsource.adapters.http.failures import Refusal
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.known import known
from secondsource.adapters.plugins import connector
from secondsource.cli._configuration import DEFAULT, configured
from secondsource.cli.parse import config_of, parsed_by
from secondsource.contracts.connector import Connector, Parsed, ParseError, ReadsFailures, Request, Response
from secondsource.contracts.reading import looks_like_html
from secondsource.domain.errors import UserError
from secondsource.ports.fetcher import FetchPolicy, Page, Unchanged
from secondsource.runtimes.poll import Source
from secondsource.runtimes.sources import credentials, source_of
from secondsource.settings.secrets import SecretError
from secondsource.settings.settings import Settings
from secondsource.testing import fixtures
from secondsource.testing.redaction import carried, plain_address, redacted

_OUTPUT = Path("tests/connectors")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,79}")
_MOST = 50


@click.command("record")
@click.argument("name", metavar="SOURCE|CONNECTOR")
@click.argument("url", required=False)
@click.option("--case", required=True, help="How the case is called: a folder's name, such as typical.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=_OUTPUT, show_default=True, help="Where cases are.")
@click.option("--answer", type=click.IntRange(1, _MOST), default=1, show_default=True, help="Which answer of a poll that takes several.")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT, show_default=True, help="The configuration with SOURCE."
)
@click.option("--told", metavar="JSON", help="With a URL: what the connector is told beside the address, as in a source's `config`.")
@click.option("--allow", multiple=True, metavar="NETWORK", help="With a URL: a network that it may be in although it is not public.")
def command(
    name: str, url: str | None, case: str, output: Path, answer: int, config: Path, told: str | None, allow: tuple[str, ...]
) -> None:
    """Fetch one answer of SOURCE, as the configuration has it, or of URL for CONNECTOR, and write it down as a fixture.

    The folder OUTPUT/CONNECTOR/CASE then holds request.json, the body, and what the connector makes of it, be it an error. Of the headers
    only the content type is kept; values of credentials become *** in the body and in the address. What was never fetched is not
    written: exits with 1 where no answer came.
    """
    if not _NAME.fullmatch(case):
        raise UserError(f"{case!r} is no name for a case; write it with small letters, digits and _")
    settings = None
    if url is None:
        settings = configured(config, known())
        found = {source.id: source for source in settings.sources}
        if name not in found:
            there = ", ".join(sorted(found)) or "none"
            raise UserError(f"there is no source {name!r} in {config} (there are {there}); or name a connector and a URL")
        source = source_of(found[name])
    else:
        reader = connector(name)
        source = _at(reader, url, told, allow)
    folder = output / source.connector.spec.name / case
    if folder.exists():
        raise UserError(f"there is a {folder} already; choose another name, or remove it")
    response, secrets = asyncio.run(_fetched(source, settings, answer))
    outcome = _keep(folder, source, response, secrets)
    said = f"refused: {outcome}" if isinstance(outcome, ParseError) else f"{len(outcome.readings)} readings"
    click.echo(f"{folder}: {len(response.body)} bytes, {said}")
    click.echo("Look at it before you share it: its words are the vendor's, and only what your configuration calls secret was taken out.")


def _at(reader: Connector, url: str, told: str | None, allow: tuple[str, ...]) -> Source:
    given = {} if told is None else msgspec.json.decode(told) if _is_object(told) else None
    if given is None:
        raise UserError('--told must be a JSON object, such as \'{"only": ["API"]}\'')
    model = config_of(reader, msgspec.json.encode({**given, "url": url}).decode())
    if refused := known().refusal(url, allow):
        raise UserError(f"{url}: {refused.replace('say with `allow`', 'say with --allow')}")
    return Source(reader.spec.name, "vendor", reader, model, reader.spec.interval, FetchPolicy(allow=allow))


def _is_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except msgspec.DecodeError:
        return False


async def _fetched(source: Source, settings: Settings | None, wanted: int) -> tuple[Response, tuple[str, ...]]:
    """The ``wanted``-th answer of a poll, and every text that must not be kept of it. Exits with 1 where it does not come."""
    clock = SystemClock()
    pending = list(source.connector.requests(source.config, None))
    async with HttpFetcher(now=clock.now, credentials=credentials(settings.credentials if settings else {})) as fetcher:
        for number in range(1, wanted + 1):
            if not pending:
                raise UserError(f"a poll of {source.id} takes {number - 1} answers, not {wanted}")
            request = pending.pop(0)
            fetched = await fetcher.fetch(request, policy=source.policy)
            assert not isinstance(fetched, Unchanged), "without validators nothing can be unchanged"
            if not isinstance(fetched, Page):
                click.echo(f"{source.id}: {fetched.outcome.value}: {fetched.detail}", err=True)
                raise click.exceptions.Exit(1)
            response = msgspec.structs.replace(fetched.response, latency_ms=fetched.latency_ms, memo=request.memo)
            if number < wanted:
                pending[:0] = _further(source, response)
        secrets = await _secrets(fetcher, source, settings, request)
    return response, (*secrets, *carried(response.url), *carried(request.url), *carried(str(getattr(source.config, "url", ""))))


def _further(source: Source, response: Response) -> list[Request]:
    try:
        parsed = source.connector.parse(response, source.config)
    except ParseError as error:
        click.echo(f"{source.id}: an earlier answer can not be read: {error}", err=True)
        raise click.exceptions.Exit(1) from None
    return [parsed.next_request] if parsed.next_request is not None else []


async def _secrets(fetcher: HttpFetcher, source: Source, settings: Settings | None, request: Request) -> tuple[str, ...]:
    """What the request was opened with, and every secret of the configuration that can be read here."""
    try:
        sent = await fetcher.secrets(request.auth, source.policy) if request.auth is not None else ()
    except (CredentialError, Refusal) as error:
        # what can not be known can not be taken out
        raise UserError(f"the answer is not kept, because its credential can not be told from it any more: {error}") from None
    return (*sent, *(_revealed(settings) if settings is not None else ()))


def _revealed(settings: Settings) -> Iterator[str]:
    for use in settings.secrets:
        try:
            yield use.secret.reveal()
        except SecretError:
            continue  # nor was it sent


def _keep(folder: Path, source: Source, response: Response, secrets: tuple[str, ...]) -> Parsed | ParseError:
    """Write the case down; what the connector makes of it, as it was written down."""
    body = redacted(response.body, secrets)
    kind = response.headers.get("content-type", "")

    def clean(text: str) -> str:
        return redacted(plain_address(text).encode(), secrets).decode()

    given = source.config.model_dump(mode="json", exclude_unset=True)
    asked = fixtures.Asked(
        url=clean(response.url),
        config={field: clean(value) if field == "url" else value for field, value in given.items()},
        received_at=response.received_at,
        status=response.status,
        headers={"content-type": kind} if kind else {},
        latency_ms=response.latency_ms if isinstance(source.connector, ReadsFailures) else None,
        memo=redacted(response.memo.encode(), secrets).decode(),
    )
    kept = Response(asked.url, asked.status, asked.headers, body, asked.received_at, asked.latency_ms, asked.memo)
    config = source.connector.spec.config.model_validate(asked.config)
    outcome: Parsed | ParseError
    try:
        outcome = parsed_by(source.connector, config, kept)
    except ParseError as error:
        outcome = error
    fixtures.write(folder, asked, _suffix(kind, body), body, outcome)
    return outcome


def _suffix(kind: str, body: bytes) -> str:
    known_as = fixtures.SUFFIXES.get(kind.partition(";")[0].strip().lower())
    return known_as or (".html" if looks_like_html(body) else ".json" if body.lstrip()[:1] in (b"{", b"[") else ".txt")
