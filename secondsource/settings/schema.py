"""The JSON schema of the configuration, for editors: the form of the file, with what the plug-ins of this installation take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, TypeAdapter

from secondsource.contracts import durations
from secondsource.settings.file import Configuration
from secondsource.settings.known import Known
from secondsource.settings.people import ChannelForm
from secondsource.settings.vendors import CatalogVendor

Schema = dict[str, Any]

SPAN: Schema = {"type": "string", "pattern": durations.PATTERN, "examples": ["10m", "1h30m", "90d"]}
SHORT = ("url", "auth")
"""What may stand beside a source's `config` instead of in it."""


_TIMEDELTA = TypeAdapter(timedelta)


def json_schema(known: Known) -> str:
    """The schema as text with a final newline."""
    return json.dumps(schema(known), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def schema(known: Known) -> Schema:
    """The schema of the whole file."""
    whole: Schema = Configuration.model_json_schema(by_alias=True)
    whole = _with_spans(whole)
    definitions: Schema = whole["$defs"]
    for room in whole["properties"].values():
        if "patternProperties" in room:
            room["additionalProperties"] = False  # ids are written as ids
    _connectors(definitions["SourceForm"], definitions, known)
    channel = definitions["ChannelForm"]
    channel["properties"]["kind"] = {**_described(channel, "kind"), "enum": sorted(known.senders)}
    for kind, model in sorted(known.senders.items()):
        own = _plug_in(model, f"channel.{kind}", definitions)
        own["properties"] = {**{name: channel["properties"][name] for name in ChannelForm.model_fields}, **own["properties"]}
        own["required"] = ["kind", *own.get("required", ())]
    channel["allOf"] = [_when("kind", kind, {"$ref": f"#/$defs/channel.{kind}"}) for kind in sorted(known.senders)]
    for id_, rule in sorted(known.rules.items()):
        _plug_in(rule.Params, f"rule.{id_}", definitions)["description"] = rule.meta.title
    whole["properties"]["rules"] = {
        **_described(whole, "rules"),
        "type": "object",
        "properties": {id_: {"anyOf": [{"type": "boolean"}, {"$ref": f"#/$defs/rule.{id_}"}]} for id_ in sorted(known.rules)},
        "additionalProperties": False,
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": "Second Source configuration"}


def catalog_schema(known: Known) -> str:
    """The schema of a vendor in the catalog, as text with a final newline."""
    return json.dumps(vendor_schema(known), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def vendor_schema(known: Known) -> Schema:
    """The schema of a vendor in the catalog."""
    whole: Schema = _with_spans(CatalogVendor.model_json_schema(by_alias=True))
    _connectors(whole["$defs"]["OfferedSource"], whole["$defs"], known)
    upstream = whole["$defs"]["UpstreamForm"]
    upstream["required"] = [*upstream["required"], "basis", "confidence"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": "Second Source catalog vendor"}


def _connectors(source: Schema, definitions: Schema, known: Known) -> None:
    """Say what each connector takes under `config` of a source."""
    for name, connector in sorted(known.connectors.items()):
        own = _plug_in(connector.spec.config, f"connector.{name}", definitions)
        own["required"] = [field for field in own.get("required", ()) if field not in SHORT]
        own["description"] = connector.spec.summary
    source["properties"]["connector"] = {**_described(source, "connector"), "enum": sorted(known.connectors)}
    source["allOf"] = [
        _when("connector", name, {"properties": {"config": {"$ref": f"#/$defs/connector.{name}"}}}) for name in sorted(known.connectors)
    ]


def _plug_in(model: type[BaseModel], name: str, definitions: Schema) -> Schema:
    """Add the schema of a plug-in's model, and of what is in it, under names of their own."""
    own: Schema = _with_spans(model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}"))
    for inner, definition in own.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = definition
    definitions[name] = own
    return own


def _with_spans(part: Any) -> Any:
    """The schema with lengths of time as this file writes them, not as ISO 8601 does."""
    if isinstance(part, list):
        return [_with_spans(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    if part.get("format") != "duration" and part.get("pattern") != durations.PATTERN:
        return {key: _with_spans(inner) for key, inner in part.items()}
    kept = {key: part[key] for key in ("description", "title") if key in part}
    return {**SPAN, **kept, **({"default": _span(part["default"])} if "default" in part else {})}


def _span(text: str) -> str:
    """A default as this file writes it; pydantic writes some in ISO 8601."""
    return durations.format_duration(_TIMEDELTA.validate_python(text)) if text.startswith("P") else text


def _described(owner: Mapping[str, Any], field: str) -> Schema:
    return {"description": owner["properties"][field]["description"]}


def _when(field: str, value: str, then: Schema) -> Schema:
    return {"if": {"properties": {field: {"const": value}}, "required": [field]}, "then": then}
