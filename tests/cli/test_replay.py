"""The command ``replay`` on a journal: the same ledger each time, and one sentence for what is no journal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from secondsource.cli.app import cli
from secondsource.domain.observations import ComponentStatus, batch_of, observe, tick
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status
from secondsource.runtimes import journal

NOW = datetime(2025, 10, 20, 6, 48, tzinfo=UTC)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A vendor that is down for an hour."""
    batches = []
    for minute, status in ((0, Status.OPERATIONAL), (5, Status.MAJOR_OUTAGE), (65, Status.OPERATIONAL)):
        at = NOW + timedelta(minutes=minute)
        body = ComponentStatus("API", status, scopes=(Scope("halcyon", "api"),))
        seen = observe(source="halcyon", vendor="halcyon", subject="component/api", observed_at=at, body=body)
        batches.append(batch_of("halcyon", "halcyon", at, (seen,)))
    journal.write(tmp_path / "day.jsonl", [*batches, tick(NOW + timedelta(hours=6))])
    return tmp_path / "day.jsonl"


def test_a_replay_gives_the_findings_and_the_same_ledger_each_time(recorded: Path, tmp_path: Path) -> None:
    first, second = (
        CliRunner().invoke(cli({}), ["replay", str(recorded), "--json", "--ledger", str(tmp_path / name)]) for name in ("one", "two")
    )
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output == second.output
    assert json.loads(first.output)["observations"] == 4
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    ledger = [json.loads(line) for line in (tmp_path / "one").read_text().splitlines()]
    assert [(line["rule"], line["key"], line["phase"], line["at"][11:16]) for line in ledger if line["rule"] == "vendor_outage"] == [
        ("vendor_outage", "halcyon", "opened", "06:53"),
        ("vendor_outage", "halcyon", "cleared", "08:03"),
    ]


def test_what_is_no_journal_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>")
    for name, complaint in (("page.html", "page.html:1: this is not a batch"), ("none", "the journal can not be read")):
        result = CliRunner().invoke(cli({}), ["replay", str(tmp_path / name)])
        assert result.exit_code == 2
        assert complaint in result.output
        assert "Traceback" not in result.output


def test_commands_are_found_and_unknown_ones_refused() -> None:
    shown = CliRunner().invoke(cli({}), ["--help"])
    assert {"detect", "parse", "replay"} <= set(shown.output.split())
    assert CliRunner().invoke(cli({}), ["nonsense"]).exit_code == 2
