"""Writes what is generated of the configuration: ``python -m secondsource.adapters.reference FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from secondsource.adapters.known import known
from secondsource.settings.reference import reference
from secondsource.settings.schema import json_schema

FILES: dict[str, Callable[[], str]] = {
    "secondsource.schema.json": lambda: json_schema(known()),
    "configuration.md": lambda: reference(known()),
}
"""What is written, by name."""


def write(folder: Path) -> None:
    """Write all of it into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
