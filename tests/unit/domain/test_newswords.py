"""Labels of news by open word lists, and the things that stories name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.labelling import Entities, Labeller
from secondsource.domain.newswords import CHIPS_AND_MEMORY
from secondsource.domain.text import plain_text, tidy

labels = Labeller().labels


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("DRAM shortage deepens as demand soars", {"shortage": ("shortage",)}),
        ("HBM is sold out until 2027", {"shortage": ("sold out",)}),
        ("Demand for HBM far exceeds supply", {"shortage": ("demand for hbm far exceeds supply",)}),
        ("No end to the DRAM shortage", {"shortage": ("shortage",)}),
        ("Not only a shortage but a price surge", {"shortage": ("shortage",), "price": ("price surge",)}),
        (
            "Foundry fully booked, small customers on allocation",
            {"allocation": ("fully booked", "on allocation")},
        ),
        ("Memory makers raise contract prices by 30%", {"price": ("raise contract prices",)}),
        ("US widens export controls on H20", {"export_control": ("export controls",)}),
        ("Earthquake halts wafer production", {"disaster": ("earthquake",), "fab_incident": ("halts wafer production",)}),
        ("Fire at a flash plant", {"fab_incident": ("fire at a flash plant",)}),
        ("GPU cloud files for Chapter 11", {"insolvency": ("chapter 11",)}),
        ("Chip maker to complete takeover", {"acquisition": ("takeover",)}),
        ("Workers at memory maker on strike", {"labour": ("on strike",)}),
        ("Grid emergency: data centres face load shedding", {"energy": ("grid emergency", "load shedding")}),
        ("No shortage of HBM in sight, says maker", {}),
        ("HBM shortage eases", {}),
        ("SSD shortage expected to ease next year", {}),
        ("Maker avoids bankruptcy", {}),
        ("Maker strikes a deal with a rival", {}),
        ("A rational view of memory", {}),
        ("Ten recipes for winter", {}),
    ],
)
def test_labels_carry_the_words_that_caused_them(title: str, expected: dict[str, tuple[str, ...]]) -> None:
    found = {label.name: label.words for label in labels(title, "")}
    assert found == expected


def test_words_of_the_title_weigh_more_than_those_of_the_summary() -> None:
    found = {label.name: label.weight for label in labels("DRAM shortage", "Makers raise prices. A shortage, they say.")}
    assert found == {"shortage": 1.0, "price": 0.6}


def test_things_are_found_as_whole_words_in_any_case() -> None:
    entities = Entities({"borealis": ["Borealis", "Borealis  Compute"], "dram": ["working memory"]})
    assert entities.find("BOREALIS compute buys H100s? No: h100, GB200 and working  memory") == ("borealis", "dram", "gb200", "h100")
    assert entities.find("a100k hbmx") == ()
    assert "dram" in Entities({}).find("DDR5 prices")
    assert {"h100", "b200", "hbm", "dram", "nand"} <= set(CHIPS_AND_MEMORY)


def test_own_terms_replace_the_built_in_ones_of_the_same_id() -> None:
    assert Entities({"dram": ["working memory"]}).find("DDR5 and DRAM") == ()


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One<br/>two &amp; three</p>", "One two & three"),
        ("a <script>alert('x')</script>b<style>p{}</style> c", "a b c"),
        ("if a < b and b > c", "if a < b and b > c"),
        ("<b", ""),
        ("&lt;b&gt;", "<b>"),
        ("right\u202eleft\u200b\x00\ud800 end", "rightleft end"),
        ("<script>never closed", ""),
        ("", ""),
    ],
)
def test_markup_becomes_plain_text(markup: str, text: str) -> None:
    assert plain_text(markup, 100) == text


@given(st.text(), st.integers(2, 50))
def test_plain_text_is_one_line_within_its_limit_and_can_be_encoded(markup: str, limit: int) -> None:
    text = plain_text(markup, limit)
    assert len(text) <= limit
    assert "\n" not in text
    assert tidy(text, limit) == text
    text.encode()
