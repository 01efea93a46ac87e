"""``secondsource check``: all problems at once, with places, and the exit code that scripts rely on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from secondsource.cli.app import cli
from tests.meta.repository import ROOT

FIVE = """\
sources: [openai]
channels:
  ops: {kind: slack, to: "#ops", token: env:CHECK_TOKEN}
"""

BOOK = """\
id: mine
title: Mine
version: 1
kind: escalation
description: For tests.
owner: owners
review_by: 2999-01-01
triggers: {rules: [vendor_outage]}
steps:
  - {id: page, notify: {to: [role:on-call, person:mara, channel:ops]}}
  - {id: answer, wait_ack: {for: 10m}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECK_TOKEN", "canary-4711")
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli({}), ["check", *arguments], catch_exceptions=False)


def write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_five_lines_are_sound_and_noted() -> None:
    write("secondsource.yaml", FIVE)
    result = check()
    assert result.exit_code == 0
    note, summary = result.stdout.splitlines()
    assert note.startswith("secondsource.yaml:1:1: people: nobody has the role ")
    assert note.endswith("; the channel ops hears what is meant for them (note)")
    assert summary == "0 problems in secondsource.yaml"


def test_the_examples_are_sound() -> None:
    result = check("--no-secrets", str(ROOT / "docs" / "examples" / "secondsource.yaml"))
    assert (result.exit_code, result.stderr) == (0, "")


def test_what_ships_is_sound() -> None:
    result = check(str(ROOT / "catalog"), str(ROOT / "runbooks"))
    assert (result.exit_code, result.stdout.splitlines()[:-1]) == (0, [])


def test_everything_that_is_wrong_is_told_at_once() -> None:
    write(
        "secondsource.yaml",
        FIVE.replace("CHECK_TOKEN", "CHECK_OTHER")
        + "people: {mara: {slack: U1, roles: [on-call]}}\nrunbooks: [books]\ncatalog: [vendors]\nsource: []\n",
    )
    write("books/escalation/mine.yaml", BOOK.replace("on-call,", "oncall,").replace("person:mara", "person:maro"))
    write("vendors/alpha.yaml", "id: alpha\nname: Alpha\ndepends_on: [{scope: openai}]\nparent: opena\n")
    result = check()
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:-1] == [
        "secondsource.yaml:3:41: channels.ops.token: the environment has no variable CHECK_OTHER; set it before the program starts",
        "secondsource.yaml:7:1: source: there is no field `source` here; did you mean sources?",
        "vendors/alpha.yaml:3:14: depends_on[0]: `basis` is missing: a catalog says how it knows what a vendor sits on, and how well",
        "vendors/alpha.yaml:3:14: depends_on[0]: `confidence` is missing: a catalog says how it knows what a vendor sits on, and how well",
        "vendors/alpha.yaml:4:9: parent: there is no vendor 'opena'; did you mean openai? Otherwise add it under vendors",
        "books/escalation/mine.yaml:6:8: owner: there is no role 'owners'; known are on-call",
        "books/escalation/mine.yaml:10:30: steps[0].notify.to[0]: there is no role 'oncall'; did you mean 'on-call'?",
        "books/escalation/mine.yaml:10:43: steps[0].notify.to[1]: there is no person 'maro'; did you mean 'mara'?",
    ]
    assert "canary" not in result.output


def test_secrets_can_be_left_out() -> None:
    write("secondsource.yaml", FIVE.replace("CHECK_TOKEN", "CHECK_OTHER"))
    assert check().exit_code == 1
    assert check("--no-secrets").exit_code == 0


def test_json() -> None:
    write("secondsource.yaml", FIVE + "source: []\n")
    result = check("--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert told["problems"] == [
        {"file": "secondsource.yaml", "line": 4, "column": 1, "problem": "source: there is no field `source` here; did you mean sources?"}
    ]
    assert [note["file"] for note in told["notes"]] == ["secondsource.yaml"]
    assert told["checked"] == ["secondsource.yaml"]


def test_what_is_checked_is_told_by_what_it_is(here: Path) -> None:
    write("books/escalation/mine.yaml", BOOK.replace("for: 10m", "for: 10x"))
    write("books/contingency/none.yaml", "id: none\nkind: contingenci\n")
    write("own/vendors/alpha.yaml", "id: alpha\nname: Alpha\nparent: alpha\n")
    write("firm/secondsource.yaml", "sources: [opena]\n")
    write("other.yaml", "sources: [opena]\n")
    write("broken.yaml", "a: [\n")
    for path, said in {
        "books": "steps[1].wait_ack.for",
        "books/escalation/mine.yaml": "steps[1].wait_ack.for",
        "books/contingency/none.yaml": "kind is one of",
        "own": "it owns itself",
        "own/vendors": "it owns itself",
        "own/vendors/alpha.yaml": "it owns itself",
        "firm": "did you mean openai?",
        "other.yaml": "did you mean openai?",
        "broken.yaml": "not YAML",
    }.items():
        result = check(path)
        assert (result.exit_code, said in result.stdout) == (1, True), (path, result.output)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is no secondsource.yaml here"),
        (["nowhere.yaml"], "there is no nowhere.yaml"),
        (["empty"], "empty holds nothing to check: no secondsource.yaml, and none of the folders escalation"),
    ],
)
def test_wrong_use_is_one_sentence(here: Path, arguments: list[str], said: str) -> None:
    (here / "empty").mkdir()
    result = check(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_rule_that_nobody_answers_is_a_problem() -> None:
    write("secondsource.yaml", FIVE + "runbooks: [books]\n")
    text = (ROOT / "runbooks" / "escalation" / "vendor-outage.yaml").read_text(encoding="utf-8")
    write("books/escalation/vendor-outage.yaml", text.replace("min_severity: medium", "min_severity: critical"))
    result = check()
    assert result.exit_code == 1
    assert "books/escalation:1:1: no runbook answers every finding of rule 'vendor_outage'" in result.stdout
    write("secondsource.yaml", FIVE + "runbooks: [books]\nrules: {vendor_outage: off}\n")
    assert check().exit_code == 0


def test_files_that_can_not_be_read_are_problems(here: Path) -> None:
    (here / "secondsource.yaml").write_bytes(b"\xff\xfe")
    result = check()
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "secondsource.yaml:1:1: can not be read: it is not UTF-8")
    if os.geteuid() != 0:
        (here / "secondsource.yaml").chmod(0)
        assert "Permission denied" in check().stdout
