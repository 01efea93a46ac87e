"""The API describes itself, truly."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from services.api.access import Door
from services.api.app import ROUTERS
from services.api.pages.door import PageDoor
from tests.api.test_risks import many
from tests.support.company import at, outage
from tests.support.site import Site


async def described(site: Site) -> dict[str, Any]:
    answer = await site.client.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def refs(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(refs, value.values()))
    return set().union(*map(refs, value)) if isinstance(value, list) else set()


async def test_every_route_of_the_api_is_described(site: Site) -> None:
    document = await described(site)
    assert document["openapi"] == "3.1.0"
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, Door) and not isinstance(route, PageDoor)]
    paths = {route.path for route in routes} - {"/openapi.json", "/static/{name}"}
    assert set(document["paths"]) == paths
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}"
            public = path in ("/healthz", "/readyz")
            assert ("security" in operation) is not public
            assert ("401" in operation["responses"]) is not public


async def test_every_reference_leads_somewhere(site: Site) -> None:
    document = await described(site)
    names = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert refs(document) - names == set()


async def test_the_forms_are_json_schemas(site: Site) -> None:
    document = await described(site)
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def checked(document: dict[str, Any], name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/risks?exercise=any", "RiskPage"),
        ("/v1/runs", "RunPage"),
        ("/v1/vendors", "VendorPage"),
        ("/v1/vendors/aws", "VendorDetail"),
        ("/v1/sources", "SourceList"),
        ("/v1/signals?exercise=any", "SignalPage"),
        ("/v1/messages", "MessagePage"),
        ("/v1/risks/nothing", "ProblemDetails"),
        ("/v1/risks?limit=0", "ProblemDetails"),
    ],
)
async def test_answers_have_the_form_that_is_described(site: Site, path: str, name: str) -> None:
    await many(site)
    site.hear(outage(now=at(1)))
    checked(await described(site), name, (await site.get(path)).json())


async def test_one_risk_and_one_run_have_the_form_that_is_described(site: Site) -> None:
    site.hear(outage())
    document = await described(site)
    for kind, name in (("risks", "RiskDetail"), ("runs", "RunDetail")):
        id_ = (await site.get(f"/v1/{kind}")).json()["items"][0]["id"]
        checked(document, name, (await site.get(f"/v1/{kind}/{id_}")).json())


async def test_the_example_of_a_push_can_be_pushed(site: Site) -> None:
    document = await described(site)
    content = document["paths"]["/v1/observations"]["post"]["requestBody"]["content"]["application/json"]
    checked(document, "Push", content["example"])
    example = json.loads(json.dumps(content["example"]).replace("openai", "halcyon"))
    answer = await site.post("/v1/observations", example)
    assert (answer.status_code, answer.json()["rejected"]) == (202, 0)
    checked(document, "PushAnswer", answer.json())


async def test_the_examples_have_the_form_that_they_are_examples_of(site: Site) -> None:
    document = await described(site)
    shown = {name: schema["examples"] for name, schema in document["components"]["schemas"].items() if "examples" in schema}
    assert {"RiskPage", "ProblemDetails", "Acceptance", "Reasoned", "Remark", "Comment", "Ticking"} <= set(shown)
    for name, examples in shown.items():
        for example in examples:
            checked(document, name, example)
