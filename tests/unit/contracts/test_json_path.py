"""Paths into a document: what they find, what they refuse, and that nothing in them is evaluated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from secondsource.contracts.connector import ParseError
from secondsource.contracts.json_path import KEY, SELF, ListPath, PlacePath, parse_path
from secondsource.contracts.reading import Node

DOCUMENT = {
    "page": {"name": "Tessera", "dotted.name": 1, "hyphen-ed": None},
    "zones": [{"parts": [{"n": "a"}, {"n": "b"}]}, {"parts": []}, {"parts": [{"n": "c"}]}],
    "keyed": {"api": {"up": True}, "web": {"up": False}},
}


def found(path: str, document: Any = DOCUMENT) -> list[tuple[str, Any, str]]:
    return [(key, node.value, node.where) for key, node in parse_path(path).find(Node(document, ""))]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("page.name", [("", "Tessera", "page.name")]),
        ('page["dotted.name"]', [("", 1, "page.dotted.name")]),
        ("page.hyphen-ed", [("", None, "page.hyphen-ed")]),
        ("zones[2].parts[0].n", [("", "c", "zones[2].parts[0].n")]),
        ("zones[*].parts[*].n", [("0", "a", "zones[0].parts[0].n"), ("1", "b", "zones[0].parts[1].n"), ("0", "c", "zones[2].parts[0].n")]),
        ("keyed[*].up", [("api", True, "keyed['api'].up"), ("web", False, "keyed['web'].up")]),
        (SELF, [("", DOCUMENT, "")]),
    ],
)
def test_what_a_path_finds(path: str, expected: list[tuple[str, Any, str]]) -> None:
    assert found(path) == expected
    assert found("[*]", [7, 8]) == [("0", 7, "[0]"), ("1", 8, "[1]")]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("page.missing", "page.missing"),
        ("page.name.more", "page.name"),
        ("zones[3]", "zones"),
        ("page[0]", "page"),
        ("zones.parts", "zones"),
        ("page.name[*]", "page.name"),
        ("keyed[*].up.more", "keyed['api'].up"),
    ],
)
def test_a_step_that_leads_nowhere_is_named(path: str, where: str) -> None:
    with pytest.raises(ParseError) as caught:
        found(path)
    assert caught.value.where == where


def test_what_may_be_missing_is_left_out_and_what_is_of_another_kind_is_not() -> None:
    def some(path: str) -> list[Any]:
        return [node.value for _, node in parse_path(path).find_some(Node(DOCUMENT, ""))]

    assert some("page.hyphen-ed") == some("page.missing.more") == some("zones[9].parts") == some("page.hyphen-ed.more") == []
    assert some("zones[*].parts[0].n") == ["a", "c"]
    for path in ("page.name.more", "page[0]", "page.name[*]"):
        with pytest.raises(ParseError):
            some(path)


@pytest.mark.parametrize(
    "path",
    [
        "", " ", ".a", "a.", "a..b", "a b", "a[", "a[]", "a[-1]", "a[1:2]", "a[?(@.b)]", "a.*", "$.a",
        "a.[0]", "a['b']", 'a["b', 'a["\\""]',
        "a[0]b", "a(1)", "__import__('os')", "@.a", "a.@key", "a" * 201, ".".join("a" * 21), "a[9999999]",
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"path"):
        parse_path(path)


class Model(BaseModel):
    one: PlacePath = "a"
    several: ListPath = "a[*]"


def test_one_place_and_several_are_told_apart() -> None:
    assert Model(one=KEY, several="a").one == KEY
    for wrong in ({"one": "a[*]"}, {"several": KEY}, {"one": "a["}, {"several": ""}):
        with pytest.raises(ValidationError):
            Model.model_validate(wrong)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


@given(VALUES, st.lists(st.sampled_from(["a", "b", "[0]", "[1]", "[*]", '["a"]']), min_size=1, max_size=4))
def test_any_path_on_any_document_finds_or_names_the_place(document: Any, steps: list[str]) -> None:
    text = "".join(step if step.startswith("[") or number == 0 else f".{step}" for number, step in enumerate(steps))
    path = parse_path(text)
    assert path.several == ("[*]" in steps)
    refusal = None
    strict: list[Any] = []
    try:
        strict = [node.value for _, node in path.find(Node(document, ""))]
    except ParseError as error:
        refusal = error
    if refusal is not None:
        assert refusal.where
        return
    lenient = [node.value for _, node in path.find_some(Node(document, ""))]
    assert lenient == [value for value in strict if value is not None]


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_a_value_error(text: str) -> None:
    refusal = ""
    try:
        parse_path(text)
    except ValueError as error:
        refusal = str(error)
    assert "\n" not in refusal
