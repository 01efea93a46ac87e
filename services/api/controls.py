"""Characters that no text may hold: controls, but for tab and the ends of lines."""

from __future__ import annotations

import re

CONTROLS = "\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f"
"""The same as a class of a regular expression, as Python and JSON schema understand it."""

_ONE = re.compile(f"[{CONTROLS}]")


def holds_controls(text: str) -> bool:
    """Whether there is one in ``text``."""
    return _ONE.search(text) is not None


def without_controls(text: str) -> str:
    """``text`` without them."""
    return _ONE.sub("", text)
