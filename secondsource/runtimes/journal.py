"""Journals: a log as a file, one batch of JSON a line, to be replayed."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Literal, cast

import msgspec

from secondsource.domain.errors import UserError
from secondsource.domain.observations import SCHEMA_VERSION, Batch

_encoder = msgspec.json.Encoder(decimal_format="string")
_decoder = msgspec.json.Decoder(Batch)


class JournalError(UserError):
    """The file is not a journal; says where."""


def _open(path: Path, mode: Literal["rb", "wb"]) -> IO[bytes]:
    # every caller uses it in a with
    return cast("IO[bytes]", gzip.open(path, mode)) if path.suffix == ".gz" else path.open(mode)


def write(path: Path, batches: Iterable[Batch]) -> int:
    """Write the batches; gzip where the name ends in ``.gz``. Returns how many."""
    count = 0
    with _open(path, "wb") as file:
        for batch in batches:
            file.write(_encoder.encode(batch) + b"\n")
            count += 1
    return count


def read(path: Path) -> Iterator[Batch]:
    """The batches of a journal, in order.

    Raises :class:`JournalError` naming the line, for a file that is not there, for a line that is no batch, and for a batch
    of a newer program.
    """
    number = 0
    try:
        with _open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                batch = _decoder.decode(line)
                if batch.schema > SCHEMA_VERSION:
                    raise JournalError(f"{path}:{number}: a batch of schema {batch.schema} comes from a newer program; use that one")
                yield batch
    except msgspec.MsgspecError as error:
        raise JournalError(f"{path}:{number}: this is not a batch of a journal: {error}") from error
    except (OSError, EOFError) as error:
        raise JournalError(f"{path}: the journal can not be read: {error}") from error
