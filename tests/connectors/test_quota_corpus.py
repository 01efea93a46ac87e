"""The connectors of quotas and spend on recorded answers: every file is read with pinned counts, or listed with the reason why not.

Recorders wrap what a service sent; the wrapping is taken off here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from secondsource.adapters.plugins import connector
from secondsource.cli.detect import candidates
from secondsource.contracts.connector import Parsed, ParseError, Response
from secondsource.domain.observations import Measurement, Quota, Spend
from tests.connectors import test_corpus as corpus

pytestmark = corpus.pytestmark

FOLDER = corpus.CORPUS / "quota"
OPENMETRICS = {"content-type": "application/openmetrics-text; version=1.0.0; charset=utf-8"}


def sent(file: str) -> Response:
    """A file as the service sent it: without the wrapping of a test proxy, a cassette, or a tool that asked Prometheus."""
    saved = corpus.response(FOLDER / file)
    if file.startswith("aws-"):
        return corpus.as_sent(f"quota/{file}")
    if file.startswith("gcp__"):
        return replace(saved, body=json.dumps(json.loads(saved.body)["body"]).encode())
    if file == "azure__cost-query-cassette.json":
        (body,) = (
            call["response"]["body"]["data"]
            for call in json.loads(saved.body)["interactions"]
            if "Microsoft.CostManagement/query" in call["request"]["uri"]
        )
        return replace(saved, body=json.dumps(body).encode())
    if file == "prometheus__range-query-node-cpu.txt":
        return replace(saved, body=saved.body.split(b"\n", 2)[2])
    if file == "prometheus__openmetrics-5-families.om.txt":
        return replace(saved, headers=OPENMETRICS)
    return saved


def answers(file: str) -> Response:
    """The answers of a VCR cassette as your own client would hand them on."""
    calls = yaml.safe_load((FOLDER / file).read_bytes())["interactions"]
    told = [
        {
            "url": call["request"]["uri"],
            "status": call["response"]["status"]["code"],
            # where a recorder took out a header's name, its value is left behind the one before
            "headers": {name: values[:1] for name, values in call["response"]["headers"].items()},
        }
        for call in calls
    ]
    # the stream that a prediction names is another service, without limits
    limited = [answer for answer in told if any("ratelimit" in name for name in answer["headers"])]
    return replace(corpus.response(FOLDER / file), body=json.dumps(limited).encode())


def read(name: str, response: Response, **config: Any) -> Parsed:
    reader = connector(name)
    return reader.parse(response, reader.spec.config.model_validate({"url": "https://localhost/", **config}))


def gauge(used: str, limit: str | None = None, **more: Any) -> dict[str, Any]:
    return {"metrics": [{"name": "q", "used": used, "limit": limit, **more}]}


COUNTS: list[tuple[str, str, dict[str, Any], dict[str, int]]] = [
    # nobody tells how much is used of these: each is counted in the notes
    ("aws_quotas", "aws-service-quotas__list-ec2.json", {}, {}),
    ("aws_quotas", "aws-service-quotas__list-firehose.json", {}, {}),
    ("aws_quotas", "aws-service-quotas__defaults.json", {}, {}),
    ("aws_quotas", "aws-cloudwatch__usage-resourcecount.json", {}, {"quota": 1}),
    ("aws_quotas", "aws-trusted-advisor__service-limits-many.json", {}, {"quota": 16}),
    ("aws_quotas", "aws-trusted-advisor__service-limits.json", {}, {"quota": 2}),
    ("aws_spend", "aws-budgets__describe.json", {}, {"quota": 1}),
    ("azure_cost", "azure__cost-query-cassette.json", {}, {"spend": 1}),
    ("gcp_quotas", "gcp__project-quotas.json", {}, {"quota": 48}),
    ("prometheus_metrics", "prometheus__exposition-237-families.prom.txt", gauge("process_open_fds", "process_max_fds"), {"quota": 1}),
    (
        "prometheus_metrics",
        "prometheus__metrics-test.prom",
        gauge("net_conntrack_dialer_conn_attempted_total", by=["dialer_name"]),
        {"quota": 4},
    ),
    ("prometheus_metrics", "prometheus__openmetrics-5-families.om.txt", gauge("rpc_requests_total", by=["service"]), {"quota": 3}),
    (
        "prometheus_quota",
        "prometheus__range-query-node-cpu.txt",
        {"queries": [{"name": "cpu", "used": "x", "limit": 1, "labels": {"product": "mode"}}]},
        {"quota": 8},
    ),
]
HEADERS = {
    "anthropic__headers-requests.yaml": {"quota": 2},
    "anthropic__headers-retry-after-on-200.yaml": {"quota": 3},
    "azure-openai__headers.yaml": {"quota": 2, "measurement": 2},
    "openai__headers.yaml": {"quota": 2},
    "replicate__headers.yaml": {"measurement": 1},
    "together__headers.yaml": {"quota": 1},
}
NOT_READ = {
    "aws-service-quotas__services.json": "the names of services, without a quota; which are read is configured",
    "azure__metrics-cassette.json": "how busy a database of one's own is, in percent: no quota of the vendor",
    "gcp__monitoring-timeseries-cpu.json": "how busy a machine of one's own is: no quota of the vendor, refused below",
    "gcp__monitoring-timeseries-empty.json": "no series at all: nothing is known, refused below",
}


def test_every_recorded_file_is_read_or_listed() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {file for _, file, _, _ in COUNTS} | HEADERS.keys() | NOT_READ.keys()


@pytest.mark.parametrize(("name", "file", "config", "expected"), COUNTS, ids=[file for _, file, _, _ in COUNTS])
def test_counts(name: str, file: str, config: dict[str, Any], expected: dict[str, int]) -> None:
    saved = sent(file)
    parsed = read(name, saved, **config)
    assert corpus.kinds(parsed) == expected
    assert len({(reading.vendor, reading.subject) for reading in parsed.readings}) == len(parsed.readings)
    assert candidates(saved)[0][0] == name


@pytest.mark.parametrize("file", sorted(HEADERS))
def test_counts_of_headers(file: str) -> None:
    saved = answers(file)
    parsed = read("rate_limit_headers", saved)
    assert corpus.kinds(parsed) == HEADERS[file]
    assert {reading.vendor for reading in parsed.readings} == {file.split("_")[0].split("-")[0]}
    assert candidates(saved)[0][0] == "rate_limit_headers"


@pytest.mark.parametrize("file", sorted(NOT_READ))
def test_what_is_not_read_is_not_taken_for_something_else(file: str) -> None:
    assert candidates(sent(file)) == ()


def test_no_quota_is_made_of_services_or_of_a_machines_load() -> None:
    for name, file, says in (
        ("aws_quotas", "aws-service-quotas__services.json", "Quotas: missing"),
        ("gcp_quotas", "gcp__monitoring-timeseries-cpu.json", "timeSeries.0..metric.type: .* is no quota"),
        ("gcp_quotas", "gcp__monitoring-timeseries-empty.json", "there is no series, so nothing is known"),
    ):
        with pytest.raises(ParseError, match=says):
            read(name, sent(file))


def quotas(parsed: Parsed) -> dict[str, Quota]:
    return {reading.subject: reading.body for reading in parsed.readings if isinstance(reading.body, Quota)}


def test_a_quota_and_cloudwatchs_figure_for_it_meet() -> None:
    date = {"date": "Thu, 31 Oct 2019 17:52:33 GMT"}
    listed = read("aws_quotas", replace(sent("aws-service-quotas__list-firehose.json"), headers=date))
    assert listed.next_request is not None
    (query,) = json.loads(listed.next_request.body or b"")["MetricDataQueries"]
    assert query["MetricStat"]["Metric"]["MetricName"] == "ResourceCount"
    assert query["MetricStat"]["Stat"] == "Maximum"
    figures = replace(sent("aws-cloudwatch__usage-resourcecount.json"), memo=listed.next_request.memo)
    ((subject, body),) = quotas(read("aws_quotas", figures)).items()
    # the maximum, not the sum of 1000 that stands beside it
    assert (subject, body.used, body.limit) == ("quota/firehose/us-east-1/L-14BB0BE7", 20.0, 50.0)


def test_trusted_advisors_texts_are_figures() -> None:
    bodies = quotas(read("aws_quotas", sent("aws-trusted-advisor__service-limits.json")))
    assert {subject: (body.used, body.limit) for subject, body in bodies.items()} == {
        "quota/RDS/us-east-1/DB instances": (1.0, 40.0),
        "quota/RDS/us-west-2/DB instances": (59.0, 200.0),
    }
    many = quotas(read("aws_quotas", sent("aws-trusted-advisor__service-limits-many.json")))
    assert {body.limit for body in many.values()} == {100_000.0}
    assert 0.0 in {body.used for body in many.values()}


def test_googles_zeros_are_values() -> None:
    bodies = quotas(read("gcp_quotas", sent("gcp__project-quotas.json")))
    assert sum(body.used == 0 for body in bodies.values()) == 44
    assert all(body.limit is not None for body in bodies.values())


def test_money_is_exact() -> None:
    (spend,) = (reading.body for reading in read("azure_cost", sent("azure__cost-query-cassette.json")).readings)
    assert isinstance(spend, Spend)
    assert (spend.amount, spend.currency, spend.period_end) == (Decimal("0.16403"), "USD", None)
    (budget,) = quotas(read("aws_spend", sent("aws-budgets__describe.json"))).values()
    assert (budget.name, budget.used, budget.limit, budget.unit) == ("budget-ec2-monthly", 55.096, 1200.0, "USD/month")


def test_headers_known_by_hand() -> None:
    read_ = {file: read("rate_limit_headers", answers(file)) for file in HEADERS}
    openai = quotas(read_["openai__headers.yaml"])
    assert {body.name: (body.used, body.limit) for body in openai.values()} == {
        "requests": (1.0, 30_000.0),
        "tokens": (12.0, 180_000_000.0),
    }
    assert read_["openai__headers.yaml"].notes[0] == "requests: whole again in 0.002 s, at 2026-02-15T14:11:16Z"
    anthropic = read_["anthropic__headers-retry-after-on-200.yaml"]
    assert {body.name: body.limit for body in quotas(anthropic).values()} == {
        "input-tokens": 2_000_000.0, "output-tokens": 400_000.0, "tokens": 2_400_000.0,
    }  # fmt: skip
    assert anthropic.notes[-1] == "retry-after 59 on an answer of status 200 is no refusal"
    assert {reading.occurred_at for reading in anthropic.readings} == {datetime(2025, 11, 23, 13, 21, 5, tzinfo=UTC)}
    # the first call tells no limit, so what is left is told; the later ones do
    azure = read_["azure-openai__headers.yaml"]
    left = {reading.body.name: reading.body.value for reading in azure.readings if isinstance(reading.body, Measurement)}
    assert left == {"requests left of an unknown limit": 119, "tokens left of an unknown limit": 119_984}
    assert {body.unit: (body.used, body.limit) for body in quotas(azure).values()} == {
        "requests/min": (1.0, 120.0), "tokens/min": (14.0, 120_000.0),
    }  # fmt: skip
    assert "openllmetry-testing requests: reset is 500, which is no number of seconds in a period of 60 s" in azure.notes
    (together,) = quotas(read_["together__headers.yaml"]).values()
    assert (together.used, together.limit) == (1.0, 2.0)


def test_the_newest_value_of_a_matrix_counts() -> None:
    _, _, config, _ = next(row for row in COUNTS if row[1] == "prometheus__range-query-node-cpu.txt")
    bodies = {
        body.product: body for body in quotas(read("prometheus_quota", sent("prometheus__range-query-node-cpu.txt"), **config)).values()
    }
    assert bodies["idle"].used != 0.9651944444444388  # the first value of the series
    assert 0.9 < bodies["idle"].used < 1
