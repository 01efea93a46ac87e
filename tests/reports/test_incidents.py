"""Incidents and how late the vendor spoke of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from secondsource.domain.observations import Gone, Incident, IncidentUpdate
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.incidents import IncidentLine, Lag, incidents, lag
from secondsource.domain.review.sight import sights
from secondsource.domain.status import Status
from tests.reports.made import DOWN, PARTIAL, UNKNOWN, clock, facts, polls, said
from tests.reports.world import END
from tests.support.company import minutes

EVE = clock("23:50", 19)


def told(start: datetime | None = None, *words: datetime, over: datetime | None = None, stage: str = "", status: Status = DOWN) -> Incident:
    """As the page has it: claimed start, times of its updates (oldest first), and the end that it claims."""
    resolved = over is not None or stage == "resolved"
    updates = tuple(IncidentUpdate("", "", at) for at in reversed(words))
    return Incident("Trouble", status, stage or ("resolved" if resolved else "open"), resolved, (), updates, start, over)


def lines(known: Facts) -> tuple[IncidentLine, ...]:
    return incidents(known, sights(known.observations, known.vendor), ())


def one(known: Facts) -> IncidentLine:
    (line,) = lines(known)
    return line


def watched(*pairs: tuple[datetime, Incident | Gone], subject: str = "incident/1") -> Facts:
    return facts([*polls(EVE, END), *(said(at, subject, body) for at, body in pairs)])


def test_lags_are_from_the_claimed_start() -> None:
    line = one(watched((clock("07:10"), told(clock("06:48"), clock("07:06")))))
    assert (line.word_after, line.seen_after, line.seen_over) == (minutes(18), minutes(22), None)


def test_one_that_stood_there_when_watching_began_tells_nothing_of_lags() -> None:
    known = watched((EVE, told(clock("20:00", 19), clock("20:05", 19))), (clock("03:00"), told(clock("20:00", 19), over=clock("02:50"))))
    line = one(known)
    assert (line.live, line.seen_after, line.watched) == (False, None, None)
    assert line.lasted == timedelta(hours=6, minutes=50)
    assert isinstance(lag(lines(known)), Missing)


def test_one_that_was_over_when_first_read_was_not_seen_live() -> None:
    line = one(watched((clock("09:00"), told(clock("06:00"), over=clock("08:00")))))
    assert (line.live, line.seen_over, line.lasted) == (False, clock("09:00"), timedelta(hours=2))


def test_history_from_before_the_period_is_left_out() -> None:
    assert lines(watched((clock("09:00"), told(clock("06:00", 1), over=clock("08:00", 1))))) == ()


def test_one_that_was_seen_before_it_is_said_to_have_begun() -> None:
    known = watched((clock("07:00"), told(clock("07:30"))))
    assert one(known).seen_after == -minutes(30)
    found = lag(lines(known))
    assert isinstance(found, Lag)
    assert (found.seen, found.worst, found.word) == (timedelta(0), timedelta(0), None)


def test_a_start_that_was_changed_later_is_told() -> None:
    line = one(watched((clock("07:00"), told(clock("06:50"))), (clock("09:00"), told(clock("06:20")))))
    assert (line.claimed_start, line.moved) == (clock("06:20"), -minutes(30))


def test_the_worst_impact_counts_and_an_unstated_one_does_not() -> None:
    known = watched(
        (clock("07:00"), told(status=UNKNOWN)),
        (clock("08:00"), told(status=DOWN)),
        (clock("09:00"), told(status=PARTIAL, stage="resolved")),
    )
    assert one(known).status is DOWN
    assert one(watched((clock("07:00"), told(status=UNKNOWN)))).status is UNKNOWN


def test_without_a_claimed_end_the_last_word_is_one() -> None:
    line = one(watched((clock("07:00"), told(clock("06:50"))), (clock("09:00"), told(clock("06:50"), clock("08:40"), stage="resolved"))))
    assert (line.claimed_end, line.lasted) == (clock("08:40"), minutes(110))


def test_one_that_vanishes_or_is_opened_again() -> None:
    assert one(watched((clock("07:00"), told()), (clock("08:00"), Gone("incident")))).seen_over == clock("08:00")
    again = one(watched((clock("07:00"), told()), (clock("08:00"), told(over=clock("08:00"))), (clock("09:00"), told())))
    assert again.seen_over is None


def test_two_sources_that_tell_of_one_incident() -> None:
    known = facts(
        [
            *polls(EVE, END),
            *polls(EVE, END, source="feed", connector="feed_status"),
            said(clock("07:00"), "incident/1", told(clock("06:50"))),
            said(clock("07:20"), "incident/1", told(clock("06:50")), "feed"),
        ]
    )
    assert (one(known).seen, len(one(known).basis.observations)) == (clock("07:00"), 2)


def test_the_lag_is_a_median_over_those_seen_to_come() -> None:
    starts = (("1", "06:00", "06:10", "06:20"), ("2", "08:00", "08:02", "08:10"), ("3", "10:00", "10:30", "12:00"))
    found = [said(clock(seen), f"incident/{number}", told(clock(start), clock(word))) for number, start, word, seen in starts]
    measured = lag(lines(facts([*polls(EVE, END), *found])))
    assert isinstance(measured, Lag)
    assert (measured.count, measured.word, measured.seen, measured.worst) == (3, minutes(10), minutes(20), minutes(120))
