"""Opening a database, and the two ways into it: one writer, many readers."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool, StaticPool

from secondsource.adapters.sql.errors import StoreError
from secondsource.adapters.sql.migrate import upgrade

T = TypeVar("T")

_BUSY_MS = 30_000


def _sqlite(path: Path, *, write: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=_BUSY_MS / 1000)
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: a commit that was answered survives a power cut, not only the end of the process
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if not write:
            connection.execute("PRAGMA query_only=ON")
        return connection

    # parameters are texts of vendors and hashes of keys: an error that is logged must not show them
    if write:
        engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool, hide_parameters=True)
    else:
        engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=4, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


class Database:
    """A SQLite file with its one writer thread. Reads go on beside the writer (WAL)."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Open and migrate ``path``.

        Raises :class:`StoreError` when the folder can not be written, the file is no database, or its schema is newer than this
        program.
        """
        self.path = path
        if not create and not path.exists():
            raise StoreError(f"{path}: there is no database yet; `secondsource up` or `secondsource db upgrade` makes one")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = _sqlite(path, write=True)
            upgrade(self.writer, str(path))
        except OSError as error:
            raise StoreError(f"{path.parent}: the data folder can not be made ({error.strerror}); set data_dir to one that can") from error
        except DatabaseError as error:
            raise StoreError(f"{path}: the database can not be used ({error.orig}); is data_dir writable, and the file ours?") from error
        self.reader = _sqlite(path, write=False)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sql-writer")
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="sql-reader")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one transaction in the writer thread; committed when it returns, rolled back when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.write_now, work)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """As :meth:`write`, in the calling thread; for commands that have no event loop."""
        with self.writer.begin() as connection:
            return work(connection)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on one snapshot in a reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """As :meth:`read`, in the calling thread."""
        with self.reader.connect() as connection:
            return work(connection)

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file; empty when nothing is."""
        with self.reader.connect() as connection:
            found: list[Any] = list(connection.exec_driver_sql("PRAGMA integrity_check").scalars())
        return [str(line) for line in found if line != "ok"]

    def backup(self, target: Path) -> None:
        """Copy the database as it stands to ``target``, while it is in use. Raises :class:`StoreError` where that can not be written."""
        try:
            with contextlib.closing(sqlite3.connect(self.path)) as source, contextlib.closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
        except sqlite3.Error as error:
            raise StoreError(f"{target}: the copy can not be written ({error})") from error

    def close(self) -> None:
        """Finish what the writer has begun, then close."""
        self._thread.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self.reader.dispose()
        self.writer.dispose()
