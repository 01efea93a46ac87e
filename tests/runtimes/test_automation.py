"""Calls that plans make: through the real fetcher to a real server, out of the real outbox, and their end back to the run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from secondsource.adapters.http.credentials import Bearer
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.outbox.dispatcher import Dispatcher
from secondsource.adapters.sql import outbox, risks, runs
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.outbox import SqlOutbox
from secondsource.plans import run as running
from secondsource.plans.run import Run, RunState
from secondsource.plans.schema import Contingency
from secondsource.ports.outbox import OutboxRow, State
from secondsource.runtimes.automation import AUTOMATION, AutomationSender
from secondsource.runtimes.directory import Directory
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.responder import Responder
from secondsource.settings.service import Automation
from secondsource.testing.standins.http import Fault, answers
from secondsource.testing.standins.webhook import WebhookStandIn
from tests.runtimes.test_responder import PEOPLE
from tests.support.company import at, company, outage
from tests.unit.plans.books import contingency

SECRET = "between-us-only"


class Crash(Exception):
    """The process ends here."""


class Stage:
    """A plan whose first step calls the stand-in, on a store, with a clock that a test moves."""

    def __init__(self, path: Path, receiver: WebhookStandIn, *, allow: tuple[str, ...] = ("127.0.0.0/8",), given: bool = True) -> None:
        self.database = Database(path)
        self.receiver = receiver
        self.minute = 0.0
        self.changes = 0
        self.crash_at = ""
        self.book = self.plan()
        context = company()
        self.responder = Responder(context, Playbook([self.book], context, ()), Directory(PEOPLE, ()), lambda id_, verb: f"{id_}/{verb}")
        self.fetcher = HttpFetcher(now=self.now, credentials={"robot": Bearer(lambda: "t0ken")})
        settings = Automation(secret=f"file:{path.parent / 'secret'}", allow=allow) if given else None  # type: ignore[arg-type]
        (path.parent / "secret").write_text(SECRET)
        sender = AutomationSender(self.database, self.fetcher, self.responder.act_on_run, self.now, settings, on_change=self.changed)
        self.dispatcher = Dispatcher(SqlOutbox(self.database), {AUTOMATION: sender}, self.now, crash_point=self.crash)

    def plan(self) -> Contingency:
        hook = {
            "url": f"{self.receiver.url}/reroute", "auth": "robot", "within": "1h", "timeout": "1s",
            "body": {"to": "${alternate}", "risk": "${risk.id}"}, "on_failure": "by-hand",
        }  # fmt: skip
        return contingency(
            {"id": "call", "webhook": hook},
            {"id": "moved", "wait": {"for": "9h"}},
            {"id": "by-hand", "checklist": {"items": [{"id": "route", "text": "x"}], "within": "9h", "on_timeout": "moved"}},
        )

    def now(self) -> datetime:
        return at(self.minute)

    def changed(self) -> None:
        self.changes += 1

    def crash(self, point: str) -> None:
        if point == self.crash_at:
            self.crash_at = ""
            raise Crash(point)

    def start(self, exercise: str | None = None) -> Run:
        signal = outage(exercise=exercise)
        self.database.write_now(lambda c: self.responder.on_signals(c, [signal]))
        (entry,) = self.database.read_now(lambda c: list(risks.firing(c, exercise)))
        self.database.write_now(lambda c: self.responder._start(c, self.book, entry, at(0)))
        return self.run

    @property
    def run(self) -> Run:
        (run,) = self.database.read_now(lambda c: list(runs.everything(c)))
        return run

    @property
    def row(self) -> OutboxRow:
        (row,) = [row for row in self.database.read_now(outbox.read) if row.message.channel == AUTOMATION]
        return row

    async def send(self, minute: float) -> None:
        self.minute = minute
        await self.dispatcher.run_due(self.now())

    def act(self, event: running.AnyEvent) -> running.Step:
        id_ = self.run.id
        return self.database.write_now(lambda c: self.responder.act_on_run(c, id_, event, self.now()))

    async def close(self) -> None:
        await self.fetcher.close()
        self.database.close()


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookStandIn]:
    async with WebhookStandIn(secret=SECRET, clock=lambda: at(0), tolerance=86_400) as found:
        yield found


@pytest.fixture
async def stage(tmp_path: Path, receiver: WebhookStandIn) -> AsyncIterator[Stage]:
    made = Stage(tmp_path / "store.db", receiver)
    yield made
    await made.close()


async def test_a_call_goes_out_signed_and_its_answer_moves_the_run_on(stage: Stage) -> None:
    stage.start()
    await stage.send(1)
    (hook,) = stage.receiver.hooks
    assert (hook.path, hook.body) == ("/reroute", {"to": "borealis", "risk": stage.run.risk.id})
    assert hook.headers["authorization"] == "Bearer t0ken"
    assert hook.key == stage.row.message.idempotency_key
    assert hook.headers["x-secondsource-run"] == stage.run.id
    assert (stage.run.step, stage.row.progress.state, stage.changes) == ("moved", State.SENT, 1)
    lines = stage.database.read_now(lambda c: [line.text for line in runs.log(c, stage.run.id)])
    assert "the call succeeded: answered 204" in lines


@pytest.mark.parametrize(
    "fault", [answers(503), answers(429, headers={"retry-after": "30"}), Fault("reset"), Fault("reset", handled=True)], ids=str
)
async def test_what_passes_is_tried_again_under_the_same_key(stage: Stage, fault: Fault) -> None:
    stage.start()
    stage.receiver.faults.append(fault)
    await stage.send(1)
    assert (stage.run.step, stage.row.progress.state) == ("call", State.RETRY)
    await stage.send(5)
    assert stage.run.step == "moved"
    assert len({request.headers["idempotency-key"] for request in stage.receiver.requests}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 307])
async def test_a_refusal_leads_to_the_way_by_hand(stage: Stage, status: int) -> None:
    stage.start()
    stage.receiver.faults.append(answers(status, headers={"location": "/elsewhere"} if status == 307 else {}))
    await stage.send(1)
    assert (stage.run.step, stage.run.state, stage.row.progress.state) == ("by-hand", RunState.RUNNING, State.FAILED)
    assert len(stage.receiver.requests) == 1


async def test_when_its_time_is_over_the_run_goes_on_and_nothing_is_called_any_more(stage: Stage) -> None:
    stage.start()
    stage.receiver.faults.extend([answers(503)] * 2)
    await stage.send(1)
    await stage.send(20)
    stage.minute = 60
    stage.database.write_now(lambda c: stage.responder.on_tick(c, at(60)))
    assert stage.run.step == "by-hand"
    await stage.send(70)
    assert (len(stage.receiver.requests), stage.row.progress.state) == (2, State.FAILED)
    assert stage.row.progress.reason == "the run has gone on without it"


@pytest.mark.parametrize("event", [running.Cancelled("ana"), running.RollBack("ana")])
async def test_a_run_that_left_calls_nobody(stage: Stage, event: running.AnyEvent) -> None:
    stage.start()
    stage.act(event)
    await stage.send(1)
    assert (stage.receiver.requests, stage.row.progress.state) == ([], State.FAILED)


async def test_a_run_that_is_held_calls_when_it_goes_on(stage: Stage) -> None:
    stage.start()
    stage.act(running.Paused("ana"))
    await stage.send(1)
    assert (stage.receiver.requests, stage.row.progress.state) == ([], State.RETRY)
    stage.act(running.Resumed("ana"))
    await stage.send(3)
    assert (len(stage.receiver.hooks), stage.run.step) == (1, "moved")


async def test_a_crash_after_the_answer_repeats_neither_the_call_nor_its_end(stage: Stage) -> None:
    stage.start()
    stage.crash_at = "message-sent"  # the run knows, the outbox does not
    with pytest.raises(Crash):
        await stage.send(1)
    assert (stage.run.step, stage.row.progress.state) == ("moved", State.SENDING)
    again = Stage(stage.database.path, stage.receiver)
    await again.send(10)
    assert (len(stage.receiver.hooks), again.row.progress.state, again.run.step) == (1, State.SENT, "moved")
    await again.close()


async def test_a_crash_before_the_run_knows_repeats_the_call_under_the_same_key(stage: Stage) -> None:
    stage.start()
    stage.crash_at = "message-claimed"
    with pytest.raises(Crash):
        await stage.send(1)
    await stage.send(10)
    assert (len(stage.receiver.hooks), stage.run.step) == (1, "moved")


async def test_in_a_drill_nothing_is_called(stage: Stage) -> None:
    run = stage.start(exercise="D-1")
    await stage.send(1)
    assert (stage.receiver.requests, run.step) == ([], "moved")
    assert any("would call" in line.text for line in stage.database.read_now(lambda c: list(runs.log(c, run.id))))


async def test_an_address_inside_that_nobody_allowed_is_not_called(tmp_path: Path, receiver: WebhookStandIn) -> None:
    stage = Stage(tmp_path / "other.db", receiver, allow=())
    stage.start()
    await stage.send(1)
    assert (receiver.requests, stage.run.step) == ([], "by-hand")
    await stage.close()


async def test_without_the_setting_nothing_is_called_and_the_run_says_why(tmp_path: Path, receiver: WebhookStandIn) -> None:
    stage = Stage(tmp_path / "other.db", receiver, given=False)
    stage.start()
    await stage.send(1)
    assert (receiver.requests, stage.run.step) == ([], "by-hand")
    assert next(iter(stage.run.calls.values())).detail == "the configuration has no `automation`, so nothing is called"
    await stage.close()


async def test_a_secret_that_can_not_be_read_is_waited_for_and_not_told(stage: Stage) -> None:
    (stage.database.path.parent / "secret").unlink()
    stage.start()
    await stage.send(1)
    assert (stage.receiver.requests, stage.row.progress.state) == ([], State.RETRY)
    assert SECRET not in stage.row.progress.reason


async def test_only_people_that_there_are_can_be_handed_a_run(stage: Stage) -> None:
    stage.start()
    assert stage.act(running.HandedOver("person:ana", "person:zoe", "shift")).refused == "there is no person person:zoe"
    assert stage.act(running.HandedOver("person:ana", "person:ben", "shift")).run.holder == "person:ben"
    assert timedelta(0) < (stage.run.until or at(0)) - at(0)
