"""AWS Health over several calls, against a server on loopback that answers as AWS does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from secondsource.adapters.http.credentials import AwsKeys
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.domain.observations import Incident, Maintenance, Outcome
from secondsource.ports.fetcher import NO_VALIDATORS, FetchPolicy
from secondsource.runtimes.poll import Polled, Source, poll
from tests.http.conftest import NOW, Call, Names, Serve, local, names, serve

__all__ = ["local", "names", "serve"]

T = 1767344400.25


def event(number: int, category: str = "issue") -> dict[str, Any]:
    return {
        "arn": f"arn:aws:health:eu-north-9::event/EC2/AWS_EC2_X/AWS_EC2_X_{number}",
        "service": "EC2",
        "eventTypeCode": "AWS_EC2_X",
        "eventTypeCategory": category,
        "region": "eu-north-9",
        "startTime": T,
        "lastUpdatedTime": T,
        "statusCode": "open",
        "eventScopeCode": "ACCOUNT_SPECIFIC",
    }


class Aws:
    """The three calls over a list of events, so many to a page."""

    def __init__(self, events: int, page: int = 13) -> None:
        self.page = page
        self.events = [event(number, "scheduledChange" if number == 1 else "issue") for number in range(events)]
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refuses: str | None = None

    async def answer(self, call: Call) -> None:
        name = call.headers["x-amz-target"].removeprefix("AWSHealth_20160804.")
        asked = json.loads(call.body)
        self.asked.append((name, asked))
        assert call.headers["content-type"] == "application/x-amz-json-1.1"
        assert call.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDOWN/20260304/us-east-1/health/aws4_request")
        if self.refuses == name:
            await call.answer(b'{"__type": "ThrottlingException"}', 400)
            return
        await call.answer(json.dumps(getattr(self, name)(asked)).encode())

    def DescribeEvents(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 as AWS calls it
        start = int(asked.get("nextToken", 0))
        end = start + self.page
        return {"events": self.events[start:end], **({"nextToken": str(end)} if end < len(self.events) else {})}

    def DescribeAffectedEntities(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        arns = asked["filter"]["eventArns"]
        assert 1 <= len(arns) <= 10
        states = ["IMPAIRED", "UNIMPAIRED", "PENDING", "RESOLVED", None]
        entities = [
            {"eventArn": arn, "entityValue": f"i-{state}"} | ({"statusCode": state} if state else {})
            for arn in arns
            if arn.endswith(("_0", "_1"))
            for state in states
        ]
        return {"entities": [*entities, {"eventArn": arns[0], "entityValue": "AWS_ACCOUNT", "statusCode": "IMPAIRED"}]}

    def DescribeEventDetails(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        arns = asked["eventArns"]
        assert 1 <= len(arns) <= 10
        told = [event for event in self.events if event["arn"] in arns and not event["arn"].endswith("_2")]
        return {
            "successfulSet": [{"event": e, "eventDescription": {"latestDescription": f"Number {e['arn'][-2:]}\nMore."}} for e in told],
            "failedSet": [{"eventArn": arn, "errorName": "x"} for arn in arns if arn.endswith("_2")],
        }


async def polled(aws: Aws, serve: Serve, names: Names, local: FetchPolicy, **config: Any) -> Polled:
    server = await serve(aws.answer)
    reader = connector("aws_health")
    settings = reader.spec.config.model_validate({"url": server.url("/", "here.test"), "auth": "aws", **config})
    keys = AwsKeys("AKIDOWN", "us-east-1", "health", lambda: "canary")
    parser = LimitedParser()
    async with HttpFetcher(now=lambda: NOW, resolver=names, credentials={"aws": keys}) as fetcher:
        source = Source("aws", "aws", reader, settings, timedelta(minutes=5), local)
        found = await poll(source, None, NO_VALIDATORS, fetcher, parser)
    await parser.close()
    return found


async def test_every_event_is_told_in_full_with_the_resources_that_it_still_touches(serve: Serve, names: Names, local: FetchPolicy) -> None:
    aws = Aws(15)
    told = await polled(aws, serve, names, local, regions=["eu-north-9"], services=["EC2"])
    assert (told.outcome, told.complete) == (Outcome.OK, True)
    calls = [name.removeprefix("Describe") for name, _ in aws.asked]
    assert calls == ["Events", *["AffectedEntities", "EventDetails"] * 2, "Events", "AffectedEntities", "EventDetails"]
    chosen = {
        "eventStatusCodes": ["open", "upcoming"],
        "eventTypeCategories": ["issue", "scheduledChange"],
        "regions": ["eu-north-9", "global"],
        "services": ["EC2"],
    }
    assert aws.asked[0][1] == {"filter": chosen, "maxResults": 100}
    assert aws.asked[5][1] == {"filter": chosen, "maxResults": 100, "nextToken": "13"}
    last = {reading.subject: reading.body for reading in told.readings}
    assert len(last) == 15
    first, planned, undetailed, fifteenth = (last[f"{kind}/AWS_EC2_X_{n}"] for kind, n in (
        ("incident", 0), ("maintenance", 1), ("incident", 2), ("incident", 14),
    ))  # fmt: skip
    assert isinstance(first, Incident)
    assert first.title == "Number _0"
    assert [update.text for update in first.updates] == ["Number _0 More.", "Resources: i-IMPAIRED, i-PENDING, i-None"]
    assert isinstance(planned, Maintenance)
    assert planned.title == "Number _1 [i-IMPAIRED, i-PENDING, i-None]"
    assert isinstance(undetailed, Incident)
    assert undetailed.title == "EC2: AWS_EC2_X"
    assert isinstance(fifteenth, Incident)
    assert [update.text for update in fifteenth.updates] == ["Number 14 More."]


async def test_an_account_without_events_is_asked_once(serve: Serve, names: Names, local: FetchPolicy) -> None:
    aws = Aws(0)
    told = await polled(aws, serve, names, local)
    assert (told.outcome, told.complete, list(told.readings)) == (Outcome.OK, True, [])
    assert [name for name, _ in aws.asked] == ["DescribeEvents"]


@pytest.mark.parametrize("call", ["DescribeEvents", "DescribeAffectedEntities", "DescribeEventDetails"])
async def test_a_call_that_is_refused_leaves_nothing_half_told(serve: Serve, names: Names, local: FetchPolicy, call: str) -> None:
    aws = Aws(3)
    aws.refuses = call
    told = await polled(aws, serve, names, local)
    assert told.outcome is Outcome.HTTP_ERROR
    assert told.detail == "AWS Health answered 400 (ThrottlingException)"
    assert list(told.readings) == []


async def test_beyond_two_hundred_events_the_rest_is_told_without_details(serve: Serve, names: Names, local: FetchPolicy) -> None:
    aws = Aws(230, page=100)
    told = await polled(aws, serve, names, local)
    assert (told.outcome, told.complete) == (Outcome.OK, True)
    last = {reading.subject: reading.body for reading in told.readings}
    assert len(last) == 230
    assert sum(len(asked["eventArns"]) for name, asked in aws.asked if name == "DescribeEventDetails") == 200
    beyond = last["incident/AWS_EC2_X_200"]
    assert isinstance(beyond, Incident)
    assert beyond.title == "EC2: AWS_EC2_X"
