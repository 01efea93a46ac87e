"""``secondsource risks explain`` against a real instance on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection

from secondsource.adapters.sql import log, raw
from secondsource.cli.app import cli
from secondsource.contracts.connector import Response
from secondsource.domain.observations import ComponentStatus, batch_of, observe
from secondsource.domain.register import risk_id
from secondsource.domain.signals import Evidence, Measure, Phase, Severity, Signal, signal
from secondsource.domain.status import Status
from tests.support.company import EAST, T0, at
from tests.support.site import Served

RISK = risk_id("vendor_outage", "aws/us-east-1")
PAGE = b"<p>down</p>"
Run = Callable[..., Result]


@pytest.fixture
def run(served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SECONDSOURCE_API_KEY", served.site.ana)
    monkeypatch.setenv("SECONDSOURCE_URL", served.url)
    return lambda *words: CliRunner().invoke(cli({}), ["risks", "explain", *words])


def heard(served: Served, name: str = "EC2", fact: str = "It says so itself.") -> Signal:
    """AWS is down, by one line of its page and one observation that nobody has; the page itself is archived."""
    body = ComponentStatus(name, Status.MAJOR_OUTAGE)
    told = observe(source="aws-feed", vendor="aws", subject="component/ec2", observed_at=T0, body=body, raw=raw.hash_of(PAGE))
    response = Response("https://status.aws.example/feed?key=s3cret", 200, {}, PAGE, T0)
    said = signal(
        rule="vendor_outage", key="aws/us-east-1", episode="e1", phase=Phase.OPENED, severity=Severity.HIGH, subject="aws/us-east-1",
        at=at(1), since=T0, title="AWS us-east-1: major outage", reason="its page says major outage", scopes=(EAST,),
        evidence=Evidence((told.id, "lost"), (Measure("parts down", 3, "parts", 2),), (fact,)),
    )  # fmt: skip

    def keep(connection: Connection) -> None:
        raw.keep(connection, "aws-feed", response)
        log.append(connection, [batch_of("aws", "aws-feed", T0, (told,))])

    served.site.database.write_now(keep)
    served.site.hear(said)
    return said


def test_the_chain_in_lines(served: Served, run: Run) -> None:
    said = heard(served)
    told = run(RISK)
    assert told.exit_code == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0].startswith("AWS us-east-1: major outage for 1 min; ")
    assert lines[1] == f"{RISK}, open"
    assert any(line.startswith("Severity critical: Support assistant: finding high 3 + ") for line in lines)
    assert sum(line.startswith("Score ") for line in lines) == 3
    place = lines.index("Numbers that changed:")
    assert lines[place + 1].startswith("  2025-10-20 06:49 UTC severity none → critical: ")
    place = lines.index("Reaches Support assistant → Chat inference → Halcyon AI → AWS us-east-1 (confidence 0.90)")
    assert lines[place + 1] == "  Halcyon AI rests on AWS us-east-1: cloud, confidence 0.90"
    place = lines.index("Findings of the last episode:")
    first, response = said.evidence.observations[0], f"{raw.hash_of(PAGE)}, status 200, 11 bytes, fetched 2025-10-20 06:48 UTC"
    assert lines[place + 1 :] == [
        "  2025-10-20 06:49 UTC opened, high: AWS us-east-1: major outage: its page says major outage",
        "    parts down = 3 parts, held against 2 parts",
        "    It says so itself.",
        "    2025-10-20 06:48 UTC EC2: major_outage",
        f"      {first}: aws-feed, aws, component/ec2, component_status",
        f"      it stood in this response: {response}, https[:]//status.aws.example/feed",
        "    rests on lost: the log does not hold it any more, or it lies more than 90 days or too many observations back",
    ]


def test_what_was_told_is_not_told_again(served: Served, run: Run) -> None:
    said = heard(served)
    fields = {field: getattr(said, field) for field in said.__struct_fields__ if field not in ("id", "phase", "at")}
    served.site.hear(signal(**fields, phase=Phase.UPDATED, at=at(2)))
    lines = run(RISK).stdout.splitlines()
    assert lines[-2:] == [f"    rests on {id_}, as above" for id_ in said.evidence.observations]
    assert sum("it stood in this response" in line for line in lines) == 1


def test_a_finding_of_another_rule_is_named_with_its_risk(served: Served, run: Run) -> None:
    said = heard(served)
    fields = {field: getattr(said, field) for field in said.__struct_fields__ if field not in ("id", "rule", "evidence")}
    served.site.hear(signal(**fields, rule="common_cause", evidence=Evidence((said.id,))))
    lines = run(risk_id("common_cause", "aws/us-east-1")).stdout.splitlines()
    assert lines[-1] == f"      it is a finding of another rule: vendor_outage, risk {RISK}"


def test_json_is_what_the_api_says(served: Served, run: Run) -> None:
    said = heard(served)
    told = json.loads(run(RISK, "--json").stdout)
    assert [each["id"] for each in told["evidence"]] == list(said.evidence.observations)
    assert told["evidence"][0]["response"]["hash"] == raw.hash_of(PAGE)
    assert (told["id"], told["signals"][0]["id"]) == (RISK, said.id)


def test_no_text_of_others_reaches_the_terminal_unclean(served: Served, run: Run) -> None:
    heard(served, "EC2\x1b[2J\r\nR-fake\u202e", "All is\x1b]0;owned\x07 well\nSeverity low")
    told = run(RISK).stdout
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(told)
    assert not any(line.startswith(("R-fake", "Severity low")) for line in told.splitlines())


def test_a_risk_that_is_not_there_is_one_sentence_and_exit_code_2(run: Run) -> None:
    told = run("R-none")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "refuses: There is no risk" in told.stderr
