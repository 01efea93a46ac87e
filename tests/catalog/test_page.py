"""The page of the catalog names every vendor, and says of each where it publishes and what it sits on."""

from __future__ import annotations

from pathlib import Path

from secondsource.adapters.shipped import shipped
from secondsource.settings.catalog import read_catalog
from secondsource.settings.catalog_page import catalog_page

FOLDER = {
    "above.yaml": """\
id: above
name: Above
kinds: [saas]
country: FR
depends_on:
  - {scope: below, kind: network, basis: It says so., confidence: 0.4}
  - {scope: below/east, basis: It says so., confidence: 0.9}
  - {scope: beside, basis: It may be so., confidence: 0.3}
sources:
  - {connector: statuspage, url: "https://status.above.example"}
  - {connector: statuspage, url: "https://other.above.example", id: above-other}
""",
    "below.yaml": "id: below\nname: below\nkinds: [gpu_cloud, saas]\nregions: [east]\n",
    "beside.yaml": "id: beside\nname: Be|side\nkinds: [other]\n",
}


def test_rows(tmp_path: Path) -> None:
    for name, text in FOLDER.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    text = catalog_page(read_catalog([tmp_path]))
    assert "\n3 vendors, 1 of them with sources.\n" in text
    above, *others = text.splitlines()[-3:]
    assert above.startswith("| [Above](../../catalog/vendors/above.yaml) (`above`) | saas | FR | ")
    assert above.endswith(" | [statuspage](connectors/statuspage.md) | `below`, perhaps `beside` |")
    assert others == [
        "| [below](../../catalog/vendors/below.yaml) | gpu cloud, saas |  |  |  |",
        "| [Be\\|side](../../catalog/vendors/beside.yaml) (`beside`) | other |  |  |  |",
    ]


def test_all_vendors_are_on_it() -> None:
    catalog = read_catalog([shipped("catalog")])
    text = catalog_page(catalog)
    assert [id_ for id_ in catalog.vendors if f"(../../catalog/vendors/{id_}.yaml)" not in text] == []
