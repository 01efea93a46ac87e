"""The command ``report vendor``: what it writes where, and what it says when it can not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from secondsource.adapters.sql.database import Database
from secondsource.cli.app import cli
from tests.reports.world import context, fill
from tests.support.configured import COMPANY

DAY = ("--from", "2025-10-20", "--to", "2025-10-21")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with the day of ``world`` in its data folder."""
    found: Path = tmp_path_factory.mktemp("report")
    (found / "secondsource.yaml").write_text(COMPANY, encoding="utf-8")
    database = Database(found / "store" / "secondsource.db")
    known = context()
    database.write_now(lambda connection: fill(connection, known))
    database.close()
    return found


def run(folder: Path, *arguments: str | Path) -> Result:
    config = () if "--config" in arguments else ("--config", folder / "secondsource.yaml")
    return CliRunner().invoke(cli({}), ["report", "vendor", *map(str, (*arguments, *config))])


def test_markdown_is_printed(folder: Path) -> None:
    done = run(folder, "halcyon", *DAY)
    assert done.exit_code == 0
    assert done.stdout.startswith("# Vendor review: Halcyon AI\n")
    assert "Period: 2025-10-20 00:00 to 2025-10-21 00:00 UTC, as asked for" in done.stdout


def test_html_goes_to_the_file_and_the_sentence_to_the_terminal(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "review.html"
    done = run(folder, "halcyon", *DAY, "--format", "html", "--output", target)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith(f"wrote {target}: What we use of Halcyon AI was up 84.477 % of the time")
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>\n")


def test_json_has_all_figures(folder: Path) -> None:
    done = run(folder, "halcyon", *DAY, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["measured"]["mine"]["up"]) == (0, "84.477")
    assert told["measured"]["period"] == {"start": "2025-10-20T00:00:00Z", "end": "2025-10-21T00:00:00Z", "why": "as asked for"}
    assert len(told["headlines"]) == 4


def test_a_time_with_a_zone_is_taken_in_that_zone(folder: Path) -> None:
    told = json.loads(run(folder, "halcyon", "--from", "2025-10-20T02:00+02:00", "--to", "2025-10-21T00:00Z", "--json").stdout)
    assert told["measured"]["period"]["start"] == "2025-10-20T00:00:00Z"


def test_without_a_period_it_says_which_it_took(folder: Path) -> None:
    told = json.loads(run(folder, "halcyon", "--json").stdout)
    assert told["measured"]["period"]["start"] == "2025-10-19T22:00:00Z"
    assert told["measured"]["period"]["why"].startswith("all that there is data of")


def test_the_data_folder_can_be_named(folder: Path, tmp_path: Path) -> None:
    done = run(folder, "halcyon", *DAY, "--data", tmp_path)
    assert done.exit_code == 2
    assert f"{tmp_path / 'secondsource.db'}: there is no database yet" in done.stderr
    assert run(folder, "halcyon", *DAY, "--data", folder / "store").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody", *DAY), "nothing is known of a vendor 'nobody'; the configuration knows "),
        (("halcyon", "--from", "yesterday"), "'yesterday' is not a time; write a day as 2025-10-20, or a time as 2025-10-20T06:00Z"),
        (("halcyon", "--from", "2025-10-21", "--to", "2025-10-20"), "the period must end after it starts"),
        (("halcyon", *DAY, "--output", "/proc/nowhere/review.md"), "/proc/nowhere/review.md can not be written: "),
        (("halcyon", *DAY, "--config", "/nowhere/secondsource.yaml"), "there is no /nowhere/secondsource.yaml"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    done = run(folder, *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.output
