"""The command ``new``: what it writes works at once, in the source tree and outside of it, and nothing is overwritten."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from secondsource.cli.app import cli

ROOT = Path(__file__).parents[2]
COPIED = ("secondsource", "connectors", "rules", "services", "runbooks", "catalog", "tests", "docs", "pyproject.toml")
PROGRAM = "from services.command import main; main()"


def run(folder: Path, paths: Iterable[Path], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of Python in ``folder``, with modules from ``paths`` before all others."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree, with a connector, a rule, and a runbook of each kind begun in it."""
    root: Path = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(source, root / name)
    for arguments in (
        ["connector", "acme_page"],
        ["rule", "acme_out"],
        *(["runbook", f"acme-{kind}", "--kind", kind] for kind in ("escalation", "contingency", "drill")),
    ):
        done = run(root, [root], "-c", PROGRAM, "new", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "wrote " in done.stdout
    return root


def test_in_the_tree_the_new_cases_hold(tree: Path) -> None:
    cases = [
        "tests/connectors/acme_page",
        "tests/rules/acme_out",
        "tests/runbooks/acme-escalation.yaml",
        "tests/runbooks/acme-contingency.yaml",
    ]
    done = run(tree, [tree], "-c", PROGRAM, "test", *cases)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("22 of 22 cases hold\n")
    checked = run(tree, [tree], "-c", PROGRAM, "check", "runbooks")
    assert checked.stdout == "0 problems in runbooks\n"


def test_in_the_tree_the_tests_that_all_plug_ins_owe_hold_and_the_pages_are_there(tree: Path) -> None:
    tests = [f"tests/connectors/test_{name}.py" for name in ("fixtures", "hostile", "plugins", "requests")]
    tests += ["tests/rules/test_cases.py", "tests/rules/test_bounded.py", "tests/meta/test_generated.py", "tests/meta/test_leftovers.py"]
    wanted = "acme or every or leftovers or recognises or (generated and (README or configuration or schema))"
    done = run(tree, [tree], "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests, "-k", wanted)
    assert done.returncode == 0, done.stdout
    assert "\nurl: https://status.borealis.example/services.json" in (tree / "docs/reference/connectors/acme_page.md").read_text().replace(
        "  ", ""
    )
    assert "### acme_out" in (tree / "docs/reference/configuration.md").read_text()
    for arguments in (["format", "--check"], ["check"]):
        ruff = run(tree, [tree], "-m", "ruff", *arguments, "--no-cache", "connectors/acme_page.py", "rules/acme_out.py")
        assert ruff.returncode == 0, ruff.stdout + ruff.stderr


@pytest.mark.parametrize(("kind", "name", "cases"), [("connector", "acme_page", 10), ("rule", "acme_out", 8)])
def test_outside_a_distribution_of_its_own_is_found_once_it_is_installed(tmp_path: Path, kind: str, name: str, cases: int) -> None:
    done = CliRunner().invoke(cli({}), ["new", kind, name, "--output", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert f"pip install --editable {tmp_path}" in done.output
    built = run(tmp_path, [], "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"))
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    tested = run(tmp_path, [tmp_path / "site", ROOT], "-P", "-c", PROGRAM, "test", f"tests/{kind}s")
    assert tested.stdout.endswith(f"{cases} of {cases} cases hold\n"), tested.stdout + tested.stderr


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    assert CliRunner().invoke(cli({}), ["new", "runbook", "night", "--output", str(tmp_path)]).exit_code == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")}
    assert {path.relative_to(tmp_path).as_posix() for path in before} == {"runbooks/escalation/night.yaml", "tests/runbooks/night.yaml"}
    (tmp_path / "runbooks/escalation/night.yaml").unlink()
    again = CliRunner().invoke(cli({}), ["new", "runbook", "night", "--output", str(tmp_path)])
    assert again.exit_code == 2
    assert "already, and nothing is overwritten" in again.stderr
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yaml")] == ["tests/runbooks/night.yaml"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["connector", "statuspage"], "there is a connector 'statuspage' already"),
        (["rule", "vendor_outage"], "there is a rule 'vendor_outage' already"),
        (["connector", "My-Page"], "is no name for a plug-in"),
        (["connector", "../page"], "is no name for a plug-in"),
        (["rule", "class"], "is no name for a plug-in"),
        (["rule", "_own"], "is no name for a plug-in"),
        (["runbook", "a/b"], "is no name for a runbook"),
    ],
)
def test_wrong_names_are_told_in_one_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(cli({}), ["new", *arguments, "--output", str(tmp_path)])
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
