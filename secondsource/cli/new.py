"""``secondsource new``: a connector, a rule or a runbook to begin with, which works and passes its cases as it is."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import click

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.plugins import connector_names, rule_names
from secondsource.cli import _starting as starting
from secondsource.domain.errors import UserError
from secondsource.plans.load import FOLDERS

_REVIEW = timedelta(days=180)

_output = click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="The folder to work in; the present one if absent."
)


@click.group("new")
def command() -> None:
    """Begin a connector, a rule or a runbook: one file, and the cases that show that it works. Nothing is overwritten.

    In the source tree of Second Source plug-ins are written to their place there. In any other folder they are written as a small
    distribution of their own, which names them in an entry point: once it is installed, they are found as those that ship.
    """


@command.command("connector")
@click.argument("name")
@_output
def connector(name: str, output: Path) -> None:
    """Begin a connector that reads a small list in JSON, strictly, with a fixture for everything that such a source does."""
    _plug_in("connector", starting.module_name(name), connector_names(), output)


@command.command("rule")
@click.argument("name")
@_output
def rule(name: str, output: Path) -> None:
    """Begin a rule that finds parts of vendors that stay out, with cases in virtual time."""
    _plug_in("rule", starting.module_name(name), rule_names(), output)


@command.command("runbook")
@click.argument("name")
@click.option("--kind", type=click.Choice(sorted(FOLDERS)), default="escalation", show_default=True, help="What it is.")
@_output
def runbook(name: str, kind: str, output: Path) -> None:
    """Begin a runbook, a contingency plan or a drill, with cases where it has runs."""
    files = starting.runbook(kind, starting.runbook_name(name), (SystemClock().now() + _REVIEW).date())
    starting.write(output, files)
    _say(output, files)
    commands = [f"secondsource check {output / 'runbooks'}", *_tests(output, files)]
    click.echo(f"Next: say in it when it is meant, who is told and what they do. Then run: {' && '.join(commands)}")
    if not starting.in_tree(output):
        click.echo(f"It is used once your configuration names the folder: runbooks: [{output / 'runbooks'}]")


def _plug_in(kind: str, name: str, taken: tuple[str, ...], output: Path) -> None:
    if name in taken:
        raise UserError(f"there is a {kind} {name!r} already; choose another name")
    files = starting.plug_in(kind, name, output)
    starting.write(output, files)
    _say(output, files)
    todo = "read your format, and put answers of it in place of the fixtures" if kind == "connector" else "find what you look for"
    tests = " && ".join(_tests(output, files))
    if starting.in_tree(output):
        _generate(output)
        click.echo("Written again: the reference pages and schemas, as by make generate.")
    else:
        click.echo("Install it beside secondsource, so that it is found: pip install --editable " + str(output))
    click.echo(f"Next: let it {todo}. Then run: {tests}")
    if kind == "connector":
        click.echo(f"A live answer becomes a fixture with: secondsource record {name} URL --case NAME")


def _say(output: Path, files: starting.Files) -> None:
    for folder in dict.fromkeys(path if len(path.parts) < 4 else Path(*path.parts[:3]) for path in files):
        click.echo(f"wrote {output / folder}")


def _tests(output: Path, files: starting.Files) -> list[str]:
    """The commands that run the new cases."""
    tests = dict.fromkeys(path if len(path.parts) < 4 else Path(*path.parts[:3]) for path in files if path.parts[0] == "tests")
    return [f"secondsource test {output / path}" for path in tests]


def _generate(root: Path) -> None:
    """In a process of its own: this one has looked for plug-ins before the new one was there."""
    done = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-m", "secondsource.adapters.reference", str(root.resolve())],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"the files are written, but the reference can not be made again: {why}; mend that, then make generate")
