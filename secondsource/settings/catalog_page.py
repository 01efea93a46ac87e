"""The page of the catalog: every vendor, where it publishes, and what it sits on."""

from __future__ import annotations

from collections.abc import Iterable

from secondsource.domain.words import count
from secondsource.settings.catalog import Catalog
from secondsource.settings.reference import ABOUT, cell
from secondsource.settings.vendors import CatalogVendor

_SURE = 0.5
_INTRODUCTION = """\
The vendors that come with the program. An entry under `sources` of `secondsource.yaml` that is one of these ids switches on all that the
catalog has for it; a vendor without sources can be depended on, and be looked for in the news. What a vendor depends on stands here by
vendor; which product or region of it does, on what basis and how surely, stands in its file. "Perhaps" is said below a confidence of
0.5. Status pages move: where one is not named, none could be confirmed that a program can read."""


def catalog_page(catalog: Catalog) -> str:
    """The page, with the vendors in the order of their ids."""
    vendors = {id_: [form for form, _ in said] for id_, said in sorted(catalog.vendors.items())}
    connectors = {id_: sorted({offer.form.connector for offer in offers}) for id_, offers in catalog.offers().items()}
    publishing = sum(map(bool, connectors.values()))
    lines = ["# Catalog", "", ABOUT, "", *_INTRODUCTION.splitlines(), ""]
    lines += [f"{count(len(vendors), 'vendor')}, {publishing} of them with sources.", ""]
    lines += ["| vendor | kinds | country | sources | depends on |", "|---|---|---|---|---|"]
    for id_, forms in vendors.items():
        name = f"[{cell(forms[0].name)}](../../catalog/vendors/{id_}.yaml)"
        told = f"{name} (`{id_}`)" if forms[0].name != id_ else name
        kinds = ", ".join(kind.replace("_", " ") for kind in forms[0].kinds)
        reads = ", ".join(f"[{connector}](connectors/{connector}.md)" for connector in connectors[id_])
        lines.append(f"| {told} | {kinds} | {forms[0].country or ''} | {reads} | {_upstream(forms)} |")
    return "\n".join(lines) + "\n"


def _upstream(forms: Iterable[CatalogVendor]) -> str:
    """The vendors that it sits on, each once, the ones that only may be so last."""
    best: dict[str, float] = {}
    for edge in (edge for form in forms for edge in form.depends_on):
        vendor = edge.scope.split("/")[0] if isinstance(edge.scope, str) else edge.scope.vendor
        best[vendor] = max(best.get(vendor, 0.0), edge.confidence)
    sure = [f"`{vendor}`" for vendor, confidence in best.items() if confidence >= _SURE]
    unsure = [f"perhaps `{vendor}`" for vendor, confidence in best.items() if confidence < _SURE]
    return ", ".join(sure + unsure)
