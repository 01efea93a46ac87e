"""What connectors ask for, how they refuse a wrong configuration, and the vendor's status as a page tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from connectors.prometheus_quota import Config as Prometheus
from connectors.prometheus_quota import expression
from secondsource.adapters.plugins import connector, connector_names
from secondsource.contracts.connector import Response
from secondsource.domain.observations import ComponentStatus, Incident
from secondsource.domain.status import Status, worst

HERE = Path(__file__).parent


def asked(name: str, **config: Any) -> list[str]:
    reader = connector(name)
    return [request.url for request in reader.requests(reader.spec.config.model_validate(config), None)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://status.example.com", "https://status.example.com/api/v2/summary.json"),
        ("https://status.example.com/", "https://status.example.com/api/v2/summary.json"),
        ("https://status.example.com/api/v2", "https://status.example.com/api/v2/summary.json"),
        ("https://status.example.com/api/v2/incidents.json", "https://status.example.com/api/v2/incidents.json"),
    ],
)
def test_statuspage_finds_the_summary_of_a_page(url: str, expected: str) -> None:
    assert asked("statuspage", url=url) == [expected]


@pytest.mark.parametrize("name", ["feed_status", "news_feed", "litellm_prices"])
def test_one_file_is_asked_for_as_it_is_configured(name: str) -> None:
    assert asked(name, url="https://example.com/a/b") == ["https://example.com/a/b"]


# what a connector can not do without, besides an address
NEEDED: dict[str, dict[str, Any]] = {
    "gdelt": {"query": "HBM"},
    "json_status": {"incidents": {"each": "incidents[*]"}},
    "prometheus_metrics": {"metrics": [{"name": "q", "used": "up"}]},
    "prometheus_quota": {"queries": [{"name": "q", "used": "up"}]},
}


@pytest.mark.parametrize("name", connector_names())
def test_a_credential_is_named_and_a_wrong_configuration_refused(name: str) -> None:
    reader = connector(name)
    more = NEEDED.get(name, {})
    config = reader.spec.config.model_validate({"url": "https://example.com", "auth": "internal", **more})
    assert {request.auth for request in reader.requests(config, None)} == {"internal"}
    for wrong in ({"url": "ftp://example.com"}, {"url": "https://example.com", "colour": "blue"}, {"url": ""}):
        with pytest.raises(ValidationError):
            reader.spec.config.model_validate({**more, **wrong})


def test_prometheus_asks_one_request_per_query_with_both_halves_marked() -> None:
    config = Prometheus.model_validate(
        {
            "url": "http://prometheus:9090/",
            "queries": [
                {"name": "gpu-hours", "used": "sum(used) # all of it", "limit": "sum(quota)"},
                {"name": "tokens", "used": "tokens", "limit": 5},
            ],
        }
    )
    both, single = connector("prometheus_quota").requests(config, None)
    assert both.url == "http://prometheus:9090/api/v1/query"
    assert both.params["query"] == (
        'label_replace(label_replace(\nsum(used) # all of it\n, "secondsource_part", "used", "", "") or '
        'label_replace(\nsum(quota)\n, "secondsource_part", "limit", "", ""), "secondsource_query", "gpu-hours", "", "")'
    )
    assert single.params["query"] == expression(config.queries[1])
    assert '"limit"' not in single.params["query"]


@pytest.mark.parametrize(
    ("queries", "says"),
    [
        ([], "at least 1"),
        ([{"name": "a", "used": "x"}, {"name": "a", "used": "y"}], "same name"),
        ([{"name": "a", "used": "x", "emits": "spend", "limit": 3}], "has no limit"),
        ([{"name": 'a"', "used": "x"}], "pattern"),
        ([{"name": "a", "used": "x", "labels": {"colour": "c"}}], "'vendor', 'region'"),
    ],
)
def test_prometheus_refuses_queries_that_could_not_be_told_apart(queries: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Prometheus.model_validate({"url": "http://prometheus:9090", "queries": queries})


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("all_well", Status.OPERATIONAL),
        # green indicator, a component down and an open critical incident: the page contradicts itself, the worst counts
        ("typical", Status.MAJOR_OUTAGE),
        # "full_outage" outweighs a component whose state is not understood
        ("shim_without_incidents", Status.MAJOR_OUTAGE),
        ("unknown_impact", Status.UNKNOWN),
    ],
)
def test_the_vendors_status_is_the_worst_that_its_page_says(case: str, expected: Status) -> None:
    body = (HERE / "statuspage" / case / "response.json").read_bytes()
    reader = connector("statuspage")
    config = reader.spec.config.model_validate({"url": "https://localhost"})
    parsed = reader.parse(Response("https://localhost/", 200, {}, body, datetime(2026, 1, 2, tzinfo=UTC)), config)
    bodies = [reading.body for reading in parsed.readings]
    statuses = [b.status for b in bodies if isinstance(b, ComponentStatus) or (isinstance(b, Incident) and not b.resolved)]
    assert worst(statuses) is expected


def test_reading_the_same_page_twice_gives_the_same_readings() -> None:
    for request in HERE.glob("*/*/expected.jsonl"):
        case = request.parent
        told = msgspec.json.decode((case / "request.json").read_bytes())
        body = next(case.glob("response.*")).read_bytes()
        reader = connector(case.parent.name)
        config = reader.spec.config.model_validate(told["config"])
        # a feed that says when it was written grows stale
        span = timedelta(minutes=1) if told.get("ages") else timedelta(days=18)
        at = datetime(2026, 1, 2, 12, tzinfo=UTC)
        status, memo = told.get("status", 200), told.get("memo", "")
        early, late = (reader.parse(Response(told["url"], status, {}, body, when, memo=memo), config) for when in (at, at + span))
        assert early == late, case
