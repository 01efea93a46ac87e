"""Walking from step to step until one waits: the part of the interpreter that all events share."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from secondsource.plans.placeholders import facts_for, fill
from secondsource.plans.run import (
    AnyOutput,
    Call,
    CallWebhook,
    Notify,
    RequestApproval,
    Run,
    RunLog,
    RunState,
    SetRisk,
    StartPlan,
    call_key,
)
from secondsource.plans.schema import ApproveVerb, Contingency, Runbook, StartPlanVerb, StepSpec, WebhookVerb

PROGRAM = "secondsource"
FITTING_PLAN = "${plan}"


class Walk:
    """One event's effect while it is worked out: the run as it changes, what it asks for, and what is written down."""

    def __init__(self, runbook: Runbook, run: Run, now: datetime, event: str, by: str = "") -> None:
        """``by`` is who may be said to ask for what the walk comes to: the person whose event it is, empty for nobody."""
        self.by = by
        self.runbook = runbook
        self.run = run
        self.now = now
        self.event = event
        self.outputs: list[AnyOutput] = []
        self.lines: list[RunLog] = []

    def text(self, text: str) -> str:
        """``text`` with its placeholders filled from the risk."""
        return fill(text, facts_for(self.runbook, self.run.risk))

    def log(self, text: str, actor: str = PROGRAM) -> None:
        """Write one line of history."""
        self.run = replace(self.run, seq=self.run.seq + 1)
        self.lines.append(RunLog(self.run.id, self.run.seq, self.now, actor, self.run.step, self.event, text))

    def tell(self, to: str, occasion: str, reason: str, point: str, text: str = "") -> None:
        """Ask for one message; ``point`` names the place in the run, for the key."""
        self.outputs.append(Notify(f"{self.run.id}/{point}/{to}", to, occasion, reason, text))

    def tell_all(self, occasion: str, reason: str) -> None:
        """Ask for a message to everyone told before."""
        for target in self.run.notified:
            self.tell(target, occasion, reason, occasion)

    def finish(self, state: RunState, outcome: str, actor: str = PROGRAM) -> None:
        """End the run."""
        self.log(f"{state.value}: {outcome}", actor)
        self.run = replace(self.run, state=state, outcome=outcome, step=None, since=self.now, until=None, remaining=None, resume_to=None)

    def leave_ack(self, step: str | None) -> None:
        """Go where an acknowledgement leads: to ``step``, or to the end."""
        if going := self._pass_ack(step):
            self.go(*going)

    def acked_since_entry(self) -> bool:
        """Whether the acknowledgement came while the run stood at the present step."""
        return self.run.acked_at is not None and self.run.since is not None and self.run.acked_at >= self.run.since

    def go(self, step: str | None, why: str) -> None:
        """Walk from ``step`` to the next one that waits, or to the end. ``why`` becomes the reason of messages on the way.

        Texts that were checked never come round to a step without a wait between; one that does is stopped here, so that
        no text can hold the program or send without end.
        """
        seen: set[str] = set()
        while True:
            if step is None:
                self.finish(RunState.DONE, "all steps are done")
                return
            spec = self.runbook.step(step)
            if spec is None or step in seen:
                said = "comes round again without a wait" if spec else "does not exist"
                self.finish(RunState.CANCELLED, f"step {step} {said}; correct the runbook")
                return
            seen.add(step)
            visits = {**self.run.visits, step: self.run.visits.get(step, 0) + 1}
            self.run = replace(self.run, step=step, since=self.now, until=None, visits=visits, asked_by=None, approvals=())
            arrived = self._enter(spec, why)
            if arrived is None:
                return
            step, why = arrived

    def _enter(self, spec: StepSpec, why: str) -> tuple[str | None, str] | None:
        """Do what the step says. The step to go on with and why, or None where the run stays, or has ended."""
        after = self.runbook.after(spec.id)
        point = f"{spec.id}/{self.run.visits[spec.id]}"
        if spec.notify:
            for target in dict.fromkeys(spec.notify.to):
                self.tell(target, spec.notify.occasion, why, point, self.text(spec.notify.text or ""))
            told = tuple(dict.fromkeys((*self.run.notified, *spec.notify.to)))
            self.run = replace(self.run, notified=told)
            self.log(f"told {', '.join(spec.notify.to)}: {why}")
            return after, why
        if spec.wait_ack:
            if self.run.acked_by is not None:
                return self._pass_ack(spec.wait_ack.on_ack)
            return self._stay(RunState.WAITING, spec.wait_ack.for_, "wait for an acknowledgement")
        if spec.wait:
            return self._stay(RunState.WAITING, spec.wait.for_, "wait")
        if spec.wait_clear:
            if self.run.cleared:
                return after, "the finding cleared"
            return self._stay(RunState.WAITING, spec.wait_clear.for_, "wait for the trouble to end")
        if spec.checklist:
            if all(f"{spec.id}/{item.id}" in self.run.ticks for item in spec.checklist.items):
                return after, f"all items of {spec.id} are done"
            return self._stay(RunState.RUNNING, spec.checklist.within, f"checklist of {len(spec.checklist.items)}")
        if spec.approve:
            return self._ask(spec.approve, point, after)
        if spec.start_plan:
            return self._start_plan(spec.start_plan, point, after, why)
        if spec.webhook:
            return self._call(spec.webhook, after)
        if spec.repeat:
            count = self.run.visits[spec.id]
            if count <= spec.repeat.times:
                return spec.repeat.from_, f"repeat {count} of {spec.repeat.times}: {why}"
            self.log(f"repeated {spec.repeat.times} times; goes on")
            return after, why
        if spec.mitigate:
            reason = self.text(spec.mitigate)
            self.outputs.append(SetRisk(f"{self.run.id}/{point}", "mitigate", reason))
            self.run = replace(self.run, engaged=True)
            self.log(f"mitigating: {reason}")
            return after, why
        if spec.note:
            self.log(self.text(spec.note))
            return after, why
        self.finish(RunState.DONE, self.text(spec.end or ""))
        return None

    def _pass_ack(self, step: str | None) -> tuple[str, str] | None:
        said = f"acknowledged by {self.run.acked_by}"
        if step is None:
            self.finish(RunState.DONE, said)
            return None
        return step, said

    def _stay(self, state: RunState, length: timedelta, what: str) -> tuple[str | None, str] | None:
        self.run = replace(self.run, state=state, until=self.now + length)
        self.log(f"{what}, until {(self.now + length).isoformat()}")
        return None

    def _plan(self, name: str) -> str | None:
        if name != FITTING_PLAN:
            return name
        return self.run.risk.plans[0] if self.run.risk.plans else None

    def _ask(self, ask: ApproveVerb, point: str, after: str | None) -> tuple[str | None, str] | None:
        plan = self._plan(ask.plan) if ask.plan else None
        if ask.plan and plan is None:
            self.log("no plan fits the risk: nobody is asked")
            return ask.otherwise or after, "no plan fits the risk"
        if plan is None and isinstance(self.runbook, Contingency):
            plan = self.runbook.id
        until = self.now + ask.within
        self.run = replace(self.run, asked_by=self.by or None)
        self.outputs.append(RequestApproval(f"{self.run.id}/{point}", ask.by, ask.within, until, self.text(ask.text), plan, ask.approvals))
        whom = ask.by if ask.approvals == 1 else f"{ask.approvals} people with the role {ask.by}"
        return self._stay(RunState.AWAITING_APPROVAL, ask.within, f"ask {whom}: {self.text(ask.text)}")

    def _call(self, hook: WebhookVerb, after: str | None) -> tuple[str | None, str] | None:
        body = {name: self.text(value) for name, value in hook.body.items()}
        self.run = replace(self.run, engaged=True)
        if self.run.risk.exercise is not None:
            told = ", ".join(f"{name}: {value}" for name, value in body.items()) or "no fields"
            self.log(f"would call {hook.url} with {told}; in a drill nothing is called")
            return hook.on_success or after, f"{hook.url} would have been called"
        key, until = call_key(self.run), self.now + hook.within
        self.run = replace(self.run, calls={**self.run.calls, key: Call(self.now)})
        self.outputs.append(CallWebhook(key, hook.url, body, until, hook.timeout, hook.auth, hook.expect))
        return self._stay(RunState.WAITING, hook.within, f"call {hook.url}")

    def _start_plan(self, start: StartPlanVerb, point: str, after: str | None, why: str) -> tuple[str | None, str]:
        plan = self._plan(start.plan)
        if plan is None:
            self.log("no plan fits the risk")
            return start.otherwise or after, "no plan fits the risk"
        self.outputs.append(StartPlan(f"{self.run.id}/{point}", plan))
        self.log(f"start plan {plan}: {why}")
        return after, why
