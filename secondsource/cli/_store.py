"""What commands share that work on the data folder of a configuration."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from secondsource.adapters.known import known
from secondsource.adapters.sql.database import Database
from secondsource.cli._configuration import DATABASE, configured
from secondsource.settings.settings import Settings


@contextlib.contextmanager
def opened(config: Path, *, create: bool = False, data: Path | None = None) -> Iterator[tuple[Settings, Database]]:
    """The settings in ``config`` and their database, closed afterwards; that in the folder ``data`` where one is named. A running process
    is not disturbed.

    Raises ``UserError`` where the configuration can not be used, and where there is no database yet unless ``create``.
    """
    settings = configured(config, known())
    database = Database((data or settings.data_dir) / DATABASE, create=create)
    try:
        yield settings, database
    finally:
        database.close()
