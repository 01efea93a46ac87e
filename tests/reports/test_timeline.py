"""How the vendor stood: what its pages said, as far and as long as somebody read them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.observations import ComponentStatus, Gone, Incident, Maintenance, Observation, Outcome
from secondsource.domain.review.availability import Availability
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.measured import measure
from secondsource.domain.review.sight import sights
from secondsource.domain.review.timeline import Band, timeline, used_scopes
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status, worst
from tests.reports.made import DOWN, PARTIAL, UNKNOWN, WELL, api, clock, facts, polls, said, spans
from tests.reports.world import END, START
from tests.support.company import EAST, WEST

EVE = clock("23:50", 19)
DEGRADED = Status.DEGRADED


def of(known: Facts, *wanted: Scope) -> tuple[Band, ...]:
    return timeline(known, sights(known.observations, known.vendor), wanted)


def watched(*observations: Observation) -> Facts:
    """A page that is read all day and the evening before."""
    return facts([*polls(EVE, END), api(EVE, WELL), *observations])


def incident(status: Status, *, over: bool = False, scopes: tuple[Scope, ...] = ()) -> Incident:
    return Incident("Trouble", status, "resolved" if over else "investigating", over, scopes=scopes)


def test_nobody_reads_it_so_all_is_unknown() -> None:
    assert spans(of(facts())) == [(UNKNOWN, "00:00", "00:00")]


def test_time_before_the_first_reading_is_unknown() -> None:
    known = facts([*polls(clock("08:00"), END), api(clock("08:00"), WELL)])
    assert spans(of(known)) == [(UNKNOWN, "00:00", "08:00"), (WELL, "08:00", "00:00")]


def test_a_reading_stands_for_three_intervals() -> None:
    known = facts([*polls(EVE, clock("06:00")), api(EVE, WELL), *polls(clock("12:00"), END)])
    # the last poll before the gap is at 05:50
    assert spans(of(known)) == [(WELL, "00:00", "06:20"), (UNKNOWN, "06:20", "12:00"), (WELL, "12:00", "00:00")]


def test_failed_polls_are_not_readings() -> None:
    failed = polls(clock("06:00"), clock("12:00"), outcome=Outcome.PARSE)
    known = facts([*polls(EVE, clock("06:00")), api(EVE, WELL), *failed, *polls(clock("12:00"), END)])
    assert spans(of(known)) == [(WELL, "00:00", "06:20"), (UNKNOWN, "06:20", "12:00"), (WELL, "12:00", "00:00")]


def test_what_is_pushed_stands_for_six_hours() -> None:
    assert spans(of(facts([api(clock("02:00"), DOWN)]))) == [
        (UNKNOWN, "00:00", "02:00"), (DOWN, "02:00", "08:00"), (UNKNOWN, "08:00", "00:00"),
    ]  # fmt: skip


def test_overlapping_incidents_and_components_are_one_trouble_at_the_worst() -> None:
    known = watched(
        api(clock("07:00"), PARTIAL),
        said(clock("08:00"), "incident/1", incident(DOWN)),
        said(clock("09:00"), "incident/2", incident(DEGRADED)),
        said(clock("10:00"), "incident/1", incident(DOWN, over=True)),
        api(clock("11:00"), WELL),
        said(clock("12:00"), "incident/2", incident(DEGRADED, over=True)),
    )
    assert spans(of(known))[1:-1] == [
        (PARTIAL, "07:00", "08:00"),
        (DOWN, "08:00", "10:00"),
        (PARTIAL, "10:00", "11:00"),
        (DEGRADED, "11:00", "12:00"),
    ]


def test_an_incident_that_vanishes_is_over() -> None:
    known = watched(said(clock("08:00"), "incident/1", incident(DOWN)), said(clock("09:00"), "incident/1", Gone("incident")))
    assert spans(of(known))[1] == (DOWN, "08:00", "09:00")


def test_an_incident_without_stated_impact_is_unknown_and_one_without_impact_is_none() -> None:
    known = watched(said(clock("08:00"), "incident/1", incident(UNKNOWN)), said(clock("09:00"), "incident/1", incident(WELL)))
    assert spans(of(known)) == [(WELL, "00:00", "08:00"), (UNKNOWN, "08:00", "09:00"), (WELL, "09:00", "00:00")]


def test_maintenance_counts_while_it_is_under_way() -> None:
    stages = [("06:00", "scheduled"), ("07:00", "in_progress"), ("08:00", "verifying"), ("09:00", "completed")]
    known = watched(*(said(clock(at), "maintenance/1", Maintenance("Works", stage)) for at, stage in stages))
    assert spans(of(known))[1] == (Status.MAINTENANCE, "07:00", "09:00")


def test_the_indicator_counts_where_it_is_worse_than_all_else() -> None:
    page = ComponentStatus("Page", DOWN)
    known = watched(said(clock("07:00"), "page", page), api(clock("08:00"), DOWN, EAST))
    # from 08:00 a component explains it, which is not the part that is asked for
    assert spans(of(known, WEST))[1] == (DOWN, "07:00", "08:00")
    assert spans(of(known))[1] == (DOWN, "07:00", "00:00")


def test_only_the_parts_asked_for_count() -> None:
    east, west = Scope("halcyon", None, "east"), Scope("halcyon", None, "west")
    known = facts(
        [*polls(EVE, END), api(EVE, WELL, east), api(EVE, WELL, west, name="other"), api(clock("07:00"), DOWN, west, name="other")]
    )
    assert spans(of(known, east)) == [(WELL, "00:00", "00:00")]
    assert spans(of(known, west))[1] == (DOWN, "07:00", "00:00")


def test_a_page_that_does_not_list_the_part_says_nothing_of_it() -> None:
    known = facts([*polls(EVE, END), api(EVE, WELL, Scope("halcyon", None, "west"))])
    assert spans(of(known, Scope("halcyon", None, "east"))) == [(UNKNOWN, "00:00", "00:00")]


def test_what_we_use_of_a_page_that_does_not_list_it_is_not_known() -> None:
    known = facts([*polls(EVE, END), api(EVE, WELL, Scope("aws", None, "eu-west-1"))], vendor="aws")
    elsewhere = [msgspec.structs.replace(observation, vendor="aws") for observation in known.observations]
    measured = measure(facts(elsewhere, vendor="aws"))
    assert measured.mine == Missing("its pages were read, and list nothing that we use")
    assert isinstance(measured.whole, Availability)


def test_a_feed_without_entries_tells_of_no_trouble() -> None:
    assert spans(of(facts(polls(EVE, END, connector="feed_status")))) == [(WELL, "00:00", "00:00")]


def test_a_source_of_other_things_tells_nothing_of_status() -> None:
    assert spans(of(facts(polls(EVE, END, connector="litellm_prices")))) == [(UNKNOWN, "00:00", "00:00")]


def test_one_unread_source_makes_health_unknown_but_does_not_hide_trouble() -> None:
    second = [*polls(EVE, clock("06:00"), source="feed"), *polls(clock("06:00"), END, source="feed", outcome=Outcome.TIMEOUT)]
    known = facts([*polls(EVE, END), api(EVE, WELL), api(clock("12:00"), DOWN), *second])
    assert spans(of(known)) == [(WELL, "00:00", "06:20"), (UNKNOWN, "06:20", "12:00"), (DOWN, "12:00", "00:00")]


def test_a_source_that_was_taken_out_of_service_is_missed_by_nobody() -> None:
    known = facts([*polls(EVE, END), api(EVE, WELL), *polls(EVE, clock("06:00"), source="old")])
    assert spans(of(known)) == [(WELL, "00:00", "00:00")]


def test_our_own_probes_are_not_the_vendors_account() -> None:
    down = said(clock("07:00"), "probe/api", ComponentStatus("Own probe", DOWN), "probe")
    known = facts([*polls(EVE, END), api(EVE, WELL), *polls(EVE, END, source="probe", connector="http_probe"), down])
    assert spans(of(known)) == [(WELL, "00:00", "00:00")]
    assert spans(timeline(known, sights(known.observations, "halcyon"), own=True)) == [(WELL, "00:00", "07:00"), (DOWN, "07:00", "00:00")]


def test_a_probe_that_could_never_be_read_says_nothing_of_the_vendor() -> None:
    failed = polls(EVE, END, source="probe", connector="http_probe", outcome=Outcome.NETWORK)
    known = facts([*polls(EVE, END), api(EVE, WELL), *failed])
    assert spans(of(known)) == [(WELL, "00:00", "00:00")]
    assert spans(timeline(known, sights(known.observations, "halcyon"), own=True)) == [(UNKNOWN, "00:00", "00:00")]


def test_a_component_in_a_word_that_is_not_understood_is_unknown() -> None:
    assert spans(of(watched(api(clock("07:00"), UNKNOWN))))[1] == (UNKNOWN, "07:00", "00:00")


def test_trouble_names_the_readings_that_made_it() -> None:
    down = api(clock("07:00"), DOWN)
    bands = of(watched(down, api(clock("08:00"), WELL)))
    assert [band.observations for band in bands] == [(), (down.id,), ()]


def test_what_we_use_reaches_through_others() -> None:
    assert used_scopes(facts(vendor="aws")) == (Scope("aws", "dynamodb", "us-east-1"), EAST)
    assert used_scopes(facts(vendor="nvidia")) == ()  # supply is no service


statuses = st.sampled_from((WELL, DEGRADED, PARTIAL, DOWN, UNKNOWN))
hours = st.integers(0, 23)
readings = st.lists(st.tuples(hours, st.sampled_from(("api", "web")), statuses), max_size=8)
blindness = st.lists(st.tuples(hours, st.integers(1, 6)), max_size=3)


@given(readings, blindness)
def test_each_hour_is_the_worst_of_what_was_last_said_or_unknown(told: list[tuple[int, str, Status]], blind: list[tuple[int, int]]) -> None:
    """Against an hour-by-hour reckoning. Polled each hour for two hours before and all day; a reading stands for three."""
    unread = {hour for start, length in blind for hour in range(start, start + length)}
    found = []
    last_say: dict[tuple[str, int], Status] = {("api", -2): WELL, ("web", -2): WELL}
    for hour in range(-2, 24):
        outcome = Outcome.NETWORK if hour in unread else Outcome.OK
        at = START + timedelta(hours=hour)
        found += polls(at, at + timedelta(hours=1), outcome=outcome, every=3600)
    for hour, name, status in told:
        if hour not in unread:
            last_say[name, hour] = status
    for (name, hour), status in last_say.items():
        found.append(api(START + timedelta(hours=hour), status, name=name))
    bands = of(facts(found))
    assert bands[0].start == START
    assert bands[-1].end == END
    assert all(before.end == after.start and before.status is not after.status for before, after in pairwise(bands))
    for hour in range(24):
        seen = any(back not in unread for back in range(hour - 2, hour + 1))
        now = [next(last_say[n, h] for h in range(hour, -3, -1) if (n, h) in last_say) for n in ("api", "web")]
        wanted = worst(now) if seen else UNKNOWN
        at = START + timedelta(hours=hour)
        assert next(band.status for band in bands if band.start <= at < band.end) is wanted
