"""The command ``concentration``: what a portfolio leans on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from secondsource.cli.app import cli

COMPANY = """\
vendors:
  halcyon: {name: Halcyon AI, country: FR, products: [{id: api, name: API}], depends_on: [{scope: dune/north, kind: cloud}]}
  cirrus: {name: Cirrus AI, country: FR, depends_on: [{scope: dune/north, kind: cloud}]}
  dune: {name: Dune, regions: [{id: north}]}
functions:
  support: {name: Support assistant, owner: ana, criticality: critical, workloads: [chat], rto: 1h}
  letters: {name: Letters, owner: ana, workloads: [post], rto: 1h}
workloads:
  chat:
    name: Chat
    needs:
      - {id: chat-model, provides: model API, from: halcyon/api, spend: 900, fallbacks: [{to: cirrus, capacity: 0.6}]}
  post:
    name: Post
    needs:
      - {id: post-room, provides: storage, from: dune/north, spend: 100}
people:
  ana: {name: Ana, email: ana@example.org}
channels:
  mail: {kind: email, host: 127.0.0.1, port: 2525, security: none, sender: risk@example.org, allow: [127.0.0.0/8]}
"""


def run(folder: Path, text: str, *arguments: str) -> Result:
    (folder / "secondsource.yaml").write_text(text, encoding="utf-8")
    return CliRunner().invoke(cli({}), ["concentration", "--config", str(folder / "secondsource.yaml"), *arguments])


def test_single_points_and_pairs_are_told_with_the_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = run(tmp_path, COMPANY)
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    alone = lines.index("Lost alone, these take functions down:")
    assert lines[alone + 1] == "Dune north Support assistant (critical), Letters (standard)"
    pairs = lines.index("Lost as two, these take functions down:")
    assert lines[pairs + 1] == "Cirrus AI + Halcyon AI API Support assistant (critical)"
    assert "spend vendor Halcyon AI 90.0 % 100.0 % 0.8200 1.22 –" in lines
    assert any(line.startswith("Not known what they sit on: dune") for line in lines)


def test_json_has_all_of_it_and_enough_decides_which_fallback_counts(tmp_path: Path) -> None:
    said = json.loads(run(tmp_path, COMPANY, "--json", "--enough", "0.7").stdout)
    support = next(each for each in said["functions"] if each["function"] == "support")
    names = [
        ["/".join(filter(None, (part["vendor"], part.get("product"), part.get("region")))) for part in cut] for cut in support["singles"]
    ]
    assert names == [["dune/north"], ["halcyon/api"]]
    assert support["pairs"] == []
    vendor = next(each for each in said["concentration"] if (each["dimension"], each["weight"]) == ("vendor", "spend"))
    assert (vendor["hhi"], vendor["equivalent"]) == ("0.8200", "1.22")


def test_nothing_to_weigh_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "sources: []\n")
    assert done.exit_code == 0, done.output
    assert "nothing to weigh" in done.stdout


@pytest.mark.parametrize("enough", ["0", "1.5", "nan"])
def test_what_is_no_part_of_a_load_is_wrong_usage(enough: str, tmp_path: Path) -> None:
    assert run(tmp_path, COMPANY, "--enough", enough).exit_code == 2
