"""The commands of the Makefile explain themselves, and continuous integration runs what a contributor runs."""

from __future__ import annotations

import os
import re
import subprocess

from tests.meta.repository import ROOT

WANTED = {"test", "check", "fmt", "bench", "lock", "clean", "help"}


def explained(makefile: str) -> tuple[set[str], set[str]]:
    """The targets that people call, and those that ``make help`` tells of."""
    phony = {name for line in re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE) for name in line.split() if not name.startswith(".")}
    return phony, set(re.findall(r"^## (\w+) ", makefile, re.MULTILINE))


def test_every_command_is_explained() -> None:
    targets, told = explained((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert targets == told
    assert targets >= WANTED
    assert explained(".PHONY: a b\n## a  first\n") == ({"a", "b"}, {"a"})


def test_help_names_the_commands() -> None:
    answer = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make (\w+) ", answer, re.MULTILINE)) >= WANTED


def test_ci_ends_in_the_test_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"
    assert os.access(script, os.X_OK)
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
