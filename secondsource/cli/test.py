"""``secondsource test``: cases of rules and runbooks, in virtual time, and of connectors."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from secondsource.domain.problems import Problem
from secondsource.testing.cases import Result, files, run_file


@click.command("test")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every case and its problems.")
def command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Run the cases in the files PATH, or below the folders PATH, in virtual time: of rules, runbooks and connectors.

    Exits with 1 where a case fails. Every problem is named with its file, line and column.
    """
    results: list[Result] = []
    for file in files(paths):
        for result in run_file(file):
            results.append(result)
            if not as_json:
                _print(result)
    failed = [result for result in results if not result.ok]
    if as_json:
        told = {"cases": [_as_json(result) for result in results], "passed": len(results) - len(failed), "failed": len(failed)}
        click.echo(msgspec.json.encode(told))
    else:
        click.echo(f"{len(results) - len(failed)} of {len(results)} cases hold" + (f", {len(failed)} fail" if failed else ""))
    if failed:
        raise click.exceptions.Exit(1)


def _print(result: Result) -> None:
    place = f"{result.file}:{result.line}"
    click.echo(f"{'ok  ' if result.ok else 'FAIL'} {place}: {result.title}")
    for problem in result.problems:
        click.echo(f"     {problem}")


def _as_json(result: Result) -> dict[str, object]:
    def placed(problem: Problem) -> dict[str, object]:
        return {"file": problem.file, "line": problem.line, "column": problem.column, "problem": problem.text}

    return {
        "file": result.file,
        "line": result.line,
        "kind": result.kind,
        "title": result.title,
        "ok": result.ok,
        "problems": [placed(problem) for problem in result.problems],
    }
