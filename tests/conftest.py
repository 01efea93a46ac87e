"""Settings for all tests."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# how long an example takes says something of the machine and nothing of the program
settings.register_profile("secondsource", deadline=None)
settings.load_profile("secondsource")


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that a test calls sets logging up for its process, which is that of the tests that follow, too."""
    yield
    structlog.reset_defaults()
