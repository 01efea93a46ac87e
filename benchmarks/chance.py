"""Chance that is a function: the same words give the same number, in every version of Python and on every machine."""

from __future__ import annotations

from hashlib import blake2b


def chance(*words: object) -> float:
    """A number from 0 up to 1, as if drawn at random, that only ``words`` decide."""
    drawn = blake2b("\x1f".join(map(str, words)).encode(), digest_size=6).digest()
    return int.from_bytes(drawn, "big") / 2**48


def whole(low: int, high: int, *words: object) -> int:
    """A whole number from ``low`` to ``high``, both included, that only ``words`` decide."""
    return low + int(chance(*words) * (high - low + 1))
