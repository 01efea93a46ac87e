"""Drills on the live path: told once, marked throughout, scored by what messages and runs say, and cleaned up after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from secondsource.adapters.outbox.dispatcher import Dispatcher
from secondsource.adapters.sql import drills, log, outbox, risks, runs, sources
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.outbox import SqlOutbox
from secondsource.contracts.sender import Delivered, Delivery, Message
from secondsource.domain import register
from secondsource.domain.register import State, risk_id
from secondsource.domain.scope import Scope
from secondsource.plans import run as running
from secondsource.plans.load import load
from secondsource.runtimes.answers import Answers
from secondsource.runtimes.detector import Detector
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.drilling import Drilling, DrillRefused
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.responder import Responder
from tests.runtimes.test_responder import PEOPLE
from tests.support.company import DEPENDENCIES, at, company, outage
from tests.support.live import outage_rule, tell_time

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
HALCYON = Scope("halcyon")
PLAN = "model-api-failover"


class Taker:
    kind = "slack"

    async def send(self, message: Message) -> Delivery:
        return Delivered(message.id)

    async def close(self) -> None:
        pass


class Stage:
    """Responder, drills and the outage rule on a store; time is told minute by minute."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        main = DEPENDENCIES[0]
        fallbacks = tuple(msgspec.structs.replace(fallback, plan=PLAN) for fallback in main.fallbacks)
        context = company(dependencies=(msgspec.structs.replace(main, fallbacks=fallbacks), *DEPENDENCIES[1:]))
        library = load([RUNBOOKS])
        playbook = Playbook(library.documents, context, {"statuspage"})
        directory = Directory(PEOPLE, [Channel("slack", "slack", "C1")])
        self.responder = Responder(context, playbook, directory, lambda id_, verb: f"https://ss.example/{id_}/{verb}")
        self.drilling = Drilling(library.drills, playbook, self.responder)
        self.detector = Detector(self.database, outage_rule(), context, Answers(self.responder, self.drilling))
        self.minute = 0.0
        self.dispatcher = Dispatcher(SqlOutbox(self.database), {"slack": Taker()}, lambda: at(self.minute))

    def watched(self) -> None:
        """The alternates have a status page that was read."""

        def save(connection: object) -> None:
            sources.declare(connection, [("c", "cirrus", "statuspage"), ("b", "borealis", "statuspage")], at(0))  # type: ignore[arg-type]
            for state in sources.all_states(connection):  # type: ignore[arg-type]
                sources.save(connection, msgspec.structs.replace(state, succeeded_at=at(0), memory=b""))  # type: ignore[arg-type]

        self.database.write_now(save)

    def start(self, *, anyway: bool = False) -> str:
        return self.database.write_now(lambda c: self.drilling.start(c, "vendor-outage", at(self.minute), scope=HALCYON, anyway=anyway))

    async def until(self, minute: float) -> None:
        while self.minute <= minute:
            await tell_time(self.database, at(self.minute))
            while await self.detector.run():
                pass
            await self.dispatcher.run_due(at(self.minute))
            self.minute += 1

    def act(self, risk: str, event: register.AnyEvent) -> None:
        self.database.write_now(lambda c: self.responder.act(c, risk, event, at(self.minute)))

    def on_runs(self, kind: str, drill: str, event: running.AnyEvent) -> running.Step:
        (run,) = [run for run in self.database.read_now(lambda c: runs.of_exercise(c, drill)) if run.kind == kind]
        return self.database.write_now(lambda c: self.responder.act_on_run(c, run.id, event, at(self.minute)))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "store.db")
    made.watched()
    yield made
    made.database.close()


def _minute(when: datetime | None) -> float | None:
    return None if when is None else (when - at(0)).total_seconds() / 60


async def test_a_drill_that_is_answered_in_time_passes_and_its_scores_are_those_of_the_messages(stage: Stage) -> None:
    drill = stage.start()
    risk = risk_id("vendor_outage", "halcyon", drill)
    await stage.until(4)
    stage.act(risk, register.Acknowledge("person:ana"))
    await stage.until(9)
    stage.on_runs("escalation", drill, running.Approved("person:cy"))
    for item in ("room", "credentials", "some", "all", "tell"):
        await stage.until(stage.minute + 1)
        stage.on_runs("contingency", drill, running.Ticked(item, "person:ana", "seen"))
    await stage.until(62)
    (outcome,) = stage.database.read_now(drills.outcomes)
    assert (outcome.state, outcome.drill) == ("done", "vendor-outage")
    assert outcome.report is not None
    assert outcome.report.passed
    scores = {score.measure: (score.seconds or 0) / 60 for score in outcome.report.scores}
    assert scores == {"detect": 0, "notify": 0, "acknowledge": 5, "decide": 10, "recover": 20}
    messages = stage.database.read_now(outbox.read)
    assert all(row.message.exercise == drill and row.message.headline.startswith("[DRILL] ") for row in messages)
    assert min(row.progress.sent_at for row in messages if row.progress.sent_at is not None) == at(scores["notify"])
    assert stage.database.read_now(lambda c: runs.of_exercise(c, drill)) == []
    entry = stage.database.read_now(lambda c: risks.get(c, risk))
    assert entry is not None
    assert entry.state is State.CLOSED
    assert stage.database.read_now(drills.under_way) == []
    assert stage.database.read_now(lambda c: drills.last(c, PLAN, passed=True)) == outcome.ended_at


async def test_a_drill_that_nobody_answers_ends_at_its_last_limit_and_fails(stage: Stage) -> None:
    stage.start()
    await stage.until(59)
    assert len(stage.database.read_now(drills.under_way)) == 1
    await stage.until(60)
    (report,) = stage.database.read_now(drills.reports)
    assert not report.passed
    assert {score.measure: score.passed for score in report.scores} == {
        "detect": True,
        "notify": True,
        "acknowledge": False,
        "decide": False,
        "recover": False,
    }


async def test_the_real_world_hears_nothing_of_a_drill(stage: Stage) -> None:
    drill = stage.start()
    await stage.until(30)
    assert stage.database.read_now(lambda c: list(risks.firing(c, None))) == []
    batches = stage.database.read_now(lambda c: list(log.read_all(c)))
    assert {batch.exercise for batch in batches if batch.key == "halcyon"} == {drill}


async def test_each_inject_is_written_once_over_a_restart(stage: Stage, tmp_path: Path) -> None:
    stage.start()
    await stage.until(2)
    stage.database.close()
    again = Stage(tmp_path / "store.db")
    again.minute = 30  # the process was down at minute 3
    await again.until(50)
    told = [o.subject for batch in again.database.read_now(lambda c: list(log.read_all(c))) if batch.exercise for o in batch.observations]
    assert sorted(told) == ["component/api", "component/api", "incident/exercise", "incident/exercise"]
    again.database.close()


async def test_no_drill_while_a_real_outage_touches_the_same_functions(stage: Stage) -> None:
    stage.database.write_now(lambda c: stage.responder.on_signals(c, [outage()]))
    with pytest.raises(DrillRefused, match=r"risk R-\w+ \(Halcyon AI: major outage\) is open and touches"):
        stage.start()
    assert stage.database.read_now(drills.outcomes) == []


async def test_no_drill_of_a_hollow_plan_unless_asked(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "blind.db")  # nobody watches the alternates: whether they work is unknown
    with pytest.raises(DrillRefused, match=r"plan model-api-failover would not help now: .*unknown.*--anyway"):
        stage.start()
    assert stage.start(anyway=True).startswith("D-")
    stage.database.close()


async def test_the_same_drill_does_not_run_twice_at_once_and_can_be_stopped(stage: Stage) -> None:
    drill = stage.start()
    await stage.until(3)
    with pytest.raises(DrillRefused, match="is under way since 2025-10-20 06:48 UTC"):
        stage.start()
    stage.database.write_now(lambda c: stage.drilling.abort(c, drill, "a real incident began", "person:ben", at(4)))
    (outcome,) = stage.database.read_now(drills.outcomes)
    assert (outcome.state, outcome.reason, outcome.report) == ("aborted", "person:ben: a real incident began", None)
    assert stage.database.read_now(lambda c: runs.of_exercise(c, drill)) == []
    with pytest.raises(DrillRefused, match=r"no drill .* is under way"):
        stage.database.write_now(lambda c: stage.drilling.abort(c, drill, "again", "person:ben", at(5)))


async def test_an_unknown_drill_is_named_with_those_that_there_are(stage: Stage) -> None:
    with pytest.raises(DrillRefused, match=r"there is no drill 'fire'; there are vendor-outage"):
        stage.database.write_now(lambda c: stage.drilling.start(c, "fire", at(0)))


async def test_the_next_due_is_the_next_inject_and_then_the_end(stage: Stage) -> None:
    assert stage.database.read_now(stage.drilling.next_due) is None
    stage.start()
    assert _minute(stage.database.read_now(stage.drilling.next_due)) == 3
    await stage.until(3)
    assert _minute(stage.database.read_now(stage.drilling.next_due)) == 45
    await stage.until(45)
    assert _minute(stage.database.read_now(stage.drilling.next_due)) == 60
