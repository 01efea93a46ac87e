"""What ``new`` writes: small plug-ins and runbooks that work as they are, from the templates that ship with the harness."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import secondsource
from secondsource import testing
from secondsource.domain.errors import UserError
from secondsource.plans.load import FOLDERS

HOME = Path(secondsource.__file__).resolve().parent.parent
"""Where this program's own packages lie: the source tree, where it runs from one."""

_TEMPLATES = Path(testing.__file__).resolve().parent / "templates"
_MODULE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_RUNBOOK = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_MOST = 60

Files = Mapping[Path, bytes]
"""What is to be written, by its place below the folder that is worked in."""


def in_tree(folder: Path) -> bool:
    """Whether ``folder`` is the source tree that this program runs from, where plug-ins are found by their place."""
    return folder.resolve() == HOME and (HOME / "pyproject.toml").is_file()


def module_name(name: str) -> str:
    """``name`` where a plug-in may be called so. Raises ``UserError``."""
    if not _MODULE.fullmatch(name) or len(name) > _MOST or keyword.iskeyword(name):
        raise UserError(f"{name!r} is no name for a plug-in: small letters, digits and single _, beginning with a letter: my_vendor")
    return name


def runbook_name(name: str) -> str:
    """``name`` where a runbook may be called so. Raises ``UserError``."""
    if not _RUNBOOK.fullmatch(name) or len(name) > _MOST:
        raise UserError(f"{name!r} is no name for a runbook: small letters, digits and single -, beginning with a letter: model-is-down")
    return name


def plug_in(kind: str, name: str, folder: Path) -> Files:
    """The module of a ``connector`` or ``rule`` with its cases: in the source tree at its place there, elsewhere as a distribution."""
    words = {"NAME": name, "CLASS": name.title().replace("_", ""), "DASHED": name.replace("_", "-"), "KIND": kind}
    own = in_tree(folder)
    module = Path(f"{kind}s") / f"{name}.py" if own else Path(f"secondsource_{name}.py")
    found = {module: _filled(_TEMPLATES / kind / "module.py.txt", words)}
    if not own:
        found[Path("pyproject.toml")] = _filled(_TEMPLATES / "project" / "pyproject.toml.txt", words)
    cases = _TEMPLATES / kind / "cases"
    for path in _below(cases):
        found[Path("tests") / f"{kind}s" / name / path.relative_to(cases)] = _filled(path, words)
    return found


def runbook(kind: str, name: str, review_by: date) -> Files:
    """The file of a runbook, plan or drill, with its cases where it has runs."""
    words = {"NAME": name, "REVIEW": review_by.isoformat()}
    found = {Path("runbooks") / FOLDERS[kind] / f"{name}.yaml": _filled(_TEMPLATES / "runbook" / f"{kind}.yaml", words)}
    case = _TEMPLATES / "runbook" / f"{kind}.case.yaml"
    if case.is_file():
        found[Path("tests") / "runbooks" / f"{name}.yaml"] = _filled(case, words)
    return found


def write(folder: Path, files: Files) -> None:
    """Write ``files`` below ``folder``: all of them, or none where one is there already. Raises ``UserError``."""
    for path in files:
        if (folder / path).exists():
            raise UserError(f"there is a {folder / path} already, and nothing is overwritten; choose another name or folder")
    try:
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    except OSError as error:
        raise UserError(f"{error.filename} can not be written: {error.strerror}") from None


def _below(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def _filled(path: Path, words: Mapping[str, str]) -> bytes:
    content = path.read_bytes()
    for word, value in words.items():
        content = content.replace(f"__{word}__".encode(), value.encode())
    return content
