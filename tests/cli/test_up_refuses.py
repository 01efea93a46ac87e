"""What ``up`` and ``demo`` say when they can not begin: one clear sentence, exit code 2, nothing begun."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from secondsource.adapters.lock import held
from secondsource.adapters.sql.database import Database
from secondsource.cli.app import cli
from services.command import STARTS
from tests.support.configured import COMPANY

FREE = "\napi: {port: 0}\n"


def run(*words: str) -> Result:
    return CliRunner().invoke(cli(STARTS), [*words])


def refused(result: Result, sentence: str) -> None:
    assert result.exit_code == 2, result.output
    assert sentence in result.output
    assert "Traceback" not in result.output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "secondsource.yaml"
    path.write_text(COMPANY + FREE, encoding="utf-8")
    return path


def test_no_configuration() -> None:
    refused(run("up", "--config", "/nowhere/secondsource.yaml"), "there is no /nowhere/secondsource.yaml; write one")


def test_a_bad_configuration_names_every_mistake_with_its_place(config: Path) -> None:
    config.write_text("sources: [openia]\nchannels: {chat: {kind: slak}}\n", encoding="utf-8")
    result = run("up", "--config", str(config))
    refused(result, f"{config}:1:11: sources[0]: there is no vendor 'openia'")
    assert f"{config}:2:" in result.output
    assert "slak" in result.output


def test_an_unknown_connector(config: Path) -> None:
    config.write_text("sources: [{vendor: openai, connector: statuspge, url: 'https://status.example.com'}]\n", encoding="utf-8")
    refused(run("up", "--config", str(config)), "there is no connector 'statuspge'")


def test_a_missing_secret(config: Path) -> None:
    config.write_text("channels: {chat: {kind: slack, to: C1, token: 'env:SECONDSOURCE_NO_SUCH_TOKEN'}}\n", encoding="utf-8")
    refused(run("up", "--config", str(config)), "SECONDSOURCE_NO_SUCH_TOKEN")


def test_a_port_in_use(config: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(
            run("up", "--config", str(config), "--port", str(port)), f"127.0.0.1:{port} can not be listened on (Address already in use)"
        )


def test_a_data_folder_that_can_not_be_written(config: Path) -> None:
    (config.parent / "store").write_text("a file where the folder should be", encoding="utf-8")
    refused(run("up", "--config", str(config)), "the data folder can not be written (File exists); set `data` to one that can")


def test_a_data_folder_in_use(config: Path) -> None:
    with held(config.parent / "store"):
        refused(run("up", "--config", str(config)), "works in this data folder already; end it, or set `data` to another")


def test_a_database_of_a_newer_program(config: Path) -> None:
    path = config.parent / "store" / "secondsource.db"
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    refused(run("up", "--config", str(config)), "the database has schema 9999, which is newer than this program knows")


def test_a_file_that_is_no_database(config: Path) -> None:
    path = config.parent / "store" / "secondsource.db"
    path.parent.mkdir()
    path.write_bytes(b"this is not a database, but it is long enough to be taken for one" * 20)
    refused(run("up", "--config", str(config)), "the database can not be used")


def test_the_demo_wants_a_day_before_its_json() -> None:
    refused(run("demo", "--json"), "add --once")
