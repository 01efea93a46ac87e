"""Writes what is generated of configuration, catalog and connectors: ``python -m secondsource.adapters.reference ROOT``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from secondsource.adapters.known import known
from secondsource.settings.catalog import Catalog, read_catalog
from secondsource.settings.catalog_page import catalog_page
from secondsource.settings.connector_pages import ConnectorPages
from secondsource.settings.known import Known
from secondsource.settings.reference import reference
from secondsource.settings.schema import catalog_schema, json_schema

CONNECTORS = "docs/reference/connectors"
_USUAL = "typical"


def files(root: Path) -> Mapping[str, Callable[[], str]]:
    """What is written, by its place in the source tree at ``root``, whose fixtures give the examples."""
    here = known()
    catalog = read_catalog([root / "catalog"])
    pages = connector_pages(root, here, catalog)
    return {
        "docs/reference/secondsource.schema.json": lambda: json_schema(here),
        "docs/reference/configuration.md": lambda: reference(here),
        "docs/reference/catalog.md": lambda: catalog_page(catalog),
        "catalog/schema.json": lambda: catalog_schema(here),
        f"{CONNECTORS}/README.md": pages.index,
        **{f"{CONNECTORS}/{name}.md": partial(pages.page, name) for name in pages.names()},
    }


def connector_pages(root: Path, here: Known, catalog: Catalog) -> ConnectorPages:
    """The pages of the connectors, with examples from the fixtures below ``root``. A page on a platform is not the platform's."""
    folder = root / "tests" / "connectors"
    examples = {name: config for name in here.connectors if (config := _example(folder / name)) is not None}
    publishers = sorted(id_ for id_, said in catalog.vendors.items() if "status_platform" not in said[0][0].kinds)
    return ConnectorPages(here, examples, publishers)


def _example(folder: Path) -> dict[str, Any] | None:
    """The configuration of the usual case, or of the first that gives readings."""
    readable = sorted(path.parent for path in folder.glob("*/expected.jsonl"))
    cases = [case for case in readable if case.name == _USUAL] or readable
    if not cases:
        return None
    config: dict[str, Any] = json.loads((cases[0] / "request.json").read_text(encoding="utf-8"))["config"]
    return config


def write(root: Path) -> None:
    """Write all of it into the source tree at ``root``, and take away pages of connectors that are gone."""
    made = files(root)
    for old in (root / CONNECTORS).glob("*.md"):
        if old.relative_to(root).as_posix() not in made:
            old.unlink()
    for name, text in made.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
