"""Whatever stands in a file, there are settings, or problems with places in the file; never anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from secondsource.settings.load import Examined
from tests.settings.bench import CORPUS, looked_at

GOOD = (CORPUS / "whole.good.yaml").read_text(encoding="utf-8")
VALUE: dict[str, Any] = yaml.safe_load(GOOD)
QUIET = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-10, 10**12)
    | st.floats()
    | st.dates()
    | st.datetimes()
    | st.sampled_from(
        [
            "",
            " ",
            "halcyon",
            "halcyon/api",
            "stratus/vault/north-1",
            "a/b/c/d",
            "env:X",
            "~nobody",
            "file:~nobody/x",
            "10m",
            "9" * 40 + "d",
            "no",
            "\0",
            "é",
            "${x}",
        ]
    )
    | st.text(max_size=12)
)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SCALARS.filter(lambda key: key == key), inner, max_size=3),
    max_leaves=6,
)


def sites(value: Any, loc: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in ``value``."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [loc, *(place for key, each in inner for place in sites(each, (*loc, key)))]


def put(value: Any, loc: tuple[Any, ...], new: Any) -> Any:
    """``value`` with ``new`` at ``loc``."""
    if not loc:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[loc[0]] = put(value[loc[0]], loc[1:], new)
    return copy


def without(value: Any, loc: tuple[Any, ...]) -> Any:
    """``value`` without what stands at ``loc``."""
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(loc) == 1:
        del copy[loc[0]]
    else:
        copy[loc[0]] = without(value[loc[0]], loc[1:])
    return copy


def hold(examined: Examined, text: str) -> None:
    lines = text.count("\n") + 2
    assert (examined.settings is not None) or examined.problems
    for problem in examined.problems:
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.text.strip()
        assert "\n" not in problem.text
        assert "pydantic" not in problem.text


SITES = sites(VALUE)


@QUIET
@given(st.sampled_from(SITES), _ANYTHING)
def test_any_value_anywhere(tmp_path: Path, loc: tuple[Any, ...], new: Any) -> None:
    text = yaml.safe_dump(put(VALUE, loc, new), allow_unicode=True, sort_keys=False)
    hold(looked_at(tmp_path, text), text)


@QUIET
@given(st.lists(st.sampled_from([site for site in SITES if site]), min_size=1, max_size=3))
def test_anything_left_out(tmp_path: Path, locs: list[tuple[Any, ...]]) -> None:
    value = VALUE
    for loc in sorted(set(locs), key=lambda loc: (len(loc), str(loc)), reverse=True):
        try:
            value = without(value, loc)
        except (KeyError, IndexError):
            continue  # it went with something around it
    text = yaml.safe_dump(value, sort_keys=False)
    hold(looked_at(tmp_path, text), text)


@QUIET
@given(st.integers(0, len(GOOD)), st.integers(0, 30), st.text(st.sampled_from("ab0:-[]{}&*!|>'\"#,? \n\t@<=/.~\0é"), max_size=8))
def test_any_text_in_between(tmp_path: Path, at: int, cut: int, new: str) -> None:
    text = GOOD[:at] + new + GOOD[at + cut :]
    hold(looked_at(tmp_path, text), text)


def test_order_of_rooms_changes_nothing(tmp_path: Path) -> None:
    text = yaml.safe_dump(dict(reversed(VALUE.items())), sort_keys=False)
    first, second = looked_at(tmp_path, GOOD), looked_at(tmp_path, text)
    assert not second.problems
    assert first.settings is not None and second.settings is not None
    assert first.settings.context.version == second.settings.context.version


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffsources: [halcyon]\n",
        "sources: [halcyon]\r\nchannels:\r\n  ops: {kind: slack, token: env:X}\r\n",
        "---\nsources: [halcyon]\n...\n",
    ],
)
def test_texts_as_editors_write_them(tmp_path: Path, text: str) -> None:
    assert looked_at(tmp_path, text).problems == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"sources: [\xe9]", "1:1: can not be read: it is not UTF-8"),
        (b"sources: &a [*a]", "nested too deeply, or aliases that grow without end"),
        (b"sources: " + b"[" * 300 + b"]" * 300, "nested too deeply"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\n" * 1, "there is no field `a` here"),
    ],
)
def test_files_that_are_hardly_files(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "secondsource.yaml").write_bytes(data)
    from secondsource.settings.load import examine
    from tests.settings.bench import KNOWN

    assert said in str(examine(tmp_path / "secondsource.yaml", KNOWN).problems[0])
