"""Writes what is generated of the configuration: ``python -m secondsource.adapters.reference ROOT``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from secondsource.adapters.known import known
from secondsource.settings.reference import reference
from secondsource.settings.schema import catalog_schema, json_schema

FILES: dict[str, Callable[[], str]] = {
    "docs/reference/secondsource.schema.json": lambda: json_schema(known()),
    "docs/reference/configuration.md": lambda: reference(known()),
    "catalog/schema.json": lambda: catalog_schema(known()),
}
"""What is written, by its place in the source tree."""


def write(root: Path) -> None:
    """Write all of it into the source tree at ``root``."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
