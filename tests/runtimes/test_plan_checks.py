"""Checks of preconditions on a real store and over real HTTP, from the schedule to the finding and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from secondsource.adapters import plugins
from secondsource.adapters.http.credentials import Bearer
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.sql import drills, log, plan_checks, risks, sources
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.drills import Underway
from secondsource.adapters.sql.plan_checks import Record
from secondsource.domain.observations import CheckOutcome, Gone, PlanCheck
from secondsource.domain.register import Entry, State, risk_id
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Severity
from secondsource.plans.drill import DrillReport
from secondsource.plans.load import load
from secondsource.plans.schema import Contingency, Drill
from secondsource.runtimes.answers import Answers
from secondsource.runtimes.detector import Detector
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.drilling import Drilling
from secondsource.runtimes.plan_checks import PlanChecks
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.preconditions import EVALUATED
from secondsource.runtimes.responder import Responder
from secondsource.testing.standins.http import HttpStandIn, Received, Reply, answers
from tests.runtimes.test_responder import PEOPLE
from tests.support.company import DEPENDENCIES, at, company
from tests.support.live import tell_time
from tests.unit.plans.books import contingency

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
LIBRARY = load([RUNBOOKS])
RISK = risk_id("hollow_plan", "failover")


class Alternate(HttpStandIn):
    """Lets in who has the key."""

    async def respond(self, request: Received) -> Reply:
        return Reply(200 if request.headers.get("authorization") == "Bearer k3y" else 401)


class Stage:
    """A company whose chat falls back by the plan ``failover``, with the rule ``hollow_plan`` at work."""

    def __init__(
        self, path: Path, there: Alternate, *, fallback: str | None = "failover", allow: tuple[str, ...] = ("127.0.0.0/8",)
    ) -> None:
        self.database = Database(path)
        self.minute, self.changes, self.key = 0.0, 0, "k3y"
        self.there = there
        main = DEPENDENCIES[0]
        fallbacks = tuple(msgspec.structs.replace(each, plan=fallback) for each in main.fallbacks if each.scope.vendor == "cirrus")
        self.context = company(dependencies=(msgspec.structs.replace(main, fallbacks=fallbacks), *DEPENDENCIES[1:]))
        self.playbook = Playbook([*LIBRARY.escalations.values(), self.plan()], self.context, {"statuspage"})
        responder = Responder(
            self.context, self.playbook, Directory(PEOPLE, [Channel("slack", "slack", "C1")]), lambda id_, verb: f"{id_}/{verb}"
        )
        rule: Any = plugins.rule("hollow_plan")
        self.detector = Detector(
            self.database, {"hollow_plan": rule(rule.Params())}, self.context, Answers(responder, Drilling({}, self.playbook, responder))
        )
        self.fetcher = HttpFetcher(now=self.now, credentials={"cirrus": Bearer(lambda: self.key)})
        self.checks = PlanChecks(self.database, self.playbook, self.fetcher, self.now, allow=allow, on_change=self.changed)

    def plan(self) -> Contingency:
        wanted = {
            "alternate_healthy": True, "no_shared_chokepoint": True, "evaluated_within": "30d", "drill_passed_within": "90d",
            "answers": [{"id": "key", "url": f"{self.there.url}/v1/models", "auth": "cirrus", "timeout": "1s"}],
        }  # fmt: skip
        return contingency({"id": "end", "end": "over"}, alternates=[], preconditions=wanted)

    def now(self) -> datetime:
        return at(self.minute)

    def changed(self) -> None:
        self.changes += 1

    def prove(self) -> None:
        """The alternate is watched and well, a drill of the plan passed, and somebody evaluated it."""
        shipped = next(document for document in LIBRARY.documents if isinstance(document, Drill))
        drill = shipped.model_copy(update={"plan": "failover"})

        def work(connection: Any) -> None:
            sources.declare(connection, [("c", "cirrus", "statuspage")], at(0))
            for state in sources.all_states(connection):
                sources.save(connection, msgspec.structs.replace(state, succeeded_at=at(0), memory=b""))
            drills.begin(connection, Underway("d1", drill, Scope("halcyon"), at(-90)))
            drills.end(connection, DrillReport("d1", drill.id, "Drill", "failover", at(-90), (), True), at(-60))
            plan_checks.record(connection, Record("failover", EVALUATED, at(-10), "person:ana", "97 % as good"))

        self.database.write_now(work)

    async def check(self, minute: float) -> str:
        """The scheduler's due time comes; then time passes until a quarter of an hour later."""
        self.minute = minute
        said = await self.checks.run(at(minute))
        for later in (minute, minute + 15):
            await tell_time(self.database, at(later))
            while await self.detector.run():
                pass
        return said

    def standing(self) -> dict[str, tuple[CheckOutcome | None, str]]:
        return {checked.check: (checked.outcome, checked.reason) for checked in self.database.read_now(plan_checks.latest)}

    def bodies(self) -> list[Any]:
        batches = self.database.read_now(lambda c: list(log.read_all(c)))
        return [observation.body for batch in batches if batch.key == "internal" for observation in batch.observations]

    def entry(self) -> Entry | None:
        return self.database.read_now(lambda c: risks.get(c, RISK))

    async def close(self) -> None:
        await self.fetcher.close()
        self.database.close()


@pytest.fixture
async def there() -> AsyncIterator[Alternate]:
    async with Alternate() as found:
        yield found


@pytest.fixture
async def stage(tmp_path: Path, there: Alternate) -> AsyncIterator[Stage]:
    made = Stage(tmp_path / "store.db", there)
    yield made
    await made.close()


async def test_a_plan_that_holds_is_no_finding(stage: Stage) -> None:
    stage.prove()
    assert await stage.check(0) == "1 plan checked, 0 not proven or hollow"
    assert {check: said for check, said in stage.standing().items() if said[0] is not CheckOutcome.OK} == {}
    assert stage.standing()["answers/key"] == (CheckOutcome.OK, "key answered 200")
    assert stage.there.requests[0].headers["authorization"] == "Bearer k3y"
    assert stage.entry() is None


async def test_a_credential_that_is_refused_is_a_finding_with_the_functions_and_its_end_clears_it(stage: Stage) -> None:
    stage.prove()
    await stage.check(0)
    stage.key = "0ld"
    assert await stage.check(60) == "1 plan checked, 1 not proven or hollow"
    entry = stage.entry()
    assert entry is not None
    assert (entry.title, entry.reason) == ("Plan “Failover” would not help now", "Key answered 401, not 200.")
    assert {hit.function for hit in entry.exposure.hits} == {"support", "shop"}
    assert entry.finding is Severity.MEDIUM
    stage.key = "k3y"
    await stage.check(120)
    cleared = stage.entry()
    assert cleared is not None
    assert (cleared.state, cleared.cleared_at) == (State.CLOSED, at(130))


async def test_without_evidence_it_is_not_proven_after_a_day_and_that_is_less(stage: Stage) -> None:
    await stage.check(0)
    assert stage.standing() == {
        "alternate": (CheckOutcome.OK, "alternates: cirrus"),
        "alternate_healthy": (CheckOutcome.UNKNOWN, "cirrus is unknown"),
        "no_shared_chokepoint": (CheckOutcome.OK, "cirrus shares nothing with what it replaces"),
        "answers/key": (CheckOutcome.OK, "key answered 200"),
        "evaluated_within": (CheckOutcome.UNKNOWN, "nobody has recorded that an alternate does the work well enough"),
        "drill_passed_within": (CheckOutcome.UNKNOWN, "no drill of it has passed"),
    }
    assert stage.entry() is None
    await stage.check(24 * 60)
    entry = stage.entry()
    assert entry is not None
    assert (entry.title, entry.finding) == ("Plan “Failover” is not proven", Severity.LOW)


async def test_an_http_check_is_made_once_an_hour_at_most(stage: Stage) -> None:
    for minute in (0, 20, 40, 60):
        await stage.check(minute)
    assert len(stage.there.requests) == 2


@pytest.mark.parametrize(("status", "outcome"), [(401, CheckOutcome.FAILED), (302, CheckOutcome.FAILED), (503, CheckOutcome.UNKNOWN)])
async def test_what_an_answer_shows(stage: Stage, status: int, outcome: CheckOutcome) -> None:
    stage.there.faults.append(answers(status, headers={"location": "/login"} if status == 302 else {}))
    await stage.check(0)
    assert stage.standing()["answers/key"][0] is outcome


async def test_nobody_there_is_no_evidence_and_an_address_inside_is_not_asked(stage: Stage, tmp_path: Path) -> None:
    shut = Stage(tmp_path / "shut.db", stage.there, allow=())
    await shut.check(0)
    assert shut.standing()["answers/key"][0] is CheckOutcome.FAILED
    assert stage.there.requests == []
    await shut.close()
    await stage.there.stop()
    await stage.check(0)
    assert stage.standing()["answers/key"][0] is CheckOutcome.UNKNOWN


async def test_only_news_goes_on_the_log_and_every_result_is_kept(stage: Stage) -> None:
    stage.prove()
    for minute in (0, 60, 120):
        await stage.check(minute)
    assert [body.check for body in stage.bodies() if isinstance(body, PlanCheck)] == [
        "alternate", "alternate_healthy", "no_shared_chokepoint", "answers/key", "evaluated_within", "drill_passed_within",
    ]  # fmt: skip
    assert stage.changes == 1
    (stretch,) = [one for one in stage.database.read_now(lambda c: plan_checks.history(c, "failover")) if one.check == "answers/key"]
    assert (stretch.since, stretch.at) == (at(0), at(120))


async def test_a_plan_on_the_shelf_is_not_checked_until_somebody_counts_on_it(tmp_path: Path, there: Alternate) -> None:
    shelf = Stage(tmp_path / "shelf.db", there, fallback=None)
    assert await shelf.check(0) == "0 plans checked, 0 not proven or hollow"
    shelf.database.write_now(lambda c: plan_checks.record(c, Record("failover", EVALUATED, at(1), "person:ana", "")))
    assert await shelf.check(60) == "1 plan checked, 1 not proven or hollow"
    assert shelf.standing()["alternate"][0] is CheckOutcome.FAILED
    await shelf.close()


async def test_a_plan_that_no_fallback_names_any_more_is_let_go_of(stage: Stage, tmp_path: Path) -> None:
    await stage.check(0)
    stage.database.close()
    await stage.fetcher.close()
    again = Stage(tmp_path / "store.db", stage.there, fallback=None)
    await again.check(60)
    assert again.standing() == {}
    assert sum(isinstance(body, Gone) for body in again.bodies()) == 6
    await again.close()
