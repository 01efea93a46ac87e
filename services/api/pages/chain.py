"""The chain as it is drawn: from the vendor's event by shared part, vendor and workload to the functions, what is common drawn once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secondsource.domain.hits import FunctionHit


class Node(msgspec.Struct):
    """One thing on the way. ``kind``: shared part, vendor, workload or function; a function has its ``hit``.

    ``sure`` is False where everything below only may be reached.
    """

    id: str
    name: str
    kind: str
    hit: FunctionHit | None = None
    sure: bool = True
    below: list[Node] = []


def chains(hits: Iterable[FunctionHit]) -> list[Node]:
    """The nodes next to the event, each with what lies below it."""
    roots: list[Node] = []
    for hit in hits:
        level, length = roots, len(hit.chain_ids)
        for place, (id_, name) in enumerate(zip(reversed(hit.chain_ids), reversed(hit.chain), strict=True)):
            kind = _kind(place, length)
            node = next((n for n in level if n.id == id_ and n.kind == kind), None)
            if node is None:
                node = Node(id_, name, kind, sure=False)
                level.append(node)
            node.sure = node.sure or hit.certain
            if kind == "function":
                node.hit = hit
            level = node.below
    return roots


def _kind(place: int, length: int) -> str:
    """What stands at ``place``, counted from the trouble, of a chain of ``length``."""
    if place == length - 1:
        return "function"
    if place == length - 2:
        return "workload"
    return "shared part" if place == 0 and length > 3 else "vendor"
