"""Help for connectors: a request's memo as a struct, so that a poll of several requests can go on where it was."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from secondsource.contracts.connector import ParseError

Kept = TypeVar("Kept", bound=msgspec.Struct)


def write_memo(memo: msgspec.Struct) -> str:
    """The text to put into a request."""
    return msgspec.json.encode(memo).decode()


def read_memo(text: str, type_: type[Kept]) -> Kept:
    """The struct that :func:`write_memo` wrote; one with its defaults for an empty text, as a saved answer has.

    Raises :class:`ParseError` for any other text.
    """
    try:
        return msgspec.json.decode(text, type=type_) if text else type_()
    except msgspec.DecodeError:
        raise ParseError("memo", "the answer did not come with the memo of its request") from None
