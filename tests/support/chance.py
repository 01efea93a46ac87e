"""Chance that is the same for the same seed, wherever and in whatever order it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def number(seed: int, among: int, *about: object) -> int:
    """A number from 0 to ``among`` - 1 for what ``about`` names."""
    digest = hashlib.blake2b(repr((seed, *about)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % among


class Dice:
    """Thrown one after another."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._thrown = 0

    def below(self, among: int) -> int:
        """A number from 0 to ``among`` - 1."""
        self._thrown += 1
        return number(self._seed, among, self._thrown)

    def one_of(self, things: Sequence[T]) -> T:
        """One of ``things``."""
        return things[self.below(len(things))]
