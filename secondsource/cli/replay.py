"""``secondsource replay``: rules over recorded history, in virtual time."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import click
from rich.progress import Progress

from secondsource.adapters import plugins
from secondsource.adapters.known import known
from secondsource.cli._configuration import configured
from secondsource.domain.context import Context
from secondsource.domain.ledger import digest, lines
from secondsource.engine.engine import Engine
from secondsource.engine.errors import RuleError
from secondsource.runtimes import journal
from secondsource.runtimes.replay import replay


@click.command("replay")
@click.argument("path", metavar="JOURNAL", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Rules, their parameters and the portfolio as configured here; else all rules as shipped, for nobody in particular.",
)
@click.option("--ledger", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write the signals here, one line of JSON each.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, config: Path | None, target: Path | None, as_json: bool) -> None:
    """Run the rules over a recorded log, such as `secondsource export journal` writes.

    Exit code 1 when a rule fails on the log.
    """
    engine = _engine(config)
    observations = 0
    with Progress(transient=True, disable=as_json or not sys.stderr.isatty()) as progress:
        task = progress.add_task("observations", total=None)

        def count(more: int) -> None:
            nonlocal observations
            observations += more
            progress.advance(task, more)

        try:
            found = list(replay(journal.read(path), engine, count))
        except RuleError as error:
            raise click.ClickException(f"{path}: {error}") from error
    if target is not None:
        target.write_bytes(b"".join(line + b"\n" for line in lines(found)))
    phases = Counter(signal.phase.value for signal in found)
    result = {"observations": observations, "signals": dict(sorted(phases.items())), "ledger_sha256": digest(found)}
    if as_json:
        click.echo(json.dumps(result))
    else:
        counted = ", ".join(f"{n} {phase}" for phase, n in sorted(phases.items())) or "none"
        click.echo(f"{observations:,} observations; signals: {counted}; ledger {result['ledger_sha256']}")


def _engine(config: Path | None) -> Engine:
    if config is None:
        return Engine({name: rule(rule.Params()) for name, rule in plugins.rules().items()}, Context())
    settings = configured(config, known())
    return Engine(settings.running_rules(), settings.context)
