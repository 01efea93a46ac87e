"""What every connector of prices, offers and measurements owes: stable subjects, exact amounts with their original, and a bound."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from secondsource.adapters.plugins import connector, connectors
from secondsource.contracts.connector import Parsed, ParseError, Request, Response
from secondsource.domain.difference import NOTHING_YET, difference
from secondsource.domain.observations import Gone, Observation, Offer, Price, observe
from secondsource.domain.pricing.moves import Line

HERE = Path(__file__).parent
AT = datetime(2026, 1, 2, 12, tzinfo=UTC)
PRICES = [name for name, found in connectors().items() if {"price", "offer"} & set(found.spec.kinds)]
READ = sorted(str(path.parent.relative_to(HERE)) for name in PRICES for path in (HERE / name).glob("*/expected.jsonl"))


def read(case: str) -> Parsed:
    told = msgspec.json.decode((HERE / case / "request.json").read_bytes())
    body = next((HERE / case).glob("response.*")).read_bytes()
    reader = connector(case.partition("/")[0])
    response = Response(told["url"], 200, told.get("headers", {}), body, AT, memo=told.get("memo", ""))
    return reader.parse(response, reader.spec.config.model_validate(told["config"]))


def observed(parsed: Parsed, at: datetime) -> list[Observation]:
    return [
        observe(source="s", vendor=r.vendor or "v", subject=r.subject, observed_at=at, body=r.body, occurred_at=r.occurred_at)
        for r in parsed.readings
    ]


@pytest.mark.parametrize("name", PRICES)
def test_the_same_prices_in_another_order_and_at_another_time_are_no_change(name: str) -> None:
    before, after = read(f"{name}/typical"), read(f"{name}/unchanged")
    picture, sent = difference(NOTHING_YET, observed(before, AT), before.complete, AT)
    assert sent
    later = AT + timedelta(hours=1)
    assert difference(picture, observed(after, later), after.complete, later) == (picture, ())


@pytest.mark.parametrize("name", PRICES)
def test_what_is_no_longer_listed_is_said_to_be_gone_where_the_list_is_whole(name: str) -> None:
    whole = read(f"{name}/typical")
    picture, _ = difference(NOTHING_YET, observed(whole, AT), whole.complete, AT)
    later = AT + timedelta(hours=1)
    _, sent = difference(picture, observed(whole, later)[1:], whole.complete, later)
    assert [type(observation.body) for observation in sent] == ([Gone] if whole.complete else [])


@pytest.mark.parametrize("case", READ)
def test_no_two_prices_of_an_answer_are_taken_for_one(case: str) -> None:
    observations = observed(read(case), AT)
    assert max(Counter((o.vendor, o.subject) for o in observations).values(), default=1) == 1
    prices = [(o.vendor, o.body) for o in observations if isinstance(o.body, Price)]
    lines = Counter((vendor, body.item, Line(body.dimension, body.region, body.conditions)) for vendor, body in prices)
    assert max(lines.values(), default=1) == 1


@pytest.mark.parametrize("case", READ)
def test_amounts_are_exact_in_a_currency_and_keep_what_the_source_said(case: str) -> None:
    for reading in read(case).readings:
        body = reading.body
        if isinstance(body, Price):
            assert len(body.currency) == 3
            assert body.currency.isupper()
            assert body.original
            assert body.item
        if isinstance(body, Offer):
            assert body.price is None or body.price > 0, "0 is never a price of something offered"
            assert body.listed or body.price is None


def test_of_a_recorded_market_the_last_line_is_the_market() -> None:
    reader = connector("gpu_offers")
    config = reader.spec.config.model_validate({"url": "https://localhost/"})
    lines = (HERE / "gpu_offers/market_snapshot/response.json").read_bytes().rstrip()
    body = lines.replace(b"5.49", b"1.11") + b"\n" + lines + b"\n"
    parsed = reader.parse(Response("https://localhost/", 200, {}, body, AT), config)
    assert {r.vendor: r.body.price for r in parsed.readings if isinstance(r.body, Offer)}["borealis"] == Decimal("5.49")
    with pytest.raises(ParseError, match="cut off"):
        reader.parse(Response("https://localhost/", 200, {}, body[:-20], AT), config)


def asked(name: str, cursor: str | None = None, **config: Any) -> Request:
    reader = connector(name)
    (request,) = reader.requests(reader.spec.config.model_validate(config), cursor)
    return request


def test_gpu_markets_are_asked_as_each_wants_it() -> None:
    runpod = asked("gpu_offers", url="https://api.runpod.io/graphql")
    assert (runpod.method, runpod.headers["content-type"]) == ("POST", "application/json")
    assert "gpuTypes {" in msgspec.json.decode(runpod.body or b"")["query"]
    vast = asked("gpu_offers", url="https://console.vast.ai/api/v0/bundles/", names=["H200"], limit=7)
    assert msgspec.json.decode(vast.body or b"") == {
        "rentable": {"eq": True}, "rented": {"eq": False}, "gpu_name": {"in": ["H200"]}, "type": "on-demand", "order": [["id", "asc"]],
        "limit": 7,
    }  # fmt: skip
    assert asked("gpu_offers", url="https://cloud.lambda.ai/api/v1/instance-types", auth="lambda").method == "GET"
    prime = asked("gpu_offers", url="https://api.primeintellect.ai/api/v1/availability/gpus")
    assert prime.params == {"page": "1", "page_size": "100"}


def test_prime_intellects_pages_follow_each_other_to_the_last() -> None:
    further = read("gpu_offers/prime_first_page").next_request
    assert further is not None
    assert (further.params["page"], further.auth) == ("2", "prime")
    assert read("gpu_offers/prime_last_page").next_request is None


def test_a_full_answer_of_a_market_place_is_not_the_whole_picture() -> None:
    assert read("gpu_offers/vast").complete
    assert not read("gpu_offers/vast_full").complete


def test_googles_pages_are_asked_for_with_the_token_and_the_credential() -> None:
    first = asked("gcp_billing", auth="google", currency="EUR")
    assert (first.params, first.auth) == ({"currencyCode": "EUR", "pageSize": "1000"}, "google")
    further = read("gcp_billing/first_page").next_request
    assert further is not None
    assert further.params["pageToken"] == further.memo == "CAEQAQ"
    assert read("gcp_billing/typical").next_request is None


def test_azures_filter_is_narrowed_by_regions_and_its_pages_followed_at_home_only() -> None:
    first = asked("azure_retail_prices", filter="serviceName eq 'Storage'", regions=["westeurope", "eastus"], currency="EUR")
    assert first.params == {
        "api-version": "2023-01-01-preview",
        "currencyCode": "'EUR'",
        "$filter": "(serviceName eq 'Storage') and (armRegionName eq 'westeurope' or armRegionName eq 'eastus')",
    }
    assert asked("azure_retail_prices").params["$filter"].startswith("serviceName eq 'Virtual Machines'")
    further = read("azure_retail_prices/first_page").next_request
    assert further is not None
    assert further.url == "https://prices.azure.com:443/api/retail/prices?$filter=x&$skip=1000"
    assert read("azure_retail_prices/typical").next_request is None


def test_aws_is_asked_as_its_end_points_want_it() -> None:
    assert asked("aws_prices").url.endswith("/AmazonBedrock/current/us-east-1/index.json")
    products = asked("aws_prices", url="https://api.pricing.us-east-1.amazonaws.com/", filters={"regionCode": "eu-west-1"}, auth="aws")
    assert products.headers["x-amz-target"] == "AWSPriceListService.GetProducts"
    body = msgspec.json.decode(products.body or b"")
    assert body["Filters"] == [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1"}]
    assert "NextToken" not in body
    further = read("aws_prices/products_first_page").next_request
    assert further is not None
    assert msgspec.json.decode(further.body or b"")["NextToken"] == "abc=="
    assert further.auth == "aws"


def test_spot_prices_are_asked_for_as_of_the_last_answer_and_page_by_page() -> None:
    url = "https://ec2.eu-central-1.amazonaws.com/"
    first = asked("aws_prices", url=url, instances=["p5*"])
    assert first.params == {
        "Action": "DescribeSpotPriceHistory", "Version": "2016-11-15", "Filter.1.Name": "instance-type", "Filter.1.Value.1": "p5*",
        "ProductDescription.1": "Linux/UNIX",
    }  # fmt: skip
    at = "2026-01-02T12:00:01Z"
    later = asked("aws_prices", at, url=url)
    assert (later.params["StartTime"], later.params["EndTime"], later.memo) == (at, at, at)
    # a history that does not fit on a page may hold old prices only: what holds now is asked for, in the same poll
    longer = read("aws_prices/spot_history_longer_than_a_page")
    assert (longer.readings, longer.cursor) == ((), at)
    assert longer.next_request is not None
    assert longer.next_request.params["StartTime"] == at
    page = read("aws_prices/spot_first_page")
    assert page.next_request is not None
    assert (page.next_request.params["NextToken"], page.next_request.params["StartTime"]) == ("tok1", "2026-01-02T11:45:00Z")
    assert read("aws_prices/spot_at_an_instant").next_request is None


@pytest.mark.parametrize("case", ["skypilot_catalog/typical", "energy/report"])
def test_a_cut_table_is_never_read_as_half_a_truth(case: str) -> None:
    told = msgspec.json.decode((HERE / case / "request.json").read_bytes())
    body = (HERE / case / "response.csv").read_bytes()
    reader = connector(case.partition("/")[0])
    config = reader.spec.config.model_validate(told["config"])
    for cut in range(len(body)):
        if body[:cut].endswith(b"\n"):
            continue  # lines that are missing whole are the transport's to notice: it knows the length
        with pytest.raises(ParseError):
            reader.parse(Response(told["url"], 200, {}, body[:cut], AT), config)


def test_declarations_that_are_no_html_are_refused() -> None:
    reader = connector("component_prices")
    for body in (b"<![foo[ x ]]><table>", b"<![CDATA[<table>", b"<!x [ <table>", b"<table><tr><td>" * 2000):
        with pytest.raises(ParseError):
            reader.parse(Response("https://localhost/", 200, {}, body, AT), reader.spec.config.model_validate({}))


def test_zones_are_asked_for_one_by_one_and_an_answer_about_another_is_refused() -> None:
    reader = connector("energy")
    config = reader.spec.config.model_validate({"zones": ["DE", "FR"], "auth": "maps"})
    requests = reader.requests(config, None)
    assert [(request.params["zone"], request.memo, request.auth) for request in requests] == [("DE", "DE", "maps"), ("FR", "FR", "maps")]
    with pytest.raises(ParseError, match="the answer is about US-MIDA-PJM, asked was DE"):
        read("energy/another_zone")
    assert asked("energy").params == {}


def test_what_is_not_known_now_says_nothing_of_what_was_known() -> None:
    known, unknown = read("energy/typical"), read("energy/not_known_yet")
    picture, _ = difference(NOTHING_YET, observed(known, AT), known.complete, AT)
    later = AT + timedelta(hours=1)
    assert difference(picture, observed(unknown, later), unknown.complete, later) == (picture, ())
