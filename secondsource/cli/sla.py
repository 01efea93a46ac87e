"""``secondsource sla``: promised availability against what was seen, and the draft of a claim."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.reports.claim import claim_of
from secondsource.adapters.reports.promises import measured_under, promises
from secondsource.adapters.reports.words import lasting, percent
from secondsource.cli._configuration import config_option
from secondsource.cli._papers import WRITERS, data_option, form_option, hand_out, output_option
from secondsource.cli._store import opened
from secondsource.domain.errors import UserError

_VERDICTS = {"missed": "missed", "kept": "kept", "open": "not settled"}


class _Month(click.ParamType[datetime]):
    """A month as 2025-10."""

    name = "month"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Its first instant in UTC; a usage error for anything else."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value!r} is not a month; write it as 2025-10", param, ctx)


@click.group("sla")
def command() -> None:
    """Promised availability against what was seen."""


@command.command("list")
@click.option("--months", type=click.IntRange(1, 24), default=3, show_default=True, help="How many months, with the present one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@config_option
@data_option
def list_(months: int, as_json: bool, config: Path, data: Path | None) -> None:
    """Every promise and month: allowed, down by the vendor's page and by our probes, what is owed, until when to claim."""
    with opened(config, data=data) as (settings, database):
        now = SystemClock().now()
        lines = database.read_now(lambda connection: promises(connection, settings.context, months, now))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([{"vendor": vendor, **msgspec.to_builtins(line)} for vendor, line in lines])))
        return
    if not lines:
        click.echo("No contract on record promises an availability (`sla`) for a month of which there is data.")
        return
    table = Table(box=None, pad_edge=False)
    for title in (
        "vendor",
        "contract",
        "month",
        "promised",
        "allowed",
        "its page",
        "our probes",
        "not read",
        "verdict",
        "owed",
        "claim by",
    ):
        table.add_column(title)
    for vendor, line in lines:
        table.add_row(
            vendor, line.contract, line.month, percent(line.promised), lasting(line.allowed), lasting(line.down), lasting(line.own),
            lasting(line.unknown), _VERDICTS[line.verdict], percent(line.credit),
            f"{line.claim_by:%Y-%m-%d}" if line.claim_by and max(line.down, line.own) > line.allowed else "–",
        )  # fmt: skip
    Console().print(table)


@command.command("claim")
@click.argument("contract")
@click.argument("month", type=_Month(), metavar="MONTH")
@form_option
@output_option
@config_option
@data_option
def claim(contract: str, month: datetime, form: str, output: Path | None, config: Path, data: Path | None) -> None:
    """The draft of a claim for MONTH (2025-10) under CONTRACT, with the evidence."""
    with opened(config, data=data) as (settings, database):
        found = next((each for each in settings.context.portfolio.contracts if each.id == contract), None)
        if found is None or found.sla is None:
            promising = ", ".join(each.id for each in settings.context.portfolio.contracts if each.sla is not None) or "none"
            raise UserError(f"no contract {contract!r} promises an availability; those that do: {promising}")
        now = SystemClock().now()
        measured = database.read_now(lambda connection: measured_under(connection, found, month, now, settings.context))
    line = next((each for each in measured.sla if each.contract == contract and each.month == f"{month:%Y-%m}"), None)
    if line is None:
        raise UserError(f"contract {contract} was not in force in {month:%Y-%m}")
    text = WRITERS[form](claim_of(measured, found, line))
    hand_out(text, output)
