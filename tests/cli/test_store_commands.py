"""The commands that work on the data folder: db, export, drill; and their one clear sentence where something is not there."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.cli.app import cli
from secondsource.runtimes import journal
from secondsource.runtimes.desk import desk
from secondsource.runtimes.detector import Detector
from tests.support.company import T0
from tests.support.configured import COMPANY, settings_in
from tests.support.live import outage_rule
from tests.support.pages import red

CONFIG = "secondsource.yaml"


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli({}), [*words, "--config", str(folder / CONFIG)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A company whose vendor has just failed, detected and in the register."""
    (tmp_path / CONFIG).write_text(COMPANY, encoding="utf-8")
    settings = settings_in(tmp_path / CONFIG)
    database = Database(settings.data_dir / "secondsource.db")
    database.write_now(lambda c: log.append(c, [red("halcyon", T0)]))

    async def detect() -> None:
        detector = Detector(database, outage_rule(), settings.context, desk(settings).responder)
        while await detector.run():
            pass

    asyncio.run(detect())
    database.close()
    return tmp_path


def test_db_upgrade_makes_a_database_and_check_finds_it_whole(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(COMPANY, encoding="utf-8")
    missing = run(tmp_path, "db", "check")
    assert (missing.exit_code, "there is no database yet" in missing.output) == (2, True)
    assert run(tmp_path, "db", "upgrade").exit_code == 0
    checked = run(tmp_path, "db", "check", "--json")
    assert json.loads(checked.output) == {"schema": "0001", "problems": [], "batches_waiting": 0, "dead_letters": 0}


def test_a_backup_is_a_whole_copy_and_never_overwrites(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    assert run(folder, "db", "backup", str(target)).exit_code == 0
    with sqlite3.connect(target) as connection:
        assert connection.execute("SELECT count(*) FROM risk").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    again = run(folder, "db", "backup", str(target))
    assert (again.exit_code, f"{target} is there already" in again.output) == (2, True)


def test_the_exported_journal_replays_to_the_ledger_of_the_database(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl.gz"
    assert run(folder, "export", "journal", str(target)).exit_code == 0
    assert [batch.key for batch in journal.read(target)] == ["halcyon"]
    told = json.loads(run(folder, "replay", str(target), "--json").output)
    assert told["signals"] == {"opened": 1}


def test_the_register_exports_as_a_table_and_as_json_lines(folder: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(run(folder, "export", "risks").output))
    assert (row["state"], row["rule"], row["vendor"], row["functions"]) == ("open", "vendor_outage", "halcyon", "support")
    (line,) = run(folder, "export", "risks", "--format", "jsonl").output.splitlines()
    assert json.loads(line)["id"] == row["id"]


def test_a_drill_is_refused_while_a_real_outage_is_open_and_says_so_in_one_sentence(folder: Path) -> None:
    refused = run(folder, "drill", "start", "vendor-outage", "--scope", "halcyon", "--anyway")
    assert refused.exit_code == 2
    assert "is open and touches support; drill when it is closed" in refused.output
    assert "Traceback" not in refused.output


def test_a_drill_begins_is_listed_shown_and_stopped(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(COMPANY, encoding="utf-8")
    run(tmp_path, "db", "upgrade")
    begun = run(tmp_path, "drill", "start", "vendor-outage", "--scope", "halcyon", "--anyway")
    assert begun.exit_code == 0, begun.output
    id_ = begun.output.partition(":")[0]
    played = json.loads(run(tmp_path, "drill", "list", "--json").output)["played"]
    assert [(each["id"], each["state"]) for each in played] == [(id_, "running")]
    assert "under way" in run(tmp_path, "drill", "show", id_).output
    assert run(tmp_path, "drill", "stop", id_, "--reason", "lunch").exit_code == 0
    assert "stopped by operator: lunch" in run(tmp_path, "drill", "show", id_).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("drill", "start", "fire"), "there is no drill 'fire'; there are vendor-outage"),
        (("drill", "start", "vendor-outage", "--scope", "/api"), "'/api' is no part of a vendor"),
        (("drill", "show", "D-none"), "there is no drill with the id D-none"),
        (("poll", "elsewhere"), "there is no source 'elsewhere'"),
    ],
)
def test_what_is_not_there_is_named_in_one_sentence(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / CONFIG).write_text(COMPANY, encoding="utf-8")
    run(tmp_path, "db", "upgrade")
    found = run(tmp_path, *words)
    assert found.exit_code == 2
    assert said in found.output
    assert "Traceback" not in found.output


def test_without_a_configuration_the_way_to_one_is_told(tmp_path: Path) -> None:
    found = run(tmp_path, "db", "check")
    assert found.exit_code == 2
    assert "there is no" in found.output
    assert "sources: [openai]" in found.output
