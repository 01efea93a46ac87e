"""Drills on the live path: made-up observations go into the real log, and what people and program did is measured.

A drill is brought on by ticks, in the transaction of the tick: each inject is written once, and a restart goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from secondsource.adapters.sql import drill_facts, drills, log, risks, runs
from secondsource.adapters.sql.drills import Underway
from secondsource.domain import register
from secondsource.domain.errors import UserError
from secondsource.domain.exposure import OUTAGE_RULES
from secondsource.domain.ids import short_id
from secondsource.domain.observations import batch_of
from secondsource.domain.register import State
from secondsource.domain.scope import Scope
from secondsource.plans import run as running
from secondsource.plans.drill import DrillFacts, DrillReport, OpenRisk, injects, refusals, score
from secondsource.plans.schema import Drill
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.responder import Responder

ACTOR = "drill"


class DrillRefused(UserError):
    """The drill must not start now; the sentences say why."""


class Drilling:
    """Starts, brings on and ends drills. Every method runs inside a transaction that the caller commits."""

    def __init__(self, drills_by_id: Mapping[str, Drill], playbook: Playbook, responder: Responder) -> None:
        self._drills = drills_by_id
        self._playbook = playbook
        self._responder = responder

    def start(self, connection: Connection, name: str, now: datetime, *, scope: Scope | None = None, anyway: bool = False) -> str:
        """Begin the drill ``name``, on ``scope`` where one is given, else on its own; the id that marks all it causes.

        ``anyway`` starts it with a hollow plan too. Raises :class:`DrillRefused` where it is unknown, must not start now, or is
        under way already.
        """
        drill = self._drills.get(name)
        if drill is None:
            raise DrillRefused(f"there is no drill {name!r}; there are {', '.join(sorted(self._drills)) or 'none'}")
        under_way = [each for each in drills.under_way(connection) if each.drill.id == name]
        if under_way:
            raise DrillRefused(f"drill {name} is under way since {under_way[0].started_at:%Y-%m-%d %H:%M} UTC (id {under_way[0].id})")
        place = scope or drill.scope.scope
        hollow = self._playbook.hollowness(connection, drill.plan, place, now) if drill.plan else ""
        if reasons := refusals(drill, _open_outages(connection), hollow, anyway):
            raise DrillRefused(f"drill {name} does not start: {'; '.join(reasons)}")
        id_ = "D-" + short_id("drill", name, now)
        drills.begin(connection, Underway(id_, drill, place, now))
        self.on_tick(connection, now)
        return id_

    def on_tick(self, connection: Connection, now: datetime) -> None:
        """Write the injects that are due; end the drills that are over."""
        for under_way in drills.under_way(connection):
            self._inject(connection, under_way, now)
            facts = drill_facts.facts(connection, under_way)
            ends = ends_at(under_way)
            if now >= ends or (now >= _last_inject(under_way) and _all_happened(under_way.drill, facts)):
                self._end(connection, under_way, score(under_way.drill, facts, under_way.id), now)

    def abort(self, connection: Connection, id_: str, reason: str, by: str, now: datetime) -> None:
        """End a drill where it stands, without a score. Raises :class:`DrillRefused` where it is not under way."""
        found = next((each for each in drills.under_way(connection) if each.id == id_), None)
        if found is None:
            raise DrillRefused(f"no drill {id_} is under way")
        drills.abort(connection, id_, f"{by}: {reason}", now)
        self._clean_up(connection, id_, f"the drill was stopped by {by}: {reason}", now)

    def next_due(self, connection: Connection) -> datetime | None:
        """When the next inject of a drill, or its end, falls due."""
        dues = []
        for under_way in drills.under_way(connection):
            waiting = under_way.drill.injects[under_way.injected :]
            dues.append(min((under_way.started_at + inject.at for inject in waiting), default=ends_at(under_way)))
        return min(dues, default=None)

    def _inject(self, connection: Connection, under_way: Underway, now: datetime) -> None:
        planned = injects(under_way.drill, under_way.started_at, under_way.id, under_way.scope)
        due = [observation for at, observation in planned[under_way.injected :] if at <= now]
        if not due:
            return
        by_source: dict[str, list[int]] = {}
        for number, observation in enumerate(due):
            by_source.setdefault(observation.source, []).append(number)
        for source, numbers in by_source.items():
            told = tuple(msgspec.structs.replace(due[number], observed_at=now) for number in numbers)
            log.append(connection, [batch_of(under_way.scope.vendor, source, now, told)])
        drills.injected(connection, under_way, under_way.injected + len(due))

    def _end(self, connection: Connection, under_way: Underway, report: DrillReport, now: datetime) -> None:
        drills.end(connection, report, now)
        said = "passed" if report.passed else "not passed"
        self._clean_up(connection, under_way.id, f"the drill is over, {said}", now)

    def _clean_up(self, connection: Connection, id_: str, reason: str, now: datetime) -> None:
        """Nothing of a drill stays open: its runs end, its risks are closed, and those who were told hear of it."""
        for entry in list(risks.firing(connection, id_)):
            if entry.state is not State.CLOSED:
                self._responder.act(connection, entry.id, register.Close(ACTOR, reason), now)
        for run in runs.of_exercise(connection, id_):
            self._responder.act_on_run(connection, run.id, running.Cancelled(ACTOR, reason), now)


def ends_at(under_way: Underway) -> datetime:
    """When a drill ends at the latest: its last limit or its last inject, whichever is later."""
    expect = under_way.drill.expect
    limits = (expect.detect, expect.notify, expect.acknowledge, expect.decide, expect.recover)
    last = max((limit for limit in limits if limit is not None), default=None)
    latest = _last_inject(under_way)
    return latest if last is None else max(latest, under_way.started_at + last)


def _last_inject(under_way: Underway) -> datetime:
    return under_way.started_at + max(inject.at for inject in under_way.drill.injects)


def _all_happened(drill: Drill, facts: DrillFacts) -> bool:
    wanted = {
        "detect": facts.detected_at,
        "notify": facts.notified_at,
        "acknowledge": facts.acknowledged_at,
        "decide": facts.decided_at,
        "recover": facts.recovered_at,
    }
    return all(at is not None for name, at in wanted.items() if getattr(drill.expect, name) is not None)


def _open_outages(connection: Connection) -> list[OpenRisk]:
    """Real trouble that people are busy with now; what merely stands in the register hinders no drill."""
    return [
        OpenRisk(entry.id, entry.title, tuple(hit.function for hit in entry.exposure.hits))
        for entry in risks.still_firing(connection, None, OUTAGE_RULES)
        if entry.state is not State.CLOSED
    ]
