"""Modules stay small: what fits on two screens is read before it is changed."""

from __future__ import annotations

import statistics

import pytest

from tests.meta.repository import SHIPPED, modules, relative

MEDIAN = 150
LONGEST = 400

# module: (lines that it may have, why it cannot be cut). The list may only shrink: lower the number below with it.
EXEMPT: dict[str, tuple[int, str]] = {}
MOST_EXEMPTIONS = 0


def complaints(sizes: dict[str, int], exempt: dict[str, tuple[int, str]], most: int) -> list[str]:
    """What is wrong with modules of these ``sizes`` in lines, as sentences."""
    found = []
    median = statistics.median(sizes.values())
    if median >= MEDIAN:
        found.append(f"the median module has {median:g} lines; it must stay under {MEDIAN}")
    for name, lines in sorted(sizes.items()):
        limit, reason = exempt.get(name, (LONGEST, "no exemption"))
        if lines > limit:
            found.append(f"{name} has {lines} lines, more than {limit} ({reason}); cut it along what changes together")
        if name in exempt and lines <= LONGEST:
            found.append(f"{name} has {lines} lines and needs no exemption any more; strike it off")
    found += [f"{name} is exempt and is not there; strike it off" for name in sorted(exempt.keys() - sizes.keys())]
    found += [f"{name} is exempt without a reason" for name, (_, reason) in sorted(exempt.items()) if len(reason) < 20]
    if len(exempt) > most:
        found.append(f"{len(exempt)} modules are exempt, more than {most}; the list may only shrink")
    return found


def test_modules_are_small() -> None:
    sizes = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*SHIPPED, "benchmarks")}
    assert complaints(sizes, EXEMPT, MOST_EXEMPTIONS) == []


REASON = "a table that is read from top to bottom"


@pytest.mark.parametrize(
    ("sizes", "exempt", "most", "word"),
    [
        ({"a.py": 150, "b.py": 150}, {}, 0, "median"),
        ({"a.py": 401, "b.py": 1, "c.py": 1}, {}, 0, "cut it"),
        ({"a.py": 501, "b.py": 1, "c.py": 1}, {"a.py": (500, REASON)}, 1, "cut it"),
        ({"a.py": 400, "b.py": 1, "c.py": 1}, {"a.py": (500, REASON)}, 1, "needs no exemption"),
        ({"b.py": 1}, {"a.py": (500, REASON)}, 1, "is not there"),
        ({"a.py": 450, "b.py": 1, "c.py": 1}, {"a.py": (500, "long")}, 1, "without a reason"),
        ({"a.py": 450, "b.py": 1, "c.py": 1}, {"a.py": (500, REASON)}, 0, "only shrink"),
    ],
)
def test_large_modules_are_found(sizes: dict[str, int], exempt: dict[str, tuple[int, str]], most: int, word: str) -> None:
    assert [word in complaint for complaint in complaints(sizes, exempt, most)] == [True]


def test_modules_within_the_limits_pass() -> None:
    assert complaints({"a.py": 450, "b.py": 149, "c.py": 1}, {"a.py": (500, REASON)}, 1) == []
