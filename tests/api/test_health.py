"""The watcher is watched: alive, ready, and its figures."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from secondsource.adapters.sql import log
from secondsource.domain.observations import Quota, batch_of, observe, tick
from secondsource.ports.log import Logged
from secondsource.runtimes.detector import CONSUMER
from services.api.routes.health import STALLED
from tests.api.test_vendors import polled
from tests.support.company import T0, at, outage
from tests.support.site import Site


def arrive(site: Site, minute: float, count: int = 1) -> None:
    """A batch of so many observations comes into the log."""
    bodies = (Quota("q", float(n)) for n in range(count))
    observations = tuple(observe(source="s", vendor="aws", subject=f"q/{b.used}", observed_at=at(minute), body=b) for b in bodies)
    site.database.write_now(lambda c: log.append(c, [batch_of("aws", "s", at(minute), observations)]))


def apply(site: Site, position: int) -> None:
    site.database.write_now(lambda c: log.advance(c, CONSUMER, position))


async def faults(site: Site) -> Sequence[str]:
    answer = await site.client.get("/readyz")
    if answer.status_code == 200:
        assert answer.json() == {"ready": True}
        return ()
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:secondsource:problem:not-ready")
    return [f"{fault['place']}: {fault['problem']}" for fault in answer.json()["errors"]]


async def test_alive_needs_nothing(site: Site) -> None:
    site.database.close()
    answer = await site.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_ready_when_all_is_applied(site: Site) -> None:
    assert await faults(site) == ()
    arrive(site, 0)
    apply(site, 1)
    assert await faults(site) == ()


async def test_a_detector_that_stands_still_is_not_ready(site: Site) -> None:
    arrive(site, 0)
    site.clock.move(T0 + STALLED)
    assert await faults(site) == ()
    site.clock.move(T0 + STALLED + timedelta(seconds=1))
    assert await faults(site) == [
        "detector: what came 5 min ago has not been looked at",
        "log: nothing has come in for 5 min, not even the time",
    ]
    site.database.write_now(lambda c: log.append(c, [tick(site.clock.now())]))
    assert await faults(site) == ["detector: what came 5 min ago has not been looked at"]
    apply(site, 2)
    assert await faults(site) == ()


async def test_a_loop_that_fails_is_not_ready_and_its_reason_stays_inside(site: Site) -> None:
    site.troubles["send"] = "OSError: /var/lib/secret-place is full"
    assert await faults(site) == ["loop.send: its last turn failed, and it tries again"]


async def test_a_store_that_takes_no_writes_is_not_ready(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(work: object) -> None:
        raise OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(site.database, "write", full)
    assert await faults(site) == ["store: it takes no writes"]


async def figures(site: Site) -> dict[tuple[str, ...], float]:
    answer = await site.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


async def test_the_figures_are_those_of_the_store(site: Site) -> None:
    site.hear(outage(), outage(rule="price_change", subject="halcyon/m", scopes=(), title="x"), outage(exercise="drill-1"))
    arrive(site, 0, 3)
    arrive(site, 1, 4)
    apply(site, 1)
    polled(site, succeeded=0, minute=9)
    site.clock.move(at(10))
    letter = Logged(2, tick(at(1)))
    site.database.write_now(lambda c: log.bury(c, letter, "indigestible", 3))
    found = await figures(site)
    assert found["secondsource_outbox_messages", "pending"] == 5
    assert found["secondsource_outbox_messages", "failed"] == 0
    assert found["secondsource_outbox_oldest_seconds",] == 600
    assert found["secondsource_dead_letters",] == 1
    assert (found["secondsource_detector_lag_batches",], found["secondsource_detector_lag_seconds",]) == (1, 540)
    assert (found["secondsource_batches_total",], found["secondsource_signals_total",]) == (2, 3)
    assert found["secondsource_risks_open", "critical"] == 1  # the drill's does not count
    assert (found["secondsource_sources", "blind"], found["secondsource_sources", "unread"]) == (1, 1)
    assert found["secondsource_source_age_seconds", "halcyon-page", "halcyon"] == 600


async def test_observations_are_counted_from_the_first_time_of_asking(site: Site) -> None:
    arrive(site, 0, 3)
    name = ("secondsource_observations_total",)
    assert (await figures(site))[name] == 0
    arrive(site, 1, 4)
    assert (await figures(site))[name] == 4
    assert (await figures(site))[name] == 4
    arrive(site, 2, 5)
    assert (await figures(site))[name] == 9


async def test_figures_of_an_empty_store(site: Site) -> None:
    found: dict[Any, float] = await figures(site)
    assert sum(value for key, value in found.items() if key[0] != "secondsource_sources") == 0
