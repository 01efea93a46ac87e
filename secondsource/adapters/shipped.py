"""Where the files are that come with the program: in the source tree beside the package, in an installed wheel inside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import secondsource

KINDS = ("catalog", "runbooks")


@cache
def shipped(kind: str) -> Path:
    """The folder of ``catalog`` or ``runbooks`` that belongs to this program."""
    if kind not in KINDS:
        raise ValueError(f"nothing called {kind!r} is shipped; there are {' and '.join(KINDS)}")
    package = Path(secondsource.__file__).resolve().parent
    installed = package / "data" / kind
    return installed if installed.is_dir() else package.parent / kind
