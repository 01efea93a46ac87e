"""``secondsource detect``: which connector understands a page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec
from pydantic import ValidationError

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.plugins import connectors
from secondsource.cli.parse import response_of
from secondsource.contracts.connector import Recognises, Request, Response
from secondsource.domain.errors import UserError
from secondsource.ports.fetcher import Failed, FetchPolicy, Page, request_key


def candidates(response: Response) -> tuple[tuple[str, float], ...]:
    """Connectors that may understand ``response``, with their confidence (0 to 1), the surest first."""
    found = {name: reader.recognise(response) for name, reader in connectors().items() if isinstance(reader, Recognises)}
    return _sorted((name, sure) for name, sure in found.items() if sure > 0)


@click.command("detect")
@click.argument("page", metavar="URL|FILE")
@click.option("--allow", metavar="NETWORK", multiple=True, help="A network that may be reached although it is not public: 10.1.0.0/16.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of a table.")
def command(page: str, allow: tuple[str, ...], as_json: bool) -> None:
    """Name the connectors that understand a page, the surest first: a saved response in FILE, or a site at URL.

    At a URL the page itself is read, and what each connector would ask for there. Exits with 1 where none understands it.
    """
    live = page.startswith(("https://", "http://"))
    found = asyncio.run(_at(page, allow)) if live else candidates(response_of(Path(page)))
    if as_json:
        click.echo(msgspec.json.encode([{"connector": name, "confidence": sure} for name, sure in found]))
    else:
        for name, sure in found:
            click.echo(f"{name:20} {sure:.2f}")
    if not found:
        click.echo(f"{page}: no connector understands this", err=True)
        raise click.exceptions.Exit(1)


async def _at(url: str, allow: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """What is understood at ``url``. Raises ``UserError`` where nothing at all answers there."""
    policy = FetchPolicy(allow=allow)
    try:
        async with HttpFetcher(now=SystemClock().now) as fetcher:
            answers = await asyncio.gather(*(fetcher.fetch(request, policy=policy) for request in _questions(url)))
    except ValueError as error:
        raise UserError(f"--allow: {error}") from None
    pages = [answer.response for answer in answers if isinstance(answer, Page)]
    if not pages:
        reasons = dict.fromkeys(answer.detail for answer in answers if isinstance(answer, Failed))
        raise UserError(f"{url} can not be read: {'; '.join(list(reasons)[:3])}")
    best: dict[str, float] = {}
    for response in pages:
        for name, sure in candidates(response):
            best[name] = max(sure, best.get(name, 0.0))
    return _sorted(best.items())


def _questions(url: str) -> list[Request]:
    """The page itself, and what each connector that reads a page at an address of one's own would ask for there; each once."""
    asked = {request_key(Request(url)): Request(url)}
    host = urlsplit(url).hostname
    for reader in connectors().values():
        if not isinstance(reader, Recognises) or "url" not in reader.spec.config.model_fields:
            continue
        try:
            request = reader.requests(reader.spec.config.model_validate({"url": url}), None)[0]
        except ValidationError:
            continue  # it wants to be told more than an address, or another form of it
        if urlsplit(request.url).hostname == host and request.method == "GET":
            asked.setdefault(request_key(request), request)
    return list(asked.values())


def _sorted(found: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))
