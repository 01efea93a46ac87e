"""The JSON schema takes what the program takes, and refuses what an editor can see to be wrong; the page leaves nothing out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from secondsource.adapters.known import known
from secondsource.settings.file import Configuration
from secondsource.settings.reference import reference
from secondsource.settings.schema import json_schema, schema, vendor_schema
from tests.meta.repository import ROOT
from tests.settings.bench import CORPUS, KNOWN

SCHEMA = schema(KNOWN)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def plain(text: str) -> Any:
    """``text`` as an editor's validator sees it: JSON's types only."""
    return json.loads(json.dumps(yaml.safe_load(text.replace("country: NO", 'country: "NO"')), default=str))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json_schema(KNOWN)) == SCHEMA


@pytest.mark.parametrize(
    "path", sorted([*CORPUS.glob("*.good.yaml"), *(ROOT / "docs" / "examples").glob("*.yaml")]), ids=lambda path: path.name
)
def test_good_files_fit(path: Path) -> None:
    value = plain(path.read_text(encoding="utf-8"))
    rooms = {room: inner for room, inner in value.items() if inner is not None}  # empty rooms are absent
    validator = VALIDATOR if path.parent == CORPUS else jsonschema.Draft202012Validator(schema(known()))
    assert [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(rooms)] == []


@pytest.mark.parametrize(
    "text",
    [
        "source: [halcyon]",
        "sources: [7]",
        "sources: [Halcyon]",
        "sources: [{connector: statuspage}]",
        "sources: [{vendor: halcyon, connector: statuspag}]",
        "sources: [{vendor: halcyon, connector: statuspage, config: {onli: [x]}}]",
        "sources: [{vendor: halcyon, interval: 10 minutes}]",
        "channels: {ops: {kind: slak, token: env:X}}",
        "channels: {ops: {kind: slack, tokn: env:X}}",
        "channels: {ops: {kind: slack, token: xoxb-1}}",
        "channels: {ops: {kind: slack}}",
        "channels: {ops: {kind: slack, token: env:X, timeout: PT10S}}",
        "rules: {vendor_outge: {}}",
        "rules: {vendor_outage: {clear_hold: 10}}",
        "rules: {vendor_outage: {hold: 1m}}",
        "functions: {support: {owner: mara, workloads: [], rto: 1h}}",
        "workloads: {bot: {needs: [{provides: x, from: Halcyon AI}]}}",
        "workloads: {bot: {needs: [{provides: x, from: halcyon, share: 1.5}]}}",
        "people: {Mara: {email: m@example.com}}",
        "vendors: {halcyon: {kinds: [modell]}}",
        "retention: {raw: 30}",
    ],
)
def test_bad_files_do_not_fit(text: str) -> None:
    assert list(VALIDATOR.iter_errors(plain(text)))


def test_the_catalog_fits_its_own() -> None:
    vendor = jsonschema.Draft202012Validator(vendor_schema(known()))
    vendor.check_schema(vendor.schema)
    for path in sorted((ROOT / "catalog" / "vendors").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            assert [f"{path.name}: {error.message}" for error in vendor.iter_errors(document)] == []
    without = {"id": "a", "name": "A", "depends_on": [{"scope": "aws", "confidence": 0.5}], "sources": [{"connector": "statuspag"}]}
    assert len(list(vendor.iter_errors(without))) == 2


def undescribed(part: Any, name: str = "") -> list[str]:
    """Properties without a word on what they mean."""
    if isinstance(part, list):
        return [found for each in part for found in undescribed(each, name)]
    if not isinstance(part, dict):
        return []
    own = [f"{name}.{field}" for field, inner in part.get("properties", {}).items() if isinstance(inner, dict) and not _about(inner)]
    return own + [found for key, inner in part.items() if key != "properties" for found in undescribed(inner, key)]


def _about(field: dict[str, Any]) -> bool:
    return bool(field.get("description")) or "const" in field or set(field) == {"$ref"}


def test_every_field_of_the_file_is_described() -> None:
    own = {name: part for name, part in SCHEMA["$defs"].items() if "." not in name}
    assert undescribed(own) == []
    assert undescribed({"": {"properties": SCHEMA["properties"]}}) == []
    assert undescribed({"a": {"properties": {"b": {"type": "string"}}}}) == ["a.b"]


def fields(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_page_tells_of_everything() -> None:
    page = reference(KNOWN)
    for name in Configuration.model_fields:
        assert f"| `{name}` |" in page
    for part in SCHEMA["$defs"].values():
        for name in part.get("properties", {}):
            assert f"| `{name}` |" in page
    models = [*(c.spec.config for c in KNOWN.connectors.values()), *KNOWN.senders.values(), *(rule.Params for rule in KNOWN.rules.values())]
    for model in models:
        for name in fields(model):
            assert f"| `{name}` |" in page
    for name in (*KNOWN.connectors, *KNOWN.senders, *KNOWN.rules):
        assert f"\n### {name}\n" in page


def test_links_within_the_page_lead_somewhere() -> None:
    page = reference(known())
    headings = {
        re.sub(r"[^a-z0-9_ -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in page.splitlines() if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) - headings == set()
    assert not re.search(r"\bP(?:T?\d+[DHMS])", page)
    assert "Form" not in page
