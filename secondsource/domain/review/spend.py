"""What the vendor costs a month, its part of all that is spent, and what that part would be were the ways out used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import msgspec

from secondsource.domain.figures import herfindahl, rounded, shares
from secondsource.domain.money import MONTHLY
from secondsource.domain.observations import Observation, Spend
from secondsource.domain.portfolio import Dependency
from secondsource.domain.review.basis import Basis, Missing, basis
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.wayout import Alternative

FORGET = timedelta(days=62)
"""A bill that was not heard of for so long says nothing of the present."""


class Spending(msgspec.Struct, frozen=True, tag=True):
    """Per month, in ``currency``. ``billed``: read from bills, else as the portfolio declares it. ``before`` is the same at the start of
    the period, None where nothing was known then. ``share`` (per cent) is of ``total``, what is known to be spent with all vendors;
    ``left_out`` names what could not be counted."""

    monthly: Decimal
    currency: str
    billed: bool
    before: Decimal | None
    share: Decimal
    total: Decimal
    vendors: int
    left_out: tuple[str, ...]
    basis: Basis


class Concentration(msgspec.Struct, frozen=True, tag=True):
    """The vendor's share (per cent) and the Herfindahl index (0 to 10,000) of spend by vendor: as it is, and had the sound alternatives
    taken all the load that they can carry; ``moved`` is the money a month that would go with it. None where there is none."""

    share: Decimal
    index: int
    share_with: Decimal | None
    index_with: int | None
    moved: Decimal | None
    currency: str
    basis: Basis


class _Picture(NamedTuple):
    weights: dict[str, Fraction]
    billed: frozenset[str]
    left_out: tuple[str, ...]
    ids: dict[str, list[str]]


def spending(facts: Facts) -> Spending | Missing:
    """The vendor's bill at the end of the period, and its share."""
    now = _picture(facts, facts.period.end)
    if facts.vendor not in now.weights:
        foreign = [each for each in now.left_out if each.startswith(f"{facts.vendor}: ")]
        if foreign:
            return Missing(f"its bill can not be counted ({foreign[0].partition(': ')[2]})")
        return Missing("no source reads spend with it, and the portfolio declares none")
    before = _picture(facts, facts.period.start)
    billed = facts.vendor in now.billed
    same = facts.vendor in before.weights and (facts.vendor in before.billed) == billed
    total = sum(now.weights.values(), Fraction(0))
    says = "Per month; other bills are scaled (730 hours, a twelfth of 365 days). The share is of all vendors whose spend is known."
    others = [id_ for name, ids in sorted(now.ids.items()) if name != facts.vendor for id_ in ids]
    if not billed:
        says = f"As declared in the portfolio, since no source reads it. {says}"
    return Spending(
        monthly=rounded(now.weights[facts.vendor], 2),
        currency=facts.context.portfolio.currency,
        billed=billed,
        before=rounded(before.weights[facts.vendor], 2) if same and billed else None,
        share=_percent(shares(now.weights).get(facts.vendor, Fraction(0))),
        total=rounded(total, 2),
        vendors=len(now.weights),
        left_out=now.left_out,
        basis=basis(says, [*now.ids.get(facts.vendor, ()), *others]),
    )


def concentration(facts: Facts, alternatives: Iterable[Alternative]) -> Concentration | Missing:
    """The share with and without the alternatives. Of each need the best sound one outside the vendor takes what it can carry."""
    now = _picture(facts, facts.period.end)
    if not now.weights.get(facts.vendor):
        return Missing("what is spent with it is not known")
    best: dict[str, Alternative] = {}
    for alternative in alternatives:
        if alternative.sound and alternative.outside:
            best.setdefault(alternative.dependency, alternative)
    needs = {need.id: need for need in facts.context.portfolio.dependencies if need.scope.vendor == facts.vendor}
    priced = _priced(needs, now.weights[facts.vendor])
    unpriced = sorted(set(best) - set(priced))
    if unpriced:
        return Missing(f"the portfolio does not say what {', '.join(unpriced)} costs, so what would move is not known")
    after = dict(now.weights)
    moved = Fraction(0)
    for id_, alternative in sorted(best.items()):
        part = min(priced[id_] * Fraction(str(min(1.0, alternative.capacity))), after[facts.vendor])
        after[facts.vendor] -= part
        after[alternative.scope.vendor] = after.get(alternative.scope.vendor, Fraction(0)) + part
        moved += part
    here, there = shares(now.weights), shares(after)
    says = (
        "Shares of the known monthly spend by vendor. With the alternatives: of each need on the vendor, the best fallback that shares no "
        "chokepoint with it takes its load up to its capacity, and the spend goes with it at the same price."
    )
    return Concentration(
        share=_percent(here[facts.vendor]),
        index=_index(here),
        share_with=_percent(there.get(facts.vendor, Fraction(0))) if best else None,
        index_with=_index(there) if best else None,
        moved=rounded(moved, 2) if best else None,
        currency=facts.context.portfolio.currency,
        basis=basis(says, [id_ for _, ids in sorted(now.ids.items()) for id_ in ids]),
    )


def _priced(needs: Mapping[str, Dependency], bill: Fraction) -> dict[str, Fraction]:
    """What each need costs. A bill that differs from what the portfolio declares is split as the portfolio does; a single need has all."""
    if len(needs) == 1:
        return dict.fromkeys(needs, bill)
    declared = {id_: Fraction(need.spend) for id_, need in needs.items() if need.spend is not None}
    whole = sum(declared.values(), Fraction(0))
    if not whole:
        return {}
    scale = bill / whole if len(declared) == len(needs) else Fraction(1)
    return {id_: amount * scale for id_, amount in declared.items()}


def _picture(facts: Facts, at: datetime) -> _Picture:
    """Money a month by vendor, as known at ``at``: a vendor's own bills go before what the portfolio declares."""
    latest: dict[tuple[str, str, str], Observation] = {}
    for observation in facts.spends:
        if at - FORGET < observation.observed_at <= at:
            latest[observation.vendor, observation.source, observation.subject] = observation
    currency = facts.context.portfolio.currency
    weights: dict[str, Fraction] = {}
    billed: set[str] = set()
    left_out: dict[str, None] = {}
    ids: dict[str, list[str]] = {}
    for (vendor, _, _), observation in sorted(latest.items()):
        body = observation.body
        if not isinstance(body, Spend):
            continue
        billed.add(vendor)
        if body.currency != currency or body.period not in MONTHLY:
            what = f"in {body.currency}, for which no rate is known" if body.currency != currency else f"for an unknown span, {body.period}"
            left_out[f"{vendor}: a bill {what}"] = None
            continue
        weights[vendor] = weights.get(vendor, Fraction(0)) + Fraction(body.amount) * MONTHLY[body.period]
        ids.setdefault(vendor, []).append(observation.id)
    for need in facts.context.portfolio.dependencies:
        if need.scope.vendor in billed:
            continue
        if need.spend is None:
            left_out[f"{need.scope.vendor}: neither a bill nor a declared spend for {need.id}"] = None
        else:
            weights[need.scope.vendor] = weights.get(need.scope.vendor, Fraction(0)) + Fraction(need.spend)
    return _Picture({name: weight for name, weight in weights.items() if weight > 0}, frozenset(billed), tuple(sorted(left_out)), ids)


def _percent(part: Fraction) -> Decimal:
    return rounded(part * 100, 1)


def _index(parts: Mapping[str, Fraction]) -> int:
    return int(rounded(herfindahl(parts.values()) * 10_000, 0))
