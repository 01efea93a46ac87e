"""The catalog: what is wrong with one, and that the one that ships is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from secondsource.adapters.known import known
from secondsource.adapters.shipped import shipped
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import VendorGraph
from secondsource.settings.catalog import read_catalog
from secondsource.settings.catalog_check import check_catalog
from secondsource.settings.load import load
from secondsource.settings.vendor_graph import Vendors
from tests.settings.bench import HERE, KNOWN, written

SHIPPED = shipped("catalog")


def test_the_shipped_catalog_is_sound() -> None:
    assert [str(problem) for problem in check_catalog([SHIPPED], known())] == []
    assert len(read_catalog([SHIPPED]).vendors) >= 12


def test_the_catalog_of_the_tests_is_sound() -> None:
    assert check_catalog([HERE / "catalog"], KNOWN) == []


def test_all_shipped_sources_can_be_switched_on(tmp_path: Path) -> None:
    catalog = read_catalog([SHIPPED])
    publishing = sorted(id_ for id_, offers in catalog.offers().items() if offers)
    found = load(written(tmp_path, f"sources: [{', '.join(publishing)}]"), known())
    assert {source.vendor for source in found.sources} == set(publishing)
    for source in found.sources:
        for request in source.connector.requests(source.config, None):
            assert request.url.startswith("https://")


def graph() -> VendorGraph:
    catalog = read_catalog([SHIPPED])
    return VendorGraph(Vendors(catalog.statements(), own=False).made())


@pytest.mark.parametrize(
    ("vendor", "words", "scopes"),
    [
        ("aws", "Increased error rates in N. Virginia", [Scope("aws", None, "us-east-1")]),
        ("aws", "Amazon Elastic Compute Cloud (Ireland)", [Scope("aws", "ec2", "eu-west-1")]),
        ("aws", "us-east-1: DynamoDB", [Scope("aws", "dynamodb", "us-east-1")]),
        ("azure", "Virtual Machines - West Europe", [Scope("azure", "virtual-machines", "westeurope")]),
        ("google-cloud", "Vertex Gemini API", [Scope("google-cloud", "vertex-ai")]),
        ("github", "Actions", [Scope("github", "actions")]),
        ("anthropic", "Claude API (api.anthropic.com)", [Scope("anthropic", "api")]),
        ("openai", "Fine-tuning", [Scope("openai", "api")]),
        ("cloudflare", "Workers KV", [Scope("cloudflare", "workers-kv")]),
    ],
)
def test_words_of_pages_mean_parts_of_vendors(vendor: str, words: str, scopes: list[Scope]) -> None:
    assert list(graph().scopes(vendor, [words])) == scopes


BAD = {
    "alpha.yaml": """\
id: alpha
name: Alpha
parent: gama
depends_on:
  - {scope: beta/west, basis: It says so.}
  - {scope: beta, confidence: 0.5}
  - {scope: gamma, basis: It says so., confidence: 0.5}
sources:
  - {connector: statuspag, url: "https://status.alpha.example"}
  - {connector: statuspage, url: status.alpha.example}
  - {connector: statuspage, url: "http://10.0.0.1", id: alpha-inside}
  - {connector: statuspage, url: "https://status.alpha.example", id: alpha-often, interval: 1s}
  - {connector: statuspage, url: "https://status.alpha.example", id: beta-statuspage}
""",
    "beta.yaml": """\
id: beta
name: Beta
regions: [east]
sources: [{connector: statuspage, url: "https://status.beta.example"}]
""",
    "gamma.yaml": "id: gamma\nnam: Gamma\n",
    "delta.yaml": "id: epsilon\nname: Epsilon\n---\nid: beta\nname: Beta again\n",
    "list.yaml": "- a\n",
    "broken.yaml": "id: [\n",
}


def test_what_is_wrong_is_told_with_its_place(tmp_path: Path) -> None:
    for name, text in BAD.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = [f"{Path(p.file).name}:{p.line}:{p.column}: {p.text}" for p in check_catalog([tmp_path], KNOWN)]
    assert found == [
        "alpha.yaml:3:9: parent: there is no vendor 'gama'; did you mean gamma?",
        "alpha.yaml:5:5: depends_on[0]: `confidence` is missing: a catalog says how it knows what a vendor sits on, and how well",
        "alpha.yaml:5:13: depends_on[0].scope: there is no product or region 'west' of beta; did you mean east?",
        "alpha.yaml:6:5: depends_on[1]: `basis` is missing: a catalog says how it knows what a vendor sits on, and how well",
        "alpha.yaml:9:17: sources[0].connector: there is no connector 'statuspag'; did you mean statuspage?",
        "alpha.yaml:10:34: sources[1].url: must be a web address that begins with https:// or http://, not 'status.alpha.example'",
        "alpha.yaml:11:34: sources[2].url: 10.0.0.1 is not a public address (private); allow its network for this source if that is meant",
        "alpha.yaml:12:93: sources[3].interval: 1s is too short: a source is read every 10s at most",
        f"beta.yaml:4:11: sources[0]: there are two sources 'beta-statuspage', the other in {tmp_path / 'alpha.yaml'}; give one an `id`",
        "broken.yaml:2:1: not YAML: expected the node content, but found '<stream end>'",
        "delta.yaml:1:5: id: the file is called delta.yaml; call it epsilon.yaml, or correct the id",
        f"delta.yaml:4:5: id: vendor 'beta' is in {tmp_path / 'beta.yaml'} too",
        "gamma.yaml:1:1: name: `name` is missing: How people call it.",
        "gamma.yaml:2:6: nam: there is no field `nam` here; did you mean name?",
        "list.yaml:1:1: a mapping belongs here",
    ]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = check_catalog([tmp_path / "none"], KNOWN)
    assert str(problem) == f"{tmp_path / 'none'}:1:1: there is no such folder"
