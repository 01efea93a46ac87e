"""``secondsource parse`` and ``secondsource detect`` on saved files."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from secondsource.adapters.plugins import connector
from secondsource.cli import detect, parse
from secondsource.cli.app import cli
from secondsource.domain.observations import Observation

HERE = Path(__file__).parent


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(parse.command, [str(arg) for arg in args])


def test_parse_prints_an_observation_a_line() -> None:
    result = run("statuspage", HERE / "statuspage/typical/response.json", "--vendor", "borealis")
    assert result.exit_code == 0
    observations = [msgspec.json.decode(line, type=Observation) for line in result.stdout.splitlines()]
    assert [o.subject for o in observations][:3] == ["page", "component/c1", "component/c2"]
    assert {o.vendor for o in observations} == {"borealis"}
    again = run("statuspage", HERE / "statuspage/typical/response.json", "--vendor", "borealis")
    assert again.stdout == result.stdout


def test_parse_json_prints_one_object_with_the_notes() -> None:
    config = '{"only": ["*api"]}'
    result = run("statuspage", HERE / "statuspage/typical/response.json", "--config", config, "--json")
    told = msgspec.json.decode(result.stdout)
    assert told["complete"] is True
    assert len(told["notes"]) == 1
    assert {"page", "component/c1"} < {o["subject"] for o in told["observations"]}
    assert "component/c3" not in {o["subject"] for o in told["observations"]}


def test_parse_reads_feeds_in_the_worker_and_vendors_of_a_list() -> None:
    feed = run("feed_status", HERE / "feed_status/aws_updates_grouped/response.rss")
    assert feed.exit_code == 0
    assert len(feed.stdout.splitlines()) == 3
    prices = run("litellm_prices", HERE / "litellm_prices/typical/response.json")
    assert {msgspec.json.decode(line)["vendor"] for line in prices.stdout.splitlines()} == {"borealis", "meridian_ai"}
    assert "left out" in prices.stderr


# one feed is enough: each starts a process; and a saved file comes without what its request remembered
REFUSED = [
    path.parent
    for path in sorted(HERE.glob("*/*/expected_error.json"))
    if (not connector(path.parent.parent.name).spec.limited or path.parent.name == "html")
    and "memo" not in msgspec.json.decode((path.parent / "request.json").read_bytes())
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_parse_names_the_place_of_an_error_and_exits_with_1(case: Path) -> None:
    expected = msgspec.json.decode((case / "expected_error.json").read_bytes())
    config = msgspec.json.encode(msgspec.json.decode((case / "request.json").read_bytes())["config"]).decode()
    file = next(case.glob("response.*"))
    result = run(case.parent.name, file, "--config", config)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == f"{file}: {expected['where']}: {expected['reason']}\n"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["statuspag", "x.json"], "there is no connector 'statuspag'; known are "),
        (["statuspage", "/does/not/exist.json"], "/does/not/exist.json can not be read: No such file or directory"),
        (["statuspage", "x.json", "--config", "{"], "--config is not JSON"),
        (["statuspage", "x.json", "--config", "[]"], "--config must be a JSON object"),
        (["statuspage", "x.json", "--config", '{"only": 3}'], "--config for statuspage: only: "),
        (["prometheus_quota", "x.json"], "--config for prometheus_quota: queries: Field required"),
    ],
)
def test_parse_tells_wrong_usage_in_one_sentence_and_exits_with_2(args: list[str], says: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_parse_reads_standard_input() -> None:
    page = (HERE / "statuspage/all_well/response.json").read_bytes()
    result = CliRunner().invoke(parse.command, ["statuspage", "-"], input=page)
    assert len(result.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("file", "first"),
    [
        ("statuspage/typical/response.json", "statuspage"),
        ("statuspage/incident_list/response.json", "statuspage"),
        ("statuspage/shim_without_incidents/response.json", "statuspage"),
        ("incident_io/typical/response.json", "incident_io"),
        ("incident_io/widget_typical/response.json", "incident_io"),
        ("incident_io/shim_typical/response.json", "incident_io"),
        ("aws_health/details/response.json", "aws_health"),
        ("aws_health/typical/response.json", "aws_health"),
        ("aws_public/all_clear/response.json", "aws_public"),
        ("aws_public/typical/response.json", "aws_public"),
        ("azure_public/typical/response.xml", "azure_public"),
        ("azure_resource_health/resources_that_are_named/response.json", "azure_resource_health"),
        ("azure_resource_health/typical/response.json", "azure_resource_health"),
        ("feed_status/atom_history_across_new_year/response.atom", "feed_status"),
        ("feed_status/aws_updates_grouped/response.rss", "feed_status"),
        ("feed_status/azure_empty/response.xml", "azure_public"),
        ("google_cloud/typical/response.json", "google_cloud"),
        ("litellm_prices/typical/response.json", "litellm_prices"),
        ("news_feed/typical/response.rss", "news_feed"),
        ("prometheus_quota/used_and_limit/response.json", "prometheus_quota"),
    ],
)
def test_detect_names_the_surest_first(file: str, first: str) -> None:
    result = CliRunner().invoke(detect.command, [str(HERE / file)])
    assert result.exit_code == 0
    assert result.stdout.split()[0] == first
    told = msgspec.json.decode(CliRunner().invoke(detect.command, [str(HERE / file), "--json"]).stdout)
    assert told[0]["connector"] == first
    assert [c["confidence"] for c in told] == sorted((c["confidence"] for c in told), reverse=True)


def test_detect_says_when_nothing_fits() -> None:
    result = CliRunner().invoke(detect.command, [str(HERE / "statuspage/html/response.html")])
    assert result.exit_code == 1
    assert "no connector understands this" in result.stderr
    assert CliRunner().invoke(cli({}), ["detect", "/does/not/exist"]).exit_code == 2
