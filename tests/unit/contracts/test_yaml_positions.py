"""YAML with places: what is read is what YAML means, and everything wrong has its line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from secondsource.contracts.yaml_positions import BadYaml, Document, _documents, read, read_text

TEXT = """\
# a comment
vendors:
  - id: aws
    regions: [us-east-1, {name: eu}]
people: {mara: {email: m@example.org}}
"""


@pytest.mark.parametrize(
    ("loc", "place"),
    [
        ((), (2, 1)),
        (("vendors",), (2, 1)),
        (("vendors", 0), (3, 5)),
        (("vendors", 0, "id"), (3, 9)),
        (("vendors", 0, "regions", 0), (4, 15)),
        (("vendors", 0, "regions", 1, "name"), (4, 33)),
        (("people", "mara"), (5, 10)),
        (("people", "mara", "email"), (5, 24)),
        (("people", "mara", "slack"), (5, 10)),  # what is missing is missing there
        (("nothing", 3, "x"), (2, 1)),
    ],
)
def test_where_things_stand(loc: tuple[str | int, ...], place: tuple[int, int]) -> None:
    (document,) = read_text("f.yaml", TEXT)
    problem = document.problem("wrong", *loc)
    assert str(problem) == f"f.yaml:{place[0]}:{place[1]}: wrong"


def test_documents_and_empty_ones() -> None:
    assert [(document.value, document.problem("").line) for document in read_text("f", "a: 1\n---\n---\n# none\n---\nb: 2\n")] == [
        ({"a": 1}, 1),
        ({"b": 2}, 6),
    ]
    assert read_text("f", "# only a comment") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3:1: 'a' stands here twice"),
        ("a: {b: 1, b: 2}\n", "f:1:11: 'b' stands here twice"),
        ("1: x\n'1': y\n", "f:2:1: '1' stands here twice"),
        ("a: [1, 2\n", "f:2:1: not YAML: "),
        ("a:\n\tb: 1\n", "f:2:1: not YAML: "),
        ("a: *nobody\n", "f:1:4: not YAML: "),
        ("a: !!python/object/apply:os.system [ls]\n", "f:1:4: not YAML: "),
        ("a: 2025-13-45\n", "f:1:1: not YAML: "),
        ("a: 1\nb: é\x07\n", "f:2:5: not YAML: the character U+0007 can not stand here"),
        (f"{'[' * 200}{']' * 200}", "nested too deeply"),
        (f"{'[' * 5000}{']' * 5000}", "f:1:"),
        ("a: &a [*a]\n", "nested too deeply, or aliases that grow without end"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(BadYaml) as caught:
        read_text("f", text)
    assert said in str(caught.value)


def test_aliases_that_multiply_are_refused_at_once() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(BadYaml, match="aliases that grow without end"):
        read_text("f", "l0: &l0 x\n" + "\n".join(levels))


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    for path, said in ((tmp_path / "none.yaml", "No such file"), (tmp_path / "latin.yaml", "not UTF-8"), (tmp_path, "directory")):
        with pytest.raises(BadYaml) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}:1:1: can not be read: ")
        assert said in str(caught.value)


_TEXTS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]))  # YAML folds some line ends into others
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES.filter(lambda value: value is not None))
def test_the_value_is_the_one_that_yaml_gives(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    (document,) = read_text("f", text)
    assert document.value == value == yaml.safe_load(text)


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"#,? \n\t%@`0~"), max_size=60))
def test_any_text_gives_documents_or_one_problem(text: str) -> None:
    problem = None
    try:
        documents = read_text("f", text)
    except BadYaml as error:
        problem = error.problem
    assert (problem.line >= 1 and problem.column >= 1) if problem else all(isinstance(each, Document) for each in documents)


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="this PyYAML was built without libyaml")
@given(_VALUES, st.sampled_from([None, True, False]), st.booleans())
def test_the_fast_way_of_reading_gives_the_same(value: Any, flow: bool | None, umlauts: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=umlauts)
    fast, plain = (list(_documents("f", text, loader)) for loader in (yaml.CSafeLoader, yaml.SafeLoader))
    assert [(document.value, document._places) for document in fast] == [(document.value, document._places) for document in plain]
