"""Cases of runbooks and plans: what happens to a risk in, what the run asks for out, in virtual time.

    runbook: vendor-outage           # an id, contingency/ID for a plan, or the path of a file from here
    title: nobody answers            # what the case shows
    start: 2025-10-20T06:00:00Z      # the instant of +0m, when the run starts; 2025-01-06T00:00:00Z where absent
    risk: {title: Halcyon is down, functions: [support], plans: [model-api-failover]}
    at:                              # what people do and what happens
      +12m: [{acknowledged: mara}]
      +14m: [{approved: {by: ines, comment: go, roles: [incident-commander]}}]
      +15m: [{ticked: {item: room, by: mara, evidence: 40 % free}}, {paused: mara}, {resumed: mara}]
      +16m: [{declined: {by: ines}, refused: /asks for no decision/}]
      +30m: [{handed_over: {by: mara, to: ben, reason: end of my shift}}]
      +35m: [{call_ended: {ok: true, detail: answered 200}}]    # the call that the run waits for
      +40m: [{cleared: true}]
    expect:
      +0m: [{notify: role:on-call, occasion: first}, {step: answer}]
      +1m .. +9m: nothing
      +12m: [{ask: incident-commander, plan: model-api-failover, text: /Start/}, {state: awaiting_approval}]
      +14m: [{start_plan: model-api-failover}]
    until: +2h                       # a day after the last instant named where absent

Everything that the run asks for and that is not expected is a failure, before, between and after; ``nothing-else: false`` under
``expect`` allows it. ``step`` and ``state`` say where the run stands after all that happened at that instant. Further
words: ``closed``, ``roll_back`` and ``cancelled`` (``by``, ``reason``) under ``at``; ``set_risk``, ``call`` (the address of a webhook, with
its ``body``), ``approvals`` of a question and, of messages, ``reason`` and ``text`` under ``expect``. A text between slashes is a regular
expression that must be found.

Runbooks are looked for in ``runbooks/`` of every folder above the case, nearest first, then among those that are shipped. The run is
written down and read back after every step, as it is in production.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

import secondsource
from secondsource.contracts.durations import format_duration
from secondsource.contracts.yaml_positions import Document, Loc
from secondsource.domain.problems import Problem
from secondsource.plans import run as ev
from secondsource.plans.facts import RiskFacts
from secondsource.plans.interpreter import step
from secondsource.plans.load import read_file
from secondsource.plans.run import (
    AnyEvent,
    AnyOutput,
    CallEnded,
    CallWebhook,
    Notify,
    RequestApproval,
    Run,
    SetRisk,
    StartPlan,
    Step,
    call_key,
)
from secondsource.plans.schema import Drill, Runbook
from secondsource.testing.forms import Form

_KEYS = frozenset({"runbook", "title", "start", "risk", "at", "expect", "until"})
_START = datetime(2025, 1, 6, tzinfo=UTC)
_AFTER = timedelta(days=1)
_EVENTS: Mapping[str, type[ev.Event]] = {
    "acknowledged": ev.Acknowledged, "ticked": ev.Ticked, "approved": ev.Approved, "declined": ev.Declined,
    "cleared": ev.RiskCleared, "closed": ev.RiskClosed, "paused": ev.Paused, "resumed": ev.Resumed,
    "handed_over": ev.HandedOver, "call_ended": ev.CallEnded, "roll_back": ev.RollBack, "cancelled": ev.Cancelled,
}  # fmt: skip
_OUTPUTS = frozenset({"notify", "ask", "start_plan", "call", "set_risk"})
_DETAILS = frozenset({"occasion", "reason", "text", "plan", "approvals", "body"})
_STANDING = frozenset({"step", "state"})
_RISK = {"id": "risk-1", "rule": "vendor_outage", "severity": "high", "title": "A vendor is failing", "vendor": "vendor"}
_MOST_STEPS = 10_000
_AWAITED = ""  # in place of a call's key: the call that the run waits for


class Happening(msgspec.Struct, frozen=True):
    """An event of the case; ``refused`` is what its refusal must say, None where it must be accepted."""

    at: datetime
    event: AnyEvent
    refused: str | None
    loc: Loc


class Wanted(msgspec.Struct, frozen=True):
    """What must be there from ``at`` to ``until``; ``entry`` None stands for nothing at all."""

    at: datetime
    until: datetime
    entry: Mapping[str, Any] | None
    loc: Loc


def run(document: Document) -> list[Problem]:
    """Run the case in ``document``: what is wrong with it, or else how the run differs from what it expects."""
    form = Form(document)
    top = form.mapping(document.value, _KEYS)
    start = form.instant(top["start"], "start") if "start" in top else _START
    book = _runbook(form, top.get("runbook"))
    risk = form.convert({**_RISK, **top["risk"]} if isinstance(top.get("risk"), dict) else top.get("risk", _RISK), RiskFacts, "risk")
    if start is None or book is None or risk is None:
        return sorted(form.problems)
    happenings = _happenings(form, top.get("at", {}), start)
    wanted, nothing_else = _wanted(form, top.get("expect", {}), start)
    last = max((*(h.at for h in happenings), *(w.until for w in wanted)), default=start)
    offset = form.offset(top["until"], "until") if "until" in top else last + _AFTER - start
    if offset is not None and start + offset < last:
        form.complain("the case ends before the last thing in it", "until")
    if form.problems or offset is None:
        return sorted(form.problems)
    played = _play(form, book, risk, start, happenings, start + offset)
    return sorted([*form.problems, *_compare(document, start, played, wanted, nothing_else)])


def _runbook(form: Form, name: Any) -> Runbook | None:
    if not isinstance(name, str) or not name:
        form.complain("the id of a runbook belongs here, such as vendor-outage or contingency/model-api-failover", "runbook")
        return None
    here = Path(form.document.file).resolve().parent
    if name.endswith((".yaml", ".yml")):
        places = [here / name]
    else:
        below = [f"{name}.yaml"] if "/" in name else [f"escalation/{name}.yaml", f"contingency/{name}.yaml"]
        shipped = Path(secondsource.__file__).parent / "data" / "runbooks"
        places = [folder / path for folder in (*(up / "runbooks" for up in (here, *here.parents)), shipped) for path in below]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        form.complain(f"there is no runbook {name!r}: no runbooks/escalation/{name}.yaml in or above {here}", "runbook")
        return None
    content, _, problems = read_file(path)
    for problem in problems:
        form.complain(f"the runbook has a mistake: {problem}", "runbook")
    if isinstance(content, Drill):
        form.complain("a drill has no runs; name a runbook or a plan", "runbook")
        return None
    return content


def _happenings(form: Form, value: Any, start: datetime) -> list[Happening]:
    found = []
    for when, entries in form.mapping(value, frozenset(map(str, value)) if isinstance(value, dict) else frozenset(), "at").items():
        offset = form.offset(when, "at", when)
        for index, entry in enumerate(form.listed(entries, "at", when)):
            loc = ("at", when, index)
            words = form.mapping(entry, frozenset(_EVENTS) | {"refused"}, *loc)
            names = sorted(words.keys() & _EVENTS.keys())
            if len(names) != 1:
                form.complain(f"exactly one of {', '.join(sorted(_EVENTS))} belongs here", *loc)
                continue
            said = words[names[0]]
            fields = {} if said is True else {"by": said} if isinstance(said, str) else said
            if names[0] == "call_ended" and isinstance(fields, dict):
                fields = {"call": _AWAITED, **fields}
            event: Any = form.convert(fields, _EVENTS[names[0]], *loc, names[0])
            if event is not None and offset is not None:
                found.append(Happening(start + offset, event, words.get("refused"), loc))
    return sorted(found, key=lambda happening: happening.at)


def _wanted(form: Form, value: Any, start: datetime) -> tuple[list[Wanted], bool]:
    found: list[Wanted] = []
    nothing_else = True
    for when, entries in form.mapping(value, frozenset(map(str, value)) if isinstance(value, dict) else frozenset(), "expect").items():
        if when == "nothing-else":
            nothing_else = entries is not False
            continue
        first, dots, last = (part.strip() for part in when.partition(".."))
        begin = form.offset(first, "expect", when)
        end = form.offset(last, "expect", when) if dots else begin
        if begin is None or end is None:
            continue
        if entries in ("nothing", []):
            found.append(Wanted(start + begin, start + end, None, ("expect", when)))
            continue
        if dots:
            form.complain("over a span of time only `nothing` can be expected", "expect", when)
        for index, entry in enumerate(form.listed(entries, "expect", when)):
            words = form.mapping(entry, _OUTPUTS | _DETAILS | _STANDING, "expect", when, index)
            if len(words.keys() & _OUTPUTS) > 1 or not words.keys() & (_OUTPUTS | _STANDING):
                form.complain(f"one of {', '.join(sorted(_OUTPUTS | _STANDING))} belongs here", "expect", when, index)
                continue
            found.append(Wanted(start + begin, start + end, words, ("expect", when, index)))
    return found, nothing_else


def _play(
    form: Form, book: Runbook, risk: RiskFacts, start: datetime, happenings: list[Happening], until: datetime
) -> list[tuple[datetime, Step]]:
    played = [(start, step(book, None, ev.Started(risk), start))]

    def wake(limit: datetime) -> None:
        while (due := played[-1][1].wake_at) is not None and due <= limit and len(played) < _MOST_STEPS:
            played.append((due, step(book, _stored(played[-1][1].run), ev.Woke(), due)))

    for happening in happenings:
        wake(happening.at)
        run, event = _stored(played[-1][1].run), happening.event
        if isinstance(event, CallEnded) and event.call == _AWAITED:
            event = msgspec.structs.replace(event, call=call_key(run))
        done = step(book, run, event, happening.at)
        played.append((happening.at, done))
        if happening.refused is None and done.refused:
            form.complain(f"refused: {done.refused}", *happening.loc)
        elif happening.refused is not None and not (done.refused and _same(done.refused, happening.refused)):
            form.complain(f"a refusal was expected, got {done.refused or 'none'}", *happening.loc, "refused")
    wake(until)
    return played


def _stored(run: Run) -> Run:
    return msgspec.json.decode(msgspec.json.encode(run), type=Run)


def _facts(output: AnyOutput) -> dict[str, Any]:
    match output:
        case Notify():
            return {"notify": output.to, "occasion": output.occasion, "reason": output.reason, "text": output.text}
        case RequestApproval():
            return {"ask": output.role, "text": output.text, "plan": output.plan, "approvals": output.approvals}
        case StartPlan():
            return {"start_plan": output.plan}
        case CallWebhook():
            return {"call": output.url, "body": dict(output.body)}
        case SetRisk():
            return {"set_risk": output.verb, "reason": output.reason}


def _compare(
    document: Document, start: datetime, played: list[tuple[datetime, Step]], wanted: list[Wanted], nothing_else: bool
) -> list[Problem]:
    left = [(at, _facts(output)) for at, done in played for output in done.outputs]
    problems = []
    for item in wanted:
        if item.entry is None:
            continue
        standing = {name: value for name, value in item.entry.items() if name in _STANDING}
        if standing:
            problems += _standing(document, played, item, standing)
        if not item.entry.keys() & _OUTPUTS:
            continue
        details = {name: value for name, value in item.entry.items() if name not in _STANDING}
        match = next((got for got in left if got[0] == item.at and _fits(got[1], details)), None)
        if match is None:
            now = "; ".join(_line(at, facts, start) for at, facts in left if at == item.at)
            problems.append(document.problem(f"it did not come; at that time came {now or 'nothing else'}", *item.loc))
        else:
            left.remove(match)
    for at, facts in left:
        quiet = next((item for item in wanted if item.entry is None and item.at <= at <= item.until), None)
        if quiet is not None:
            problems.append(document.problem(f"nothing was expected, got {_line(at, facts, start)}", *quiet.loc))
        elif nothing_else:
            problems.append(document.problem(f"not expected: {_line(at, facts, start)}", "expect"))
    return problems


def _standing(document: Document, played: list[tuple[datetime, Step]], item: Wanted, wanted: dict[str, Any]) -> list[Problem]:
    run = next((done.run for at, done in reversed(played) if at <= item.at), played[0][1].run)
    got: dict[str, Any] = {"step": run.step or "none", "state": run.state.value}
    return [
        document.problem(f"{name}: expected {value}, the run is at {got[name]}", *item.loc, name)
        for name, value in wanted.items()
        if not _same(got[name], value)
    ]


def _fits(got: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(name in got and _same(got[name], value) for name, value in wanted.items())


def _same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
        return re.search(wanted[1:-1], str(got)) is not None
    return bool(got == wanted)


def _line(at: datetime, facts: Mapping[str, Any], start: datetime) -> str:
    return f"+{format_duration(at - start)} " + ", ".join(f"{name}: {value}" for name, value in facts.items() if value)
