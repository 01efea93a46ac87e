"""Journals are read as they were written, and a broken one is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from secondsource.runtimes import journal
from tests.support.small_rules import at, price, spend

DAY = [price("a", 0, 5), spend("a", 1, 10), at(5)]


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz"])
def test_a_journal_comes_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    assert journal.write(tmp_path / name, DAY) == 3
    assert list(journal.read(tmp_path / name)) == DAY


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", ":2: this is not a batch"),
        (b'{"id": 1}', ":2: this is not a batch"),
        (b"<html>", ":2: this is not a batch"),
    ],
)
def test_a_line_that_is_no_batch_is_named(tmp_path: Path, line: bytes, complaint: str) -> None:
    path = tmp_path / "day.jsonl"
    journal.write(path, DAY[:1])
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(journal.JournalError, match=complaint):
        list(journal.read(path))


def test_a_newer_batch_a_missing_file_and_a_cut_archive_are_refused(tmp_path: Path) -> None:
    newer = tmp_path / "newer.jsonl"
    journal.write(newer, DAY[:1])
    newer.write_bytes(newer.read_bytes().replace(b'"key"', b'"schema":99,"key"', 1))
    with pytest.raises(journal.JournalError, match=":1: a batch of schema 99 comes from a newer program"):
        list(journal.read(newer))
    with pytest.raises(journal.JournalError, match="can not be read"):
        list(journal.read(tmp_path / "none.jsonl"))
    cut = tmp_path / "cut.jsonl.gz"
    journal.write(cut, DAY)
    cut.write_bytes(cut.read_bytes()[:-12])
    with pytest.raises(journal.JournalError, match="can not be read"):
        list(journal.read(cut))
