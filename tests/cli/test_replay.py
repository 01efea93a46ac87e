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


def configuration(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_two_sets_of_rules_are_compared_with_each_other_and_with_the_truth(recorded: Path, tmp_path: Path) -> None:
    """B waits for ten minutes before it tells of an outage; the incident began five minutes before its page showed it."""
    slow = configuration(tmp_path, "slow.yaml", "rules: {vendor_outage: {hold_outage: 10m}}")
    truth = tmp_path / "truth.jsonl"
    truth.write_text(
        '{"vendor": "halcyon", "start": "2025-10-20T06:48:00Z", "end": "2025-10-20T07:50:00Z", "first_word": "2025-10-20T06:53:00Z"}\n'
        '{"vendor": "lumen", "start": "2025-10-20T09:00:00Z", "end": "2025-10-20T10:00:00Z", "id": "lumen-1"}\n'
    )
    done = CliRunner().invoke(cli({}), ["replay", str(recorded), "--compare", slow, "--truth", str(truth), "--json"])
    assert done.exit_code == 0, done.output
    (change,) = [each for each in json.loads(done.output)["rules"] if each["rule"] == "vendor_outage"]
    assert (change["episodes"], change["notices"], change["both"], change["only"]) == ([1, 1], [2, 2], 1, [[], []])
    assert (change["earlier"], change["later"], change["shift"]) == (0, 1, 600)
    first, second = change["scored"]
    assert (first["incidents"], first["found"], first["missed"], first["true_episodes"]) == (2, 1, ["lumen-1"], 1)
    assert (first["lag_behind_start"], first["lag_behind_first_word"]) == (300, 0)
    assert (second["lag_behind_start"], second["lag_behind_first_word"]) == (900, 600)
    shown = CliRunner().invoke(cli({}), ["replay", str(recorded), "--compare", slow, "--truth", str(truth)])
    assert "vendor_outage" in shown.output


def test_what_only_one_of_them_finds_is_named(recorded: Path, tmp_path: Path) -> None:
    off = configuration(tmp_path, "off.yaml", "rules: {vendor_outage: off}")
    done = CliRunner().invoke(cli({}), ["replay", str(recorded), "--compare", off, "--json"])
    (change,) = [each for each in json.loads(done.output)["rules"] if each["rule"] == "vendor_outage"]
    assert (change["episodes"], change["both"], change["only"]) == ([1, 0], 0, [["halcyon 2025-10-20 06:53"], []])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"vendor": "a"}', "truth.jsonl:1: Object missing required field `start`"),
        ("{", "truth.jsonl:1: "),
        ('{"vendor": "a", "start": "2025-10-20T06:48:00Z", "end": "2025-10-20T06:00:00Z"}', "the end must not be before the start"),
    ],
)
def test_truth_that_can_not_be_read_is_told_with_its_line(recorded: Path, tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "truth.jsonl").write_text(line + "\n")
    done = CliRunner().invoke(cli({}), ["replay", str(recorded), "--truth", str(tmp_path / "truth.jsonl")])
    assert done.exit_code == 2
    assert told in done.output
