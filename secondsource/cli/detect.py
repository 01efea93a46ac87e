"""``secondsource detect``: which connector understands a page."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from secondsource.adapters.plugins import connectors
from secondsource.cli.parse import response_of
from secondsource.contracts.connector import Recognises, Response
from secondsource.domain.errors import UserError


def candidates(response: Response) -> tuple[tuple[str, float], ...]:
    """Connectors that may understand ``response``, with their confidence (0 to 1), the surest first."""
    found = {name: reader.recognise(response) for name, reader in connectors().items() if isinstance(reader, Recognises)}
    return tuple(sorted(((name, sure) for name, sure in found.items() if sure > 0), key=lambda pair: (-pair[1], pair[0])))


@click.command("detect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of a table.")
def command(file: Path, as_json: bool) -> None:
    """Name the connectors that understand the saved response in FILE, the surest first. Exits with 1 where none does."""
    try:
        found = candidates(response_of(file))
    except UserError as error:
        click.echo(f"secondsource detect: {error}", err=True)
        raise click.exceptions.Exit(UserError.exit_code) from None
    if as_json:
        click.echo(msgspec.json.encode([{"connector": name, "confidence": sure} for name, sure in found]))
    else:
        for name, sure in found:
            click.echo(f"{name:20} {sure:.2f}")
    if not found:
        click.echo(f"{file}: no connector understands this", err=True)
        raise click.exceptions.Exit(1)
