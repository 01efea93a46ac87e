"""``secondsource db``: the database of a configuration."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from secondsource.adapters.sql import log, migrate
from secondsource.cli._configuration import config_option
from secondsource.cli._store import opened
from secondsource.domain.errors import UserError


@click.group("db")
def command() -> None:
    """Make, check and save the database. A running process is not disturbed."""


@command.command()
@config_option
def upgrade(config: Path) -> None:
    """Make the database, or bring it to the schema of this program."""
    with opened(config, create=True) as (_, database):
        click.echo(f"{database.path}: schema {migrate.current(database.writer)}")


@command.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(config: Path, as_json: bool) -> None:
    """Look whether the file is whole, and how far the detector has come. Exits with 1 where it is not whole."""
    with opened(config) as (_, database):
        problems = database.integrity()
        lag = database.read_now(lambda connection: log.lag(connection, "detector"))
        letters = database.read_now(log.dead_letters)
        schema = migrate.current(database.writer)
    if as_json:
        told = {"schema": schema, "problems": problems, "batches_waiting": lag, "dead_letters": letters}
        click.echo(msgspec.json.encode(told))
    else:
        click.echo(f"schema {schema}; {lag} batches wait for the detector; {letters} dead letters")
        for problem in problems:
            click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)


@command.command()
@config_option
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def backup(config: Path, target: Path) -> None:
    """Copy the database as it stands to the file TARGET, also while it is in use. To restore, put the copy in its place."""
    if target.exists():
        raise UserError(f"{target} is there already; name a new file")
    with opened(config) as (_, database):
        database.backup(target)
    click.echo(f"{target}: {target.stat().st_size:,} bytes")
