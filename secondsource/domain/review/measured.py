"""Everything that is measured of a vendor over a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from secondsource.domain.portfolio import Contract
from secondsource.domain.reach import index_of
from secondsource.domain.review.availability import Availability, SlaMonth, availability, sla_months
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.capacity import Offers, Quotas, offers, quotas
from secondsource.domain.review.contracts import ContractLine, contract_lines
from secondsource.domain.review.episodes import Episode, FunctionHarm, episodes, totals, upstream
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.honesty import Honesty, honesty
from secondsource.domain.review.incidents import IncidentLine, Lag, incidents, lag
from secondsource.domain.review.parts import Parts, SourceLine, parts, source_lines
from secondsource.domain.review.period import Period
from secondsource.domain.review.prices import Prices, prices
from secondsource.domain.review.risks import Response, RiskLine, response, risk_lines
from secondsource.domain.review.sight import Sight, sights
from secondsource.domain.review.spend import Concentration, Spending, concentration, spending
from secondsource.domain.review.timeline import Band, timeline, used_scopes, work_spans
from secondsource.domain.review.wayout import WayOut, way_out
from secondsource.domain.scope import Scope


class Measured(msgspec.Struct, frozen=True):
    """One vendor from ``period.start`` to ``period.end``, for the company whose portfolio it was measured with.

    ``used`` names the parts of the vendor that something of ours runs on; where there are none, ``bands`` and ``mine`` are of the whole.
    ``until`` is the time of the newest stored data, ``context`` the version of portfolio and vendor graph.
    """

    vendor: str
    name: str
    kinds: tuple[str, ...]
    period: Period
    generated_at: datetime
    until: datetime | None
    context: str
    used: tuple[str, ...]
    bands: tuple[Band, ...]
    mine: Availability | Missing
    whole_bands: tuple[Band, ...]
    whole: Availability | Missing
    own_bands: tuple[Band, ...]  # by our own probes
    own: Availability | Missing
    honesty: Honesty | Missing
    parts: Parts
    sla: tuple[SlaMonth, ...]
    incidents: tuple[IncidentLine, ...]
    lag: Lag | Missing
    episodes: tuple[Episode, ...]
    harm: tuple[FunctionHarm, ...]
    upstream: tuple[Episode, ...]
    risks: tuple[RiskLine, ...]
    response: Response | Missing
    prices: Prices | Missing
    spending: Spending | Missing
    quotas: Quotas | Missing
    offers: Offers | Missing
    way_out: WayOut
    concentration: Concentration | Missing
    contracts: tuple[ContractLine, ...]
    sources: tuple[SourceLine, ...]


def measure(facts: Facts) -> Measured:
    """The same facts give the same measures."""
    sources = sights(facts.observations, facts.vendor)
    used = used_scopes(facts)
    bands, whole, own = timeline(facts, sources, used), timeline(facts, sources), timeline(facts, sources, own=True)
    probed = any(sight.own for sight in sources.values())
    known = facts.context.graph.vendors.get(facts.vendor)
    troubles = episodes(facts)
    lines = incidents(facts, sources, troubles)
    risks = risk_lines(facts)
    out = way_out(facts)
    promises = [contract for contract in facts.context.portfolio.contracts if contract.vendor == facts.vendor]
    return Measured(
        vendor=facts.vendor,
        name=facts.name,
        kinds=known.kinds if known else (),
        period=facts.period,
        generated_at=facts.now,
        until=facts.until,
        context=facts.context.version,
        used=tuple(map(index_of(facts.context).name, used)),
        bands=bands,
        mine=_mine(bands, whole, f"what we use of {facts.name}" if used else facts.name),
        whole_bands=whole,
        whole=availability(whole, f"{facts.name} as a whole"),
        own_bands=own,
        own=availability(own, f"what our probes reach of {facts.name}", "our own probes")
        if probed
        else Missing("no probe of our own watches it"),
        honesty=honesty(bands, own) if probed else Missing("no probe of our own watches it"),
        parts=parts(facts, sources, used),
        sla=tuple(month for contract in promises for month in _promise(contract, facts, sources, used)),
        incidents=lines,
        lag=lag(lines),
        episodes=troubles,
        harm=totals(troubles, facts),
        upstream=upstream(facts),
        risks=risks,
        response=response(risks, facts),
        prices=prices(facts, sources),
        spending=spending(facts),
        quotas=quotas(facts),
        offers=offers(facts, sources),
        way_out=out,
        concentration=concentration(facts, out.alternatives),
        contracts=contract_lines(facts),
        sources=tuple(source_lines(facts, sources)),
    )


def _promise(contract: Contract, facts: Facts, sources: Mapping[str, Sight], used: Sequence[Scope]) -> tuple[SlaMonth, ...]:
    parts = contract.terms.scopes or tuple(used)
    theirs, ours = timeline(facts, sources, parts), timeline(facts, sources, parts, own=True)
    return sla_months(theirs, [contract], facts.period, ours, work_spans(facts, parts))


def _mine(bands: Sequence[Band], whole: Sequence[Band], what: str) -> Availability | Missing:
    found = availability(bands, what)
    if isinstance(found, Missing) and isinstance(availability(whole, what), Availability):
        return Missing("its pages were read, and list nothing that we use")
    return found
