"""``secondsource replay``: rules over recorded history, in virtual time."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import Progress

from secondsource.adapters import plugins
from secondsource.adapters.known import known
from secondsource.cli._comparison_text import tell_changes, tell_scores
from secondsource.cli._configuration import configured
from secondsource.domain.context import Context
from secondsource.domain.ledger import digest, lines
from secondsource.domain.signals import Signal
from secondsource.engine.engine import Engine
from secondsource.engine.errors import RuleError
from secondsource.runtimes import journal
from secondsource.runtimes.replay import replay
from secondsource.testing.comparison import compare
from secondsource.testing.scoring import episodes, read_truth, score


@click.command("replay")
@click.argument("path", metavar="JOURNAL", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Rules, their parameters and the portfolio as configured here; else all rules as shipped, for nobody in particular.",
)
@click.option("--ledger", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write the signals here, one line of JSON each.")
@click.option(
    "--compare",
    "other",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="CONFIG",
    help="Run the rules as configured here, too, and tell what they would have found otherwise.",
)
@click.option(
    "--truth", type=click.Path(dir_okay=False, path_type=Path), help="Labelled incidents, one line of JSON each, to score against."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, config: Path | None, target: Path | None, other: Path | None, truth: Path | None, as_json: bool) -> None:
    """Run the rules over a recorded log, such as `secondsource export journal` writes.

    With --compare, A is --config (or what is shipped), B the other configuration: by rule, what only one of them finds, how much earlier
    or later, and how many notices. With --truth, how much of what is known to have happened was found, and how late. Exit code 1 when a
    rule fails on the log.
    """
    labelled = read_truth(truth) if truth is not None else None
    found, observations = _replayed(path, _engine(config), as_json)
    if target is not None:
        target.write_bytes(b"".join(line + b"\n" for line in lines(found)))
    phases = Counter(signal.phase.value for signal in found)
    result: dict[str, Any] = {"observations": observations, "signals": dict(sorted(phases.items())), "ledger_sha256": digest(found)}
    if not as_json:
        counted = ", ".join(f"{n} {phase}" for phase, n in sorted(phases.items())) or "none"
        click.echo(f"{observations:,} observations; signals: {counted}; ledger {result['ledger_sha256']}")
    real = [signal for signal in found if signal.exercise is None]
    if other is not None:
        second, _ = _replayed(path, _engine(other), as_json)
        changes = compare(real, [signal for signal in second if signal.exercise is None], labelled)
        result["rules"] = msgspec.to_builtins(changes)
        if not as_json:
            tell_changes(changes)
    elif labelled is not None:
        told = episodes(real)
        scores = [score(rule, told, labelled) for rule in sorted({each.rule for each in told})]
        result["scores"] = msgspec.to_builtins(scores)
        if not as_json:
            tell_scores(scores)
    if as_json:
        click.echo(json.dumps(result))


def _replayed(path: Path, engine: Engine, as_json: bool) -> tuple[list[Signal], int]:
    observations = 0
    with Progress(transient=True, disable=as_json or not sys.stderr.isatty()) as progress:
        task = progress.add_task("observations", total=None)

        def count(more: int) -> None:
            nonlocal observations
            observations += more
            progress.advance(task, more)

        try:
            return list(replay(journal.read(path), engine, count)), observations
        except RuleError as error:
            raise click.ClickException(f"{path}: {error}") from error


def _engine(config: Path | None) -> Engine:
    if config is None:
        return Engine({name: rule(rule.Params()) for name, rule in plugins.rules().items()}, Context())
    settings = configured(config, known())
    return Engine(settings.running_rules(), settings.context)
