"""Connectors of quotas and spend beyond one answer: what they ask, how their questions follow each other, and what they refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from connectors.kubernetes_quota import quantity
from connectors.prometheus_metrics import terms
from secondsource.adapters.http.credentials import AwsKeys
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.contracts.connector import Parsed, ParseError, Request, Response
from secondsource.contracts.reading import Node
from secondsource.contracts.usage import MAX_LINES, Bill, Line, length, limit_in, used_in, whole_period
from secondsource.domain.difference import NOTHING_YET, difference
from secondsource.domain.observations import Outcome, Quota, Spend, observe
from secondsource.ports.fetcher import NO_VALIDATORS, FetchPolicy
from secondsource.runtimes.poll import Polled, Source, poll
from tests.http.conftest import NOW, Call, Names, Serve, local, names, serve

__all__ = ["local", "names", "serve"]

HERE = Path(__file__).parent
AT = datetime(2026, 1, 2, 12, tzinfo=UTC)
DATE = "Fri, 02 Jan 2026 12:00:00 GMT"
NEW = [
    "anthropic_usage", "aws_quotas", "aws_spend", "azure_cost", "azure_usage", "focus_csv", "gcp_billing_export", "gcp_quotas",
    "kubernetes_quota", "openai_usage", "prometheus_metrics", "rate_limit_headers",
]  # fmt: skip


def read(case: str) -> Parsed:
    told = msgspec.json.decode((HERE / case / "request.json").read_bytes())
    body = next((HERE / case).glob("response.*")).read_bytes()
    reader = connector(case.partition("/")[0])
    response = Response(told["url"], told.get("status", 200), told.get("headers", {}), body, AT, memo=told.get("memo", ""))
    return reader.parse(response, reader.spec.config.model_validate(told["config"]))


def asked(name: str, cursor: str | None = None, **config: Any) -> list[Request]:
    reader = connector(name)
    return list(reader.requests(reader.spec.config.model_validate(config), cursor))


@pytest.mark.parametrize("name", NEW)
def test_the_same_figures_in_another_order_and_at_another_time_are_no_change(name: str) -> None:
    def observed(parsed: Parsed, at: datetime) -> list[Any]:
        return [observe(source="s", vendor=r.vendor or "v", subject=r.subject, observed_at=at, body=r.body) for r in parsed.readings]

    before, after = read(f"{name}/typical"), read(f"{name}/unchanged")
    picture, first = difference(NOTHING_YET, observed(before, AT), before.complete, AT)
    assert first
    later = AT + timedelta(hours=1)
    assert difference(picture, observed(after, later), after.complete, later) == (picture, ())


@pytest.mark.parametrize(
    ("value", "used", "limit"),
    [
        (0, 0, 0),
        ("0", 0, 0),
        (Decimal("30.5"), Decimal("30.5"), Decimal("30.5")),
        ("350", 350, 350),
        (-1, None, None),
        (2**63 - 1, 2**63 - 1, None),
        (str(2**63 - 1), 2**63 - 1, None),
    ],
)
def test_zero_is_a_value_and_what_means_no_limit_is_not_one(value: Any, used: Any, limit: Any) -> None:
    assert limit_in(Node(value, "x")) == limit
    if used is None:
        with pytest.raises(ParseError, match="can not be negative"):
            used_in(Node(value, "x"))
    else:
        assert used_in(Node(value, "x")) == used


def test_a_limit_that_is_not_there_is_unknown() -> None:
    assert limit_in(None) is None
    unlimited = [
        ("azure_usage", "limit_missing"), ("gcp_quotas", "limit_missing"), ("prometheus_metrics", "limit_unknown"),
        ("gcp_quotas", "series_of_use_without_limits"),
    ]  # fmt: skip
    for name, case in unlimited:
        bodies = [reading.body for reading in read(f"{name}/{case}").readings]
        assert bodies
        assert all(isinstance(body, Quota) and body.limit is None for body in bodies), name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4", 4), (4, 4), ("500m", "0.5"), ("32Gi", 32 * 2**30), ("1.5Ki", 1536), ("1e3", 1000), ("1E3", 1000), ("2E", 2 * 10**18),
        ("100k", 100_000), ("7n", "0.000000007"), (".5", "0.5"), ("0", 0),
    ],
)  # fmt: skip
def test_quantities_of_kubernetes(text: Any, number: Any) -> None:
    assert quantity(Node(text, "x")) == Decimal(number)


@pytest.mark.parametrize("text", ["", "four", "1 Gi", "-1", "1kk", "1K", "0x10", "1e999", True, None, [], "١"])
def test_what_is_no_quantity(text: Any) -> None:
    with pytest.raises(ParseError):
        quantity(Node(text, "x"))


@pytest.mark.parametrize(
    ("period", "at", "start", "end"),
    [
        ("month", datetime(2026, 1, 2, 12, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("month", datetime(2024, 3, 31, 23, 59, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
        ("day", datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_the_last_period_that_is_over(period: Any, at: datetime, start: datetime, end: datetime) -> None:
    assert whole_period(period, at) == (start, end)
    assert length(start, end, "x") == period


def test_a_bill_is_summed_exactly_and_is_bounded() -> None:
    bill = Bill()
    for _ in range(1000):
        bill.add(Line(Decimal("0.000000001"), product="a"), "x")
    bill.add(Line(Decimal("123456789012.5"), product="a"), "x")
    (reading,) = bill.readings("month", None)
    assert isinstance(reading.body, Spend)
    assert reading.body.amount == Decimal("123456789012.500001")
    for number in range(MAX_LINES - 1):
        bill.add(Line(Decimal(1), product=f"p{number}"), "x")
    with pytest.raises(ParseError, match=f"more than {MAX_LINES} lines"):
        bill.add(Line(Decimal(1), product="one more"), "row 7")


@pytest.mark.parametrize("text", ["", "a +", "+ a", "sum(a)", "a{x=1}", "a / b", 'a{x="1"', "a b"])
def test_what_is_no_series(text: str) -> None:
    with pytest.raises(ValueError, match=r"was not expected|is not read here"):
        terms(text)
    with pytest.raises(ValidationError):
        asked("prometheus_metrics", url="https://example.com", metrics=[{"name": "q", "used": text}])


def test_series_with_labels() -> None:
    assert terms('a{x="1", y="a b"} + b') == (("a", {"x": "1", "y": "a b"}), ("b", {}))


def test_an_openmetrics_page_without_its_end_is_cut_off() -> None:
    reader = connector("prometheus_metrics")
    config = reader.spec.config.model_validate({"url": "https://localhost", "metrics": [{"name": "q", "used": "tasks"}]})
    page = Response("https://localhost/", 200, {"content-type": "application/openmetrics-text; version=1.0.0"}, b"", AT)
    whole = replace(page, body=b"# TYPE tasks gauge\ntasks 3\n# EOF\n")
    assert len(reader.parse(whole, config).readings) == 1
    with pytest.raises(ParseError, match="no # EOF at the end"):
        reader.parse(replace(page, body=whole.body.removesuffix(b"# EOF\n")), config)


def test_azure_and_google_are_asked_for_each_list() -> None:
    azure = asked("azure_usage", url="https://management.azure.com/subscriptions/s/", locations=["westeurope", "eastus"], auth="arm")
    assert [urlsplit(request.url).path.split("/providers/")[1] for request in azure] == [
        f"{provider}/locations/{place}/usages"
        for provider in ("Microsoft.Compute", "Microsoft.CognitiveServices")
        for place in ("westeurope", "eastus")
    ]
    google = asked("gcp_quotas", url="https://compute.googleapis.com/compute/v1/projects/p")
    assert [request.url.rpartition("/")[2] for request in google] == ["p", "regions"]
    assert len(asked("gcp_quotas", url="https://compute.googleapis.com/compute/v1/projects/p", regions=False)) == 1
    assert len(asked("kubernetes_quota", url="https://k", accelerators=[])) == 1


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("gcp_quotas", "https://monitoring.googleapis.com/v3/projects/p"),
        ("aws_spend", "https://ce.us-east-1.amazonaws.com/"),
        ("openai_usage", "https://api.openai.com/v1/organization"),
        ("anthropic_usage", "https://api.anthropic.com/v1/organizations"),
    ],
)
def test_who_needs_a_period_asks_the_time_once_and_then_knows_it(name: str, url: str) -> None:
    reader = connector(name)
    config = reader.spec.config.model_validate({"url": url, "auth": "key"})
    (first,) = reader.requests(config, None)
    assert first.every_status
    assert "2025" not in str(first) and "1764" not in str(first)
    told = reader.parse(Response(url, 400, {"date": DATE}, b"{}", AT, memo=first.memo), config)
    (later,) = reader.requests(config, "2026-01-02T12:00:00Z")
    assert told.readings == ()
    assert told.next_request is not None
    assert (told.next_request.params, told.next_request.body) == (later.params, later.body)
    assert reader.parse(Response(url, 401, {"date": DATE}, b"{}", AT, memo=first.memo), config).inconclusive


class Aws:
    """Service Quotas in two pages, and CloudWatch, which has no figure for the second quota."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def answer(self, call: Call) -> None:
        name, told = call.headers["x-amz-target"].rpartition(".")[2], json.loads(call.body)
        service = "monitoring" if name == "GetMetricData" else "servicequotas"
        assert f"/us-west-9/{service}/aws4_request" in call.headers["authorization"]
        self.asked.append((name, told))
        await call.answer(json.dumps(getattr(self, name)(told)).encode(), Date=DATE)

    def ListServiceQuotas(self, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 as AWS calls it
        first = "NextToken" not in told
        codes = ("L-1", "L-2") if first else ("L-3",)
        return {"Quotas": [quota(code) for code in codes], **({"NextToken": "p2"} if first else {})}

    def GetMetricData(self, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        results = []
        for query in told["MetricDataQueries"]:
            code = query["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
            figures = {"L-1": [7.0, 99.0], "L-2": [], "L-3": [0.0, 5.0]}[code]
            times = [told["EndTime"], told["EndTime"] - 300][: len(figures)]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": figures, "StatusCode": "Complete"})
        return {"MetricDataResults": results}


def quota(code: str) -> dict[str, Any]:
    metric = {"MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount", "MetricDimensions": {"Resource": code}}
    arn = f"arn:aws:servicequotas:us-west-9:111122223333:ec2/{code}"
    return {"ServiceCode": "ec2", "QuotaCode": code, "QuotaArn": arn, "QuotaName": f"Things {code}", "Value": 10.0, "UsageMetric": metric}


async def polled(name: str, serve: Serve, names: Names, local: FetchPolicy, answer: Any, **config: Any) -> Polled:
    server = await serve(answer)
    reader = connector(name)
    url = server.url("/", "here.test")
    settings = reader.spec.config.model_validate({"url": url, **{key: url if value == "HERE" else value for key, value in config.items()}})
    keys = {service: AwsKeys("AKIDOWN", "us-west-9", service, lambda: "canary") for service in ("servicequotas", "monitoring")}
    parser = LimitedParser()
    async with HttpFetcher(now=lambda: NOW, resolver=names, credentials=keys) as fetcher:
        source = Source("s", "v", reader, settings, timedelta(minutes=5), local)
        found = await poll(source, None, NO_VALIDATORS, fetcher, parser)
    await parser.close()
    return found


async def test_awss_quotas_and_their_use_over_two_pages_and_two_services(serve: Serve, names: Names, local: FetchPolicy) -> None:
    aws = Aws()
    told = await polled(
        "aws_quotas", serve, names, local, aws.answer, services=["ec2"], auth="servicequotas", usage_auth="monitoring", usage_url="HERE"
    )
    assert told.outcome is Outcome.OK
    assert not told.complete, "that CloudWatch has no figure of L-2 does not say that it is gone"
    assert [name for name, _ in aws.asked] == ["ListServiceQuotas", "GetMetricData"] * 2
    bodies = [reading.body for reading in told.readings]
    assert [(body.name, body.used, body.limit, body.region) for body in bodies if isinstance(body, Quota)] == [
        ("Things L-1", 7.0, 10.0, "us-west-9"),
        ("Things L-3", 0.0, 10.0, "us-west-9"),
    ]
    assert (aws.asked[1][1]["EndTime"], aws.asked[1][1]["StartTime"]) == (1767355200, 1767355200 - 3 * 3600)


class OpenAi:
    """Costs in two pages, and one report of use; without a time the question is refused."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, call: Call) -> None:
        path, query = urlsplit(call.path).path, parse_qs(urlsplit(call.path).query)
        self.asked.append(path)
        if "start_time" not in query:
            await call.answer(b'{"error": {"message": "start_time is missing"}}', 400, Date=DATE)
            return
        assert (query["start_time"], query["end_time"]) == (["1764547200"], ["1767225600"])
        if path.endswith("/costs"):
            result = {"object": "organization.costs.result", "amount": {"value": 0.1, "currency": "usd"}, "line_item": "large"}
        else:
            result = {"object": "organization.usage.completions.result", "input_tokens": 0, "model": "large"}
        more = path.endswith("/costs") and "page" not in query
        bucket = {"object": "bucket", "start_time": 1764547200, "end_time": 1764633600, "results": [result]}
        page = {"object": "page", "data": [bucket], "has_more": more, "next_page": "p2" if more else None}
        await call.answer(json.dumps(page).encode(), Date=DATE)


async def test_openais_reports_follow_the_time(serve: Serve, names: Names, local: FetchPolicy) -> None:
    openai = OpenAi()
    told = await polled("openai_usage", serve, names, local, openai.answer, reports=["completions"])
    assert (told.outcome, told.complete, told.cursor) == (Outcome.OK, True, "2026-01-02T12:00:00+00:00")
    assert openai.asked == ["/costs", "/costs", "/costs", "/usage/completions"]
    spend, used = (reading.body for reading in told.readings)
    assert isinstance(spend, Spend) and isinstance(used, Quota)
    assert (spend.amount, spend.period, spend.period_end) == (Decimal("0.2"), "month", datetime(2026, 1, 1, tzinfo=UTC))
    assert (used.used, used.limit, used.unit) == (0.0, None, "input tokens/month")
