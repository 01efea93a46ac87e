"""The wheel carries all that the program needs at run time, and nothing of the workshop."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from secondsource.adapters.shipped import shipped
from tests.meta.repository import ROOT, SHIPPED

DATA = {"runbooks": "secondsource/data/runbooks", "catalog": "secondsource/data/catalog"}


def wanted() -> set[str]:
    """Every file of the tree that belongs into the wheel, by its name there."""
    folders = {**{name: name for name in SHIPPED}, **DATA}
    return {
        f"{target}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, target in folders.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(names: set[str], expected: set[str]) -> list[str]:
    """What the wheel lacks and what it has too much, besides its metadata."""
    held = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    return [f"lacks {name}" for name in sorted(expected - held)] + [f"holds {name}" for name in sorted(held - expected)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture
def wheel(built: Path) -> set[str]:
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_wheel_holds_code_and_data(wheel: set[str]) -> None:
    assert differences(wheel, wanted()) == []


def test_wheel_holds_the_licence(wheel: set[str]) -> None:
    assert [name for name in wheel if name.endswith(".dist-info/licenses/LICENSE")]


CHECK = """
from secondsource.adapters.shipped import shipped
print(shipped("catalog"), shipped("runbooks"), sep="\\n")
from services.command import main
main()
"""


def test_the_installed_program_finds_its_catalog_and_runbooks(built: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(built) as archive:
        archive.extractall(site)
    (tmp_path / "secondsource.yaml").write_text("sources: [openai]\n", encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-P", "-c", CHECK, "check"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert answer.stdout.splitlines()[:2] == [str(site / DATA["catalog"]), str(site / DATA["runbooks"])]
    assert answer.stdout.splitlines()[-1] == "0 problems in secondsource.yaml"


def test_a_checkout_finds_its_catalog_and_runbooks() -> None:
    assert [shipped(kind) for kind in ("catalog", "runbooks")] == [ROOT / "catalog", ROOT / "runbooks"]
    with pytest.raises(ValueError, match="nothing called 'docs' is shipped"):
        shipped("docs")


def test_differences_are_found() -> None:
    assert differences({"a.py", "x-1.dist-info/RECORD"}, {"b.py"}) == ["lacks b.py", "holds a.py"]
