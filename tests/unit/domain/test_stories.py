"""One story, however many outlets tell it: headlines of known stories, and what folding holds for any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.stories import MAX_STORIES, SPREAD, Story, folded, headlines, kept, loudness, parties, same, words

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
TOLD = [
    [
        "SK hynix says HBM sold out through 2026",
        "HBM chips sold out until end of 2026, SK Hynix says",
        "SK Hynix: entire 2026 HBM output already sold",
        "SK hynix has sold all of its HBM for 2026 - The Chip Post",
        "Sold out: SK hynix's HBM for 2026",
    ],
    [
        "Micron says HBM sold out for 2026",
        "Micron's 2026 HBM supply is fully booked",
        "Micron HBM output for 2026 fully sold, CEO says",
        "Micron: 2026 HBM production sold out",
    ],
    [
        "DRAM contract prices to jump 30% in first quarter, research firm says",
        "DRAM contract prices seen up 30% in Q1",
        "Research firm expects DRAM contract prices to rise 30% in the first quarter",
        "DRAM contract prices could climb 30 percent in first quarter",
    ],
    [
        "Memory shortage forces phone makers to cut output",
        "Phone makers cut production amid memory shortage",
        "Smartphone makers cut output as memory shortage bites",
        "Memory shortage hits phone makers, output cut",
    ],
    [
        "Memory shortage to last until 2028, Intel chief warns",
        "Intel CEO: memory shortage will last until 2028",
        "Intel boss sees memory shortage lasting to 2028",
    ],
    [
        "Quake near Hsinchu halts chip production at TSMC",
        "TSMC halts production after earthquake near Hsinchu",
        "Earthquake stops TSMC chip production in Hsinchu",
    ],
    ["CoWoS capacity still sold out, TSMC says", "TSMC: CoWoS capacity remains sold out", "TSMC CoWoS capacity fully sold out again"],
    ["ＤＲＡＭの品薄が深刻、価格は3割上昇", "DRAMの品薄深刻、価格3割上昇", "DRAM品薄が深刻に 価格が3割上昇へ"],
    ["GPU shortage delays university cluster"],
    ["GPU shortage delays weather agency's supercomputer"],
    ["HBM shortage drives up prices of graphics cards"],
    ["HBM shortage: three charts"],
    ["DRAMの供給不足でスマホ減産"],
]
COMPANIES = {"SK hynix": "sk-hynix", "SK Hynix": "sk-hynix", "Micron": "micron", "TSMC": "tsmc", "Intel": "intel"}


def story(title: str, name: str = "a", hours: float = 0, weight: float = 1.0, told_of: tuple[str, ...] = ()) -> Story:
    return Story(NOON + timedelta(hours=hours), name, title, weight, True, told_of)


def test_known_stories_are_told_apart_and_their_reports_together() -> None:
    reports = [
        story(title, f"{number}/{outlet}", outlet, told_of=tuple({id_ for name, id_ in COMPANIES.items() if name in title}))
        for number, titles in enumerate(TOLD)
        for outlet, title in enumerate(titles)
    ]
    group = {report.id: number for number, found in enumerate(folded(reports)) for report in found}
    pairs = [(one.id.split("/")[0] == other.id.split("/")[0], group[one.id] == group[other.id]) for one, other in combinations(reports, 2)]
    # 40 pairs of reports tell the same; recall and precision over pairs are 1
    assert pairs.count((True, True)) == 40
    assert pairs.count((True, False)) == pairs.count((False, True)) == 0
    assert len(folded(reports)) == len(TOLD)


def test_the_same_words_of_other_parties_or_on_another_day_are_another_story() -> None:
    one = story("Maker says HBM sold out through 2026", told_of=("micron",))
    assert same(one, story("HBM sold out through 2026, maker says", told_of=("micron", "nvidia")))
    assert same(one, story("HBM sold out through 2026, maker says"))
    assert not same(one, story("HBM sold out through 2026, maker says", told_of=("samsung",)))
    late = SPREAD / timedelta(hours=1)
    assert same(one, story("HBM sold out through 2026, maker says", hours=late))
    assert not same(one, story("HBM sold out through 2026, maker says", hours=late + 0.1))
    assert same(one, story("MAKER SAYS HBM SOLD OUT THROUGH 2026", hours=900))


def test_two_reports_that_a_third_links_are_one_story() -> None:
    chain = [
        story("alpha beta gamma delta", "1"),
        story("alpha beta gamma delta epsilon zeta eta", "2"),
        story("delta epsilon zeta eta", "3"),
    ]
    assert not same(chain[0], chain[2])
    assert len(folded(chain)) == 1


def test_a_report_that_names_nobody_does_not_make_rivals_one() -> None:
    sk = story("SK Hynix: entire 2026 HBM output already sold", "1", 0, told_of=("sk-hynix",))
    nobody = story("Entire 2026 HBM output already sold", "2", 1)
    micron = story("Micron: entire 2026 HBM output sold", "3", 2, told_of=("micron",))
    assert same(sk, nobody)
    assert same(nobody, micron)
    assert folded([micron, nobody, sk]) == ((sk, nobody), (micron,))


def test_a_story_counts_once_and_as_much_as_its_loudest_report() -> None:
    reports = [story("HBM is scarce", "1", weight=0.3), story("HBM Is Scarce", "2", weight=0.6), story("HBM is dear", "3", weight=0.1)]
    assert loudness(reports) == Fraction(7, 10)
    assert headlines(reports, 10) == ["“HBM is scarce” (told 2 times)", "“HBM is dear”"]
    assert headlines(reports, 1) == ["“HBM is dear”"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Prices of DRAM rise, maker's chief says", {"pric", "dram", "ris", "maker", "chief"}),
        ("Pricing of DRAM rises - The Chip Post", {"pric", "dram", "ris"}),
        ("品薄 HBM3E", {"品薄", "hbm3e"}),
        ("供給不足", {"供給", "給不", "不足"}),
        ("", set()),
    ],
)
def test_words_of_a_headline(title: str, expected: set[str]) -> None:
    assert words(title) == expected


def test_parties_are_companies() -> None:
    assert parties(("hbm", "sk-hynix", "sk-hynix/hbm4", "micron")) == ("micron", "sk-hynix")


def test_of_too_many_reports_the_newest_are_kept_in_whatever_order_they_come() -> None:
    reports = [story("HBM is scarce", f"{hour:03}", hour) for hour in range(MAX_STORIES + 20)]
    forwards: dict[str, Story] = {}
    backwards: dict[str, Story] = {}
    for report in reports:
        forwards = kept(forwards, report.id, report)
    for report in reversed(reports):
        backwards = kept(backwards, report.id, report)
    assert forwards.keys() == backwards.keys() == {report.id for report in reports[20:]}


REPORTS = st.lists(
    st.builds(
        story,
        st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon", "品薄", "says"]), min_size=1, max_size=6).map(" ".join),
        st.text("abc", min_size=1, max_size=4),
        st.integers(0, 60),
        st.sampled_from([0.1, 0.5, 1.0]),
        st.lists(st.sampled_from(["micron", "tsmc"]), max_size=1).map(tuple),
    ),
    max_size=9,
    unique_by=lambda report: report.id,
)


@given(REPORTS)
def test_every_report_is_in_one_story_whatever_the_order(reports: list[Story]) -> None:
    shuffled = sorted(reports, key=lambda report: report.id[::-1])
    assert folded(shuffled) == folded(reports)
    assert sorted(report.id for found in folded(reports) for report in found) == sorted(report.id for report in reports)
    assert loudness(reports) <= sum(Fraction(str(report.weight)) for report in reports)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_headlines_can_be_compared(one: str, other: str) -> None:
    assert same(story(one), story(other)) == same(story(other), story(one))
    assert same(story(one), story(one))
