"""The command ``test`` on files of cases: what holds, what fails and where, and what is no case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from secondsource.cli.app import cli

HOLDS = """\
rule: vendor_outage
title: it opens
vendor: halcyon
at:
  +0m: [{component_status: {name: API, status: major_outage}}]
expect:
  +0m: [{phase: opened, severity: high}]
until: +1h
"""
FAILS = HOLDS.replace("severity: high", "severity: low").replace("it opens", "it opens mildly")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli({}), ["test", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.yaml").write_text(f"{HOLDS}---\n{FAILS}", encoding="utf-8")
    (tmp_path / "two.yml").write_text(HOLDS, encoding="utf-8")
    return tmp_path


def test_what_holds_exits_with_0(folder: Path) -> None:
    done = run(folder / "two.yml")
    assert (done.exit_code, done.output) == (0, f"ok   {folder / 'two.yml'}:1: it opens\n1 of 1 cases hold\n")


def test_what_fails_is_placed_and_exits_with_1(folder: Path) -> None:
    done = run(folder, folder / "one.yaml")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        f"ok   {folder / 'one.yaml'}:1: it opens",
        f"FAIL {folder / 'one.yaml'}:10: it opens mildly",
        f"     {folder / 'one.yaml'}:16:35: severity: expected low, got high",
        f"ok   {folder / 'two.yml'}:1: it opens",
        "2 of 3 cases hold, 1 fail",
    ]


def test_json(folder: Path) -> None:
    done = run(folder, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["passed"], told["failed"]) == (1, 2, 1)
    assert [case["ok"] for case in told["cases"]] == [True, False, True]
    assert told["cases"][1]["problems"] == [
        {"file": str(folder / "one.yaml"), "line": 16, "column": 35, "problem": "severity: expected low, got high"}
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: there is no case in this file"),
        ("rule: [", "not YAML: "),
        ("- a", "1:1: a case has `rule:` or `runbook:` at its top"),
        (f"{HOLDS}runbook: page\n", "1:1: a case has `rule:` or `runbook:` at its top"),
        ("rule: no_such_rule\nat: {+0m: []}\n", "1:7: "),
        (HOLDS.replace("+0m: [{component", "soon: [{component"), "5:3: 'soon' is no time since the start"),
        (HOLDS.replace("major_outage", "burning"), "5:"),
        (
            HOLDS.replace("vendor: halcyon", "vendor: halcyon\nparams: {clear_hold: soon}"),
            "4:22: params.clear_hold: 'soon' is not a length",
        ),
        (HOLDS.replace("vendor: halcyon", "vendor: halcyon\nparams: {hold: 3m}"), "4:"),
        (HOLDS.replace("vendor: halcyon", "vendor: halcyon\nparams: 3"), "4:9: a mapping of parameters belongs here"),
        (HOLDS.replace("until: +1h", "untill: +1h"), "8:9: 'untill' is not known here; known are "),
    ],
)
def test_what_is_no_case_fails_at_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    done = run(path)
    assert done.exit_code == 1
    assert f"{path}:{said}" in done.output or (said.startswith("not") and said in done.output)


def test_where_there_is_nothing_to_run_it_says_what_to_name(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none", "is not there; name a file of cases"), (tmp_path, "holds no cases: no file below it ends in")):
        done = run(path)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
