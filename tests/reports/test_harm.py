"""What the vendor's trouble did to functions of ours, and how people answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from secondsource.domain.context import Context
from secondsource.domain.exposure import expose
from secondsource.domain.register import Accept, Acknowledge, AnyEvent, Change, Entry, State, event_of
from secondsource.domain.review.episodes import episodes, totals, upstream
from secondsource.domain.review.facts import RiskRecord, Told
from secondsource.domain.review.risks import Response, matters, response, risk_lines
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Severity, Signal
from secondsource.domain.transitions import step
from tests.reports.made import clock, facts
from tests.reports.world import END, context
from tests.support.company import DYNAMO, EAST, minutes, outage

Deed = Signal | tuple[datetime, AnyEvent]


def record(*deeds: Deed, known: Context | None = None, told: tuple[Told, ...] = ()) -> RiskRecord:
    """The register after signals and deeds of people, in this order."""
    known = known or context()
    entry: Entry | None = None
    changes: list[Change] = []
    signals = [deed for deed in deeds if isinstance(deed, Signal)]
    for deed in deeds:
        if isinstance(deed, Signal):
            event, at = event_of(deed, expose(deed, deed.at, known)), deed.at
            entry, rows = step(entry, event, at)
        else:
            entry, rows = step(entry, deed[1], deed[0])
        changes += rows
    assert entry is not None
    return RiskRecord(entry, tuple(changes), tuple(signals), told)


HALCYON = Scope("halcyon")


def trouble(start: datetime, end: datetime | None, scope: Scope = HALCYON) -> list[Signal]:
    """An episode; the subject is the scope as the outage rule names it."""
    more = {"scopes": (scope,), "subject": str(scope), "episode": start, "since": start, "title": f"{scope}: major outage"}
    found = [outage(now=start, **more)]  # type: ignore[arg-type]
    if end is not None:
        found.append(outage(Phase.CLEARED, now=end, **more))  # type: ignore[arg-type]
    return found


def test_two_episodes_are_counted_apart_and_their_time_together() -> None:
    known = facts(risks=[record(*trouble(clock("07:00"), clock("08:00")), *trouble(clock("10:00"), clock("12:30")))])
    first, second = episodes(known)
    assert [(e.number, e.since, e.ended) for e in (first, second)] == [
        (1, clock("07:00"), clock("08:00")),
        (2, clock("10:00"), clock("12:30")),
    ]
    support = next(harm for harm in totals((first, second), known) if harm.function == "support")
    # it hurts from the half hour on: 30 and 120 minutes
    assert (support.hit, support.hurt, support.level, support.episodes) == (minutes(210), minutes(150), 5, 2)


def test_time_beyond_the_period_is_not_counted() -> None:
    before = record(*trouble(clock("22:00", 19), clock("01:00")))
    known = facts(risks=[before])
    (episode,) = episodes(known)
    support = next(harm for harm in episode.harms if harm.function == "support")
    assert (support.hit, support.hurt) == ((clock("00:00"), clock("01:00")), (clock("00:00"), clock("01:00")))


def test_what_goes_on_is_counted_to_the_end() -> None:
    (episode,) = episodes(facts(risks=[record(*trouble(clock("23:00"), None))]))
    support = next(harm for harm in episode.harms if harm.function == "support")
    assert episode.ended is None
    assert support.hit == (clock("23:00"), END)
    assert support.hurt == (clock("23:30"), END)


def test_overlapping_findings_count_once() -> None:
    east = Scope("halcyon", None, "east")
    known = facts(risks=[record(*trouble(clock("07:00"), clock("09:00"))), record(*trouble(clock("08:00"), clock("10:00"), east))])
    support = next(harm for harm in totals(episodes(known), known) if harm.function == "support")
    assert support.certain
    assert support.hit == minutes(120)  # the trouble of one region only may have reached it


def test_trouble_of_a_supplier_is_told_apart() -> None:
    known = facts(risks=[record(*trouble(clock("07:00"), clock("09:00"), EAST)), record(*trouble(clock("07:00"), clock("08:00"), DYNAMO))])
    assert episodes(known) == ()
    region, product = upstream(known)
    # the shop's own database sits there too: it was not by way of Halcyon that it was hit
    assert [(harm.function, harm.chain[2:]) for harm in region.harms] == [("support", ("Halcyon AI", "AWS us-east-1"))]
    # which products of the region Halcyon uses is not known
    assert [(harm.function, harm.certain) for harm in product.harms] == [("support", False)]


def test_a_finding_that_hits_nobody_is_an_episode_without_harm() -> None:
    known = facts(risks=[record(*trouble(clock("07:00"), clock("09:00"), Scope("statuses")))], vendor="statuses")
    (episode,) = episodes(known)
    assert episode.harms == ()


def test_answers_by_a_person_by_nobody_and_not_yet() -> None:
    taken = record(*trouble(clock("07:00"), None)[:1], (clock("07:14"), Acknowledge("person:ana")))
    missed = record(*trouble(clock("08:00"), clock("08:30"), Scope("halcyon", None, "a")), told=(Told(clock("08:10"), "escalated"),) * 2)
    waiting = record(*trouble(clock("09:00"), None, Scope("halcyon", None, "b")))
    known = facts(risks=[taken, missed, waiting])
    found = response(risk_lines(known), known)
    assert isinstance(found, Response)
    assert (found.opened, found.taken, found.unanswered, found.waiting) == (3, 1, 1, 1)
    assert (found.median, found.worst, found.escalations) == (minutes(14), minutes(14), 1)


def test_a_risk_is_shown_as_it_stood_at_the_end_of_the_period() -> None:
    later = record(*trouble(clock("07:00"), None), (clock("06:00", 22), Acknowledge("person:ana")))
    (line,) = risk_lines(facts(risks=[later]))
    assert (line.state, line.answers[0].taken_at) == (State.OPEN, None)


def test_an_acceptance_is_shown_with_who_until_when_and_why() -> None:
    deed = (clock("07:30"), Accept("person:ben", clock("00:00", 30), "the renewal settles it"))
    (line,) = risk_lines(facts(risks=[record(*trouble(clock("07:00"), None), deed)]))
    assert (line.state, line.accepted_by, line.accepted_until) == (State.ACCEPTED, "person:ben", clock("00:00", 30))
    assert line.accepted_reason == "the renewal settles it"


def test_a_risk_that_was_over_before_the_period_is_left_out() -> None:
    assert risk_lines(facts(risks=[record(*trouble(clock("07:00", 1), clock("09:00", 1)))])) == ()


def test_a_risk_that_stood_open_when_the_period_began_is_shown_and_not_counted_as_new() -> None:
    known = facts(risks=[record(*trouble(clock("07:00", 1), None))])
    (line,) = risk_lines(known)
    assert line.opened_at == clock("07:00", 1)
    assert not isinstance(response(risk_lines(known), known), Response)


def test_risks_of_others_that_only_name_the_vendor_are_not_its_own() -> None:
    assert risk_lines(facts(risks=[record(*trouble(clock("07:00"), None, EAST))])) == ()


def test_a_risk_is_called_by_what_it_was_and_not_by_its_end() -> None:
    ends = outage(Phase.CLEARED, now=clock("08:00"), since=clock("07:00"), title="Halcyon AI: no longer in trouble")
    (line,) = risk_lines(facts(risks=[record(*trouble(clock("07:00"), None), ends)]))
    assert (line.title, line.state) == ("halcyon: major outage", State.CLOSED)


def test_what_was_over_before_or_has_nothing_to_do_with_it_is_not_read_further() -> None:
    own, supplier = record(*trouble(clock("07:00"), clock("08:00"))).entry, record(*trouble(clock("07:00"), None, EAST)).entry
    assert matters(own, "halcyon", clock("00:00"))
    assert not matters(own, "halcyon", clock("08:01"))  # closed by then
    assert matters(supplier, "halcyon", clock("00:00"))
    assert not matters(supplier, "cirrus", clock("00:00"))


def test_the_more_severe_stand_first() -> None:
    mild = record(
        outage(now=clock("06:00"), since=clock("06:00"), severity=Severity.LOW, rule="price_change", subject="halcyon/large", scopes=())
    )
    found = risk_lines(facts(risks=[mild, record(*trouble(clock("07:00"), None))]))
    assert [line.rule for line in found] == ["vendor_outage", "price_change"]
    assert found[0].opened_at - found[1].opened_at == timedelta(hours=1)
