"""What the lint says of runbooks, plans and drills: each with file, line and column."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from secondsource.adapters import plugins
from secondsource.domain.signals import Severity
from secondsource.plans.facts import Known
from secondsource.plans.lint import lint_all, lint_file
from secondsource.plans.load import load

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SHIPPED = Path(__file__).parents[3] / "runbooks"
KNOWN = Known(
    people=frozenset({"mara"}),
    roles=frozenset({"on-call", "lead", "owner"}),
    channels=frozenset({"ops"}),
    functions=frozenset({"support"}),
    vendors=frozenset({"halcyon", "borealis"}),
    rules={"vendor_outage": Severity.HIGH, "price_change": Severity.MEDIUM},
    plans=frozenset({"failover"}),
    fallback_plans=frozenset(),
    credentials=frozenset({"robot"}),
    automation=True,
    holders={"lead": 2, "on-call": 1},
    shared=lambda used, other: (
        "AWS us-east-1" if (used.vendor, other.vendor) == ("halcyon", "borealis") and other.region == "east" else None
    ),
)

ESCALATION = """\
id: page
title: Someone is told
version: 1
kind: escalation
description: For tests.
owner: owner
review_by: 2027-01-01
triggers: {rules: [vendor_outage]}
steps:
  - id: tell
    notify: {to: [role:on-call], text: "${vendor} fails"}
  - id: answer
    wait_ack: {for: 10m, on_ack: ask}
  - id: nobody
    end: nobody answered
  - id: ask
    approve: {by: lead, within: 5m, text: "Go?", plan: failover, on_decline: nobody, on_timeout: nobody}
  - id: list
    checklist:
      within: 1h
      on_timeout: nobody
      items: [{id: one, text: "Look at ${scopes}"}, {id: two, text: Call them}]
"""
PLAN = """\
id: failover
title: The load moves
version: 1
kind: contingency
description: For tests.
owner: owner
decision_owner: lead
review_by: 2027-01-01
triggers: {scopes: [{vendor: halcyon}]}
alternates: [{scope: {vendor: borealis}}]
preconditions: {alternate_healthy: true}
time_objective: 30m
rollback: back
steps:
  - {id: move, mitigate: "moving away from ${vendor}"}
  - id: call
    webhook: {url: "https://robot.example/x", auth: robot, body: {to: "${alternate}"}, within: 5m, on_failure: stay}
  - {id: stay, wait: {for: 1h}}
  - {id: back, end: the load is back}
"""
DRILL = """\
id: rehearsal
title: A vendor is said to fail
version: 1
kind: drill
description: For tests.
owner: owner
review_by: 2027-01-01
scope: {vendor: halcyon, product: api}
plan: failover
rule: vendor_outage
functions: [support]
injects:
  - at: 0m
    says: The page turns red.
    subject: component/${product}
    body: {kind: component_status, name: "${product}", status: major_outage}
expect: {detect: 5m}
"""
TEXTS = {"escalation/page.yaml": ESCALATION, "contingency/failover.yaml": PLAN, "drills/rehearsal.yaml": DRILL}


def write(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_what_is_sound_gives_nothing_to_say(tmp_path: Path) -> None:
    assert lint_all(write(tmp_path, TEXTS), KNOWN, NOW) == []


def test_what_is_shipped_is_sound() -> None:
    roles = frozenset({"on-call", "duty-manager", "incident-commander", "platform-owner", "vendor-manager"})
    rules = {id_: rule.meta.severity for id_, rule in plugins.rules().items()}
    assert lint_all(SHIPPED, Known(roles=roles, rules=rules, vendors=frozenset({"openai"})), NOW) == []
    assert sum(1 for _ in SHIPPED.glob("*/*.yaml")) == len(load([SHIPPED]).documents)


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "said"),
    [
        ("page", "id: page", "id: pages", "1:5", "id: the file is called page.yaml; call it pages.yaml, or correct the id"),
        ("page", "kind: escalation", "kind: escalate", "4:7", "kind is one of escalation, contingency, drill"),
        ("page", "2027-01-01", "2026-05-31", "7:12", "the day by which this had to be reviewed is past (2026-05-31)"),
        ("page", "owner: owner", "owner: onwer", "6:8", "there is no role 'onwer'; did you mean 'owner'?"),
        ("page", "[vendor_outage]", "[vendor_outages]", "8:20", "there is no rule 'vendor_outages'; did you mean 'vendor_outage'?"),
        ("page", "role:on-call", "role:oncall", "11:19", "steps[0].notify.to[0]: there is no role 'oncall'; did you mean 'on-call'?"),
        ("page", "role:on-call", "channel:dev", "11:19", "there is no channel 'dev'; known are ops"),
        ("page", "role:on-call", "person:max", "11:19", "there is no person 'max'; known are mara"),
        ("page", "role:on-call", "on-call", "11:19", "steps[0].notify.to[0]: "),
        ("page", "${vendor}", "${vendor.token}", "11:40", "there is no placeholder ${vendor.token}; there are ${alternate}, "),
        ("page", "wait_ack:", "wait_for:", "13:5", "there is no verb `wait_for`; verbs are notify, wait_ack"),
        ("page", "{for: 10m, on_ack: ask}", "{on_ack: ask}", "13:5", "without `for` there is no way out of this wait; give it"),
        ("page", "for: 10m", "for: soon", "13:21", "'soon' is not a length of time; write it as 45s, 10m, 1h30m or 90d"),
        ("page", "for: 10m", "for: 0m", "13:21", "0m"),
        ("page", "on_ack: ask", "on_ack: asks", "13:34", "there is no step 'asks'; did you mean 'ask'?"),
        ("page", "id: nobody", "id: tell", "14:9", "step 'tell' stands here twice; the other is steps[0]"),
        ("page", "on_ack: ask", "on_ack: nobody", "16:5", "steps[3]: no way leads to this step"),
        ("page", "end: nobody answered", "end: done\n    next: ask", "16:11", "after `end` there is no next step"),
        ("page", "end: nobody answered", "note: again\n    next: nobody", "14:5", "there is no way out: from here no run ever ends"),
        ("page", "by: lead", "by: leader", "17:19", "there is no role 'leader'; did you mean 'lead'?"),
        ("page", "plan: failover", "plan: failovers", "17:56", "there is no plan 'failovers'; did you mean 'failover'?"),
        ("page", "within: 5m, ", "", "17:5", "without `within` there is no way out of this wait"),
        ("page", "id: two", "id: one", "22:58", "item 'one' stands here twice"),
        ("page", "Look at ${scopes}", "Look at ${scope", "22:31", "there is no placeholder ${scope"),
        ("page", "title: Someone is told\n", "", "1:1", "`title` is missing"),
        ("page", "version: 1", "version: 0", "3:10", "greater than or equal to 1"),
        ("page", "version: 1", "version: 1\nshell: rm -rf /", "4:8", "there is no field `shell` here"),
        ("page", ESCALATION, "", "1:1", "the file is empty"),
        ("page", ESCALATION, "- a list", "1:1", "a runbook is a mapping that begins with id:, title: and kind:"),
        ("page", ESCALATION, f"{ESCALATION}---\n{ESCALATION}", "1:1", "one file holds one runbook, plan or drill"),
        ("page", "title: Someone is told", "title: [", "4:5", "not YAML: "),
        ("page", "kind: escalation", "kind: escalation\nkind: drill", "5:1", "'kind' stands here twice"),
        ("failover", "decision_owner: lead", "decision_owner: boss", "7:17", "there is no role 'boss'"),
        ("failover", "{vendor: borealis}", "{vendor: boreal}", "10:31", "there is no vendor 'boreal'; did you mean 'borealis'?"),
        ("failover", "{vendor: borealis}", "{vendor: halcyon, product: api}", "10:15", "halcyon/api lies within what the plan"),
        ("failover", "vendor: borealis}}", "vendor: borealis}}, {scope: {vendor: borealis}}", "10:44", "borealis is an alternate twice"),
        ("failover", "alternates: [{scope: {vendor: borealis}}]\n", "", "1:1", "the plan leads nowhere: list alternates here"),
        ("failover", "{alternate_healthy: true}", "{}", "11:1", "nothing is checked beforehand"),
        ("failover", "rollback: back", "rollback: bak", "13:11", "there is no step 'bak'; did you mean 'back'?"),
        ("failover", "{vendor: borealis}", "{vendor: borealis, region: east}", "10:15", "borealis/east sits on AWS us-east-1, as"),
        ("failover", "https://", "ftp://", "17:20", "steps[1].webhook.url: "),
        ("failover", "https://robot", "https://me:word@robot", "17:20", "steps[1].webhook.url: "),
        ("failover", "auth: robot", "auth: robto", "17:53", "there is no credential 'robto'; did you mean 'robot'?"),
        ("failover", "${alternate}", "${secret}", "17:71", "there is no placeholder ${secret}"),
        ("failover", ", on_failure: stay", "", "17:5", "without `on_failure` there is no way out of this wait"),
        ("failover", "on_failure: stay", "on_failure: stray", "17:112", "there is no step 'stray'; did you mean 'stay'?"),
        ("failover", "within: 5m", "within: 5s", "17:5", "one try may take 10s, longer than it is tried at all"),
        ("failover", "within: 5m", "within: 5d", "17:96", "less than or equal to 12 hours"),
        ("page", "by: lead, ", "by: lead, approvals: 3, ", "17:36", "3 people must say yes, and 2 have the role lead"),
        ("page", "by: lead, ", "by: owner, approvals: 2, ", "17:37", "2 people must say yes, and nobody has the role owner"),
        ("rehearsal", "vendor: halcyon", "vendor: halcion", "8:17", "there is no vendor 'halcion'; did you mean 'halcyon'?"),
        ("rehearsal", "plan: failover", "plan: flyover", "9:7", "there is no plan 'flyover'"),
        ("rehearsal", "rule: vendor_outage", "rule: outage", "10:7", "there is no rule 'outage'"),
        ("rehearsal", "[support]", "[sport]", "11:13", "there is no function 'sport'; did you mean 'support'?"),
        ("rehearsal", "component/${product}", "component/${risk.id}", "15:14", "there is no placeholder ${risk.id}; there are ${product}"),
        ("rehearsal", "status: major_outage", "status: burning", "16:5", "burning"),
        ("rehearsal", "{detect: 5m}", "{}", "17:1", "nothing is expected, so the drill can not fail"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands(tmp_path: Path, name: str, old: str, new: str, place: str, said: str) -> None:
    file = next(each for each in TEXTS if name in each)
    assert old in TEXTS[file]
    write(tmp_path, {**TEXTS, file: TEXTS[file].replace(old, new, 1)})
    told = [str(problem) for problem in lint_file(tmp_path / file, KNOWN, NOW)]
    assert any(each.startswith(f"{tmp_path / file}:{place}: ") and said in each for each in told), told


def test_a_circle_without_a_wait_is_found(tmp_path: Path) -> None:
    circle = ESCALATION.replace("    end: nobody answered\n", "    notify: {to: [role:lead]}\n    next: round\n").replace(
        "  - id: ask\n", "  - id: round\n    repeat: {from: nobody, times: 3}\n    next: ask\n  - id: ask\n"
    )
    problems = lint_file(write(tmp_path, {"escalation/page.yaml": circle}) / "escalation" / "page.yaml", KNOWN, NOW)
    assert [problem.text for problem in problems] == [
        f"steps[{number}]: the run can come back here without a wait; put a wait between" for number in (2, 3)
    ]


def test_a_call_is_no_wait_for_in_a_drill_nothing_is_called(tmp_path: Path) -> None:
    circle = PLAN.replace("within: 5m, on", "within: 5m, on_success: move, on")
    problems = lint_file(write(tmp_path, {"contingency/failover.yaml": circle}) / "contingency" / "failover.yaml", KNOWN, NOW)
    assert [problem.text for problem in problems] == [
        f"steps[{number}]: the run can come back here without a wait; put a wait between" for number in (0, 1)
    ]


def test_a_call_without_the_setting_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, TEXTS) / "contingency" / "failover.yaml"
    (problem,) = lint_file(path, msgspec.structs.replace(KNOWN, automation=False), NOW)
    assert problem.text == "steps[1].webhook: nothing may be called: the configuration has no `automation`"


def test_a_circle_with_a_wait_is_sound(tmp_path: Path) -> None:
    circle = ESCALATION.replace("    end: nobody answered\n", "    wait: {for: 1h}\n    next: answer\n")
    assert lint_file(write(tmp_path, {"escalation/page.yaml": circle}) / "escalation" / "page.yaml", KNOWN, NOW) == []


def test_names_that_are_not_known_are_not_checked(tmp_path: Path) -> None:
    write(tmp_path, {"escalation/page.yaml": ESCALATION.replace("role:on-call", "role:somebody")})
    assert lint_file(tmp_path / "escalation" / "page.yaml", Known(), NOW) == []


def test_what_nobody_answers_is_said(tmp_path: Path) -> None:
    write(tmp_path, {**TEXTS, "escalation/page.yaml": ESCALATION.replace("{rules: [vendor_outage]}", "{functions: [support]}")})
    known = Known(rules={"vendor_outage": Severity.HIGH, "price_change": Severity.MEDIUM}, fallback_plans=frozenset({"failover", "lost"}))
    assert [problem.text for problem in lint_all(tmp_path, known, NOW)] == [
        "no runbook answers every finding of rule 'vendor_outage', whose severity is high; nobody would be told",
        "a fallback names plan 'lost', which is not there",
    ]


def test_the_same_id_twice_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {**TEXTS, "escalation/other.yml": ESCALATION})
    assert [problem.text for problem in lint_all(tmp_path, KNOWN, NOW)] == [
        "id: the file is called other.yml; call it page.yaml, or correct the id",
        f"id: escalation 'page' is in {tmp_path / 'escalation' / 'other.yml'} too",
    ]


def test_own_files_replace_those_that_are_shipped(tmp_path: Path) -> None:
    shipped = write(tmp_path / "shipped", TEXTS)
    own = write(tmp_path / "own", {"escalation/page.yaml": ESCALATION.replace("Someone is told", "Mine"), "drills/bad.yaml": "id: bad"})
    found = load([shipped, own])
    assert found.escalations["page"].title == "Mine"
    assert sorted(found.contingencies) == ["failover"]
    assert [problem.file for problem in found.problems] == [str(own / "drills" / "bad.yaml")]
