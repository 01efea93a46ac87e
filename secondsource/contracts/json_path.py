"""Help for connectors: places in a JSON document as a configuration names them. Nothing is evaluated.

``data.components[*].status`` goes from name to name; ``[*]`` is each member of a list or object, ``[2]`` one of a list, and a name with
other characters is quoted: ``["a.b"]``. ``@`` is the value itself, ``@key`` the name or number under which a member stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

import msgspec
from pydantic import AfterValidator

from secondsource.contracts.reading import Node

SELF, KEY = "@", "@key"
_STEP = re.compile(
    r"""(?P<dot>\.?)(?:(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|\[(?:(?P<each>\*)|(?P<number>[0-9]{1,6})|"(?P<quoted>[^"\\]+)")\])"""
)
_LONGEST, _DEEPEST = 200, 20


class _Each(msgspec.Struct, frozen=True):
    """Every member."""


_Step = str | int | _Each
EACH = _Each()


class Path(msgspec.Struct, frozen=True):
    """A place, in steps from the outside in; a text of :data:`KEY` has none."""

    text: str
    steps: tuple[_Step, ...]

    @property
    def several(self) -> bool:
        """Whether it names more than one place."""
        return EACH in self.steps

    def find(self, node: Node) -> list[tuple[str, Node]]:
        """What stands there, each with its key: the name or number of the member that the last ``[*]`` stood for, else an empty text.

        Raises :class:`ParseError` where a step leads nowhere.
        """
        found = [("", node)]
        for step in self.steps:
            found = [pair for key, value in found for pair in _stepped(key, value, step)]
        return found

    def find_some(self, node: Node) -> list[tuple[str, Node]]:
        """As :meth:`find`, without what is missing or null."""
        found = [("", node)]
        for step in self.steps:
            found = [pair for key, value in found if _leads_on(value, step) for pair in _stepped(key, value, step)]
        return [(key, value) for key, value in found if value.value is not None]


def _stepped(key: str, node: Node, step: _Step) -> list[tuple[str, Node]]:
    if isinstance(step, str):
        return [(key, node[step])]
    if isinstance(step, _Each) and isinstance(node.value, dict):
        return list(node.entries())
    members = node.items()
    if isinstance(step, _Each):
        return [(str(number), member) for number, member in enumerate(members)]
    if step >= len(members):
        raise node.fail(f"there is no member {step}; the list has {len(members)}")
    return [(key, members[step])]


def _leads_on(node: Node, step: _Step) -> bool:
    """Whether the step leads anywhere from here; False for what is missing or null, an error for what is of another kind."""
    if node.value is None:
        return False
    if isinstance(step, str):
        return step in node.mapping()
    return isinstance(step, _Each) or step < len(node.items())


@lru_cache(maxsize=1024)
def parse_path(text: str) -> Path:
    """The path that ``text`` writes. Raises ``ValueError`` that says where it goes wrong."""
    if text in (SELF, KEY):
        return Path(text, ())
    if len(text) > _LONGEST:
        raise ValueError(f"a path has at most {_LONGEST} characters")
    steps: list[_Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        # a name follows a dot, a bracket does not; only the first step has nothing before it
        if found is None or bool(found["dot"]) != (found["name"] is not None and bool(steps)):
            raise ValueError(f"{text!r} is no path from its character {at + 1} on; write data.components[*].status")
        steps.append(EACH if found["each"] else int(found["number"]) if found["number"] else found["name"] or found["quoted"])
        at = found.end()
    if not 1 <= len(steps) <= _DEEPEST:
        raise ValueError(f"a path has 1 to {_DEEPEST} steps; '@' is the value itself")
    return Path(text, tuple(steps))


def _one(text: str) -> str:
    if parse_path(text).several:
        raise ValueError("one place is meant here, so there can be no [*]")
    return text


def _any(text: str) -> str:
    if text == KEY:
        raise ValueError("'@key' is no place; name a list or object with [*] after it")
    parse_path(text)
    return text


PlacePath = Annotated[str, AfterValidator(_one)]
"""A path to one value."""

ListPath = Annotated[str, AfterValidator(_any)]
"""A path to one value or, with ``[*]``, to several."""
