"""What the tests of commands share that ask a running instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.site import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An instance on loopback, over a store of its own."""
    found = Served(tmp_path / "store.db")
    yield found
    found.close()
