"""The vendors that ship: what each file must be, and what they are together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from secondsource.adapters.known import known
from secondsource.adapters.shipped import shipped
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import VendorGraph
from secondsource.settings.catalog import read_catalog
from secondsource.settings.catalog_check import check_catalog
from secondsource.settings.vendor_graph import Vendors
from secondsource.settings.vendors import CatalogVendor

SHIPPED = shipped("catalog")
FILES = sorted((SHIPPED / "vendors").iterdir())
CATALOG = read_catalog([SHIPPED])
VENDORS: dict[str, CatalogVendor] = {id_: form for id_, said in CATALOG.vendors.items() for form, _ in said}
WIDTH = 140
HEADER = "# yaml-language-server: $schema=../schema.json"

OWN = {"quota", "spend"}
"""What a connector emits that reads one's own accounts and machines."""

NOT_HERE = {
    "aws_health": "the account's own events, with its keys",
    "azure_resource_health": "the subscription's own events, with its credential",
    "cachet": "a program that one runs oneself; no vendor here is confirmed to publish with it",
    "energy": "wants a key, or reads reports that have the day in their address",
    "gcp_billing": "wants a key",
    "http_probe": "one's own probe of any address",
    "json_status": "any page, by a mapping of one's own",
    "uptime_robot": "no vendor here is confirmed to publish with it",
}
"""Other connectors of which the catalog has no source, and why."""

ORDER = {
    "vendor": ["id", "name", "kinds", "country", "parent", "aliases", "products", "regions", "depends_on", "sources"],
    "part": ["id", "name", "aliases"],
    "edge": ["scope", "kind", "product", "region", "basis", "confidence"],
    "source": ["id", "connector", "url", "config", "interval"],
}
"""In which order the fields of each are written."""


def edges() -> Iterator[tuple[str, str]]:
    for id_, vendor in VENDORS.items():
        for edge in vendor.depends_on:
            yield id_, edge.scope.split("/")[0] if isinstance(edge.scope, str) else edge.scope.vendor


def words(vendor: CatalogVendor) -> Iterator[tuple[str, str]]:
    """Every word under which a part of the vendor is known, and the part."""
    for part in (*vendor.products, *vendor.regions):
        if isinstance(part, str):
            yield part.casefold(), part
        else:
            yield from ((word.casefold(), part.id) for word in {part.id, part.name or part.id, *part.aliases})


def circles(pairs: set[tuple[str, str]]) -> set[str]:
    """Who is left when all are taken away, again and again, that nobody left depends on or that depend on nobody left."""
    while True:
        inner = {a for a, _ in pairs} & {b for _, b in pairs}
        fewer = {(a, b) for a, b in pairs if a in inner and b in inner}
        if fewer == pairs:
            return inner
        pairs = fewer


def in_order(value: dict[str, Any], what: str) -> bool:
    return list(value) == [key for key in ORDER[what] if key in value]


def test_nothing_is_wrong_with_it() -> None:
    assert [str(problem) for problem in check_catalog([SHIPPED], known())] == []


def test_there_are_many_and_most_publish() -> None:
    assert len(VENDORS) >= 250
    assert sum(bool(vendor.sources) for vendor in VENDORS.values()) >= 140
    kinds = Counter(kind for vendor in VENDORS.values() for kind in vendor.kinds)
    asked = "model_api cloud gpu_cloud chip_maker chip_design foundry memory packaging equipment materials network colocation"
    asked += " developer_platform data_platform payments identity observability communication status_platform energy"
    assert [kind for kind in asked.split() if kinds[kind] < 3] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_is_one_vendor_written_as_the_others_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[0] == HEADER
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert [line for line in lines if len(line) > WIDTH or line != line.rstrip() or "\t" in line] == []
    (value,) = yaml.safe_load_all(text)
    assert path.name == f"{value['id']}.yaml"
    assert in_order(value, "vendor")
    assert all(in_order(part, "part") for key in ("products", "regions") for part in value.get(key, ()) if isinstance(part, dict))
    assert all(in_order(edge, "edge") for edge in value.get("depends_on", ()))
    assert all(in_order(source, "source") for source in value.get("sources", ()))


def test_each_says_what_it_is_and_where_it_is_at_home() -> None:
    assert [id_ for id_, vendor in VENDORS.items() if not vendor.kinds or not vendor.country] == []


def test_no_two_vendors_share_a_name() -> None:
    names = Counter(name for id_, v in VENDORS.items() for name in {word.casefold() for word in (id_, v.name, *v.aliases)})
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("id_", sorted(VENDORS))
def test_no_word_means_two_parts_of_a_vendor(id_: str) -> None:
    parts: dict[str, set[str]] = defaultdict(set)
    for word, part in words(VENDORS[id_]):
        parts[word].add(part)
    assert {word: found for word, found in parts.items() if len(found) > 1} == {}


def test_each_edge_says_how_it_is_known_and_how_well() -> None:
    for id_, vendor in VENDORS.items():
        for edge in vendor.depends_on:
            assert edge.basis and len(edge.basis) > 25 and edge.basis.endswith("."), (id_, edge.scope)
            assert 0 < edge.confidence < 1, (id_, edge.scope)


def test_edges_lead_to_vendors_and_never_round_in_a_circle() -> None:
    assert {below for _, below in edges()} <= set(VENDORS)
    assert circles(set(edges())) == set()
    assert circles({("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")}) == {"b", "c"}


def test_each_connector_that_reads_public_pages_has_a_vendor() -> None:
    used = {source.connector for vendor in VENDORS.values() for source in vendor.sources}
    public = {name for name, connector in known().connectors.items() if OWN.isdisjoint(connector.spec.kinds)}
    assert public - used == set(NOT_HERE), "give a vendor a source with it, or say why there is none"
    assert used <= public


def test_each_source_asks_the_open_web_and_needs_no_credential() -> None:
    for offers in CATALOG.offers().values():
        for offer in offers:
            connector = known().connectors[offer.form.connector]
            url = {"url": offer.form.url} if offer.form.url else {}
            config = connector.spec.config.model_validate({**offer.form.config, **url})
            assert getattr(config, "auth", None) is None
            addresses = [request.url for request in connector.requests(config, None)]
            assert addresses and all(address.startswith("https://") for address in addresses), offer.id


def test_what_a_price_list_calls_a_vendor_is_given_the_vendors_id() -> None:
    for id_, vendor in VENDORS.items():
        for source in vendor.sources:
            if source.connector == "litellm_prices":
                called = source.config.get("vendors", {})
                assert set(called.values()) <= set(VENDORS)
                assert {called.get(word, word) for word in source.config.get("providers", [id_])} == {id_}


@pytest.mark.parametrize(
    ("vendor", "said", "scope"),
    [
        ("supabase", "East US (North Virginia)", Scope("supabase", None, "us-east-1")),
        ("vercel", "iad1", Scope("vercel", None, "iad1")),
        ("vercel", "Builds", Scope("vercel", "builds")),
        ("mistral", "Embeddings API", Scope("mistral", "api")),
        ("groq", "api.groq.com", Scope("groq", "api")),
        ("docker", "Docker Hub Registry", Scope("docker", "registry")),
        ("npm", "Package publishing", Scope("npm", "publish")),
        ("digitalocean", "App Platform", Scope("digitalocean", "app-platform")),
        ("oracle-cloud", "US East (Ashburn)", Scope("oracle-cloud", None, "us-ashburn-1")),
        ("snowflake", "Snowpipe (Data Ingestion)", Scope("snowflake", "snowpipe")),
    ],
)
def test_words_of_pages_mean_parts(vendor: str, said: str, scope: Scope) -> None:
    graph = VendorGraph(Vendors(CATALOG.statements(), own=False).made())
    assert list(graph.scopes(vendor, [said])) == [scope]
