"""The reference pages of connectors, written from what they say of themselves: one page for each, and a list of all."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from secondsource.contracts.connector import Connector, ReadsFailures, Recognises
from secondsource.contracts.durations import format_duration
from secondsource.domain.words import count
from secondsource.settings.known import Known
from secondsource.settings.reference import ABOUT, Page, cell
from secondsource.settings.schema import SHORT

_NOBODY = "acme"
_NETWORK = "10.0.0.0/8"
_WIDTH = 120

Examples = Mapping[str, Mapping[str, Any]]
"""By connector, a configuration with which it reads something."""


class ConnectorPages(Page):
    """Writes the pages. ``vendors`` are ids of the catalog: an example speaks of the vendor that a connector is named after."""

    def __init__(self, known: Known, examples: Examples, vendors: Sequence[str]) -> None:
        super().__init__(known)
        self._examples = examples
        self._vendors = frozenset(vendors)

    def names(self) -> Sequence[str]:
        """The connectors that have a page."""
        return sorted(self._known.connectors)

    def index(self) -> str:
        """The list of all."""
        lines = ["# Connectors", "", ABOUT, "", *_INTRODUCTION, "", "| connector | reads | every | emits |", "|---|---|---|---|"]
        for name in self.names():
            spec = self._known.connectors[name].spec
            kinds = ", ".join(f"`{kind}`" for kind in spec.kinds)
            lines.append(f"| [{name}]({name}.md) | {cell(spec.summary)} | {format_duration(spec.interval)} | {kinds} |")
        return "\n".join(lines) + "\n"

    def page(self, name: str) -> str:
        """The page of one connector."""
        connector = self._known.connectors[name]
        spec = connector.spec
        needed = [field for field, told in spec.config.model_fields.items() if told.is_required()]
        lines = [f"# {name}", "", ABOUT, "", f"{spec.summary}. [Its format]({spec.documentation}).", "", *_facts(connector), ""]
        lines += ["## What it reads, and how", "", *_told(connector), "## What it is told", "", *_FIELDS, ""]
        lines += self.plug_in(f"connector.{name}", needed=needed)
        if name in self._examples:
            lines += ["## Example", "", "```yaml", *self._example(name), "```"]
        return "\n".join(lines).rstrip("\n") + "\n"

    def _example(self, name: str) -> Iterator[str]:
        config = dict(self._examples[name])
        vendor = self._whom(name)
        beside = {key: config.pop(key) for key in SHORT if key in config}
        source: dict[str, Any] = {"vendor": vendor, "connector": name, **beside}
        if self._known.refusal(str(beside.get("url", "")), ()) and "url" in beside:
            source["allow"] = [_NETWORK]
        if config:
            source["config"] = config
        if vendor == _NOBODY:
            yield from _yaml({"vendors": {vendor: vendor.capitalize()}})
        if "auth" in beside:
            yield from _yaml({"credentials": {beside["auth"]: {"bearer": "env:" + beside["auth"].upper().replace("-", "_")}}})
        yield from _yaml({"sources": [source]})

    def _whom(self, name: str) -> str:
        words = name.split("_")
        heads = ("-".join(words[:length]) for length in range(len(words), 0, -1))
        return next((head for head in heads if head in self._vendors), _NOBODY)


def _facts(connector: Connector) -> Iterator[str]:
    spec = connector.spec
    yield f"- Read every {format_duration(spec.interval)} where nothing else is said."
    yield f"- Emits {count(len(spec.kinds), 'kind')} of observation: {', '.join(f'`{kind}`' for kind in spec.kinds)}."
    if spec.limited:
        yield "- Parsed in a worker process with bounds on time and memory."
    if isinstance(connector, ReadsFailures):
        yield "- That no answer came is news to it."
    if isinstance(connector, Recognises):
        yield "- `secondsource detect` asks it whether a page is of its format."


def _told(connector: Connector) -> Iterator[str]:
    """What module and class say of themselves, paragraph by paragraph."""
    for said in (inspect.getdoc(inspect.getmodule(type(connector))), type(connector).__doc__):
        if said:
            yield from (line.replace("``", "`") for line in inspect.cleandoc(said).splitlines())
            yield ""


def _yaml(value: object) -> Sequence[str]:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=_WIDTH).splitlines()


_FIELDS = """\
Under `config` of a source; `url` and `auth` may stand in the source itself.""".splitlines()

_INTRODUCTION = """\
A connector reads one format. Most sources need none named: `sources: [openai]` switches on what the catalog has for a vendor. For a page
of your own, `secondsource detect FILE` names the connector that understands it, and its page here says what to write.""".splitlines()
