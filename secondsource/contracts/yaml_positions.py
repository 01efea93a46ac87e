"""YAML that remembers where each value stands, so that an error can name file, line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from secondsource.domain.problems import Problem

Loc = tuple[str | int, ...]

MAX_DEPTH = 40
MAX_NODES = 200_000  # aliases make a small file large; one that goes on for ever is refused

# libyaml reads the same ten times as fast, but a text that is nested without end would end the process: it is only given texts with few
# of the signs that nest.
MAX_FAST = 4_000
_FAST = getattr(yaml, "CSafeLoader", None)
_NESTING = re.compile(r"[\[{:?-]")


def where(loc: Sequence[str | int]) -> str:
    """The path of a place as people read it: ``workloads.support-bot.needs[0].share``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


class Document:
    """One document of a YAML file: its value, and the place of everything in it."""

    def __init__(self, file: str, value: Any, places: dict[Loc, tuple[int, int]]) -> None:
        self.file = file
        self.value = value
        self._places = places

    def problem(self, text: str, *loc: str | int) -> Problem:
        """``text`` at ``loc``, or at the nearest thing around it that is there."""
        while loc and loc not in self._places:
            loc = loc[:-1]
        line, column = self._places.get(loc, (1, 1))
        return Problem(self.file, line, column, text)


class BadYaml(Exception):
    """The file can not be read as YAML; ``problem`` says where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(path: Path) -> list[Document]:
    """The documents of a file, empty ones left out. Raises :class:`BadYaml`."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadYaml(Problem(str(path), 1, 1, "can not be read: it is not UTF-8")) from None
    except OSError as error:
        raise BadYaml(Problem(str(path), 1, 1, f"can not be read: {error.strerror or error}")) from None
    return read_text(str(path), text)


def read_text(file: str, text: str) -> list[Document]:
    """The same for ``text``, which problems say to stand in ``file``."""
    if _FAST is not None and len(_NESTING.findall(text)) <= MAX_FAST:
        try:
            return list(_documents(file, text, _FAST))
        except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
            pass  # told below, in the one wording
    try:
        return list(_documents(file, text, yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        raise BadYaml(Problem(file, line, column, f"not YAML: {error.problem or error.context}")) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise BadYaml(Problem(file, line, column, f"not YAML: the character U+{error.character:04X} can not stand here")) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise BadYaml(Problem(file, 1, 1, f"not YAML: {error}")) from None


def _documents(file: str, text: str, kind: Any) -> Iterator[Document]:
    loader = kind(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            places: dict[Loc, tuple[int, int]] = {}
            _walk(file, node, (), places)
            value = loader.construct_document(node)
            if value is not None:
                yield Document(file, value, places)
    finally:
        loader.dispose()


def _walk(file: str, node: yaml.Node, loc: Loc, places: dict[Loc, tuple[int, int]]) -> None:
    """Note where everything stands. A key given twice is refused, for YAML itself would silently drop one of the two."""
    place = (node.start_mark.line + 1, node.start_mark.column + 1)
    places.setdefault(loc, place)
    if len(loc) > MAX_DEPTH or len(places) > MAX_NODES:
        raise BadYaml(Problem(file, *place, "nested too deeply, or aliases that grow without end"))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            at = (key.start_mark.line + 1, key.start_mark.column + 1)
            if name in seen and name != "<<":
                raise BadYaml(Problem(file, *at, f"{name!r} stands here twice"))
            seen.add(name)
            block = isinstance(value, yaml.SequenceNode | yaml.MappingNode)
            places[(*loc, name)] = at if block else (value.start_mark.line + 1, value.start_mark.column + 1)
            _walk(file, value, (*loc, name), places)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(file, value, (*loc, index), places)
