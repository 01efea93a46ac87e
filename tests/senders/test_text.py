"""Foreign text on its way out."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from secondsource.adapters.senders import text
from secondsource.contracts.sender import Action, Message


@pytest.mark.parametrize(
    ("given_", "cleaned"),
    [
        ("  two\n\tlines\r\n ", "two lines"),
        ("a\x00b\x1b[31m", "a b [31m"),
        ("\u202eabc\u202c\u200b\ufeff\u00adx", "abcx"),
        ("no\u2028new\u2029line\x85here", "no new line here"),
        ("a\u3164b\u2800c", "a b c"),
        ("\ud800broken\udfff", "broken"),
        ("see https://x.example/y now", "see https[:]//x.example/y now"),
        ("ht\u200btps://x.example", "https[:]//x.example"),
        ("HTTP://X ftp://y git+ssh://z", "HTTP[:]//X ftp[:]//y git+ssh[:]//z"),
        ("www.x.example mailto:a@b.c javascript:f()", "www[.]x.example mailto[:]a@b.c javascript[:]f()"),
        ("data: 5 GB at 10:30, ratio 3://", "data: 5 GB at 10:30, ratio 3://"),
        ("Zürich 東京 مرحبا 🔥 π ≈ 3", "Zürich 東京 مرحبا 🔥 π ≈ 3"),
        ("", ""),
    ],
)
def test_clean(given_: str, cleaned: str) -> None:
    assert text.clean(given_, 200) == cleaned


def units(line: str) -> int:
    return len(line.encode("utf-16-le")) // 2


@given(st.text(st.characters()), st.integers(5, 60))
def test_clean_gives_one_visible_line_within_the_limit(given_: str, limit: int) -> None:
    cleaned = text.clean(given_, limit)
    assert units(cleaned) <= limit
    assert cleaned.encode().decode() == cleaned  # no lone surrogate
    assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert "\n" not in cleaned
    assert cleaned == cleaned.strip()
    assert text.clean(cleaned, limit) == cleaned


@given(st.text(), st.integers(1, 40))
def test_cut_loses_only_the_end(line: str, limit: int) -> None:
    cut = text.cut(line, limit)
    assert units(cut) <= limit
    assert cut == line or (cut.endswith("…") and line.startswith(cut[:-1]))


def test_cut_counts_as_slack_does() -> None:
    assert text.cut("🔥🔥🔥", 6) == "🔥🔥🔥"
    assert text.cut("🔥🔥🔥", 5) == "🔥🔥…"
    assert text.cut("a word too many", 11) == "a word too…"


@pytest.mark.parametrize("page", ["A" * 3_000_000, "a." * 1_000_000, "www" * 1_000_000, "http:" * 600_000, "\u200b" * 3_000_000])
def test_a_huge_page_costs_nothing(page: str) -> None:
    before = time.process_time()
    text.clean(page, 300)
    assert time.process_time() - before < 1  # quadratic work would take hours


def test_the_mark_of_a_drill(message: Message) -> None:
    drill = replace(message, exercise="d1")
    assert text.headline(drill) == f"[DRILL] {message.headline}"
    assert text.headline(replace(drill, headline=f"[DRILL] {message.headline}")) == f"[DRILL] {message.headline}"
    assert text.subject(drill) == f"[DRILL] {message.subject}"
    assert text.subject(replace(message, subject="")) == message.headline
    assert text.headline(replace(message, headline="[D\u200bRILL] [drill] x")) == "x"
    assert text.headline(replace(message, headline="\u200b")) == "(no text)"


def test_at_most_eight_lines(message: Message) -> None:
    assert text.lines(replace(message, lines=tuple(f"line {n}" for n in range(20)))) == [f"line {n}" for n in range(7)]
    assert text.lines(replace(message, lines=("", " \u200b", "x"))) == ["x"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://x/y",
        "//x/y",
        "https://x/ y",
        'https://x/"onclick=',
        "https://x/<b>",
        "https://x/|y",
        "https://é.example/",
        "https://",
        "",
    ],
)
def test_a_button_that_leads_nowhere_safe_is_left_out(message: Message, url: str) -> None:
    assert text.buttons(replace(message, actions=(Action("open", "Open", url),))) == []


def test_buttons(message: Message) -> None:
    [button] = text.buttons(replace(message, actions=(Action("Open It!", "Open\nnow", "https://x.example/?a=1"),)))
    assert button == Action("open_it_", "Open now", "https://x.example/?a=1")
