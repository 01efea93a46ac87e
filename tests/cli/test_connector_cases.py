"""The command ``test`` on fixtures of connectors: what holds, what differs and where, and what is no case."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from secondsource.cli.app import cli

FIXTURES = Path(__file__).parents[1] / "connectors"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli({}), ["test", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for case in ("typical", "html"):
        shutil.copytree(FIXTURES / "openrouter_models" / case, tmp_path / "openrouter_models" / case)
    return tmp_path


def test_cases_are_found_below_a_folder_and_hold(folder: Path) -> None:
    done = run(folder)
    assert done.exit_code == 0
    assert [line.split(": ")[1] for line in done.output.splitlines()[:-1]] == ["openrouter_models/html", "openrouter_models/typical"]
    assert run(folder / "openrouter_models" / "html").output.endswith("1 of 1 cases hold\n")


def test_a_reading_that_differs_is_placed_at_its_line(folder: Path) -> None:
    expected = folder / "openrouter_models" / "typical" / "expected.jsonl"
    first, second, *rest = expected.read_text().splitlines()
    expected.write_text("\n".join([first, second.replace("price/", "prize/"), *rest]) + "\n")
    done = run(expected.parent)
    assert done.exit_code == 1
    assert f"     {expected}:2:1: expected " in done.output
    expected.write_text(first + "\n")
    assert f"     {expected}:2:1: expected nothing, got " in run(expected.parent).output


def test_a_refusal_that_is_not_expected_and_one_that_does_not_come(folder: Path) -> None:
    typical, html = (folder / "openrouter_models" / name for name in ("typical", "html"))
    shutil.copy(html / "response.html", typical / "response.json")
    assert "readings were expected; it was refused: line 1 column 1: this is a web page (HTML)" in run(typical).output
    shutil.copy(FIXTURES / "openrouter_models" / "typical" / "response.json", html / "response.html")
    assert "a refusal was expected, got " in run(html).output
    (html / "expected_error.json").write_text(json.dumps({"where": "here", "reason": "no"}))
    shutil.copy(FIXTURES / "openrouter_models" / "html" / "response.html", html / "response.html")
    assert "another refusal was expected, got line 1 column 1" in run(html).output


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda case: (case / "expected.jsonl").unlink(), "a case has expected.jsonl or expected_error.json, and exactly one of them"),
        (lambda case: (case / "response.json").unlink(), "there are 0 files response.* here; a case has one"),
        (lambda case: (case / "request.json").write_text("{"), "request.json: "),
        (
            lambda case: (case / "request.json").write_text('{"url": "u", "config": {"url": "x"}, "received_at": "2026-01-02T00:00:00Z"}'),
            "request.json: config.url: ",
        ),
        (lambda case: case.parent.rename(case.parent.parent / "nothing_such"), "there is no connector 'nothing_such'"),
    ],
)
def test_what_is_no_case_is_said_in_one_sentence(folder: Path, spoil: object, says: str) -> None:
    assert callable(spoil)
    shutil.rmtree(folder / "openrouter_models" / "html")
    spoil(folder / "openrouter_models" / "typical")
    done = run(folder)
    assert done.exit_code == 1
    assert says in done.output
