"""Reading runbooks, plans and drills from folders, with a place for everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from secondsource.contracts.yaml_positions import BadYaml, Document, read, where
from secondsource.domain.problems import Problem
from secondsource.plans.schema import DOCUMENT, VERBS, Contingency, Drill, Escalation

AnyFile = Escalation | Contingency | Drill
FOLDERS = {"escalation": "escalation", "contingency": "contingency", "drill": "drills"}
_WAYS_OUT = ("for", "within", "on_timeout", "on_decline", "on_failure")


class Read(NamedTuple):
    """One file: what it says, where that stands, and what is wrong with its form. ``content`` is None where that forbids use."""

    content: AnyFile | None
    document: Document | None
    problems: list[Problem]


class Library(NamedTuple):
    """What was read: documents by kind and id, and what is wrong with the form of the files that gave none."""

    escalations: dict[str, Escalation]
    contingencies: dict[str, Contingency]
    drills: dict[str, Drill]
    problems: tuple[Problem, ...] = ()

    @property
    def documents(self) -> tuple[AnyFile, ...]:
        """All of them."""
        return (*self.escalations.values(), *self.contingencies.values(), *self.drills.values())


def files(folder: Path) -> list[Path]:
    """The files of ``folder`` that hold runbooks, plans and drills, sorted."""
    return sorted(path for name in FOLDERS.values() for path in (folder / name).glob("*.y*ml"))


def read_file(path: Path) -> Read:
    """Read one file. It raises nothing: what can not be read is a problem."""
    try:
        documents = read(path)
    except BadYaml as error:
        return Read(None, None, [error.problem])
    if len(documents) != 1:
        said = "the file is empty" if not documents else "one file holds one runbook, plan or drill"
        return Read(None, None, [Problem(str(path), 1, 1, said)])
    (document,) = documents
    if not isinstance(document.value, dict):
        return Read(None, document, [document.problem("a runbook is a mapping that begins with id:, title: and kind:")])
    try:
        return Read(DOCUMENT.validate_python(document.value), document, [])
    except ValidationError as error:
        return Read(None, document, [_problem(document, dict(each)) for each in error.errors(include_url=False)])


def load(folders: Sequence[Path]) -> Library:
    """Everything in ``folders``. A later folder replaces what an earlier one calls by the same id: the shipped, then one's own.

    Files with a wrong form are left out and stand in ``problems``; whether the rest makes sense is for
    :func:`secondsource.plans.lint.lint_all` to say.
    """
    return library(read_file(path) for folder in folders for path in files(folder))


def library(found: Iterable[Read]) -> Library:
    """What ``found`` gives; of two with one kind and id, the later."""
    result = Library({}, {}, {})
    problems: list[Problem] = []
    for content, _, wrong in found:
        problems += wrong
        if isinstance(content, Escalation):
            result.escalations[content.id] = content
        elif isinstance(content, Contingency):
            result.contingencies[content.id] = content
        elif content is not None:
            result.drills[content.id] = content
    return result._replace(problems=tuple(problems))


def _problem(document: Document, error: dict[str, Any]) -> Problem:
    loc = tuple(error["loc"])
    if loc and loc[0] in FOLDERS:  # the kind, which pydantic puts first
        loc = loc[1:]
    name, kind = loc[-1] if loc else "", error["type"]
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        loc, said = ("kind",), f"kind is one of {', '.join(FOLDERS)}"
    elif kind == "missing" and name in _WAYS_OUT:
        said = f"without `{name}` there is no way out of this wait; give it"
    elif kind == "missing":
        said = f"`{name}` is missing"
    elif kind == "extra_forbidden" and len(loc) == 3 and loc[0] == "steps":
        said = f"there is no verb `{name}`; verbs are {', '.join(VERBS)}"
    elif kind == "extra_forbidden":
        said = f"there is no field `{name}` here"
    else:
        said = str(error["msg"]).removeprefix("Value error, ")
        if isinstance(error["input"], str | int | float) and repr(error["input"]) not in said:
            said += f", not {error['input']!r}"
    return document.problem(f"{where(loc)}: {said}" if loc else said, *loc)
