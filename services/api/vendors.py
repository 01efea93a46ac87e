"""How vendors stand, as far as this program knows, and what rests on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from secondsource.adapters.sql import risk_lists, sources
from secondsource.domain.context import Context
from secondsource.domain.exposure import OUTAGE_RULES
from secondsource.domain.register import Entry
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Severity
from secondsource.domain.status import Status, worst
from services.api.parts import Api
from services.api.shapes import HitShape, RiskItem
from services.api.telling import hit_shape
from services.api.watching import SourceItem, sources_of, unseen

TELLING = frozenset({"component_status", "incident"})
"""Kinds of observations that tell how a vendor stands."""


class VendorItem(msgspec.Struct, frozen=True):
    """A vendor in a list. ``status`` is unknown where no source that tells of it was read of late: that is neither well nor down."""

    id: str
    name: str
    kinds: tuple[str, ...]
    country: str | None
    status: Status
    says: str  # one sentence on why
    open_risks: int
    worst: Severity | None
    sources: int
    blind_sources: int
    functions: tuple[str, ...]  # ids of those that rest on it, the more critical first
    used: bool  # a workload of ours gets something from it directly


class VendorPage(msgspec.Struct, frozen=True):
    """A page of vendors; ``next`` is the cursor of the next one."""

    items: tuple[VendorItem, ...]
    next: str | None


class UpstreamShape(msgspec.Struct, frozen=True):
    """What a vendor is known to sit on, how that is known, and how well (0 to 1)."""

    scope: Scope
    name: str
    kind: str
    basis: str
    confidence: float


class NeedShape(msgspec.Struct, frozen=True):
    """What one of our workloads gets from the vendor; ``share`` None: nobody has measured it."""

    workload: str
    provides: str
    scope: Scope
    share: float | None
    items: tuple[str, ...]


class VendorDetail(VendorItem, frozen=True):
    """All that is known of a vendor."""

    parent: str | None
    products: tuple[str, ...]
    regions: tuple[str, ...]
    depends_on: tuple[UpstreamShape, ...]
    needs: tuple[NeedShape, ...]
    dependents: tuple[HitShape, ...]
    risks: tuple[RiskItem, ...]
    watched_by: tuple[SourceItem, ...]


class Known(msgspec.Struct, frozen=True):
    """What is read of the store for vendors, at one instant."""

    outages: Sequence[Entry]
    counts: Mapping[str, tuple[int, Severity]]
    sources: Sequence[SourceItem]


def known(connection: Connection, api: Api) -> Known:
    """Read it."""
    watched = sources_of(api.parts.sources, sources.all_states(connection), api.clock.now())
    return Known(risk_lists.outages(connection, OUTAGE_RULES), risk_lists.by_vendor(connection), watched)


def vendor_item(id_: str, found: Known, api: Api) -> VendorItem:
    """The vendor in a list."""
    context = api.parts.context
    vendor = context.graph.vendors.get(id_)
    watched = [source for source in found.sources if source.vendor == id_]
    status, says = _standing(id_, found, watched)
    count, severity = found.counts.get(id_, (0, None))
    return VendorItem(
        id=id_,
        name=context.graph.name(id_),
        kinds=vendor.kinds if vendor is not None else (),
        country=vendor.country if vendor is not None else None,
        status=status,
        says=says,
        open_risks=count,
        worst=severity,
        sources=len(watched),
        blind_sources=len(unseen(watched)),
        functions=tuple(hit.function for hit in api.dependents(id_).hits),
        used=any(need.scope.vendor == id_ for need in context.portfolio.dependencies),
    )


def vendor_detail(id_: str, found: Known, risks: Iterable[RiskItem], api: Api) -> VendorDetail:
    """All of the vendor."""
    context = api.parts.context
    vendor = context.graph.vendors.get(id_)
    upstream = vendor.depends_on if vendor is not None else ()
    item = msgspec.structs.asdict(vendor_item(id_, found, api))
    return VendorDetail(
        **item,
        parent=vendor.parent if vendor is not None else None,
        products=tuple(part.name or part.id for part in vendor.products) if vendor is not None else (),
        regions=tuple(part.name or part.id for part in vendor.regions) if vendor is not None else (),
        depends_on=tuple(UpstreamShape(u.scope, place_name(context, u.scope), u.kind, u.basis, u.confidence) for u in upstream),
        needs=tuple(
            NeedShape(n.workload, n.provides, n.scope, n.share, n.items) for n in context.portfolio.dependencies if n.scope.vendor == id_
        ),
        dependents=tuple(map(hit_shape, api.dependents(id_).hits)),
        risks=tuple(risks),
        watched_by=tuple(source for source in found.sources if source.vendor == id_),
    )


def place_name(context: Context, scope: Scope) -> str:
    """``AWS us-east-1``."""
    return " ".join(part for part in (context.graph.name(scope.vendor), scope.product, scope.region) if part)


def _standing(id_: str, found: Known, watched: Sequence[SourceItem]) -> tuple[Status, str]:
    trouble = [entry for entry in found.outages if any(scope.vendor == id_ for scope in entry.scopes)]
    if trouble:
        named = "; ".join(entry.title for entry in trouble[:2]) + (f"; {len(trouble) - 2} more" if len(trouble) > 2 else "")
        return worst(_measured(entry) for entry in trouble), named
    telling = [source for source in watched if TELLING & set(source.kinds)]
    if not telling:
        return Status.UNKNOWN, "no source of ours tells how it stands"
    seen = [source for source in telling if source.health not in ("blind", "unread")]
    if not seen:
        return Status.UNKNOWN, f"{telling[0].id} is {telling[0].health}: {telling[0].says}"
    return Status.OPERATIONAL, f"{seen[0].id} tells of no trouble ({seen[0].says})"


def _measured(entry: Entry) -> Status:
    """The status that the finding rests on; the worst where it does not say."""
    told = {measure.value for measure in entry.evidence.measures if measure.name == "status"}
    known = [status for status in Status if status.value in told and status is not Status.UNKNOWN]
    return worst(known) if known else Status.MAJOR_OUTAGE
