"""How near to its limits our use came, and what could be had."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import msgspec

from secondsource.domain.figures import rounded
from secondsource.domain.items import normalised
from secondsource.domain.observations import Gone, Observation, Offer, Quota
from secondsource.domain.review.basis import Basis, Missing, basis
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.sight import Sight
from secondsource.domain.review.spans import Span, total, within


class QuotaLine(msgspec.Struct, frozen=True):
    """One quota. Headroom is the part of the limit that is not used, in per cent; None where no limit is known."""

    name: str
    region: str | None
    product: str | None
    unit: str
    used: float  # at the end of the period
    limit: float | None
    headroom: Decimal | None  # at the end
    lowest: Decimal | None
    lowest_at: datetime | None
    last_at: datetime
    source: str
    basis: Basis


class Quotas(msgspec.Struct, frozen=True, tag=True):
    """All quotas, the tightest first."""

    lines: tuple[QuotaLine, ...]


class OfferLine(msgspec.Struct, frozen=True):
    """One thing that could be had, or not. ``gone_for`` and ``listed_for`` are of the time that was read; ``vanished`` counts."""

    item: str
    market: str
    region: str | None
    listed: bool  # at the end
    count: int | None
    lowest: int | None
    vanished: int
    listed_for: timedelta
    gone_for: timedelta
    ours: bool
    source: str
    basis: Basis


class Offers(msgspec.Struct, frozen=True, tag=True):
    """All offers: what we use first, then the longest gone."""

    lines: tuple[OfferLine, ...]


def quotas(facts: Facts) -> Quotas | Missing:
    """The quotas that were read in the period."""
    read = _by_subject(facts, Quota, "quota")
    lines = [line for (source, _), told in sorted(read.items()) if (line := _quota(source, told, facts)) is not None]
    if not lines:
        return Missing("no source reads our use of its quotas")
    worst = Decimal(1000)
    lines.sort(key=lambda line: (line.lowest if line.lowest is not None else worst, line.name, line.region or "", line.source))
    return Quotas(tuple(lines))


def offers(facts: Facts, sources: Mapping[str, Sight]) -> Offers | Missing:
    """The offers that were read in the period."""
    read = _by_subject(facts, Offer, "offer")
    used = {normalised(item) for need in facts.context.portfolio.dependencies if need.scope.vendor == facts.vendor for item in need.items}
    lines = [line for (source, _), told in sorted(read.items()) if (line := _offer(told, sources[source], used, facts)) is not None]
    if not lines:
        return Missing("no source reads what it has on offer")
    return Offers(tuple(sorted(lines, key=lambda line: (not line.ours, -line.gone_for, line.item, line.market, line.region or ""))))


def _by_subject(facts: Facts, kind: type, was: str) -> dict[tuple[str, str], list[Observation]]:
    found: dict[tuple[str, str], list[Observation]] = {}
    for observation in facts.observations:
        body = observation.body
        if observation.vendor == facts.vendor and (isinstance(body, kind) or (isinstance(body, Gone) and body.was == was)):
            found.setdefault((observation.source, observation.subject), []).append(observation)
    return found


def _quota(source: str, told: list[Observation], facts: Facts) -> QuotaLine | None:
    inside = [(o, o.body) for o in told if isinstance(o.body, Quota) and facts.period.start <= o.observed_at < facts.period.end]
    if not inside:
        return None
    last, body = inside[-1]
    rooms = [(room, o) for o, quota in inside if (room := _headroom(quota)) is not None]
    lowest = min(rooms, key=lambda pair: pair[0], default=None)
    return QuotaLine(
        name=body.name,
        region=body.region,
        product=body.product,
        unit=body.unit,
        used=body.used,
        limit=body.limit,
        headroom=_headroom(body),
        lowest=lowest[0] if lowest else None,
        lowest_at=lowest[1].observed_at if lowest else None,
        last_at=last.observed_at,
        source=source,
        basis=basis(f"Use and limit as {source} read them.", [*([lowest[1].id] if lowest else []), last.id]),
    )


def _headroom(quota: Quota) -> Decimal | None:
    if quota.limit is None or quota.limit <= 0:
        return None
    return rounded((1 - Fraction(quota.used) / Fraction(quota.limit)) * 100, 1)


def _offer(told: list[Observation], sight: Sight, used: set[str], facts: Facts) -> OfferLine | None:
    period = facts.period
    spoken = [*[o for o in told if o.observed_at <= period.start][-1:], *(o for o in told if period.start < o.observed_at < period.end)]
    bodies = [o.body for o in told if isinstance(o.body, Offer)]
    if not spoken or not bodies:
        return None
    body = bodies[-1]
    states = [(max(o.observed_at, period.start), isinstance(o.body, Offer) and o.body.listed) for o in spoken]
    ends = [at for at, _ in states[1:]] + [period.end]
    spans = {kept: [Span(at, end) for (at, listed), end in zip(states, ends, strict=True) if listed is kept] for kept in (True, False)}
    read = within(sight.readable, period.start, period.end)
    lengths = {kept: total(part for span in read for part in within(found, span.start, span.end)) for kept, found in spans.items()}
    counts = [o.body.count for o in spoken if isinstance(o.body, Offer) and o.body.count is not None]
    last = spoken[-1].body
    item = normalised(body.item)
    return OfferLine(
        item=body.item,
        market=body.market,
        region=body.region,
        listed=states[-1][1],
        count=last.count if isinstance(last, Offer) and last.listed else None,
        lowest=min(counts, default=None),
        vanished=sum(before and not after for (_, before), (_, after) in pairwise(states)),
        listed_for=lengths[True],
        gone_for=lengths[False],
        ours=bool({item, item.rpartition("/")[2]} & used),
        source=sight.source,
        basis=basis(f"What {sight.source} listed, while it could be read.", [o.id for o in spoken]),
    )
