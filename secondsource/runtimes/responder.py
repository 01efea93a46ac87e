"""From signals, people and time to the register, to runs of runbooks, and to messages: all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from secondsource.adapters.sql import outbox, risks, runs, signals
from secondsource.domain import register
from secondsource.domain.common_cause import COMMON_CAUSE, HEARD, Member, belongs
from secondsource.domain.context import Context
from secondsource.domain.exposure import OUTAGE_RULES, expose
from secondsource.domain.inhibition import CALLS, withheld
from secondsource.domain.reach import index_of
from secondsource.domain.register import Entry, Policy, State, event_of, risk_id
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Signal
from secondsource.domain.transitions import due, step
from secondsource.engine.announce import Occasion, announce, thread_of
from secondsource.plans import interpreter
from secondsource.plans import run as running
from secondsource.plans.run import CallWebhook, Notify, RequestApproval, Run, SetRisk, StartPlan
from secondsource.plans.schema import Runbook
from secondsource.runtimes.automation import call_message
from secondsource.runtimes.directory import Address, Directory
from secondsource.runtimes.playbook import Playbook

DEFAULT_POLICY = Policy()

_OCCASIONS: dict[str, Occasion] = {
    "first": "opened",
    "escalation": "escalated",
    "reminder": "reminder",
    "update": "updated",
    "plan": "updated",
    "roll_back": "updated",
    "acknowledged": "updated",
    "cleared": "resolved",
    "handed_over": "updated",
}


class Responder:
    """Answers findings. Every method runs inside a transaction that the caller commits; none of them waits for anything."""

    def __init__(
        self,
        context: Context,
        playbook: Playbook,
        directory: Directory,
        links: Callable[[str, str], str],
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        """``links`` gives the page's address for a risk id and a verb (``open``, ``acknowledge``, ``approve``, ``decline``)."""
        self._context = context
        self._playbook = playbook
        self._directory = directory
        self._links = links
        self._policy = policy

    def on_signals(self, connection: Connection, found: Sequence[Signal]) -> None:
        """Signals that one batch gave, by time."""
        for signal in found:
            self._on_signal(connection, signal)

    def on_tick(self, connection: Connection, now: datetime) -> None:
        """Let timers that are due run out, each at its own time, earliest first."""
        while True:
            dues = [(at, "risk", id_, "") for at, id_ in risks.due(connection, now)]
            dues += [(at, "run", id_, risk) for at, id_, risk in runs.due(connection, now)]
            if not dues:
                return
            at, kind, id_, _ = min(dues)
            if kind == "risk":
                self._wake_risk(connection, id_, at)
            else:
                self._wake_run(connection, id_, at)

    def act(self, connection: Connection, id_: str, event: register.AnyEvent, now: datetime) -> Entry:
        """What a person does to a risk.

        Raises ``LookupError`` for a risk that does not exist and :class:`secondsource.domain.register.Refused` for what may not
        happen as it stands.
        """
        entry = risks.get(connection, id_)
        if entry is None:
            raise LookupError(f"there is no risk {id_}")
        self._timers_of(connection, id_, now)
        entry = risks.get(connection, id_) or entry
        entry = self._step(connection, entry, event, now)
        if isinstance(event, register.Acknowledge):
            self._take_with(connection, entry, event, now)
        elif isinstance(event, register.Close):
            self._release(connection, entry, f"{id_}, which it was part of, was closed", now)
        for run in runs.of_risk(connection, id_):
            if isinstance(event, register.Acknowledge):
                self._advance(connection, run, running.Acknowledged(event.by), now)
            elif isinstance(event, register.Close | register.Accept):
                self._advance(connection, run, running.RiskClosed(event.by, event.reason), now)
        if isinstance(event, register.Reopen):
            self._escalate(connection, entry, now)
        return risks.get(connection, id_) or entry

    def act_on_run(self, connection: Connection, id_: str, event: running.AnyEvent, now: datetime) -> running.Step:
        """What a person does to a run. Raises ``LookupError`` for one that does not exist; a refusal is in the step."""
        run = runs.get(connection, id_)
        if run is None:
            raise LookupError(f"there is no run {id_}")
        self._timers_of(connection, run.risk.id, now)
        run = runs.get(connection, id_) or run
        if isinstance(event, running.HandedOver) and event.to.removeprefix("person:") not in self._directory.people:
            return running.Step(run, wake_at=interpreter.wake_of(run), refused=f"there is no person {event.to}")
        return self._advance(connection, run, event, now)

    def next_due(self, connection: Connection) -> datetime | None:
        """When the next timer of a risk or a run falls due."""
        dues = (risks.next_wake(connection), runs.next_wake(connection))
        return min((due for due in dues if due is not None), default=None)

    def _on_signal(self, connection: Connection, signal: Signal) -> None:
        id_ = risk_id(signal.rule, signal.key, signal.exercise)
        if not signals.add(connection, signal, id_):
            return
        self._timers_of(connection, id_, signal.at)
        before = risks.get(connection, id_)
        exposure = expose(signal, signal.at, self._context, self._down(connection, signal))
        entry = self._step(connection, before, event_of(signal, exposure), signal.at)
        if before is not None and entry.version == before.version:
            return
        live = runs.of_risk(connection, id_)
        if signal.phase is Phase.CLEARED:
            self._release(connection, entry, f"{id_}, which it was part of, is over", signal.at)
            for run in live:
                self._advance(connection, run, running.RiskCleared(), signal.at)
            return
        self._fold(connection, entry, signal.at)
        entry = self._joined(connection, entry, signal)
        if before is None or entry.episode_no != before.episode_no or (entry.state is State.OPEN and before.state is State.ACCEPTED):
            self._escalate(connection, entry, signal.at)
            self._taken_already(connection, entry, signal.at)
            return
        facts = self._playbook.facts(entry)
        for run in live:
            self._advance(connection, run, running.RiskChanged(facts), signal.at)
        if self._rose(connection, before, entry, signal.at):
            return
        self._tell_again(connection, before, entry, live, signal.at)

    def _fold(self, connection: Connection, case: Entry, now: datetime) -> None:
        """The risks that a case explains become part of it: nobody is called for each of them any more. A case that a person closed
        explains nothing, for nobody is called for it either."""
        for id_ in case.covers if case.state is not State.CLOSED else ():
            entry = risks.get(connection, id_)
            if entry is not None and entry.state is not State.CLOSED:
                self._taken_already(connection, self._step(connection, entry, register.Fold(case.id, _part_of(case)), now), now)

    def _joined(self, connection: Connection, entry: Entry, signal: Signal) -> Entry:
        """The entry as part of an open case that explains it, so that it calls nobody even once."""
        if signal.phase is not Phase.OPENED or entry.rule not in HEARD:
            return entry
        vendor = signal.scopes[0].vendor if signal.scopes else signal.subject
        member = Member(f"{signal.rule}:{signal.key}", vendor, signal.scopes, signal.at, signal.severity.rank, signal.id)
        for case in risks.still_firing(connection, entry.exercise, {COMMON_CAUSE}):
            if case.state is not State.CLOSED and belongs(case.key, member, index_of(self._context)):
                return self._step(connection, entry, register.Fold(case.id, _part_of(case)), signal.at)
        return entry

    def _taken_already(self, connection: Connection, entry: Entry, now: datetime) -> None:
        """Whoever took the case has taken what it comes to explain later."""
        case = risks.get(connection, entry.cause) if entry.cause is not None and entry.state is State.OPEN else None
        if case is not None and case.state in (State.ACKNOWLEDGED, State.MITIGATING) and case.acknowledged_by is not None:
            self.act(connection, entry.id, register.Acknowledge(case.acknowledged_by, f"with {case.id}"), now)

    def _take_with(self, connection: Connection, case: Entry, event: register.Acknowledge, now: datetime) -> None:
        """Who takes a case takes what it explains."""
        for id_ in case.covers:
            entry = risks.get(connection, id_)
            if entry is not None and entry.state is State.OPEN and entry.cause == case.id:
                self.act(connection, id_, register.Acknowledge(event.by, f"with {case.id}"), now)

    def _release(self, connection: Connection, case: Entry, why: str, now: datetime) -> None:
        """What a case covered stands by itself again; those who were not called for it are told where it still fires."""
        for id_ in case.covers:
            entry = risks.get(connection, id_)
            if entry is None or entry.cause != case.id:
                continue
            entry = self._step(connection, entry, register.Fold(None, why), now)
            if entry.state is not State.OPEN or entry.cleared_at is not None:
                continue
            for run in runs.of_risk(connection, id_):
                for target in run.notified:
                    for address in self._directory.addresses(target):
                        self._say(connection, entry, address, "updated", why, f"v{entry.version}", now, run)

    def _down(self, connection: Connection, signal: Signal) -> frozenset[Scope]:
        """What else is in trouble in the same world: a fallback there is no fallback."""
        outages = risks.still_firing(connection, signal.exercise, OUTAGE_RULES)
        return frozenset(scope for entry in outages for scope in entry.scopes) - frozenset(signal.scopes)

    def _step(self, connection: Connection, entry: Entry | None, event: register.AnyEvent, now: datetime) -> Entry:
        after, changes = step(entry, event, now, self._policy)
        if changes:
            risks.save(connection, after, changes)
        return after

    def _escalate(self, connection: Connection, entry: Entry, now: datetime) -> None:
        entry = self._with_plan(connection, entry, now)
        runbook = self._playbook.escalation(entry)
        if runbook is not None:
            self._start(connection, runbook, entry, now)

    def _rose(self, connection: Connection, before: Entry, entry: Entry, now: datetime) -> bool:
        """Whether an escalation begins because the risk became as severe as a runbook wants it, for one that had none in this episode."""
        if entry.severity <= before.severity or entry.state is not State.OPEN:
            return False
        if any(run.risk.episode == entry.episode for run in runs.of_risk(connection, entry.id, live=False)):
            return False
        self._escalate(connection, entry, now)
        return any(run.risk.episode == entry.episode for run in runs.of_risk(connection, entry.id, live=False))

    def _with_plan(self, connection: Connection, entry: Entry, now: datetime) -> Entry:
        note = self._playbook.plan_note(connection, entry, now)
        return entry if note is None else self._step(connection, entry, register.Rescore(note), now)

    def _start(self, connection: Connection, runbook: Runbook, entry: Entry, now: datetime) -> None:
        runs.keep_runbook(connection, runbook)
        earlier = sum(run.runbook == runbook.id and run.started_at == now for run in runs.of_risk(connection, entry.id, live=False))
        self._take(
            connection, runbook, interpreter.step(runbook, None, running.Started(self._playbook.facts(entry), nth=earlier + 1), now), now
        )

    def _advance(self, connection: Connection, run: Run, event: running.AnyEvent, now: datetime) -> running.Step:
        runbook = runs.runbook(connection, run.version)
        done = interpreter.step(runbook, run, event, now)
        if not done.refused:
            self._take(connection, runbook, done, now)
        return done

    def _take(self, connection: Connection, runbook: Runbook, done: running.Step, now: datetime) -> None:
        run = done.run
        runs.save(connection, run, done.log, done.wake_at)
        told: set[tuple[Address, str]] = set()  # in this step: who is meant twice, by two roles, is told once
        for output in done.outputs:
            entry = risks.get(connection, run.risk.id)
            assert entry is not None, "a run's risk is in the register before the run is"
            if isinstance(output, Notify):
                for address in self._directory.addresses(output.to):
                    if (address, output.occasion) not in told:
                        told.add((address, output.occasion))
                        self._notify(connection, entry, address, run, output, now)
            elif isinstance(output, RequestApproval):
                for address in self._directory.addresses(f"role:{output.role}"):
                    reason = f"{output.text} Asked of {output.role}, until {output.until:%H:%M} UTC"
                    self._say(connection, entry, address, "approval", reason, output.key, now, run)
            elif isinstance(output, SetRisk):
                actor = f"run:{run.id}"
                if output.verb == "mitigate" and entry.state in (State.OPEN, State.ACKNOWLEDGED):
                    self._step(connection, entry, register.Mitigate(actor, output.reason), now)
            elif isinstance(output, CallWebhook):
                outbox.add(connection, call_message(run, output, now))
            elif isinstance(output, StartPlan):
                plan = self._playbook.plan(output.plan)
                self._start(connection, plan, entry, now)

    def _notify(self, connection: Connection, entry: Entry, address: Address, run: Run, output: Notify, now: datetime) -> None:
        kind, _, name = output.to.partition(":")
        reason = f"You are {name}: {output.reason}" if kind == "role" else output.reason
        reason = f"{reason}. {output.text}".rstrip(". ") if output.text else reason
        held = withheld(entry) if run.kind == "escalation" else ""
        if held and output.occasion not in CALLS and outbox.reached(connection, address.channel, address.recipient, thread_of(entry)):
            held = ""  # who was called before it was part of the case hears how it goes on
        self._say(connection, entry, address, _OCCASIONS[output.occasion], reason, output.key, now, run, held)

    def _tell_again(self, connection: Connection, before: Entry, entry: Entry, live: Sequence[Run], now: datetime) -> None:
        """Those who were told hear of it when it hurts others, or hurts more; a mere change of wording tells nobody."""
        known = {hit.function for hit in before.exposure.hits}
        hit = [found.name for found in entry.exposure.hits if found.function not in known]
        if hit:
            reason = f"new functions hit: {', '.join(hit)}"
        elif entry.severity > before.severity:
            reason = f"severity rose from {before.severity.value} to {entry.severity.value}"
        else:
            return
        for run in live:
            for target in run.notified:
                for address in self._directory.addresses(target):
                    self._say(connection, entry, address, "updated", reason, f"v{entry.version}", now, run, withheld(entry))

    def _say(
        self, connection: Connection, entry: Entry, address: Address, occasion: Occasion, reason: str, key: str, now: datetime, run: Run,
        held: str = "",
    ) -> None:  # fmt: skip
        """Put the message in line; where it is ``held`` for a reason, only write it down with that."""
        others = [other for other in runs.of_risk(connection, entry.id, live=False) if other.risk.episode == run.risk.episode]
        targets = [target for each in (run, *others) for target in each.notified]
        told = tuple(dict.fromkeys(each.who for target in targets for each in self._directory.addresses(target)))
        message = announce(
            entry,
            now,
            channel=address.channel,
            recipient=address.recipient,
            reason=self._directory.named(reason),
            occasion=occasion,
            links=lambda verb: self._links(run.id if verb in ("approve", "decline") else entry.id, verb),
            told=tuple(who for who in told if who != address.who),
            step=key,
        )
        if held:
            outbox.hold(connection, message, held)
        else:
            outbox.add(connection, message)

    def _timers_of(self, connection: Connection, risk: str, now: datetime) -> None:
        """What was due before this input happens before it."""
        while True:
            dues = [(at, "risk", id_) for at, id_ in risks.due(connection, now) if id_ == risk]
            dues += [(at, "run", id_) for at, id_, of in runs.due(connection, now) if of == risk]
            if not dues:
                return
            at, kind, id_ = min(dues)
            (self._wake_risk if kind == "risk" else self._wake_run)(connection, id_, at)

    def _wake_risk(self, connection: Connection, id_: str, now: datetime) -> None:
        entry = risks.get(connection, id_)
        assert entry is not None
        event = due(entry, now, self._policy)
        after, changes = (entry, ()) if event is None else step(entry, event, now, self._policy)
        if after.wake_at is not None and after.wake_at <= now:
            raise RuntimeError(f"risk {id_} asked at {now} to be woken at {after.wake_at}, which is not later")
        risks.save(connection, after, changes)
        if isinstance(event, register.Rescore):
            self._rose(connection, entry, after, now)
        if event is not None and isinstance(event, register.Expire) and after.state is State.OPEN:
            self._escalate(connection, after, now)

    def _wake_run(self, connection: Connection, id_: str, now: datetime) -> None:
        run = runs.get(connection, id_)
        assert run is not None
        done = self._advance(connection, run, running.Woke(), now)
        if done.wake_at is not None and done.wake_at <= now:
            raise RuntimeError(f"run {id_} asked at {now} to be woken at {done.wake_at}, which is not later")


def _part_of(case: Entry) -> str:
    return f"part of {case.id}: {case.title}"
