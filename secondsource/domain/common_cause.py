"""What several troubles may have in common: the shared part that best explains them, with the arithmetic of the choice.

A trouble is *explained* by a part where the vendor in trouble is known to rest on it (a region, a cloud, a network, the platform of a
status page), over as many edges as :mod:`secondsource.domain.reach` follows, and surely enough; or where it is a trouble of that
part itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.reach import CERTAIN_CONFIDENCE, SIDE_KINDS, Index
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Severity

COMMON_CAUSE = "common_cause"
"""The rule whose findings are cases."""

HEARD = frozenset({"vendor_outage", "blind_source"})
"""The rules whose findings a case may explain."""

BLIND = "blind_source"
"""Its findings are explained by the platforms of status pages, and by nothing else: a page that can not be read is no outage."""


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding that may be a consequence, or the cause itself. ``name`` is ``rule:key``, ``signal`` the last that said so."""

    name: str
    vendor: str
    scopes: tuple[Scope, ...]
    since: datetime
    severity: int  # rank
    signal: str

    @property
    def blind(self) -> bool:
        """Whether it says that a page can not be read."""
        return self.name.startswith(f"{BLIND}:")


class Link(msgspec.Struct, frozen=True):
    """Why ``member`` is explained: ``confidence`` in the way to the root; ``root`` where it is a trouble of the root itself."""

    member: Member
    confidence: float
    root: bool


class Explanation(msgspec.Struct, frozen=True):
    """A part and what it explains, by name."""

    part: Scope
    links: tuple[Link, ...]

    @property
    def vendors(self) -> tuple[str, ...]:
        """The vendors that it explains, without its own."""
        return tuple(sorted({link.member.vendor for link in self.links if not link.root}))

    @property
    def own(self) -> bool:
        """Whether the part is in trouble by its own account, and not slightly: a cloud always has some service that is slow."""
        return any(link.root and link.member.severity >= Severity.MEDIUM.rank for link in self.links)

    @property
    def weight(self) -> float:
        """The confidence of the links added up, the best one of each vendor."""
        best: dict[str, float] = {}
        for link in self.links:
            if not link.root:
                best[link.member.vendor] = max(best.get(link.member.vendor, 0.0), link.confidence)
        return round(sum(best.values()), 6)

    @property
    def merit(self) -> tuple[object, ...]:
        """Sorts the better explanation first: more vendors, in trouble itself, better known, narrower, then by name."""
        width = (self.part.product is None) + (self.part.region is None)
        return (-len(self.vendors), not self.own, -self.weight, width, str(self.part))


def explained(part: Scope, member: Member, index: Index) -> Link | None:
    """Whether ``part`` explains the finding, and how surely."""
    if not member.blind and any(scope.vendor == part.vendor and scope.touches(part) for scope in member.scopes):
        return Link(member, 1.0, True)
    best = max((confidence for scope in member.scopes for found, confidence in _roots(scope, member, index) if found == part), default=0.0)
    return Link(member, best, False) if best >= CERTAIN_CONFIDENCE else None


def belongs(key: str, member: Member, index: Index) -> bool:
    """Whether the open case of this key (its root, as text) explains the finding."""
    parts = {part for scope in member.scopes for part, confidence in _roots(scope, member, index) if confidence >= CERTAIN_CONFIDENCE}
    own = () if member.blind else member.scopes
    return any(str(part) == key for part in parts) or any(_is_part(key, scope) for scope in own)


def _is_part(key: str, scope: Scope) -> bool:
    """Whether the trouble is one of the root ``key`` itself."""
    vendor, *rest = key.split("/")
    return scope.vendor == vendor and set(rest) <= {scope.product, scope.region}


def explanations(members: Sequence[Member], index: Index) -> list[Explanation]:
    """Every part that explains a vendor beside its own, the best first."""
    parts = {part for member in members for scope in member.scopes for part, confidence in _roots(scope, member, index)
             if confidence >= CERTAIN_CONFIDENCE}  # fmt: skip
    found = []
    for part in sorted(parts, key=str):
        links = tuple(link for member in members if (link := explained(part, member, index)) is not None)
        found.append(Explanation(part, links))
    return sorted((each for each in found if each.vendors), key=lambda each: each.merit)


def together(explanation: Explanation, window: timedelta) -> Explanation:
    """Of what it explains, the largest part that began within ``window``: around the root's own beginning, else the earliest such."""
    links = sorted(explanation.links, key=lambda link: (link.member.since, link.member.name))
    starts = [link.member.since for link in links if link.root] or [link.member.since for link in links]
    best: tuple[Link, ...] = ()
    for start in starts:
        early = start - window if explanation.own else start
        found = tuple(link for link in links if early <= link.member.since <= start + window)
        if len({link.member.vendor for link in found}) > len({link.member.vendor for link in best}):
            best = found
    return Explanation(explanation.part, best)


def platforms(vendor: str, index: Index) -> Mapping[Scope, float]:
    """The platforms that the vendor's status page runs on, with the confidence of each."""
    known = index.graph.vendors.get(vendor)
    return {edge.scope: edge.confidence for edge in (known.depends_on if known else ()) if edge.kind in SIDE_KINDS}


def _roots(scope: Scope, member: Member, index: Index) -> Iterable[tuple[Scope, float]]:
    """What the trouble may come from, other vendors' parts only."""
    if member.blind:
        yield from platforms(member.vendor, index).items()
        return
    for reach in index.closure(scope):
        if len(reach.path) > 1 and not reach.supply and reach.sure and reach.scope.vendor != member.vendor:
            yield reach.scope, reach.confidence
