"""What may happen to a risk, and what it comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from secondsource.adapters.sql.rows import from_json, to_json
from secondsource.domain.exposure import expose
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import (
    EVENTS,
    Accept,
    Acknowledge,
    AnyEvent,
    Change,
    Close,
    Entry,
    Expire,
    Fold,
    Mitigate,
    Policy,
    Refused,
    Reopen,
    Rescore,
    Settle,
    State,
    event_of,
    name_of,
    risk_id,
)
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal
from secondsource.domain.transitions import TABLE, due, step
from tests.support.company import EAST, T0, at, company, outage

ANA = "person:ana"
DAY = timedelta(days=1)
CONTEXT = company()
PLAN = PlanNote("failover", "failover plan", passed_at=T0 - timedelta(days=12))


def heard(signal: Signal) -> AnyEvent:
    return event_of(signal, expose(signal, signal.at, CONTEXT))


def opened(after: float = 0, **changes: object) -> AnyEvent:
    return heard(outage(Phase.OPENED, now=at(after), since=at(after), **changes))  # type: ignore[arg-type]


def updated(after: float, severity: Severity = Severity.HIGH, episode: datetime = T0) -> AnyEvent:
    return heard(outage(Phase.UPDATED, now=at(after), severity=severity, episode=episode))


def cleared(after: float, episode: datetime = T0) -> AnyEvent:
    return heard(outage(Phase.CLEARED, now=at(after), title="Halcyon AI: no longer in trouble", episode=episode))


def play(*events: tuple[float, AnyEvent], entry: Entry | None = None) -> Entry:
    for after, event in events:
        entry, _ = step(entry, event, at(after))
    assert entry is not None
    return entry


OPEN = play((0, opened()))
ENTRIES: dict[State | None, Entry | None] = {
    None: None,
    State.OPEN: OPEN,
    State.ACKNOWLEDGED: play((1, Acknowledge(ANA)), entry=OPEN),
    State.MITIGATING: play((1, Mitigate(ANA)), entry=OPEN),
    State.MONITORING: play((1, Mitigate(ANA)), (2, cleared(2)), entry=OPEN),
    # Accepted while the finding was slight: severity high.
    State.ACCEPTED: play((1, Accept(ANA, at(1) + DAY, "cheaper than moving")), entry=play((0, opened(severity=Severity.INFO)))),
    State.CLOSED: play((2, cleared(2)), entry=OPEN),
}
LATER = at(3) + 2 * DAY
NEW = 3 + 2 * 24 * 60
PROBES: dict[str, tuple[AnyEvent, ...]] = {
    "opened": (opened(NEW), opened(NEW, severity=Severity.INFO, scopes=(Scope("gpuco"),))),
    "updated": (updated(NEW, Severity.INFO), updated(NEW, episode=at(NEW)), updated(NEW, Severity.CRITICAL)),
    "cleared": (cleared(NEW),),
    "acknowledge": (Acknowledge(ANA),),
    "mitigate": (Mitigate(ANA),),
    "accept": (Accept(ANA, LATER + DAY, "we can wait"),),
    "close": (Close(ANA, "not ours"),),
    "reopen": (Reopen(ANA, "closed too early"),),
    "expire": (Expire(),),
    "settle": (Settle(),),
    "rescore": (Rescore(),),
    "fold": (Fold("R-case", "part of a case"), Fold(None, "on its own")),
}


def test_every_state_and_every_event_is_probed() -> None:
    assert set(ENTRIES) == {None, *State}
    assert set(PROBES) == {name_of(event) for event in EVENTS}
    assert {state for state, entry in ENTRIES.items() if entry is not None and entry.state is not state} == set()


@pytest.mark.parametrize("event", PROBES)
@pytest.mark.parametrize("state", ENTRIES, ids=str)
def test_what_is_not_in_the_table_is_refused_and_what_is_leads_where_it_says(state: State | None, event: str) -> None:
    entry = ENTRIES[state]
    if (state, event) not in TABLE:
        for probe in PROBES[event]:
            with pytest.raises(Refused) as refused:
                step(entry, probe, LATER)
            assert (refused.value.state, refused.value.event) == (state, event)
            assert refused.value.why
        return
    starts = [entry]
    if state is State.ACCEPTED:  # what expires depends on whether detection still fires
        starts.append(play((2, cleared(2)), entry=entry))
    reached = {step(start, probe, LATER)[0].state for start in starts for probe in PROBES[event]}
    assert reached == set(TABLE[state, event])


def test_the_first_row_tells_all_numbers_with_their_reasons() -> None:
    entry, (change,) = step(None, opened(), T0)
    assert entry.id == change.risk == risk_id("vendor_outage", "halcyon") == "R-" + entry.id[2:]
    assert (change.seq, entry.version, change.actor, change.event) == (1, 1, "detection", "opened")
    assert (change.from_state, change.to_state, change.at) == (None, State.OPEN, T0)
    assert change.reason == "its page says major outage"
    assert {number.name: number.after for number in change.numbers} == {
        "severity": "critical",
        "inherent": "5 x 5 = 25",
        "current": "5 x 4 = 20",
        "residual": "5 x 4 = 20",
        "hurts_at": at(30).isoformat(),
    }
    assert all(number.reason for number in change.numbers if number.name != "hurts_at")
    assert entry.owner == "ana"


def test_a_drill_is_a_risk_of_its_own() -> None:
    assert play((0, opened(exercise="drill-1"))).id != OPEN.id


def test_the_same_signal_twice_changes_nothing() -> None:
    event = updated(5, Severity.MEDIUM)
    once, changes = step(OPEN, event, at(5))
    assert len(changes) == 1
    assert step(once, event, at(6)) == (once, ())
    assert step(once, opened(), at(6)) == (once, ())


def test_two_signals_of_one_instant_are_both_heard_and_both_known_again() -> None:
    one, two = updated(5, Severity.MEDIUM), updated(5, Severity.LOW)
    both = play((5, one), (5, two), entry=OPEN)
    assert both.version == 3
    assert step(both, one, at(5)) == (both, ())
    assert step(both, two, at(5)) == (both, ())


def test_the_end_of_another_episode_is_not_the_end_of_this_one() -> None:
    assert step(OPEN, cleared(5, episode=at(-60)), at(5)) == (OPEN, ())


def test_a_clear_closes_what_nobody_works_on_and_keeps_what_it_was() -> None:
    entry = play((40, cleared(40)), entry=OPEN)
    assert (entry.state, entry.closed_at, entry.cleared_at) == (State.CLOSED, at(40), at(40))
    assert entry.title == "Halcyon AI: major outage"
    assert entry.severity is OPEN.severity
    assert entry.exposure.hits[0].level_now == 4
    assert (entry.exposure.hurts_at, entry.wake_at) == (None, None)
    assert (entry.current.likelihood, entry.current.impact) == (1, 5)


def test_a_clear_while_it_is_mitigated_is_watched_for_a_day() -> None:
    entry = ENTRIES[State.MONITORING]
    assert entry is not None
    assert entry.wake_at == at(2) + DAY
    assert due(entry, at(2) + DAY - timedelta(seconds=1)) is None
    event = due(entry, at(2) + DAY)
    assert isinstance(event, Settle)
    closed, (change,) = step(entry, event, at(2) + DAY)
    assert (closed.state, change.actor, change.reason) == (State.CLOSED, "timer", "quiet for 24 h")


def test_a_monitoring_period_that_was_made_longer_is_kept_to() -> None:
    entry, week = ENTRIES[State.MONITORING], Policy(settle=timedelta(days=7))
    assert entry is not None
    assert entry.wake_at is not None
    with pytest.raises(Refused, match="watched for 7 days"):
        step(entry, Settle(), entry.wake_at, week)
    event = due(entry, entry.wake_at, week)
    assert isinstance(event, Rescore)
    after, changes = step(entry, event, entry.wake_at, week)
    assert (after.wake_at, changes) == (at(2) + timedelta(days=7), ())


def test_trouble_that_comes_back_is_a_new_episode_that_nobody_has_taken() -> None:
    for state in (State.MONITORING, State.CLOSED):
        entry, (change,) = step(ENTRIES[state], opened(50), at(50))
        assert (entry.state, entry.episode_no, entry.opened_at, entry.since) == (State.OPEN, 2, at(50), at(50))
        assert (entry.cleared_at, entry.closed_at, entry.acknowledged_by) == (None, None, None)
        assert change.reason.endswith("; episode 2")
        assert entry.id == OPEN.id


def test_a_person_closes_what_still_fires_and_it_stays_closed_until_it_comes_anew() -> None:
    entry = play((5, Close(ANA, "not ours")), (6, updated(6, Severity.CRITICAL)), (7, cleared(7)), entry=OPEN)
    assert (entry.state, entry.cleared_at, entry.version) == (State.CLOSED, at(7), 4)
    assert play((9, opened(9)), entry=entry).state is State.OPEN


def test_a_person_reopens_what_still_fires_and_its_clear_is_understood() -> None:
    entry = play((5, Close(ANA, "not ours")), (6, Reopen(ANA, "ours after all")), entry=OPEN)
    assert (entry.episode_no, entry.cleared_at, entry.wake_at) == (2, None, at(30))
    assert play((7, cleared(7)), entry=entry).state is State.CLOSED


def test_a_person_reopens_what_is_over() -> None:
    entry = play((60, Reopen(ANA, "the cause is not found")), entry=ENTRIES[State.CLOSED])
    assert (entry.state, entry.episode_no, entry.cleared_at) == (State.OPEN, 2, at(2))
    assert (entry.exposure.hurts_at, entry.wake_at) == (None, None)
    again = play((70, opened(70)), entry=entry)
    assert (again.state, again.episode_no, again.cleared_at) == (State.OPEN, 3, None)


def test_an_acceptance_ends_when_severity_rises_above_the_accepted_one() -> None:
    start = play((0, opened(severity=Severity.INFO)))
    accepted = play((1, Accept(ANA, at(1) + DAY, "known")), entry=start)
    assert accepted.accepted_severity is Severity.HIGH
    same, _ = step(accepted, updated(2, Severity.LOW), at(2))
    assert (same.state, same.accepted_by) == (State.ACCEPTED, ANA)
    worse, (change,) = step(same, updated(3, Severity.HIGH), at(3))
    assert (worse.state, worse.accepted_by, worse.accepted_until, worse.episode_no) == (State.OPEN, None, None, 1)
    assert change.reason == "severity rose from the accepted high to critical: its page says major outage"


def test_an_acceptance_outlives_a_clear_and_a_return() -> None:
    entry = play((2, cleared(2)), (4, opened(4, severity=Severity.INFO)), entry=ENTRIES[State.ACCEPTED])
    assert (entry.state, entry.episode_no, entry.cleared_at, entry.accepted_by) == (State.ACCEPTED, 2, None, ANA)
    assert entry.wake_at == at(1) + DAY


def test_an_acceptance_runs_out_at_its_date_and_not_before() -> None:
    accepted = ENTRIES[State.ACCEPTED]
    assert accepted is not None
    with pytest.raises(Refused, match="it is accepted until 2025-10-21 06:49 UTC"):
        step(accepted, Expire(), at(2))
    assert isinstance(due(accepted, at(1) + DAY), Expire)
    firing, (change,) = step(accepted, Expire(), at(1) + DAY)
    assert (firing.state, change.reason) == (State.OPEN, "the acceptance by person:ana ran out, and it still fires")
    assert play((1 + 24 * 60, Expire()), entry=play((2, cleared(2)), entry=accepted)).state is State.CLOSED


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (Accept(ANA, at(3), "late"), "has passed"),
        (Accept(ANA, at(1000), "  "), "to accept a risk needs a reason"),
        (Close(ANA, ""), "to close a risk needs a reason"),
    ],
)
def test_a_decision_needs_its_reason_and_a_date_ahead(event: AnyEvent, why: str) -> None:
    with pytest.raises(Refused, match=why):
        step(OPEN, event, at(3))


def test_an_acceptance_until_a_date_in_another_zone_is_compared_as_an_instant() -> None:
    east = timezone(timedelta(hours=9))
    until = (at(10)).astimezone(east)
    assert play((3, Accept(ANA, until, "soon over")), entry=OPEN).wake_at == at(10)
    assert at(10).tzinfo is UTC


def test_who_acknowledged_is_told_to_the_next() -> None:
    with pytest.raises(Refused, match="the risk is acknowledged by person:ana; acknowledge is not possible from there"):
        step(ENTRIES[State.ACKNOWLEDGED], Acknowledge("person:ben"), at(2))


def test_time_alone_changes_numbers_and_says_so() -> None:
    entry = play((0, heard(outage(severity=Severity.INFO, scopes=(EAST,)))))
    seen: list[tuple[datetime, Change]] = []
    while entry.wake_at is not None:
        now, event = entry.wake_at, due(entry, entry.wake_at)
        assert isinstance(event, Rescore)
        entry, changes = step(entry, event, now)
        assert entry.wake_at is None or entry.wake_at > now
        seen += [(now, change) for change in changes]
    assert [(now, {number.name: number.after for number in change.numbers}) for now, change in seen] == [
        (at(30), {"hurts_at": at(120).isoformat()}),
        (at(120), {"hurts_at": at(240).isoformat()}),
        (at(240), {"hurts_at": None}),
    ]
    assert {change.actor for _, change in seen} == {"timer"}
    assert entry.exposure.hits[0].level_now == 5


def test_a_plan_note_changes_the_residual_score_once() -> None:
    noted, (change,) = step(OPEN, Rescore(PLAN, "run:r1"), at(1))
    assert (change.actor, change.event, noted.plan) == ("run:r1", "rescore", PLAN)
    assert [(number.name, number.before, number.after) for number in change.numbers] == [("residual", "5 x 4 = 20", "3 x 3 = 9")]
    assert step(noted, Rescore(PLAN), at(1)) == (noted, ())


def test_mitigation_lowers_the_current_score_and_its_end_raises_it() -> None:
    entry = play((1, Mitigate("run:r1", "plan approved")), entry=OPEN)
    assert (entry.current.likelihood, OPEN.current.likelihood) == (4, 5)


def test_a_clear_of_a_risk_never_seen_is_refused_and_an_update_opens_it() -> None:
    with pytest.raises(Refused, match="no such risk to be cleared"):
        step(None, cleared(2), at(2))
    entry, (change,) = step(None, updated(2), at(2))
    assert (entry.state, change.event) == (State.OPEN, "updated")


def test_entries_and_changes_survive_being_written_down() -> None:
    entry, changes = step(play((1, Accept(ANA, at(1) + DAY, "x")), (2, Rescore(PLAN)), entry=OPEN), updated(3), at(3))
    measures = (Measure("share", Decimal("0.40")), Measure("n", 3), Measure("x", 0.5), Measure("who", "aws"), Measure("m", Decimal("1E+3")))
    entry = replace(entry, evidence=Evidence(("o1",), measures))
    assert from_json(to_json(entry), Entry) == entry
    assert [from_json(to_json(change), Change) for change in changes] == list(changes)
    event = Accept(ANA, at(9), "x")
    assert msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent) == event


def test_what_is_heard_does_not_pile_up() -> None:
    entry = OPEN
    for after in range(1, 200):
        entry = play((after, updated(after)), entry=entry)
    assert len(entry.heard) == 1
    assert replace(entry, heard=()).version == 200


def test_being_part_of_a_case_changes_no_state_and_is_in_the_history() -> None:
    folded, (change,) = step(OPEN, Fold("R-case", "part of R-case: AWS fails"), at(1))
    assert (folded.cause, folded.state, change.event, change.reason) == ("R-case", State.OPEN, "fold", "part of R-case: AWS fails")
    assert step(folded, Fold("R-case", "said again"), at(2)) == (folded, ())
    alone, (change,) = step(folded, Fold(None, "R-case is over"), at(3))
    assert (alone.cause, change.reason) == (None, "R-case is over")
    again = play((2, cleared(2)), (NEW, opened(NEW)), entry=folded)
    assert again.cause is None  # a new episode may have another cause
