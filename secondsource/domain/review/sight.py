"""When each source could be read. What nobody read is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.observations import PROBE, Observation, Outcome, SourceHealth, kind_of
from secondsource.domain.review.spans import Span, joined

INTERVALS = 3
"""A reading stands for so many intervals of its source; without another it is then no longer known, as for a blind source."""

DEFAULT_INTERVAL = timedelta(minutes=5)
UNPOLLED = timedelta(hours=6)
"""How long a reading stands that nobody polled for: what is pushed says nothing of when it will be said again."""

PROBES = frozenset({"http_probe"})
"""Connectors that probe: a source of theirs is our own even while it has nothing to say."""

_READ = (Outcome.OK, Outcome.UNCHANGED)
_STATUS = frozenset({"component_status", "incident", "maintenance"})


class Sight(msgspec.Struct, frozen=True):
    """One source: what it gave, from when to when it was in service, and when in that time its last reading still stood.

    ``own``: what it tells of status is by our own probes.
    """

    source: str
    connectors: frozenset[str]
    kinds: frozenset[str]
    service: Span
    readable: tuple[Span, ...]
    own: bool = False

    def tells_status(self, connectors: Mapping[str, frozenset[str]]) -> bool:
        """Whether it told of status, or has a connector that can."""
        return not self.kinds.union(*(connectors.get(name, frozenset()) for name in self.connectors)).isdisjoint(_STATUS)


def sights(observations: Iterable[Observation], vendor: str) -> dict[str, Sight]:
    """Every source of ``observations``, by id. Kinds count only where they are about ``vendor``."""
    by_source: dict[str, list[Observation]] = {}
    for observation in observations:
        by_source.setdefault(observation.source, []).append(observation)
    return {source: _sight(source, found, vendor) for source, found in sorted(by_source.items())}


def _sight(source: str, observations: list[Observation], vendor: str) -> Sight:
    polled = any(isinstance(o.body, SourceHealth) for o in observations)
    stands = INTERVALS * DEFAULT_INTERVAL if polled else UNPOLLED
    lasting: dict[datetime, timedelta] = {}
    connectors: set[str] = set()
    kinds: set[str] = set()
    probed: set[bool] = set()
    ok: dict[datetime, bool] = {}
    for observation in observations:
        at, body = observation.observed_at, observation.body
        if isinstance(body, SourceHealth):
            if body.interval_s:
                stands = INTERVALS * timedelta(seconds=body.interval_s)
            if body.connector:
                connectors.add(body.connector)
            ok[at] = ok.get(at, False) or body.outcome in _READ
        else:
            if observation.vendor == vendor:
                kinds.add(kind_of(body))
                if kind_of(body) in _STATUS:
                    probed.add(observation.subject.startswith(PROBE))
            ok[at] = True
        lasting[at] = stands
    last = max(ok)
    service = Span(min(ok), last + lasting[last])
    readable = joined(Span(at, at + lasting[at]) for at, read in ok.items() if read)
    own = probed == {True} or not connectors.isdisjoint(PROBES)
    return Sight(source, frozenset(connectors), frozenset(kinds), service, readable, own)
