"""The figures as Prometheus reads them. They are taken from the store when they are asked for; nothing is counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from secondsource.adapters.sql.gauges import Gauges
from secondsource.ports.outbox import State
from services.api.watching import SourceItem

HEALTHS = ("fresh", "stale", "blind", "unread")


class Figures(Collector):
    """One answer."""

    def __init__(self, found: Gauges, sources: Sequence[SourceItem], now: datetime) -> None:
        self.gauges = found
        self._sources = sources
        self._now = now

    def with_observed(self, total: int) -> Figures:
        """The same with the observations of the whole process."""
        return Figures(replace(self.gauges, observed=total), self._sources, self._now)

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        found, lag = self.gauges, self.gauges.lag
        outbox = GaugeMetricFamily("secondsource_outbox_messages", "Messages by state of their delivery.", labels=["state"])
        for state in State:
            outbox.add_metric([state.value], found.outbox.get(state.value, 0))
        yield outbox
        yield _gauge(
            "secondsource_outbox_oldest_seconds", "Age of the oldest message that is not settled.", self._age(found.unsettled_since)
        )
        yield _gauge("secondsource_dead_letters", "Batches that no rule could digest.", found.dead_letters)
        yield _gauge("secondsource_detector_lag_batches", "Batches in the log that the rules have not seen.", lag.newest - lag.applied)
        yield _gauge(
            "secondsource_detector_lag_seconds", "Age of the oldest batch that the rules have not seen.", self._age(lag.waiting_since)
        )
        yield CounterMetricFamily("secondsource_batches", "Batches accepted into the log.", value=lag.newest)
        yield CounterMetricFamily(
            "secondsource_observations", "Observations accepted since the first time of asking.", value=found.observed
        )
        yield CounterMetricFamily("secondsource_signals", "Signals that rules gave.", value=found.signals)
        risks = GaugeMetricFamily(
            "secondsource_risks_open", "Risks that are not closed, by severity; drills do not count.", labels=["severity"]
        )
        for severity, count in found.risks.items():
            risks.add_metric([severity.value], count)
        yield risks
        counted = Counter(source.health for source in self._sources)
        sources = GaugeMetricFamily("secondsource_sources", "Sources by health; blind and unread ones tell nothing.", labels=["health"])
        for health in HEALTHS:
            sources.add_metric([health], counted[health])
        yield sources
        ages = GaugeMetricFamily(
            "secondsource_source_age_seconds", "Time since a source was last read with success.", labels=["source", "vendor"]
        )
        for source in self._sources:
            if source.succeeded_at is not None:
                ages.add_metric([source.id, source.vendor], self._age(source.succeeded_at))
        yield ages

    def _age(self, since: datetime | None) -> float:
        return 0.0 if since is None else max(0.0, (self._now - since).total_seconds())


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, says, value=value)
