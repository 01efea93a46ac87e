"""The transition table against the interpreter: every state with every event, and random runs of random runbooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondsource.plans import run as ev
from secondsource.plans.interpreter import step
from secondsource.plans.run import AnyEvent, Notify, Run, RunState, Step
from secondsource.plans.schema import Contingency, Escalation
from secondsource.plans.transitions import TRANSITIONS
from tests.unit.plans.books import BOOK, PAGE, PLAN, RISK, T0, at, begin, contingency, escalation, play

WATCH = escalation({"id": "watch", "wait_clear": {"for": "9h", "on_timeout": "over"}}, {"id": "over", "end": "over"})
CHORES = escalation(
    {"id": "do", "checklist": {"items": [{"id": "route", "text": "x"}], "within": "9h", "on_timeout": "over"}},
    {"id": "over", "end": "over"},
)
BREATHE = escalation(PAGE, {"id": "breathe", "wait": {"for": "9h"}})
ASKING = contingency(
    {"id": "ask", "approve": {"by": "commander", "within": "9h", "text": "?", "on_decline": "no", "on_timeout": "no"}},
    {"id": "no", "end": "no"},
)

CALLING = contingency(
    {"id": "call", "webhook": {"url": "https://automation.example/x", "within": "10m", "on_failure": "by-hand"}},
    {"id": "hold", "wait": {"for": "9h"}},
    {"id": "by-hand", "checklist": {"items": [{"id": "route", "text": "x"}], "within": "1h", "on_timeout": "ask"}},
    {"id": "ask", "approve": {"by": "commander", "within": "1h", "text": "?", "on_decline": "no", "on_timeout": "no"}},
    {"id": "no", "end": "no"},
)
CALL_ID = f"{begin(CALLING).run.id}/call/1"
TWO = contingency(
    {"id": "ask", "approve": {"by": "commander", "approvals": 2, "within": "9h", "text": "?", "on_decline": "no", "on_timeout": "no"}},
    {"id": "no", "end": "no"},
)

EVENTS: dict[str, list[AnyEvent]] = {
    "Started": [ev.Started(RISK)],
    "RiskChanged": [ev.RiskChanged(msgspec.structs.replace(RISK, title="worse"))],
    "Acknowledged": [ev.Acknowledged("mara")],
    "Ticked": [ev.Ticked("route", "mara"), ev.Ticked("see", "mara", "ok"), ev.Ticked("return", "mara")],
    "Approved": [ev.Approved("ines")],
    "Declined": [ev.Declined("ines", "no", ("commander",))],
    "Woke": [ev.Woke()],
    "RiskCleared": [ev.RiskCleared()],
    "RiskClosed": [ev.RiskClosed("mara")],
    "Paused": [ev.Paused("mara")],
    "Resumed": [ev.Resumed("mara")],
    "HandedOver": [ev.HandedOver("mara", "ben", "end of shift")],
    "CallEnded": [ev.CallEnded(CALL_ID, True, "answered 200"), ev.CallEnded(CALL_ID, False, "answered 403")],
    "RollBack": [ev.RollBack("mara")],
    "Cancelled": [ev.Cancelled("mara")],
}


def samples() -> list[tuple[Escalation | Contingency, Run]]:
    ack, yes = ev.Acknowledged("mara"), ev.Approved("ines")
    ticked: list[tuple[float, AnyEvent]] = [(1, ev.Ticked("route", "mara")), (2, ev.Ticked("see", "mara", "ok"))]
    found: list[tuple[Escalation | Contingency, Run]] = []
    for book, events in [
        (BOOK, []), (BOOK, [(1.0, ack)]), (BOOK, [(1.0, ack), (2.0, yes)]), (BOOK, [(1.0, ev.Paused("mara"))]),
        (BOOK, [(60.0, ev.RiskChanged(RISK))]), (BOOK, [(1.0, ack), (2.0, ev.Paused("mara"))]), (BOOK, [(1.0, ev.Cancelled("mara"))]),
        (BOOK, [(1.0, ev.RiskCleared())]), (PLAN, []), (PLAN, ticked), (PLAN, [*ticked, (3.0, ev.RiskCleared())]),
        (PLAN, [*ticked, (3.0, ev.Paused("mara"))]), (PLAN, [(1.0, ev.Cancelled("mara"))]), (WATCH, []), (CHORES, []), (BREATHE, []),
        (CHORES, [(1.0, ev.Paused("mara"))]), (ASKING, []), (ASKING, [(1.0, ev.Declined("ines"))]),
        (ASKING, [(1.0, ev.Paused("mara"))]), (CALLING, []), (CALLING, [(1.0, ev.Paused("mara"))]),
        (CALLING, [(1.0, ev.Cancelled("mara"))]),
        (CALLING, [(20.0, ev.RiskChanged(RISK))]), (CALLING, [(100.0, ev.RiskChanged(RISK))]), (CALLING, [(300.0, ev.RiskChanged(RISK))]),
        (CALLING, [(1.0, ev.CallEnded(CALL_ID, True))]), (TWO, []), (TWO, [(1.0, ev.Approved("ines"))]),
    ]:  # fmt: skip
        found.append((book, play(book, *events)[-1].run))
    return found


SAMPLES = samples()


def test_events_are_all_here() -> None:
    assert {event.__name__ for event in get_args(AnyEvent)} == EVENTS.keys()
    assert {run.state for _, run in SAMPLES} == set(RunState)


@pytest.mark.parametrize("name", sorted(EVENTS))
@pytest.mark.parametrize("state", RunState)
def test_what_is_not_in_the_table_is_refused_and_what_is_in_it_happens(state: RunState, name: str) -> None:
    known = TRANSITIONS.get((state, type(EVENTS[name][0])))
    accepted = 0
    for book, run in SAMPLES:
        if run.state is not state:
            continue
        for event in EVENTS[name]:
            due = run.until or at(600)
            found = step(book, run, event, due if name == "Woke" else due - timedelta(minutes=1))
            if found.refused:
                assert (found.run, found.outputs, found.log) == (run, (), ())
            else:
                assert known is not None, f"{name} was accepted in {state}"
                assert found.run.state in known
                assert found.log
                accepted += 1
    assert bool(accepted) == (known is not None)


@pytest.mark.parametrize("state", [RunState.DONE, RunState.CANCELLED])
def test_nothing_comes_back_from_the_end(state: RunState) -> None:
    assert {to for (start, _), to in TRANSITIONS.items() if start is state} <= {frozenset({state}), frozenset({state, RunState.CANCELLED})}
    for book, run in SAMPLES:
        for event in [event for events in EVENTS.values() for event in events]:
            if run.state is state:
                assert step(book, run, event, at(900)).run.state is state


MOST_STEPS = 60
IDS = ["a", "b", "c", "d", "e"]
ids = st.sampled_from(IDS)
spans = st.sampled_from(["1m", "5m", "10m", "1h"])
verbs: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda to: {"notify": {"to": [to]}}, st.sampled_from(["role:on-call", "role:lead"])),
    st.builds(lambda f, a, t: {"wait_ack": {"for": f, "on_ack": a, "on_timeout": t}}, spans, st.none() | ids, st.none() | ids),
    st.builds(lambda f: {"wait": {"for": f}}, spans),
    st.builds(lambda f, t: {"wait_clear": {"for": f, "on_timeout": t}}, spans, ids),
    st.builds(
        lambda a, f, p, n, o: {
            "approve": {"by": "commander", "approvals": a, "within": f, "text": "?", "plan": p, "on_decline": n, "on_timeout": o}
        },
        st.integers(1, 2), spans, st.none() | st.just("${plan}"), ids, ids,
    ),
    st.builds(
        lambda f, t: {"checklist": {"items": [{"id": "route", "text": "x"}, {"id": "see", "text": "y"}], "within": f, "on_timeout": t}},
        spans, ids,
    ),
    st.just({"start_plan": {"plan": "${plan}"}}),
    st.builds(lambda i, n: {"repeat": {"from": i, "times": n}}, ids, st.integers(1, 3)),
    st.builds(
        lambda w, s, f: {"webhook": {"url": "https://automation.example/x", "within": w, "on_success": s, "on_failure": f}},
        spans, st.none() | ids, ids,
    ),
    st.just({"mitigate": "moving"}),
    st.just({"note": "noted"}),
    st.just({"end": "over"}),
)  # fmt: skip
bodies = st.lists(verbs, min_size=5, max_size=5)
nexts = st.lists(st.none() | ids, min_size=5, max_size=5)
happenings = st.lists(
    st.tuples(st.sampled_from([event for events in EVENTS.values() for event in events]), st.integers(0, 90)), max_size=12
)


@settings(max_examples=80, deadline=None)
@given(bodies, nexts, st.booleans(), happenings)
def test_any_run_of_any_text_keeps_the_promises(
    verbs: list[dict[str, Any]], nexts: list[str | None], plan: bool, events: list[tuple[AnyEvent, int]]
) -> None:
    steps = [{"id": id, **verb, "next": follow} for id, verb, follow in zip(IDS, verbs, nexts, strict=True)]
    book = contingency(*steps, rollback="c") if plan else escalation(*steps)
    now, last = T0, begin(book)
    seen: list[Step] = [last]
    for event, minutes in events:
        now += timedelta(minutes=minutes)
        while last.wake_at is not None and last.wake_at <= now:
            if len(seen) > MOST_STEPS:
                return  # a reminder that comes for ever; it kept the promises so far
            last = step(book, last.run, ev.Woke(), last.wake_at)
            assert not last.refused
            seen.append(last)
        before, last = last.run, step(book, last.run, event, now)
        if last.refused:
            assert last.run == before
        else:
            assert last.run.state in TRANSITIONS[before.state, type(event)]
        seen.append(last)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(last.run), type=Run) == last.run
        if last.run.state in (RunState.PAUSED, RunState.DONE, RunState.CANCELLED):
            assert last.wake_at is None
        else:
            assert last.wake_at is not None
            assert last.wake_at >= now
    keys = [output.key for each in seen for output in each.outputs]
    assert len(keys) == len(set(keys))
    assert [line.seq for each in seen for line in each.log] == list(range(1, last.run.seq + 1))
    if not plan:
        cleared = next((n for n, each in enumerate(seen) if each.run.cleared), len(seen))
        late = [o for each in seen[cleared + 1 :] for o in each.outputs]
        if seen[min(cleared, len(seen) - 1)].run.state.over:
            assert {o.occasion if isinstance(o, Notify) else "?" for o in late} <= {"acknowledged"}
