"""Generated files are what their programs write today."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from secondsource.adapters.reference import CONNECTORS, files
from secondsource.plans.schema import json_schema
from tests.meta.repository import ROOT

GENERATED: dict[str, Callable[[], str]] = {
    "runbooks/schema.json": json_schema,
    **files(ROOT),
}


def stale(path: Path, write: Callable[[], str]) -> bool:
    """Whether ``path`` is missing or differs from what ``write`` gives."""
    return not path.is_file() or path.read_text(encoding="utf-8") != write()


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_generated_file_is_fresh(name: str) -> None:
    assert not stale(ROOT / name, GENERATED[name]), "run make generate"


def test_no_page_is_left_of_a_connector_that_is_gone() -> None:
    assert {f"{CONNECTORS}/{path.name}" for path in (ROOT / CONNECTORS).iterdir()} == {
        name for name in GENERATED if name.startswith(CONNECTORS)
    }


@pytest.mark.parametrize("name", sorted(name for name in GENERATED if name.startswith(CONNECTORS) and "README" not in name))
def test_the_page_of_a_connector_says_what_each_field_is_for_and_shows_one_that_works(name: str) -> None:
    text = GENERATED[name]()
    assert [row for row in text.splitlines() if re.search(r"^\| `.*\|\s*\|$", row)] == []
    assert "\n## Example\n" in text


def test_stale_files_are_found(tmp_path: Path) -> None:
    path = tmp_path / "made.json"
    assert stale(path, lambda: "{}\n")
    path.write_text("{}\n", encoding="utf-8")
    assert not stale(path, lambda: "{}\n")
    assert stale(path, lambda: '{"new": 1}\n')
