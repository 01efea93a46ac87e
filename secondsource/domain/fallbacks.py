"""Whether a fallback would help: not if it is in trouble itself, nor if it sits on what it is to replace."""

from __future__ import annotations

from collections.abc import Iterable

from secondsource.domain.context import Context
from secondsource.domain.hits import HollowFallback, Standby
from secondsource.domain.portfolio import Dependency, Fallback
from secondsource.domain.reach import CERTAIN_CONFIDENCE, Index, Reach, index_of
from secondsource.domain.scope import Scope


def _firm(reach: Reach) -> bool:
    return reach.sure and reach.confidence >= CERTAIN_CONFIDENCE


def shared_chokepoint(used: Scope, fallback: Scope, index: Index) -> tuple[Scope | None, Scope | None]:
    """What ``used`` and ``fallback`` both rest on: surely, and possibly. At most one of the two is given.

    A chokepoint is one region of one vendor, or the service itself where the fallback is no other. The same vendor with no
    region said is only a possible one.
    """
    if fallback.touches(used):
        return used, None
    mine = [reach for reach in index.closure(used) if not reach.supply]
    theirs = [reach for reach in index.closure(fallback) if not reach.supply]
    firm: set[Scope] = set()
    vague: set[Scope] = set()
    for a in mine:
        for b in theirs:
            if a.scope.vendor != b.scope.vendor:
                continue
            if a.scope.region is not None and a.scope.region == b.scope.region:
                (firm if _firm(a) and _firm(b) else vague).add(Scope(a.scope.vendor, None, a.scope.region))
            elif a.scope == b.scope and _firm(a) and _firm(b):
                vague.add(a.scope)
    if firm:
        return min(firm, key=str), None
    return None, min(vague, key=str, default=None)


class Assessor:
    """Says of each fallback how it stands while ``troubles`` last. Equal questions are answered once."""

    def __init__(self, index: Index, troubles: Iterable[Scope]) -> None:
        self._index = index
        self._troubles: dict[str, list[Scope]] = {}
        for trouble in sorted(set(troubles), key=str):
            self._troubles.setdefault(trouble.vendor, []).append(trouble)
        self._verdicts: dict[tuple[Scope, Scope], tuple[str, str]] = {}

    def standbys(self, need: Dependency) -> tuple[Standby, ...]:
        """The fallbacks of ``need``, best first."""
        return tuple(sorted((self._standby(need, fallback) for fallback in need.fallbacks), key=lambda standby: standby.order))

    def _standby(self, need: Dependency, fallback: Fallback) -> Standby:
        pair = (need.scope, fallback.scope)
        if pair not in self._verdicts:
            self._verdicts[pair] = self._verdict(*pair)
        hollow, doubt = self._verdicts[pair]
        name = self._index.name(fallback.scope)
        return Standby(need.id, fallback.scope, name, fallback.capacity, fallback.switch_time, fallback.plan, hollow, doubt)

    def _verdict(self, used: Scope, fallback: Scope) -> tuple[str, str]:
        doubt = ""
        for reach in self._index.closure(fallback):
            if reach.supply:
                continue
            for trouble in self._troubles.get(reach.scope.vendor, ()):
                if not reach.scope.touches(trouble):
                    continue
                here = reach.scope.within(trouble) or (trouble.region is not None and reach.scope.region == trouble.region)
                itself = reach.scope == fallback
                name = self._index.name(trouble)
                if here and _firm(reach):
                    return (f"{name} is in trouble itself" if itself else f"it sits on {name}, which is in trouble"), ""
                doubt = doubt or (f"{name} is in trouble" if itself else f"it may sit on {name}, which is in trouble")
        firm, vague = shared_chokepoint(used, fallback, self._index)
        if firm is not None:
            return shared_clause(used, fallback, firm, self._index), ""
        if vague is not None:
            doubt = doubt or f"it may share {self._index.name(vague)} with what it replaces"
        return "", doubt


def shared_clause(used: Scope, fallback: Scope, shared: Scope, index: Index) -> str:
    """Why a shared chokepoint makes a fallback hollow, as a clause that begins with "it"."""
    if fallback.touches(used):
        return f"it is part of {index.name(used)}, which it is to replace"
    return f"it sits on {index.name(shared)}, as what it replaces does"


def hollow_fallbacks(context: Context) -> tuple[HollowFallback, ...]:
    """Every fallback of the portfolio that shares a chokepoint with what it replaces; by dependency, then scope."""
    index = index_of(context)
    found = []
    verdicts: dict[tuple[Scope, Scope], Scope | None] = {}
    for need in index.dependencies.values():
        for fallback in need.fallbacks:
            pair = (need.scope, fallback.scope)
            if pair not in verdicts:
                verdicts[pair] = shared_chokepoint(*pair, index)[0]
            shared = verdicts[pair]
            if shared is None:
                continue
            functions = tuple(sorted(function.id for function in index.functions_of.get(need.workload, ())))
            clause = shared_clause(need.scope, fallback.scope, shared, index)
            reason = f"fallback {index.name(fallback.scope)} for {index.name(need.scope)} is hollow: {clause}"
            found.append(HollowFallback(need.id, need.workload, functions, need.scope, fallback.scope, shared, fallback.plan, reason))
    return tuple(sorted(found, key=lambda hollow: (hollow.dependency, str(hollow.fallback))))
