"""The runbooks and plans that are shipped, case by case, and what a case says when it does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from secondsource.plans.load import load
from secondsource.plans.schema import Contingency, Escalation
from secondsource.testing.cases import run_file

HERE = Path(__file__).parent

RUNBOOK = """
id: small
title: Small
version: 1
kind: escalation
description: For tests.
owner: platform
review_by: 2027-01-01
triggers: {}
steps:
  - {id: page, notify: {to: [role:on-call]}}
  - {id: answer, wait_ack: {for: 10m}}
"""


@pytest.mark.parametrize("path", sorted(HERE.glob("*.yaml")), ids=lambda path: path.stem)
def test_cases_hold(path: Path) -> None:
    results = run_file(path)
    assert results
    assert {result.title: [str(problem) for problem in result.problems] for result in results if not result.ok} == {}


SHIPPED = load([HERE.parents[1] / "runbooks"])


@pytest.mark.parametrize(
    "book", [*SHIPPED.escalations.values(), *SHIPPED.contingencies.values()], ids=lambda book: f"{book.kind}/{book.id}"
)
def test_every_runbook_and_plan_has_two_cases(book: Escalation | Contingency) -> None:
    names = {book.id, f"{book.kind}/{book.id}"}
    cases = [line for path in HERE.glob("*.yaml") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("runbook: ")]
    assert sum(line.removeprefix("runbook: ") in names for line in cases) >= 2


@pytest.mark.parametrize("book", SHIPPED.contingencies.values(), ids=lambda plan: plan.id)
def test_every_plan_wants_evidence_and_has_a_gate(book: Contingency) -> None:
    items = [item for step in book.steps if step.checklist for item in step.checklist.items]
    assert sum(item.evidence for item in items) > len(items) / 2
    assert any(step.approve for step in book.steps) or book.id in UNGATED


UNGATED = {"watch-ourselves"}  # it adds probes, and takes nothing away


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "runbooks" / "escalation"
    path.mkdir(parents=True)
    (path / "small.yaml").write_text(RUNBOOK, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("case", "line", "said"),
    [
        ("expect:\n  +0m: [{notify: role:lead}]", 3, "it did not come; at that time came +0s notify: role:on-call"),
        ("expect:\n  +1m: [{notify: role:on-call}]", 3, "at that time came nothing else"),
        ("expect: {}", 2, "not expected: +0s notify: role:on-call"),
        ("expect:\n  +0m .. +1m: nothing", 3, "nothing was expected, got +0s notify"),
        ("expect:\n  +0m: [{notify: role:on-call}]\n  +10m: [{state: waiting}]", 4, "the run is at done"),
        ("at:\n  +1m: [{approved: mara}]\nexpect: {nothing-else: false}", 3, "refused: the run is waiting"),
        ("at:\n  +1m: [{paused: mara, refused: /no/}]\nexpect: {nothing-else: false}", 3, "a refusal was expected, got none"),
        ("at:\n  +1m: [{shouted: mara}]", 3, "'shouted' is not known here"),
        ("at:\n  +1m: [{paused: {}}]", 3, "missing required field `by`"),
        ("at:\n  soon: [{paused: mara}]", 3, "is no time since the start"),
        ("expect:\n  +1m .. +2m: [{state: done}]", 3, "only `nothing`"),
        ("expect:\n  +1m: [{occasion: first}]", 3, "belongs here"),
        ("expect:\n  +5m: nothing\nuntil: +1m", 4, "ends before"),
        ("risk: {severity: grave}", 2, "invalid enum value"),
    ],
)
def test_a_case_that_does_not_hold_says_where_and_why(folder: Path, case: str, line: int, said: str) -> None:
    path = folder / "case.yaml"
    path.write_text(f"runbook: small\n{case}\n", encoding="utf-8")
    (result,) = run_file(path)
    assert any(problem.line == line and said in problem.text for problem in result.problems), [str(p) for p in result.problems]


@pytest.mark.parametrize("name", ["smal", "contingency/small", "small/../../x.yaml", "[]"])
def test_a_runbook_that_is_not_there(folder: Path, name: str) -> None:
    path = folder / "case.yaml"
    path.write_text(f"runbook: {name}\n", encoding="utf-8")
    (result,) = run_file(path)
    assert not result.ok


def test_a_runbook_with_a_mistake_fails_the_case(folder: Path) -> None:
    (folder / "runbooks" / "escalation" / "small.yaml").write_text(RUNBOOK.replace("wait_ack", "wait_for"), encoding="utf-8")
    path = folder / "case.yaml"
    path.write_text("runbook: small\n", encoding="utf-8")
    (result,) = run_file(path)
    assert "there is no verb `wait_for`" in result.problems[0].text
