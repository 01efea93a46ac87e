"""Hosted status platforms told apart, asked where they answer, and the vendor's status as their pages tell it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from secondsource.adapters.plugins import connector
from secondsource.cli.detect import candidates
from secondsource.contracts.connector import Parsed, ParseError, Response
from secondsource.domain.observations import ComponentStatus, Incident
from secondsource.domain.status import Status, worst

HERE = Path(__file__).parent
PLATFORMS = (
    "statuspage",
    "incident_io",
    "instatus",
    "better_stack",
    "status_io",
    "cachet",
    "uptime_robot",
    "datadog_status",
    "heroku_status",
    "slack_status",
    "salesforce_trust",
    "oracle_cloud",
    "pagerduty_status",
)
# a bare empty list, a page of an error: only where they come from says whose they are
NOBODYS = {"salesforce_trust/active_incidents_none", "incident_io/proxy_not_there", "incident_io/proxy_overloaded"}


def response(case: str) -> Response:
    told = msgspec.json.decode((HERE / case / "request.json").read_bytes())
    body = next((HERE / case).glob("response.*")).read_bytes()
    at = datetime(2026, 1, 2, 12, tzinfo=UTC)
    return Response(told["url"], told.get("status", 200), {}, body, at, memo=told.get("memo", ""))


def read(case: str) -> Parsed:
    told = msgspec.json.decode((HERE / case / "request.json").read_bytes())
    reader = connector(case.partition("/")[0])
    return reader.parse(response(case), reader.spec.config.model_validate(told["config"]))


READ = sorted(str(path.parent.relative_to(HERE)) for name in PLATFORMS for path in (HERE / name).glob("*/expected.jsonl"))


@pytest.mark.parametrize("case", READ)
def test_each_answer_is_taken_for_its_own_platforms(case: str) -> None:
    found = candidates(response(case))
    if case in NOBODYS:
        assert not found
        return
    assert found[0][0] == case.partition("/")[0]
    assert len(found) == 1 or found[0][1] > found[1][1], "two are equally sure"


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        ("incident_io", {"url": "https://status.example.com"}, ["https://status.example.com/proxy/status.example.com"]),
        ("incident_io", {"url": "https://status.example.com/eu/"}, ["https://status.example.com/eu/api/v1/summary"]),
        ("incident_io", {"url": "https://status.example.com/api/widget"}, ["https://status.example.com/api/widget"]),
        ("incident_io", {"url": "https://s.example.com/api/v2/summary.json"}, ["https://s.example.com/api/v2/summary.json"]),
        (
            "instatus",
            {"url": "https://status.example.com/"},
            ["https://status.example.com/summary.json", "https://status.example.com/v2/components.json"],
        ),
        ("instatus", {"url": "https://status.example.com", "components": False}, ["https://status.example.com/summary.json"]),
        ("instatus", {"url": "https://status.example.com/v3/components.json"}, ["https://status.example.com/v3/components.json"]),
        ("better_stack", {"url": "https://status.example.com/"}, ["https://status.example.com/index.json"]),
        ("status_io", {"url": "https://api.status.io/1.0/status/5a1b"}, ["https://api.status.io/1.0/status/5a1b"]),
        (
            "cachet",
            {"url": "https://status.example.com/", "schedules": True},
            [
                "https://status.example.com/api/v1/components?per_page=100",
                "https://status.example.com/api/v1/incidents?per_page=100&sort=id&order=desc",
                "https://status.example.com/api/v1/schedules?per_page=100&sort=id&order=desc",
            ],
        ),
        (
            "cachet",
            {"url": "https://status.example.com", "version": 3},
            [
                "https://status.example.com/api/components?per_page=100&include=group",
                "https://status.example.com/api/incidents?per_page=100&include=components,updates",
            ],
        ),
        ("cachet", {"url": "https://status.example.com/api/v1/components"}, ["https://status.example.com/api/v1/components"]),
        ("uptime_robot", {"url": "https://s.example.com/api/getMonitorList/K"}, ["https://s.example.com/api/getMonitorList/K"]),
        ("datadog_status", {"url": "https://status.example.com/"}, ["https://status.example.com/config.json"]),
        ("heroku_status", {}, ["https://status.heroku.com/api/v4/current-status"]),
        ("heroku_status", {"url": "https://mirror.example.com/heroku.json"}, ["https://mirror.example.com/heroku.json"]),
        ("slack_status", {}, ["https://slack-status.com/api/v2.0.0/current"]),
        ("slack_status", {"url": "https://slack-status.com/api/v2.0.0/history"}, ["https://slack-status.com/api/v2.0.0/history"]),
        ("salesforce_trust", {}, ["https://api.status.salesforce.com/v1/instances/status/preview"]),
        (
            "salesforce_trust",
            {"instances": ["EU44", "NA12"]},
            ["https://api.status.salesforce.com/v1/instances/EU44/status", "https://api.status.salesforce.com/v1/instances/NA12/status"],
        ),
        ("salesforce_trust", {"url": "https://s.example.com/v1/products/P"}, ["https://s.example.com/v1/products/P"]),
        ("oracle_cloud", {}, ["https://ocistatus.oraclecloud.com/api/v2/incident-summary.rss"]),
        (
            "oracle_cloud",
            {"components": True},
            [
                "https://ocistatus.oraclecloud.com/api/v2/incident-summary.rss",
                "https://ocistatus.oraclecloud.com/api/v2/components.json",
            ],
        ),
        ("oracle_cloud", {"url": "https://s.example.com/api/v2/components.json"}, ["https://s.example.com/api/v2/components.json"]),
        ("pagerduty_status", {"url": "https://status.example.com/"}, ["https://status.example.com/api/services"]),
        ("pagerduty_status", {"url": "https://s.example.com/api/impacted_services"}, ["https://s.example.com/api/services"]),
    ],
)
def test_a_page_is_asked_where_its_platform_answers(name: str, config: dict[str, Any], expected: list[str]) -> None:
    reader = connector(name)
    assert [request.url for request in reader.requests(reader.spec.config.model_validate(config), None)] == expected


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("statuspage/contradictory", Status.MAJOR_OUTAGE),
        ("statuspage/components_empty_indicator_only", Status.OPERATIONAL),
        ("incident_io/proxy_all_well", Status.OPERATIONAL),
        ("incident_io/contradictory_all_well_under_an_open_incident", Status.MAJOR_OUTAGE),
        ("incident_io/proxy_unknown_word_and_unlisted_component", Status.MAJOR_OUTAGE),
        ("incident_io/widget_typical", Status.DEGRADED),
        ("instatus/typical", Status.PARTIAL_OUTAGE),
        ("instatus/contradictory", Status.PARTIAL_OUTAGE),
        ("instatus/page_unknown_word", Status.UNKNOWN),
        ("better_stack/contradictory", Status.MAJOR_OUTAGE),
        ("better_stack/unknown_words", Status.UNKNOWN),
        ("status_io/typical", Status.MAJOR_OUTAGE),
        ("status_io/contradictory", Status.MAJOR_OUTAGE),
        ("cachet/typical", Status.MAJOR_OUTAGE),
        # no incident says how bad it is
        ("cachet/incidents_2", Status.UNKNOWN),
        ("uptime_robot/contradictory", Status.MAJOR_OUTAGE),
        ("uptime_robot/monitors_in_the_page_block", Status.UNKNOWN),
        ("datadog_status/typical", Status.PARTIAL_OUTAGE),
        ("datadog_status/contradictory", Status.MAJOR_OUTAGE),
        ("datadog_status/unknown_words", Status.UNKNOWN),
        ("heroku_status/typical", Status.MAJOR_OUTAGE),
        ("heroku_status/contradictory", Status.MAJOR_OUTAGE),
        ("heroku_status/unknown_words", Status.UNKNOWN),
        ("slack_status/all_well", Status.OPERATIONAL),
        ("slack_status/contradictory_ok_with_an_outage", Status.MAJOR_OUTAGE),
        ("slack_status/contradictory_active_with_nothing", Status.UNKNOWN),
        ("slack_status/notice_only", Status.OPERATIONAL),
        ("slack_status/scheduled", Status.OPERATIONAL),
        ("slack_status/unknown_words", Status.UNKNOWN),
        ("salesforce_trust/contradictory", Status.MAJOR_OUTAGE),
        ("salesforce_trust/unknown_words", Status.UNKNOWN),
        # the feed does not say how bad an incident is
        ("oracle_cloud/typical", Status.UNKNOWN),
        ("oracle_cloud/components_contradictory", Status.MAJOR_OUTAGE),
        ("pagerduty_status/typical", Status.MAJOR_OUTAGE),
        ("pagerduty_status/all_well", Status.OPERATIONAL),
        ("pagerduty_status/word_not_listed", Status.UNKNOWN),
        ("pagerduty_status/posts", Status.MAJOR_OUTAGE),
    ],
)
def test_the_vendors_status_is_the_worst_that_its_page_says(case: str, expected: Status) -> None:
    bodies = [reading.body for reading in read(case).readings]
    statuses = [b.status for b in bodies if isinstance(b, ComponentStatus) or (isinstance(b, Incident) and not b.resolved)]
    assert worst(statuses) is expected


@pytest.mark.parametrize("case", READ)
def test_updates_are_newest_first_and_no_subject_comes_twice(case: str) -> None:
    readings = read(case).readings
    assert len({reading.subject for reading in readings}) == len(readings)
    for reading in readings:
        if isinstance(reading.body, Incident):
            times = [update.at for update in reading.body.updates if update.at]
            assert times == sorted(times, reverse=True), reading.subject


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_same_said_otherwise_is_no_change(name: str) -> None:
    # the typical answer with its keys in another order, on one line, with fields that nobody knows
    assert read(f"{name}/unchanged") == read(f"{name}/typical")


@pytest.mark.parametrize(
    ("case", "config", "expected"),
    [
        ("cachet/components_first_page_of_two", {}, "https://s.example.com/api/v1/components?per_page=100&page=2"),
        ("cachet/components_3", {"version": 3}, "https://s.example.com/api/components?per_page=100&include=group&page=2"),
        ("cachet/components_last_page_of_two", {}, None),
        ("incident_io/proxy_not_there", {}, "https://s.example.com/api/v2/summary.json"),
        ("incident_io/proxy_overloaded", {}, None),
        ("pagerduty_status/services", {}, "https://s.example.com/api/post_enums"),
        ("pagerduty_status/words", {}, "https://s.example.com/api/impacted_services"),
        ("pagerduty_status/typical", {}, "https://s.example.com/api/posts?is_featured=true&limit=500"),
        ("pagerduty_status/posts", {}, None),
        ("uptime_robot/first_page_of_two", {}, "https://s.example.com?page=2"),
        ("uptime_robot/last_page_of_two", {}, None),
    ],
)
def test_a_further_answer_is_asked_for_where_the_source_is_configured(case: str, config: dict[str, Any], expected: str | None) -> None:
    reader = connector(case.partition("/")[0])
    settings = reader.spec.config.model_validate({"url": "https://s.example.com", "auth": "internal", **config})
    further = reader.parse(response(case), settings).next_request
    assert (further and further.url) == expected
    assert further is None or further.auth == "internal"


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_a_cut_feed_of_incidents_is_never_read_as_half_a_truth(cut: int) -> None:
    whole = response("oracle_cloud/typical")
    reader = connector("oracle_cloud")
    body = whole.body.rstrip()
    part = msgspec.structs.replace(whole, body=body[: len(body) * cut // 100])
    with pytest.raises(ParseError):
        reader.parse(part, reader.spec.config.model_validate({}))


@pytest.mark.parametrize("case", [case for case in READ if response(case).body[:1] in (b"{", b"[")])
def test_any_value_anywhere_gives_readings_or_a_parse_error(case: str) -> None:
    whole = response(case)
    reader = connector(case.partition("/")[0])
    config = reader.spec.config.model_validate({"url": "https://localhost"})
    for changed in with_other_values(msgspec.json.decode(whole.body)):
        with contextlib.suppress(ParseError):
            parsed = reader.parse(msgspec.structs.replace(whole, body=msgspec.json.encode(changed)), config)
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(parsed), type=Parsed)


def with_other_values(value: object) -> Iterator[object]:
    """``value`` with each of its parts, in turn, replaced by values of other types."""
    yield from (None, True, -3.5, 10**30, "", "x", [], [1], {}, {"id": 1})
    if isinstance(value, dict):
        for key, member in value.items():
            yield from ({**value, key: other} for other in with_other_values(member))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in with_other_values(member))
