"""Rules that users write: how they are read, what is refused where, and what they find."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rules.vendor_outage import OutageParams, VendorOutage
from secondsource.domain.context import Context
from secondsource.domain.observations import AnyBody, Batch, ComponentStatus, Quota, batch_of, observe, tick
from secondsource.domain.signals import Signal
from secondsource.domain.status import Status
from secondsource.engine.engine import Engine
from secondsource.settings.load import examine
from secondsource.settings.user_rules import read_rule, read_rules
from secondsource.testing.cases import run_file
from tests.settings.bench import KNOWN

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
START = datetime(2025, 10, 20, 7, tzinfo=UTC)
GOOD = """\
id: spent
title: "${vendor}: ${subject}"
consumes: [quota]
when: body.limit != null && body.used > 0.9 * body.limit
severity: low
"""


def written(folder: Path, text: str, name: str = "own.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def said(minutes: float, vendor: str, subject: str, body: AnyBody, source: str = "s", exercise: str | None = None) -> Batch:
    at = START + timedelta(minutes=minutes)
    made = observe(source=source, vendor=vendor, subject=subject, observed_at=at, body=body, exercise=exercise)
    return batch_of(vendor, source, at, (made,))


def played(path: Path, inputs: list[Batch]) -> list[Signal]:
    rule, problems = read_rule(path)
    assert problems == []
    assert rule is not None
    engine = Engine({"vendor_outage": VendorOutage(OutageParams()), rule.meta.id: rule(None)}, Context())
    return [signal for batch in inputs for signal in engine.apply(batch) if signal.rule == rule.meta.id]


def test_the_examples_of_the_guide_hold() -> None:
    results = run_file(EXAMPLES / "cases" / "own-rules.yaml")
    assert [str(problem) for result in results for problem in result.problems] == []
    found, problems = read_rules([EXAMPLES / "rules"], ())
    assert (sorted(found), problems) == (["queue-too-long", "two-vendors-down"], [])


@pytest.mark.parametrize(
    ("line", "instead", "place", "told"),
    [
        ("when:", "when: body.used >>> 3", "4:7", "it is no CEL: mismatched input '>' (line 1, column 12 of it)"),
        ("when:", "when: body.usd > 3.0", "4:7", "a quota has no `usd`; it has limit"),
        ("when:", "when: body.limit > 3.0", "4:7", "it fails for a quota where `limit` is null; say `body.limit != null && ...`"),
        ("when:", "when: body.used", "4:7", "it must come to true or false, and comes to 1.0 for a quota"),
        ("when:", "when: bdy.used > 3", "4:7", "there is no `bdy`; an expression sees kind, vendor"),
        ("consumes:", "consumes: [qouta]", "3:12", "there is no kind 'qouta'; did you mean quota?"),
        ("consumes:", "consumes: [finding]", "3:1", "findings come from all vendors' rules: say `reach: portfolio`"),
        ("title:", 'title: "${vender}"', "2:8", "there is no placeholder ${vender} here; did you mean vendor?"),
        ("title:", 'title: "5 $ too much"', "2:8", "a $ begins a placeholder such as ${vendor}; write $$ for the sign itself"),
        ("title:", 'title: "${value} left"', "2:8", "${value} is told, and no `value` says what it is"),
        ("severity:", "severity: hgih", "5:11", "must be one of info, low, medium, high, critical"),
        ("severity:", "severity: low\nkey: ${subject}", "6:6", "a key must be unique over all vendors"),
        ("severity:", "severity: low\nvalue: body.name", "6:8", "it must come to a number, and comes to 'text' for a quota"),
        ("severity:", "severity: low\nhodl: 5m", "6:7", "there is no field `hodl` here; did you mean hold?"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, line: str, instead: str, place: str, told: str) -> None:
    text = "".join(f"{instead}\n" if each.startswith(line) else f"{each}\n" for each in GOOD.splitlines())
    rule, problems = read_rule(written(tmp_path, text))
    assert rule is None
    assert any(str(problem).startswith(f"{tmp_path / 'own.yaml'}:{place}: ") and told in problem.text for problem in problems), problems


def test_a_configuration_names_folders_of_rules(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    written(tmp_path / "own", GOOD)
    examined = examine(written(tmp_path, "own_rules: [own]\nrules: {spent: {}}\n", "secondsource.yaml"), KNOWN)
    assert examined.problems == ()
    assert examined.settings is not None
    assert examined.settings.running_rules()["spent"].meta.title == "spent"
    off = examine(written(tmp_path, "own_rules: [own]\nrules: {spent: off}\n", "secondsource.yaml"), KNOWN)
    assert off.settings is not None
    assert "spent" not in off.settings.rules


def test_ids_are_unique(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "a.yaml")
    written(tmp_path, GOOD, "b.yaml")
    found, (problem,) = read_rules([tmp_path], ())
    assert list(found) == ["spent"]
    assert str(problem) == f"{tmp_path / 'b.yaml'}:1:1: there is a rule 'spent' already, {tmp_path / 'a.yaml'}; give this one another id"
    taken, problems = read_rules([tmp_path], {"spent"})
    assert (taken, len(problems)) == ({}, 2)


def test_findings_of_other_rules_are_heard_with_the_next_tick() -> None:
    down, well = ComponentStatus("API", Status.MAJOR_OUTAGE), ComponentStatus("API", Status.OPERATIONAL)
    inputs = [
        said(0, "openai", "component/api", down),
        tick(START + timedelta(minutes=1)),
        said(2, "anthropic", "component/api", down),
        tick(START + timedelta(minutes=3)),
        said(4, "openai", "component/api", well),
        tick(START + timedelta(minutes=20)),
        tick(START + timedelta(minutes=21)),
    ]
    found = played(EXAMPLES / "rules" / "two-vendors-down.yaml", inputs)
    assert [(s.phase.value, (s.at - START) / timedelta(minutes=1)) for s in found] == [("opened", 3), ("cleared", 20)]
    assert found[0].title == "2 vendors are in trouble at once: anthropic, openai"
    assert len(found[0].evidence.observations) == 2


def test_a_drill_is_another_world() -> None:
    down = ComponentStatus("API", Status.MAJOR_OUTAGE)
    inputs = [
        said(0, "openai", "component/api", down),
        said(1, "anthropic", "component/api", down, exercise="drill-1"),
        tick(START + timedelta(minutes=3)),
    ]
    assert played(EXAMPLES / "rules" / "two-vendors-down.yaml", inputs) == []


def test_an_observation_that_can_not_be_judged_is_told_and_changes_nothing(tmp_path: Path) -> None:
    """The condition is sound for what is usual, and fails where a list ends: what stood before stands."""
    path = written(tmp_path, GOOD.replace("body.limit != null && body.used > 0.9 * body.limit", "'[false, true][int(body.used)]'"))
    inputs = [
        said(0, "openai", "quota/tokens", Quota("tokens", 1)),
        said(1, "openai", "quota/tokens", Quota("tokens", 7)),
        said(2, "openai", "quota/tokens", Quota("tokens", 0)),
    ]
    found = played(path, inputs)
    assert [(s.phase.value, s.key) for s in found] == [
        ("opened", "openai"),
        ("opened", "openai/condition"),
        ("cleared", "openai/condition"),
        ("cleared", "openai"),
    ]
    assert found[1].title == "Rule spent can not judge what is said of openai"
    assert found[1].evidence.observations == (inputs[1].observations[0].id,)
