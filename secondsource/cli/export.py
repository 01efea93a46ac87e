"""``secondsource export``: what is stored, for other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from secondsource.adapters.spreadsheet import csv_lines
from secondsource.adapters.sql import log, risks
from secondsource.cli._configuration import config_option
from secondsource.cli._store import opened
from secondsource.domain.errors import UserError
from secondsource.domain.register import Entry
from secondsource.runtimes import journal

T = TypeVar("T")

_COLUMNS = (
    "id",
    "state",
    "severity",
    "rule",
    "vendor",
    "title",
    "functions",
    "score",
    "opened_at",
    "updated_at",
    "cleared_at",
    "owner",
    "exercise",
)
_encode = msgspec.json.Encoder(decimal_format="string").encode


@click.group("export")
def command() -> None:
    """Write what is stored to a file: the log as a journal, the register as a table. A running process is not disturbed."""


@command.command("journal")
@config_option
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def journal_command(config: Path, target: Path) -> None:
    """Write the log of observations to TARGET, one batch of JSON a line, for `secondsource replay`; compressed where it ends in .gz."""
    with opened(config) as (_, database), database.reader.connect() as connection:
        try:
            count = journal.write(target, _shown(log.read_all(connection), "batches"))
        except OSError as error:
            raise UserError(f"{target}: it can not be written ({error.strerror})") from None
    click.echo(f"{count:,} batches in {target}", err=True)


@command.command("risks")
@config_option
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True, help="A table, or all there is.")
@click.option("--drills", is_flag=True, help="With what drills caused.")
def risks_command(config: Path, form: str, drills: bool) -> None:
    """Print the register: a table for a spreadsheet, or JSON lines with scores, reasons and exposure."""
    with opened(config) as (_, database), database.reader.connect() as connection:
        entries = (entry for entry in risks.everything(connection) if drills or entry.exercise is None)
        lines = csv_lines(_COLUMNS, map(_row, entries)) if form == "csv" else (_encode(entry).decode() for entry in entries)
        for line in lines:
            click.echo(line)


def _row(entry: Entry) -> tuple[object, ...]:
    functions = " ".join(hit.function for hit in entry.exposure.hits)
    return (
        entry.id, entry.state.value, entry.severity.value, entry.rule, entry.subject.split("/")[0], entry.title, functions,
        entry.current.value, entry.opened_at, entry.updated_at, entry.cleared_at, entry.owner, entry.exercise,
    )  # fmt: skip


def _shown(items: Iterable[T], what: str) -> Iterator[T]:
    with Progress(transient=True, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        yield from progress.track(items, description=what)
