"""Bringing a database to this program's schema, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from secondsource.adapters.sql.errors import StoreError


def config() -> Config:
    """Alembic's configuration: the scripts beside this module."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return found


def head() -> str:
    """The revision that this program works with."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    assert revision is not None
    return revision


def current(engine: Engine) -> str | None:
    """The revision that the database has; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, name: str) -> None:
    """Upgrade to :func:`head` in one transaction; nothing is done where the database is there already.

    Raises :class:`StoreError` when the database comes from a newer program.
    """
    have, want = current(engine), head()
    if have == want:
        return
    scripts = ScriptDirectory.from_config(config())
    known = {script.revision for script in scripts.walk_revisions()}
    if have is not None and have not in known:
        raise StoreError(f"{name}: the database has schema {have}, which is newer than this program knows; run the newer program")
    settings = config()
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
