"""What commands share that work with a configuration: the option that names it, and reading it with its problems told."""

from __future__ import annotations

from pathlib import Path

import click

from secondsource.domain.errors import UserError
from secondsource.settings.known import Known
from secondsource.settings.load import load
from secondsource.settings.settings import Settings

DATABASE = "secondsource.db"
"""The name of the database in the data folder."""

DEFAULT = Path("secondsource.yaml")

config_option = click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT, show_default=True, help="The configuration file."
)


def configured(path: Path, known: Known) -> Settings:
    """The settings in ``path``. Raises ``UserError`` with every problem, or with what to do where there is no such file."""
    if not path.exists():
        raise UserError(f"there is no {path}; write one (the shortest is `sources: [openai]`), or name yours with --config")
    return load(path, known)
