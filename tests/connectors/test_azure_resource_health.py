"""What Azure's account interface is asked for, page by page, with a token that is fetched for it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from secondsource.adapters.http.credentials import ClientCredentials
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.plugins import connector
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import NO_VALIDATORS, FetchPolicy
from secondsource.runtimes.poll import Source, poll
from tests.http.conftest import NOW, Call, Names, Serve, local, names, serve

__all__ = ["local", "names", "serve"]

SUBSCRIPTION = "/subscriptions/00000000-1111-2222-3333-444444444444"
HEALTH = f"{SUBSCRIPTION}/providers/Microsoft.ResourceHealth"


def event(name: str) -> dict[str, Any]:
    told = {"eventType": "ServiceIssue", "status": "Active", "title": "Slow", "eventLevel": "Warning"}
    return {"name": name, "type": "/providers/Microsoft.ResourceHealth/events", "properties": told}


def resource(name: str) -> dict[str, Any]:
    identity = f"{SUBSCRIPTION}/resourceGroups/prod/providers/Microsoft.Sql/servers/{name}"
    return {
        "id": f"{identity}/providers/Microsoft.ResourceHealth/availabilityStatuses/current",
        "type": "Microsoft.ResourceHealth/AvailabilityStatuses",
        "properties": {"availabilityState": "Available"},
    }


async def test_both_lists_are_read_to_their_end_with_one_token(serve: Serve, names: Names, local: FetchPolicy) -> None:
    async def token(call: Call) -> None:
        await call.answer(b'{"access_token": "t-1", "expires_in": 3599}')

    async def arm(call: Call) -> None:
        assert call.headers["authorization"] == "Bearer t-1"
        items = [event("A"), event("B")] if "/events" in call.path else [resource("one"), resource("two")]
        first = "skipToken" not in call.path
        more = {"nextLink": f"{server.url(call.path, 'here.test')}&$skipToken=2"} if first else {}
        await call.answer(json.dumps({"value": items[:1] if first else items[1:], **more}).encode())

    provider, server = await serve(token), await serve(arm)
    reader = connector("azure_resource_health")
    config = reader.spec.config.model_validate({"url": server.url(SUBSCRIPTION, "here.test"), "auth": "arm", "resources": ["*"]})
    client = ClientCredentials(provider.url("/tenant/oauth2/v2.0/token"), "id", lambda: "secret", "https://management.azure.com/.default")
    parser = LimitedParser()
    async with HttpFetcher(now=lambda: NOW, resolver=names, credentials={"arm": client}) as fetcher:
        source = Source("azure", "azure", reader, config, timedelta(minutes=5), local)
        told = await poll(source, None, NO_VALIDATORS, fetcher, parser)
    await parser.close()
    assert (told.outcome, told.complete) == (Outcome.OK, True)
    resources = f"component{SUBSCRIPTION}/resourcegroups/prod/providers/microsoft.sql/servers"
    assert [reading.subject for reading in told.readings] == ["incident/A", "incident/B", f"{resources}/one", f"{resources}/two"]
    assert len(provider.calls) == 1
    version = "?api-version=2025-05-01"
    lists = [f"{HEALTH}/events{version}", f"{HEALTH}/availabilityStatuses{version}"]
    assert [call.path for call in server.calls] == [path + more for path in lists for more in ("", "&$skipToken=2")]


def test_resources_are_not_asked_for_unless_they_are_named() -> None:
    reader = connector("azure_resource_health")
    config = reader.spec.config.model_validate({"url": f"https://management.azure.com{SUBSCRIPTION}/"})
    assert [request.url for request in reader.requests(config, None)] == [
        f"https://management.azure.com{HEALTH}/events?api-version=2025-05-01"
    ]
