"""Cases: what goes in, and what must come out, in virtual time. Run by ``secondsource test`` and by pytest alike.

A case of a connector is a folder with a ``request.json``; the module ``fixtures`` beside this one describes it. All others are YAML: a file
holds one case or several, separated by ``---``. The first word of a case says what it tests: a case with ``rule:`` goes to the
module ``rule_cases`` beside this one, one with ``runbook:`` to ``runbook_cases``, and so on; those modules describe their forms.
To add a kind of case, add a module ``<kind>_cases`` with a function ``run(document) -> list[Problem]``: the problems that it
found, each with its place, empty where the case holds.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import cast

import msgspec

from secondsource import testing as package
from secondsource.contracts.yaml_positions import BadYaml, Document, read
from secondsource.domain.errors import UserError
from secondsource.domain.problems import Problem
from secondsource.testing import fixtures

_PATTERNS = ("*.yaml", "*.yml", f"*/{fixtures.REQUEST}")
Runner = Callable[[Document], list[Problem]]


class Result(msgspec.Struct, frozen=True):
    """How one case went. ``line`` is where it begins."""

    file: str
    line: int
    kind: str
    title: str
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the case holds."""
        return not self.problems


def runners() -> Mapping[str, Runner]:
    """What runs each kind of case, by the word that such a case begins with."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__) if module.name.endswith("_cases")]
    return {name.removesuffix("_cases"): cast(Runner, importlib.import_module(f"{package.__name__}.{name}").run) for name in names}


def files(paths: Iterable[Path]) -> list[Path]:
    """Every file of cases named or below a folder named, sorted, each once. Raises ``UserError`` where there is none.

    A folder of a connector's case is its ``request.json``.
    """
    found: set[Path] = set()
    for path in paths:
        if (path / fixtures.REQUEST).is_file():
            found.add(path / fixtures.REQUEST)
        elif path.is_dir():
            below = {file for pattern in _PATTERNS for file in path.rglob(pattern)}
            if not below:
                raise UserError(f"{path} holds no cases: no file below it ends in .yaml or .yml, or is called {fixtures.REQUEST}")
            found |= below
        elif path.exists():
            found.add(path)
        else:
            raise UserError(f"{path} is not there; name a file of cases or a folder that holds some")
    return sorted(found)


def run_file(path: Path) -> list[Result]:
    """Run every case of a file, in its order. A file that is no YAML, or holds no case, is one failed result."""
    if path.name == fixtures.REQUEST:
        case = path.resolve().parent
        return [Result(str(path), 1, "connector", f"{case.parent.name}/{case.name}", tuple(fixtures.check(path.parent)))]
    known = runners()
    try:
        documents = read(path)
    except BadYaml as error:
        return [Result(str(path), error.problem.line, "", path.name, (error.problem,))]
    if not documents:
        return [Result(str(path), 1, "", path.name, (Problem(str(path), 1, 1, "there is no case in this file"),))]
    return [_run(document, known) for document in documents]


def _run(document: Document, known: Mapping[str, Runner]) -> Result:
    start = document.problem("")
    value = document.value
    kinds = [kind for kind in known if isinstance(value, dict) and kind in value]
    if len(kinds) != 1:
        words = " or ".join(f"`{kind}:`" for kind in sorted(known))
        problem = document.problem(f"a case has {words} at its top to say what it tests, and exactly one of them")
        return Result(document.file, start.line, "", Path(document.file).name, (problem,))
    title = str(value.get("title") or f"{kinds[0]} {value[kinds[0]]}")
    return Result(document.file, start.line, kinds[0], title, tuple(known[kinds[0]](document)))
