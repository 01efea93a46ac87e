"""``python -m benchmarks.cutsets``: cut sets up to three of a large portfolio, beside the time that it may take.

The portfolio is made up; part of the answer is known: a few functions have one vendor alone, a pair, or a triple to fall to. A run that
finds something else there ends with 1.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from datetime import timedelta

import click
import msgspec

from benchmarks.chance import whole
from benchmarks.machine import machine
from benchmarks.measure import Stopwatch
from secondsource.domain.context import Context
from secondsource.domain.portfolio import Criticality, Dependency, Fallback, Function, Portfolio, Workload
from secondsource.domain.reach import index_of
from secondsource.domain.resilience import FunctionCuts, resilience
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Upstream, Vendor, VendorGraph

BUDGET = 2.0
"""Seconds for 10,000 functions over 1,000 vendors."""

_CLOUDS = 20
_REGIONS = 8
_LEVELS = tuple(Criticality)
_KNOWN = {"alone": 1, "pair": 2, "triple": 3}
"""Functions whose only answer is the loss of this many vendors that sit on nothing."""


def portfolio(functions: int, vendors: int) -> Context:
    """Each function has 1 to 3 workloads, each workload 1 to 4 needs, a third of which have one or two fallbacks, a tenth of which share
    their load; most vendors sit on one or two regions of a cloud.
    """
    graph = VendorGraph([_vendor(number, vendors) for number in range(vendors)] + [Vendor(f"lone-{n}", f"Lone {n}") for n in range(3)])
    workloads = functions + functions // 2
    made = [_function(number, workloads) for number in range(functions)]
    needs = [need for number in range(workloads) for need in _needs(number, vendors)]
    for name, size in _KNOWN.items():
        made.append(Function(name, name, "owner", Criticality.CRITICAL, (name,), timedelta(hours=1)))
        others = tuple(Fallback(Scope(f"lone-{n}")) for n in range(1, size))
        needs.append(Dependency(name, name, "service", Scope("lone-0"), fallbacks=others))
    names = tuple(Workload(f"w{number}", f"Workload {number}") for number in range(workloads))
    return Context(Portfolio(tuple(made), names, tuple(needs)), graph)


def _function(number: int, workloads: int) -> Function:
    used = (f"w{whole(0, workloads - 1, 'workload', number, turn)}" for turn in range(whole(1, 3, "workloads", number)))
    criticality = _LEVELS[whole(0, 2, "level", number)]
    return Function(f"f{number:05}", f"Function {number}", "owner", criticality, tuple(dict.fromkeys(used)), timedelta(hours=1))


def _vendor(number: int, vendors: int) -> Vendor:
    name = f"v{number}"
    if number < _CLOUDS:
        return Vendor(name, name.upper())
    edges = [
        Upstream(
            Scope(f"v{whole(0, min(_CLOUDS, vendors) - 1, 'cloud', number, turn)}", None, f"r{whole(0, _REGIONS - 1, 'on', number, turn)}"),
            confidence=whole(4, 10, "confidence", number, turn) / 10,
        )
        for turn in range(whole(0, 2, "upstream", number))
    ]
    if number > 4 * _CLOUDS and whole(0, 3, "deep", number) == 0:
        edges.append(Upstream(Scope(f"v{whole(_CLOUDS, 4 * _CLOUDS, 'on', number)}")))
    return Vendor(name, name.upper(), depends_on=tuple(edges))


def _needs(workload: int, vendors: int) -> list[Dependency]:
    found = []
    for turn in range(whole(1, 4, "needs", workload)):
        of_it = (workload, turn)
        shared = whole(0, 9, "shared", *of_it) == 0
        fallbacks = whole(1, 2, "fallbacks", *of_it) if whole(0, 2, "safe", *of_it) == 0 else 0
        for part in range(2 if shared else 1):
            standby = tuple(Fallback(_scope(vendors, *of_it, part, 1 + n)) for n in range(fallbacks))
            name, share = f"d{workload}-{turn}-{part}", 0.5 if shared else None
            scope = _scope(vendors, *of_it, part)
            found.append(Dependency(name, f"w{workload}", f"service {turn}", scope, share=share, fallbacks=standby))
    return found


def _scope(vendors: int, *of_it: int) -> Scope:
    region = whole(0, _REGIONS, "region", *of_it)
    return Scope(f"v{whole(0, vendors - 1, 'vendor', *of_it)}", None, f"r{region}" if region < _REGIONS else None)


def wrong(found: Sequence[FunctionCuts]) -> list[str]:
    """What is not as it is known to be."""
    by_name = {each.function: each for each in found}
    said = []
    for name, size in _KNOWN.items():
        told = [losses for group in (by_name[name].singles, by_name[name].pairs, by_name[name].triples) for losses in group]
        if told != [tuple(Scope(f"lone-{n}") for n in range(size))]:
            said.append(f"{name}: {told}")
    return said


@click.command()
@click.option("--functions", default=10_000, show_default=True, type=click.IntRange(1), help="Business functions.")
@click.option("--vendors", default=1_000, show_default=True, type=click.IntRange(100), help="Vendors that they rest on.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Rounds; the slowest counts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(functions: int, vendors: int, rounds: int, as_json: bool) -> None:
    """Measure the cut sets of a large portfolio, with all that is read for it."""
    watches: list[Stopwatch] = []
    for _ in range(rounds):
        index_of.cache_clear()
        context = portfolio(functions, vendors)
        gc.collect()
        with (watch := Stopwatch()):
            found = resilience(context).functions
        watches.append(watch)
    sizes = [sum(len(of_it) for of_it in group) for group in zip(*((f.singles, f.pairs, f.triples) for f in found), strict=True)]
    errors = wrong(found)
    result = {
        "machine": machine(),
        "functions": len(found),
        "vendors": vendors,
        "dependencies": len(context.portfolio.dependencies),
        "seconds": [round(each.wall, 2) for each in watches],
        "cpu_seconds": [round(each.cpu, 2) for each in watches],
        "budget": BUDGET,
        "cuts": sizes,
        "wrong": errors,
    }
    if as_json:
        click.echo(msgspec.json.encode(result))
    else:
        click.echo(f"{len(found):,} functions, {len(context.portfolio.dependencies):,} dependencies, {vendors:,} vendors")
        click.echo(f"{sizes[0]:,} single points, {sizes[1]:,} pairs, {sizes[2]:,} triples")
        wall, cpu = max(each.wall for each in watches), max(each.cpu for each in watches)
        click.echo(f"{wall:.2f} s at most in {rounds} rounds, {cpu:.2f} s of it at work (budget {BUDGET:g} s)")
        for error in errors:
            click.echo(f"wrong: {error}")
    raise SystemExit(1 if errors else 0)


if __name__ == "__main__":
    main()
