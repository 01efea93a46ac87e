"""The lock: every package by version and hash, nothing said about where it comes from, and fit for pyproject.toml."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.meta.repository import ROOT, project

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)
_ORIGIN = re.compile(r"://|@ (?:file|git)|^\s*-{1,2}(?:i|f|index-url|extra-index-url|find-links|trusted-host)\b", re.MULTILINE)


def lock(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def pins(text: str) -> dict[str, str]:
    """Version by normalised name."""
    return {canonicalize_name(name): version for name, version in _PIN.findall(text)}


def complaints(text: str) -> list[str]:
    """Where ``text`` says more than a lock should (an origin) or less (no hash)."""
    found = [f"an origin is named: {match.group()!r}" for match in _ORIGIN.finditer(text)]
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    found += [f"no hash: {entry.splitlines()[0]}" for entry in entries if "--hash=sha256:" not in entry]
    found += [f"not pinned: {entry.splitlines()[0]}" for entry in entries if not _PIN.match(entry)]
    return found


def unmet(requirements: list[str], locked: dict[str, str]) -> list[str]:
    """The requirements that ``locked`` does not meet."""
    return [
        requirement
        for requirement, parsed in ((text, Requirement(text)) for text in requirements)
        if (version := locked.get(canonicalize_name(parsed.name))) is None or Version(version) not in parsed.specifier
    ]


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_lock_has_hashes_and_no_origin(name: str) -> None:
    assert complaints(lock(name)) == []
    assert len(pins(lock(name))) > 10


def test_lock_is_fresh() -> None:
    declared = project()["project"]
    extras = declared["optional-dependencies"]
    build = [*extras["build"], *project()["build-system"]["requires"]]
    assert unmet([*declared["dependencies"], *build], pins(lock("run.txt"))) == [], "run make lock"
    assert unmet([*declared["dependencies"], *build, *extras["dev"]], pins(lock("dev.txt"))) == [], "run make lock"


def test_what_is_tested_is_what_runs() -> None:
    run, dev = pins(lock("run.txt")), pins(lock("dev.txt"))
    assert {name: dev.get(name) for name in run} == run


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a==1 \\\n    --hash=sha256:00\n--index-url somewhere\n", "origin"),
        ("--find-links wheels\na==1 \\\n    --hash=sha256:00\n", "origin"),
        ("# from https://index.invalid\na==1 \\\n    --hash=sha256:00\n", "origin"),
        ("a==1\nb==2 \\\n    --hash=sha256:00\n", "no hash"),
        ("a>=1 \\\n    --hash=sha256:00\n", "not pinned"),
    ],
)
def test_a_bad_lock_is_found(text: str, word: str) -> None:
    assert [word in complaint for complaint in complaints(text)] == [True]


def test_an_unmet_requirement_is_found() -> None:
    assert unmet(["A_b>=2", "c", "d<3"], {"a-b": "1.9", "d": "2.9"}) == ["A_b>=2", "c"]
