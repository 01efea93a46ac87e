"""``secondsource concentration``: how much lies with one vendor, and what takes the business down alone, as two or as three."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from secondsource.adapters.known import known
from secondsource.cli._configuration import config_option, configured
from secondsource.domain.concentration import Concentration, concentrations
from secondsource.domain.context import Context
from secondsource.domain.figures import percent
from secondsource.domain.reach import index_of
from secondsource.domain.resilience import ENOUGH, FunctionCuts, Losses, Resilience, resilience, shared

_MOST = 10
_SIZES = (("alone", "singles"), ("as two", "pairs"), ("as three", "triples"))


@click.command("concentration")
@click.option(
    "--enough",
    type=click.FloatRange(0, 1, min_open=True),
    default=ENOUGH,
    show_default=True,
    help="The part of a load that sources and fallbacks must carry for it not to be down.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every cut set.")
@config_option
def command(enough: float, as_json: bool, config: Path) -> None:
    """What the portfolio leans on: shares and Herfindahl index; single points of failure, pairs and triples.

    Shares are by spend (what dependencies say that they cost) and by critical functions. What is not known is told, not guessed.
    """
    if math.isnan(enough):
        raise click.BadParameter("nan is not a part of a load", param_hint="--enough")
    context = configured(config, known()).context
    dimensions, found = concentrations(context), resilience(context, enough)
    if as_json:
        said = {"enough": enough, "concentration": dimensions, **msgspec.structs.asdict(found)}
        click.echo(msgspec.json.format(msgspec.json.encode(said)))
        return
    console = Console()
    if not context.portfolio.functions and not context.portfolio.dependencies:
        console.print("The configuration has no functions and no dependencies: nothing to weigh.")
        return
    _shares(console, dimensions, context)
    _cuts(console, found, context)
    for line in _unknown(dimensions, found):
        console.print(line, highlight=False, markup=False)


def _shares(console: Console, dimensions: Iterable[Concentration], context: Context) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("weighed by", "by", "largest", "share", "top 3", "HHI", "as equal", "left out"):
        table.add_column(title, justify="left" if title in ("weighed by", "by", "largest") else "right")
    for each in dimensions:
        if each.hhi is None or each.top3 is None:
            figures = ["not known", "–", "–", "–", "–"]
        else:
            name, share = each.shares[0]
            figures = [_place(name, context), percent(share, 1), percent(each.top3, 1), f"{each.hhi:f}", f"{each.equivalent:f}"]
        table.add_row(each.weight, each.dimension, *map(Text, figures), str(len(each.missing)) if each.missing else "–")
    console.print(table)


def _place(name: str, context: Context) -> str:
    vendor, _, region = name.partition("/")
    return f"{context.graph.name(vendor)} {region}".rstrip()


def _cuts(console: Console, found: Resilience, context: Context) -> None:
    for words, field in _SIZES:
        losses = shared((function, getattr(function, field)) for function in found.functions)
        console.print(f"\nLost {words}, these take functions down:" if losses else f"\nNothing lost {words} takes a function down.")
        if not losses:
            continue
        table = Table(box=None, pad_edge=False, show_header=False)
        for lost, functions in losses[:_MOST]:
            table.add_row(Text(_named(lost, context)), Text(_of(functions)))
        console.print(table)
        if len(losses) > _MOST:
            console.print(f"and {len(losses) - _MOST:,} more; --json has all of them")


def _named(losses: Losses, context: Context) -> str:
    return " + ".join(map(index_of(context).name, losses))


def _of(functions: Sequence[FunctionCuts]) -> str:
    more = f" and {len(functions) - _MOST:,} more" if len(functions) > _MOST else ""
    return ", ".join(f"{each.name} ({each.criticality.value})" for each in functions[:_MOST]) + more


def _unknown(dimensions: Iterable[Concentration], found: Resilience) -> Iterator[str]:
    missing = list(dict.fromkeys(what for each in dimensions for what in each.missing))
    said = {
        "Left out of shares": missing,
        "Share of the load not measured, taken as needed": found.unmeasured,
        "Not known what they sit on": found.blind,
        "Functions with a workload that has no dependency on record": [each.function for each in found.functions if not each.known],
    }
    if any(said.values()):
        yield ""
    for words, names in said.items():
        if names:
            more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
            yield f"{words}: {', '.join(names[:_MOST])}{more}"
