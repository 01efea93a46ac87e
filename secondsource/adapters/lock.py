"""One process for one data folder: a lock that ends with the process, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from secondsource.domain.errors import UserError


class FolderInUse(UserError):
    """Another process works in the data folder, or it can not be written."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of ``folder`` within the block. Raises :class:`FolderInUse`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderInUse(f"{folder}: the data folder can not be written ({error.strerror}); set `data` to one that can") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            raise FolderInUse(
                f"{folder}: process {other or 'unknown'} works in this data folder already; end it, or set `data` to another"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)
