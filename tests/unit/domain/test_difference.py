"""What a source's difference sends on: changes, what vanished, and everything at first and every few hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.difference import FULL_EVERY, NOTHING_YET, Picture, difference, says_new
from secondsource.domain.observations import ComponentStatus, Gone, News, Observation, observe
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status

T0 = datetime(2026, 1, 2, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def component(subject: str, status: Status = Status.OPERATIONAL, at: datetime = T0, vendor: str = "borealis") -> Observation:
    body = ComponentStatus(name=subject.upper(), status=status, scopes=(Scope(vendor, subject),))
    return observe(source="page", vendor=vendor, subject=subject, observed_at=at, body=body)


def subjects(changed: tuple[Observation, ...]) -> list[str]:
    return [f"-{o.subject}" if isinstance(o.body, Gone) else o.subject for o in changed]


def test_everything_at_first_then_only_what_changed() -> None:
    picture, changed = difference(NOTHING_YET, [component("a"), component("b")], True, T0)
    assert subjects(changed) == ["a", "b"]
    same, changed = difference(picture, [component("a", at=T0 + MINUTE), component("b", at=T0 + MINUTE)], True, T0 + MINUTE)
    assert changed == ()
    assert same is picture
    picture, changed = difference(picture, [component("a"), component("b", Status.DEGRADED)], True, T0 + 2 * MINUTE)
    assert subjects(changed) == ["b"]
    _, changed = difference(picture, [component("a"), component("b")], True, T0 + 3 * MINUTE)
    assert subjects(changed) == ["b"]


def test_what_vanished_from_a_whole_picture_is_said_to_be_gone_once_with_what_it_was() -> None:
    picture, _ = difference(NOTHING_YET, [component("a"), component("c"), component("b")], True, T0)
    picture, changed = difference(picture, [component("a")], True, T0 + MINUTE)
    assert subjects(changed) == ["-b", "-c"]
    gone = changed[0]
    assert gone.body == Gone(was="component_status", name="B", scopes=(Scope("borealis", "b"),))
    assert (gone.source, gone.vendor, gone.observed_at) == ("page", "borealis", T0 + MINUTE)
    assert difference(picture, [component("a")], True, T0 + 2 * MINUTE)[1] == ()
    assert subjects(difference(picture, [component("a"), component("b")], True, T0 + 2 * MINUTE)[1]) == ["b"]


def test_what_is_only_sent_again_is_no_news() -> None:
    assert not says_new(NOTHING_YET, difference(NOTHING_YET, [], True, T0)[1])
    picture, changed = difference(NOTHING_YET, [component("a"), component("b")], True, T0)
    assert says_new(NOTHING_YET, changed)
    later = T0 + FULL_EVERY
    _, again = difference(picture, [component("a", at=later), component("b", at=later)], True, later)
    assert subjects(again) == ["a", "b"]
    assert not says_new(picture, again)
    assert says_new(picture, difference(picture, [component("a"), component("b", Status.DEGRADED)], True, later)[1])
    assert says_new(picture, difference(picture, [component("a")], True, later)[1])


def test_an_empty_whole_picture_says_that_all_is_gone() -> None:
    picture, _ = difference(NOTHING_YET, [component("a")], True, T0)
    assert subjects(difference(picture, [], True, T0 + MINUTE)[1]) == ["-a"]


def test_what_drops_off_the_end_of_a_part_is_not_gone() -> None:
    picture, _ = difference(NOTHING_YET, [component("a"), component("b")], False, T0)
    picture, changed = difference(picture, [component("b"), component("c")], False, T0 + MINUTE)
    assert subjects(changed) == ["c"]
    assert difference(picture, [component("a"), component("b"), component("c")], False, T0 + 2 * MINUTE)[1] == ()
    # with the next full picture the dropped ones are forgotten, so that the picture of an endless feed stays small
    picture, changed = difference(picture, [component("c")], False, T0 + timedelta(hours=6))
    assert subjects(changed) == ["c"]
    assert len(picture.known) == 1


def test_a_full_picture_every_few_hours() -> None:
    picture, _ = difference(NOTHING_YET, [component("a"), component("b")], True, T0)
    before, changed = difference(picture, [component("a"), component("b")], True, T0 + timedelta(hours=6) - MINUTE)
    assert changed == ()
    after, changed = difference(before, [component("a"), component("b")], True, T0 + timedelta(hours=6))
    assert subjects(changed) == ["a", "b"]
    assert after.full_at == T0 + timedelta(hours=6)
    _, changed = difference(after, [component("a")], True, T0 + timedelta(hours=13))
    assert subjects(changed) == ["a", "-b"]


def test_of_two_with_one_subject_the_last_counts_and_does_not_flap() -> None:
    twice = [component("a"), component("a", Status.DEGRADED)]
    picture, changed = difference(NOTHING_YET, twice, True, T0)
    assert [o.body for o in changed] == [twice[1].body]
    assert difference(picture, twice, True, T0 + MINUTE)[1] == ()


def test_one_subject_of_two_vendors_is_two() -> None:
    picture, changed = difference(NOTHING_YET, [component("a"), component("a", vendor="meridian")], True, T0)
    assert len(changed) == 2
    assert [o.vendor for o in difference(picture, [component("a")], True, T0 + MINUTE)[1]] == ["meridian"]


def test_a_name_is_kept_of_every_kind() -> None:
    news = observe(source="page", vendor="press", subject="news/1", observed_at=T0, body=News(title="Quake"))
    picture, _ = difference(NOTHING_YET, [news], True, T0)
    assert difference(picture, [], True, T0 + MINUTE)[1][0].body == Gone(was="news", name="Quake")


PAGES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([Status.OPERATIONAL, Status.DEGRADED, Status.UNKNOWN]))


@given(st.lists(PAGES, min_size=1, max_size=8), st.integers(1, 4))
def test_who_hears_only_the_differences_knows_the_whole_picture(pages: list[dict[str, Status]], every: int) -> None:
    picture, heard = NOTHING_YET, dict[str, Status]()
    for number, page in enumerate(pages):
        now = T0 + number * MINUTE
        observations = [component(subject, status, now) for subject, status in page.items()]
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(picture), type=Picture)
        picture, changed = difference(stored, observations, True, now, every * MINUTE)
        for observation in changed:
            if isinstance(observation.body, ComponentStatus):
                heard[observation.subject] = observation.body.status
            else:
                del heard[observation.subject]
        assert heard == page
        assert (len(changed) > 0 or not page) or picture == stored
