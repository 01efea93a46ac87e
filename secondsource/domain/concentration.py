"""How much of the business lies with one vendor, group of companies, country or region, by the portfolio alone.

Weighed by spend (what dependencies say that they cost a month) and by critical functions (how many rest on it directly). What has no
place or no weight is left out of the shares and told; it is never spread by guess.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import msgspec

from secondsource.domain.context import Context
from secondsource.domain.figures import herfindahl, rounded, shares
from secondsource.domain.portfolio import Criticality, Dependency
from secondsource.domain.vendors import VendorGraph

SPEND = "spend"
CRITICAL = "critical functions"


class Concentration(msgspec.Struct, frozen=True):
    """One dimension by one weight. Shares, ``top3`` and ``hhi`` are parts of 1; ``equivalent`` is as many equal ones with the same index.

    The figures are of what is placed, and None where nothing is. ``placed`` and ``unplaced`` are in units of the weight; ``missing``
    names the dependencies that the shares leave out, with the reason.
    """

    dimension: str  # vendor, group, country, region
    weight: str  # spend, critical functions
    shares: tuple[tuple[str, Decimal], ...]
    top3: Decimal | None
    hhi: Decimal | None
    equivalent: Decimal | None
    placed: Decimal
    unplaced: Decimal
    missing: tuple[str, ...]


def concentrations(context: Context) -> tuple[Concentration, ...]:
    """Every dimension by every weight."""
    graph = context.graph
    places: dict[str, Callable[[Dependency], str | None]] = {
        "vendor": lambda need: need.scope.vendor,
        "group": lambda need: _group(need.scope.vendor, graph),
        "country": lambda need: known.country if (known := graph.vendors.get(need.scope.vendor)) else None,
        "region": lambda need: f"{need.scope.vendor}/{need.scope.region}" if need.scope.region else None,
    }
    weighed = {SPEND: _by_spend, CRITICAL: _by_function}
    return tuple(weigh(dimension, place, context) for weigh in weighed.values() for dimension, place in places.items())


def _group(vendor: str, graph: VendorGraph) -> str | None:
    """The company at the top; None for a vendor that the catalog does not know, whose owner nobody has said."""
    if vendor not in graph.vendors:
        return None
    seen = [vendor]
    while (known := graph.vendors.get(seen[-1])) is not None and known.parent is not None and known.parent not in seen:
        seen.append(known.parent)
    return seen[-1]


def _by_spend(dimension: str, place: Callable[[Dependency], str | None], context: Context) -> Concentration:
    placed: dict[str, Fraction] = {}
    unplaced, missing = Fraction(0), []
    for need in context.portfolio.dependencies:
        name = place(need)
        if need.spend is None:
            missing.append(f"{need.id}: no spend")
        elif name is None:
            unplaced += Fraction(need.spend)
            missing.append(f"{need.id}: no {dimension}")
        else:
            placed[name] = placed.get(name, Fraction(0)) + Fraction(need.spend)
    return _figures(dimension, SPEND, placed, unplaced, missing)


def _by_function(dimension: str, place: Callable[[Dependency], str | None], context: Context) -> Concentration:
    """A function counts once for each vendor, group and so on that it rests on."""
    needs = context.portfolio.by_workload()
    pairs: set[tuple[str, str]] = set()
    nowhere: set[tuple[str, str]] = set()
    missing = []
    for function in context.portfolio.functions:
        if function.criticality is not Criticality.CRITICAL:
            continue
        used = [need for workload in function.workloads for need in needs.get(workload, ())]
        if not used:
            missing.append(f"{function.id}: no dependency on record")
        for need in used:
            if (name := place(need)) is not None:
                pairs.add((function.id, name))
            else:
                nowhere.add((function.id, need.id))
                missing.append(f"{need.id}: no {dimension}")
    placed: dict[str, Fraction] = {}
    for _, name in pairs:
        placed[name] = placed.get(name, Fraction(0)) + 1
    return _figures(dimension, CRITICAL, placed, Fraction(len(nowhere)), list(dict.fromkeys(missing)))


def _figures(dimension: str, weight: str, placed: dict[str, Fraction], unplaced: Fraction, missing: list[str]) -> Concentration:
    parts = shares(placed)
    index = herfindahl(parts.values()) if parts else None
    return Concentration(
        dimension=dimension,
        weight=weight,
        shares=tuple((name, rounded(share, 4)) for name, share in parts.items()),
        top3=rounded(sum(list(parts.values())[:3], Fraction(0)), 4) if parts else None,
        hhi=rounded(index, 4) if index is not None else None,
        equivalent=rounded(1 / index, 2) if index is not None else None,
        placed=rounded(sum(placed.values(), Fraction(0)), 2),
        unplaced=rounded(unplaced, 2),
        missing=tuple(missing),
    )
