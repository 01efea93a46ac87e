"""Texts of strangers stay texts, in HTML and in Markdown: no element, link, mention, formula or line of their making."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from secondsource.adapters.reports.html import html
from secondsource.adapters.reports.markdown import escaped, markdown
from secondsource.adapters.reports.paper import Block, Paper
from secondsource.adapters.reports.vendor import paper_of
from secondsource.adapters.senders.text import clean
from secondsource.adapters.sql.database import Database
from tests.reports.world import context, fill, reviewed

NASTY = (
    "<script>alert(1)</script>", "</style><script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "{{ 7 * 7 }}", "{% raw %}",
    "[a](javascript:alert(1))", "![x](http://e.example/x.png)", "<http://e.example>", "http://e.example/x", "www.e.example", "a@e.example",
    "@everyone", "| a | b |", "| --- |", "---", "===", "# h", "> q", "- item", "1. item", "1) item", "+ item", "```", "~~~", "    code",
    "`x`", "**b**", "_i_", "~~s~~", "$x$", "&lt;b&gt;", "&#60;", "\\", "\\<b\\>", "a\n\nb", "a\r\n# h", "\u202eevil", "\u0000", "\ud800",
    "[^1]: n", "[x]: http://e.example", "=cmd|' /C calc'!A0", "line\u2028line", ":::", "<!-- x", "]]>", "%%", "expression(1)", "url(x)",
    "\\[1\\]",
)  # fmt: skip
texts = st.lists(
    st.sampled_from(NASTY) | st.text(st.sampled_from("<>&\"'`*_[]()#|\\~$@:/.\n -+=!{}%0aé\u200b"), max_size=8), max_size=4
).map("".join)


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    folder: Path = tmp_path_factory.mktemp("hostile")
    database = Database(folder / "store.db")
    known = context()
    database.write_now(lambda connection: fill(connection, known))
    found = paper_of(reviewed(database, known))
    database.close()
    return found


def filled(value: Any, text: str) -> Any:
    """The value with every text in it replaced; what tells kinds apart stays."""
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(filled(member, text) for member in value)
    if isinstance(value, dict):
        return {key: filled(member, text) for key, member in value.items()}
    if isinstance(value, msgspec.Struct):
        kept = {"shape"}
        return msgspec.structs.replace(
            value, **{name: filled(getattr(value, name), text) for name in value.__struct_fields__ if name not in kept}
        )
    return value


def _kept(name: str, value: str | None) -> str | None:
    """What of an attribute is not words, nor depends on how long they are."""
    return None if name == "aria-label" or value is None else value.removesuffix(" long")


class _Skeleton(HTMLParser):
    """Tags with their attributes, but for the values that hold words, and the words themselves."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple((name, _kept(name, value)) for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", ()))


def skeleton(text: str) -> _Skeleton:
    parser = _Skeleton()
    parser.feed(text)
    parser.close()
    return parser


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(texts)
def test_no_text_makes_an_element_in_html(paper: Paper, text: str) -> None:
    assume(clean(text, 2000))
    hostile, plain = skeleton(html(filled(paper, text))), skeleton(html(filled(paper, "x")))
    assert hostile.tags == plain.tags
    style = next(words for words in hostile.words if "@page" in words)
    assert re.search(r'@bottom-left \{ content: "[A-Za-z0-9 ,.:-]*";', style)
    # the stamp adds no quote, brace or backslash to the sheet, so it ends nothing there
    plain_style = next(words for words in plain.words if "@page" in words)
    assert [c for c in style if c in "\"'{}\\;<>"] == [c for c in plain_style if c in "\"'{}\\;<>"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(texts)
def test_no_text_makes_markup_in_markdown(paper: Paper, text: str) -> None:
    assume(clean(text, 2000))
    hostile, plain = blocks(markdown(filled(paper, text))), blocks(markdown(filled(paper, "x")))
    assert [kind for kind, _ in hostile] == [kind for kind, _ in plain]
    inline = {child for _, children in hostile for child in children}
    assert inline <= {"text", "text_special", "hardbreak", "softbreak", "strong_open", "strong_close"}


READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def blocks(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every block of the document, with the kinds of what stands in its lines."""
    return [(token.type, tuple(child.type for child in token.children or ())) for token in READER.parse(text)]


@given(texts)
def test_markdown_shows_the_words_as_they_are(text: str) -> None:
    wanted = clean(text, 2000)
    assume(wanted)
    shown = "".join(words(READER.parse(escaped(text))))
    assert shown == wanted.replace("@", "@\u2060")


def words(tokens: list[Any]) -> Iterator[str]:
    for token in tokens:
        yield from (child.content for child in token.children or ())
        if not token.children and token.type != "inline":
            assert token.type in ("paragraph_open", "paragraph_close"), token.type


@given(texts)
def test_nothing_is_left_that_extensions_turn_into_links_mentions_or_formulas(text: str) -> None:
    line = escaped(text)
    assert "\n" not in line
    assert not re.search(r"(?i)\b[a-z][a-z0-9+.-]*://", line)
    assert not re.search(r"(?i)\bwww\.\S", line)
    assert not re.search(r"@[A-Za-z0-9]", line)
    assert not re.search(r"(?<!\\)(?:\\\\)*\$", line)


def test_blocks_of_the_paper_are_all_known_to_both_writers(paper: Paper) -> None:
    kinds = {type(block) for block in (*paper.front, *(block for section in paper.sections for block in section.blocks))}
    assert kinds == set(Block.__subclasses__())
