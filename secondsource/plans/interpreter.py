"""One event of one run. Pure: the runbook, the run and the time go in; the new run and what it asks for come out."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from secondsource.contracts.durations import format_duration
from secondsource.domain.ids import short_id
from secondsource.plans import run as ev
from secondsource.plans.facts import RiskFacts
from secondsource.plans.run import AnyEvent, Run, RunState, Step, Tick, call_key
from secondsource.plans.schema import Escalation, Runbook, StepSpec
from secondsource.plans.transitions import allowed
from secondsource.plans.walk import PROGRAM, Walk


def run_id(runbook: str, risk: RiskFacts, at: datetime, nth: int = 1) -> str:
    """The name of the ``nth`` run of ``runbook`` that starts for ``risk`` at ``at``."""
    return short_id("run", runbook, risk.id, risk.episode, risk.exercise, at, *([nth] if nth > 1 else []))


def wake_of(run: Run) -> datetime | None:
    """When the run wants to be woken, None for never: paused and ended runs have no timer."""
    return run.until if run.state in (RunState.RUNNING, RunState.WAITING, RunState.AWAITING_APPROVAL) else None


def step(runbook: Runbook, run: Run | None, event: AnyEvent, now: datetime) -> Step:
    """What ``event`` does to ``run`` at ``now`` (UTC).

    ``run`` is None for :class:`~secondsource.plans.run.Started`, and only then. ``runbook`` must be the text that the run
    began with (``runbook.digest == run.version``). ``ValueError`` when either is not so. An event that the state does not
    allow is refused with a sentence; it never raises, for people click late and timers come twice.
    """
    if run is None:
        if not isinstance(event, ev.Started):
            raise ValueError(f"{type(event).__name__} needs a run; only Started begins one")
        return _start(runbook, event, now)
    if runbook.digest != run.version:
        raise ValueError(f"run {run.id} began with version {run.version} of {run.runbook}, not with {runbook.digest}")
    if not allowed(run.state, event):
        return _refuse(run, f"the run is {_words(run.state)}; {type(event).__name__.lower()} has no meaning then")
    walk = Walk(runbook, run, now, type(event).__name__, "" if isinstance(event, ev.Approved | ev.Declined) else getattr(event, "by", ""))
    match event:
        case ev.Woke():
            refused = _woke(walk)
        case ev.Acknowledged():
            refused = _acknowledged(walk, event)
        case ev.Ticked():
            refused = _ticked(walk, event)
        case ev.Approved() | ev.Declined():
            refused = _decided(walk, event)
        case ev.RiskCleared() | ev.RiskClosed():
            refused = _over(walk, event)
        case ev.Paused():
            refused = _paused(walk, event)
        case ev.Resumed():
            refused = _resumed(walk, event)
        case ev.HandedOver():
            refused = _handed_over(walk, event)
        case ev.CallEnded():
            refused = _call_ended(walk, event)
        case ev.RollBack():
            refused = _roll_back(walk, event)
        case ev.Cancelled():
            refused = ""
            walk.finish(RunState.CANCELLED, f"cancelled by {event.by}" + (f": {event.reason}" if event.reason else ""), event.by)
        case ev.RiskChanged():
            refused = _risk_changed(walk, event)
        case ev.Started():
            refused = "the run has started already"
    if refused:
        return _refuse(run, refused)
    return Step(walk.run, tuple(walk.outputs), tuple(walk.lines), wake_of(walk.run))


def _refuse(run: Run, why: str) -> Step:
    return Step(run, wake_at=wake_of(run), refused=why)


def _words(state: RunState) -> str:
    return state.value.replace("_", " ")


def _start(runbook: Runbook, event: ev.Started, now: datetime) -> Step:
    run = Run(
        id=run_id(runbook.id, event.risk, now, event.nth),
        runbook=runbook.id,
        kind=runbook.kind,
        version=runbook.digest,
        risk=event.risk,
        state=RunState.RUNNING,
        started_at=now,
        holder=event.by if event.by != PROGRAM else None,
    )
    walk = Walk(runbook, run, now, "Started", event.by if event.by != PROGRAM else "")
    walk.log(f"{runbook.title} (version {runbook.version}) started for {event.risk.id}: {event.risk.title}", event.by)
    why = f"{event.risk.rule} opened" if isinstance(runbook, Escalation) else f"the plan {runbook.title} has begun"
    walk.go(runbook.steps[0].id, why)
    return Step(walk.run, tuple(walk.outputs), tuple(walk.lines), wake_of(walk.run))


def _standing(walk: Walk) -> StepSpec | None:
    return walk.runbook.step(walk.run.step) if walk.run.step else None


def _woke(walk: Walk) -> str:
    run, spec = walk.run, _standing(walk)
    if spec is None or run.until is None or walk.now < run.until:
        return f"nothing is due before {run.until.isoformat()}" if run.until else "no timer is set"
    if spec.wait_ack:
        length = format_duration(spec.wait_ack.for_)
        walk.log(f"nobody answered within {length}")
        walk.go(spec.wait_ack.on_timeout or walk.runbook.after(spec.id), f"escalated: nobody answered within {length}")
    elif spec.wait:
        walk.go(walk.runbook.after(spec.id), f"{format_duration(spec.wait.for_)} have passed")
    elif spec.wait_clear:
        length = format_duration(spec.wait_clear.for_)
        walk.log(f"still in trouble after {length}")
        walk.go(spec.wait_clear.on_timeout, f"still in trouble after {length}")
    elif spec.approve:
        length = format_duration(spec.approve.within)
        walk.log(f"{spec.approve.by} did not decide within {length}")
        walk.go(spec.approve.on_timeout, f"escalated: {spec.approve.by} did not decide within {length}")
    elif spec.webhook:
        why = f"{spec.webhook.url} did not answer as expected within {format_duration(spec.webhook.within)}"
        walk.log(why)
        walk.go(spec.webhook.on_failure, f"failed: {why}")
    elif spec.checklist:
        left = sum(f"{spec.id}/{item.id}" not in run.ticks for item in spec.checklist.items)
        why = f"{left} of {len(spec.checklist.items)} items still open after {format_duration(spec.checklist.within)}"
        walk.log(why)
        walk.go(spec.checklist.on_timeout, f"late: {why}")
    return ""


def _acknowledged(walk: Walk, event: ev.Acknowledged) -> str:
    if walk.run.acked_by is not None:
        return f"already acknowledged by {walk.run.acked_by}"
    walk.run = replace(walk.run, acked_by=event.by, acked_at=walk.now, holder=walk.run.holder or event.by)
    walk.log("acknowledged", event.by)
    if isinstance(walk.runbook, Escalation):
        walk.tell_all("acknowledged", f"acknowledged by {event.by}")
    if walk.run.state is RunState.WAITING:
        _stop_escalation(walk)
    return ""


def _stop_escalation(walk: Walk) -> None:
    """Leave a wait that an acknowledgement ends: any of an escalation, except the one for the end of the trouble."""
    spec = _standing(walk)
    if spec is None:
        return
    if spec.wait_ack:
        walk.leave_ack(spec.wait_ack.on_ack)
    elif spec.wait and isinstance(walk.runbook, Escalation):
        walk.leave_ack(walk.runbook.on_ack)


def _ticked(walk: Walk, event: ev.Ticked) -> str:
    spec = _standing(walk)
    if spec is None or spec.checklist is None:
        return "the run stands at no checklist"
    item = next((item for item in spec.checklist.items if item.id == event.item), None)
    if item is None:
        return f"no item {event.item!r} here; the items are {', '.join(item.id for item in spec.checklist.items)}"
    key = f"{spec.id}/{item.id}"
    if key in walk.run.ticks:
        return f"already done by {walk.run.ticks[key].by}"
    if item.evidence and not event.evidence.strip():
        return f"{item.id} needs a word on what was seen"
    ticks = {**walk.run.ticks, key: Tick(event.by, walk.now, event.evidence)}
    walk.run = replace(walk.run, ticks=ticks, engaged=True)
    walk.log(f"done: {walk.text(item.text)}" + (f" ({event.evidence})" if event.evidence else ""), event.by)
    if all(f"{spec.id}/{each.id}" in ticks for each in spec.checklist.items):
        walk.go(walk.runbook.after(spec.id), f"all items of {spec.id} are done")
    return ""


def _decided(walk: Walk, event: ev.Approved | ev.Declined) -> str:
    spec, until = _standing(walk), walk.run.until
    if spec is None or spec.approve is None:
        return "the run asks for no decision"
    if event.roles is not None and spec.approve.by not in event.roles:
        return f"{event.by} does not have the role {spec.approve.by}"
    if until is not None and walk.now >= until:
        return f"the question lapsed at {until.isoformat()}"
    verb = "approved" if isinstance(event, ev.Approved) else "declined"
    said = f"{verb} by {event.by}" + (f": {event.comment}" if event.comment else "")
    if isinstance(event, ev.Approved) and spec.approve.approvals > 1:
        if why := _one_of_several(walk.run, event.by):
            return why
        given = (*walk.run.approvals, event.by)
        walk.run = replace(walk.run, approvals=given)
        if len(given) < spec.approve.approvals:
            walk.log(f"{said} ({len(given)} of {spec.approve.approvals})", event.by)
            return ""
        said = f"approved by {', '.join(given)}" + (f": {event.comment}" if event.comment else "")
    walk.log(said, event.by)
    yes = spec.approve.on_approve or walk.runbook.after(spec.id)
    walk.go(yes if isinstance(event, ev.Approved) else spec.approve.on_decline, said)
    return ""


def _one_of_several(run: Run, by: str) -> str:
    """Why ``by`` can not be one of the different people who must say yes; empty where they can."""
    if by.startswith("key:"):
        return f"several people must say yes, and {by} is a key that belongs to nobody"
    if by in run.approvals:
        return f"{by} has said yes already; somebody else must, too"
    if by == run.asked_by:
        return f"{by} brought the run to this question; others must answer it"
    return ""


def _handed_over(walk: Walk, event: ev.HandedOver) -> str:
    if not event.reason.strip():
        return "a hand-over needs a reason"
    target = event.to if event.to.startswith("person:") else f"person:{event.to}"
    if event.to in (walk.run.holder, (walk.run.holder or "").removeprefix("person:")):
        return f"{event.to} has it already"
    before = f" from {walk.run.holder}" if walk.run.holder else ""
    walk.run = replace(walk.run, holder=event.to, notified=tuple(dict.fromkeys((*walk.run.notified, target))))
    walk.log(f"handed over{before} to {event.to}: {event.reason}", event.by)
    walk.tell(target, "handed_over", f"handed over to you by {event.by}: {event.reason}", f"handed-over/{walk.run.seq}")
    return ""


def _call_ended(walk: Walk, event: ev.CallEnded) -> str:
    call = walk.run.calls.get(event.call)
    if call is None:
        return f"the run asked for no call {event.call!r}"
    if call.ended_at is not None:
        return "it is known already how that call ended"
    ended = replace(call, ended_at=walk.now, ok=event.ok, detail=event.detail)
    walk.run = replace(walk.run, calls={**walk.run.calls, event.call: ended})
    awaited = event.call == call_key(walk.run)
    said = f"the call {'succeeded' if event.ok else 'failed'}" + (f": {event.detail}" if event.detail else "")
    walk.log(said if awaited else f"{said}; the run had gone on")
    if awaited and walk.run.state is RunState.WAITING:
        _leave_call(walk)
    return ""


def _leave_call(walk: Walk) -> None:
    """Go where the end of the call leads that the run stands at."""
    spec, call = _standing(walk), walk.run.calls[call_key(walk.run)]
    hook = spec.webhook if spec is not None else None
    assert hook is not None, "only a webhook step asks for a call"
    if call.ok:
        walk.go(hook.on_success or walk.runbook.after(walk.run.step or ""), f"{hook.url} was called")
    else:
        walk.go(hook.on_failure, f"failed: {hook.url}: {call.detail}")


def _over(walk: Walk, event: ev.RiskCleared | ev.RiskClosed) -> str:
    if isinstance(event, ev.RiskCleared):
        if walk.run.cleared:
            return "the finding has cleared already"
        actor, occasion, why = PROGRAM, "cleared", "the finding cleared"
        walk.run = replace(walk.run, cleared=True)
    else:
        actor, occasion, why = event.by or PROGRAM, "update", "the risk was closed" + (f" by {event.by}" if event.by else "")
    if walk.run.state.over:
        walk.log(why, actor)
        walk.tell_all(occasion, why)
        return ""
    spec = _standing(walk)
    if isinstance(event, ev.RiskCleared) and spec is not None and spec.wait_clear and walk.run.state is RunState.WAITING:
        if isinstance(walk.runbook, Escalation):
            walk.tell_all(occasion, why)
        walk.log(why, actor)
        walk.go(walk.runbook.after(spec.id), why)
    elif isinstance(walk.runbook, Escalation) or not walk.run.engaged:
        walk.run = replace(walk.run, cleared=True)
        walk.tell_all(occasion, why)
        walk.finish(RunState.CANCELLED, f"{why}; nothing more is asked", actor)
    else:
        # the load is between two places: the program must not decide alone that it stays there
        walk.log(f"{why} while the plan is under way; it goes on until a person ends it or rolls it back", actor)
        walk.tell(f"role:{walk.runbook.decision_owner}", "roll_back", f"{why} while the plan is under way", f"over/{walk.run.seq}")
    return ""


def _paused(walk: Walk, event: ev.Paused) -> str:
    run = walk.run
    left = max(run.until - walk.now, timedelta(0)) if run.until else None
    walk.run = replace(run, state=RunState.PAUSED, resume_to=run.state, remaining=left, until=None)
    walk.log("paused", event.by)
    return ""


def _resumed(walk: Walk, event: ev.Resumed) -> str:
    run, spec = walk.run, _standing(walk)
    until = walk.now + run.remaining if run.remaining is not None else None
    walk.run = replace(run, state=run.resume_to or RunState.WAITING, until=until, remaining=None, resume_to=None)
    walk.log("resumed", event.by)
    if spec is not None and spec.webhook:
        if walk.run.calls[call_key(walk.run)].ended_at is not None:
            _leave_call(walk)
    elif walk.run.acked_by is not None and walk.run.state is RunState.WAITING and walk.acked_since_entry():
        _stop_escalation(walk)
    elif spec is not None and spec.wait_clear and walk.run.cleared:
        walk.go(walk.runbook.after(spec.id), "the finding cleared")
    return ""


def _roll_back(walk: Walk, event: ev.RollBack) -> str:
    if isinstance(walk.runbook, Escalation):
        return "an escalation has no way back; cancel it"
    walk.run = replace(walk.run, remaining=None, resume_to=None)
    why = f"roll-back begun by {event.by}" + (f": {event.reason}" if event.reason else "")
    walk.log(why, event.by)
    walk.go(walk.runbook.rollback, why)
    return ""


def _risk_changed(walk: Walk, event: ev.RiskChanged) -> str:
    old, new = walk.run.risk, event.risk
    if (old.id, old.episode, old.exercise) != (new.id, new.episode, new.exercise):
        return f"the run is about {old.id}, episode {old.episode or 'none'}"
    if old != new:
        walk.run = replace(walk.run, risk=new)
        walk.log(f"the risk changed: {new.severity.value}: {new.title}")
    return ""
