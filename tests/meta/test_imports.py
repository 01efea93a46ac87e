"""What no module may import, and layers that no package escapes."""

from __future__ import annotations

import ast

import pytest

from tests.meta.repository import ROOT, SHIPPED, modules, project, relative

RUNS_CODE = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "shelve"}


def unpicklers(source: str) -> set[str]:
    """Modules imported by ``source`` that run what they read."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"}:
                names.add(str(node.args[0].value))
    return {name for name in names if name.split(".")[0] in RUNS_CODE}


def test_nothing_unpickles() -> None:
    found = {relative(path): unpicklers(path.read_text(encoding="utf-8")) for path in modules(*SHIPPED, "tests", "benchmarks")}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import json, pickle as p",
        "from pickle import loads",
        "import importlib\nimportlib.import_module('dill')",
        "__import__('shelve')",
    ],
)
def test_unpicklers_are_found(source: str) -> None:
    assert unpicklers(source)


def test_words_about_pickles_are_not_imports() -> None:
    assert unpicklers("'''import pickle'''\nimport json  # not pickle") == set()


def unlayered(packages: set[str], layers: list[str]) -> set[str]:
    """Those of ``packages`` that no layer names."""
    named = {name.strip() for layer in layers for name in layer.replace(":", "|").split("|")}
    return packages - named


def test_every_package_has_its_layer() -> None:
    packages = {f"secondsource.{path.parent.name}" for path in (ROOT / "secondsource").glob("*/__init__.py")} | set(SHIPPED[1:])
    contracts = {contract["id"]: contract for contract in project()["tool"]["importlinter"]["contracts"]}
    assert unlayered(packages, contracts["layers"]["layers"]) == set()
    assert unlayered({"secondsource.domain", "secondsource.stray"}, ["a | secondsource.domain"]) == {"secondsource.stray"}
