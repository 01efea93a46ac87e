"""``secondsource check``: everything that is wrong with configuration, catalogs, runbooks, plans and drills, at once."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.known import known
from secondsource.cli._checking import Report, check
from secondsource.cli._configuration import DEFAULT
from secondsource.domain.errors import UserError
from secondsource.domain.problems import Problem
from secondsource.domain.words import count


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH...]")
@click.option("--secrets/--no-secrets", default=True, help="Whether a secret that can not be read here is a problem.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with problems and notes.")
def command(paths: tuple[Path, ...], secrets: bool, as_json: bool) -> None:
    """Check configurations, and files or folders of runbooks, plans, drills and vendors. Without PATH: ./secondsource.yaml.

    A configuration is checked with everything that it names. All problems are told at once, as file:line:column. Notes are about what
    works but may not be meant. Exits with 1 where there is a problem.
    """
    for path in paths:
        if not path.exists():
            raise UserError(f"there is no {path}")
    if not paths and not DEFAULT.exists():
        raise UserError(f"there is no {DEFAULT} here; name what is to be checked")
    report = check(paths or (DEFAULT,), known(), SystemClock().now(), secrets=secrets)
    if as_json:
        told = {"problems": [_as_json(p) for p in report.problems], "notes": [_as_json(p) for p in report.notes], "checked": report.checked}
        click.echo(msgspec.json.encode(told))
    else:
        _print(report)
    if report.problems:
        raise click.exceptions.Exit(1)


def _print(report: Report) -> None:
    for problem in report.problems:
        click.echo(_short(problem))
    for note in report.notes:
        click.echo(f"{_short(note)} (note)")
    click.echo(f"{count(len(report.problems), 'problem')} in {', '.join(report.checked)}", err=bool(report.problems))


def _short(problem: Problem) -> Problem:
    """The problem with its file as seen from here, where it lies below."""
    file = os.path.relpath(problem.file)
    return problem if file.startswith("..") else msgspec.structs.replace(problem, file=file)


def _as_json(problem: Problem) -> dict[str, object]:
    return {"file": problem.file, "line": problem.line, "column": problem.column, "problem": problem.text}
