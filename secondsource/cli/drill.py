"""``secondsource drill``: rehearse the loss of a vendor on the live path."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.sql import drills
from secondsource.adapters.sql.drills import Outcome
from secondsource.cli._configuration import config_option
from secondsource.cli._store import opened
from secondsource.domain.errors import UserError
from secondsource.domain.scope import Scope
from secondsource.domain.words import duration
from secondsource.plans.drill import Score
from secondsource.plans.selection import drills_of
from secondsource.runtimes.desk import desk

_encode = msgspec.json.Encoder(decimal_format="string").encode


@click.group("drill")
def command() -> None:
    """Rehearse a vendor's failure on the live path, marked as a drill throughout.

    A drill needs `secondsource up` to run: that plays the injects, sends the messages and measures the answers.
    """


@command.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_command(config: Path, as_json: bool) -> None:
    """The drills that there are, and how those that were played went."""
    with opened(config) as (settings, database):
        known = drills_of(desk(settings).library.documents)
        played = database.read_now(drills.outcomes)
    if as_json:
        told = [{"id": drill.id, "title": drill.title, "plan": drill.plan} for drill in known]
        click.echo(_encode({"drills": told, "played": played}))
        return
    table = Table("drill", "title", "plan", "last played", "outcome", box=None, pad_edge=False)
    for drill in known:
        last = next((outcome for outcome in played if outcome.drill == drill.id), None)
        table.add_row(drill.id, drill.title, drill.plan or "", f"{last.started_at:%Y-%m-%d}" if last else "never", _said(last))
    Console().print(table)


@command.command()
@click.argument("name", metavar="DRILL")
@config_option
@click.option("--scope", metavar="VENDOR[/PART...]", help="What is said to fail, in place of what the drill names: openai, aws//us-east-1.")
@click.option("--anyway", is_flag=True, help="Even if the plan under test would not help now.")
def start(name: str, config: Path, scope: str | None, anyway: bool) -> None:
    """Begin DRILL now. It refuses while a real outage touches the same functions, and while its plan is hollow."""
    with opened(config) as (settings, database):
        drilling, now, place = desk(settings).drilling, SystemClock().now(), _place(scope)
        id_ = database.write_now(lambda connection: drilling.start(connection, name, now, scope=place, anyway=anyway))
    click.echo(f"{id_}: begun; `secondsource drill show {id_}` tells how it goes, `secondsource drill stop {id_}` ends it")


@command.command()
@click.argument("id_", metavar="ID")
@config_option
@click.option("--reason", required=True, help="Why; people who were told hear it.")
def stop(id_: str, config: Path, reason: str) -> None:
    """End the drill ID where it stands, without a score."""
    with opened(config) as (settings, database):
        drilling, now = desk(settings).drilling, SystemClock().now()
        database.write_now(lambda connection: drilling.abort(connection, id_, reason, "operator", now))
    click.echo(f"{id_}: stopped")


@command.command()
@click.argument("id_", metavar="ID")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(id_: str, config: Path, as_json: bool) -> None:
    """How the drill ID went, measure by measure. Exits with 1 where it did not pass."""
    with opened(config) as (_, database):
        outcome = next((each for each in database.read_now(drills.outcomes) if each.id == id_), None)
    if outcome is None:
        raise UserError(f"there is no drill with the id {id_}; `secondsource drill list --json` shows those that were played")
    if as_json:
        click.echo(_encode(outcome))
    else:
        click.echo(f"{outcome.id}: {outcome.drill}, begun {outcome.started_at:%Y-%m-%d %H:%M} UTC: {_said(outcome)}")
        for score in outcome.report.scores if outcome.report else ():
            click.echo(f"  {_mark(score)} {score.measure:12} {score.says}")
    if outcome.report is not None and not outcome.report.passed:
        raise click.exceptions.Exit(1)


def _mark(score: Score) -> str:
    return "·" if score.objective is None else "✓" if score.passed else "✗"


def _said(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    if outcome.report is not None:
        took = duration(outcome.ended_at - outcome.started_at) if outcome.ended_at else ""
        return f"{'passed' if outcome.report.passed else 'not passed'} after {took}"
    return f"stopped by {outcome.reason}" if outcome.state == "aborted" else "under way"


def _place(scope: str | None) -> Scope | None:
    if scope is None:
        return None
    vendor, product, region = (*scope.split("/"), "", "")[:3]
    if not vendor or scope.count("/") > 2:
        raise UserError(f"{scope!r} is no part of a vendor; write openai, openai/api or aws//us-east-1")
    return Scope(vendor, product or None, region or None)
