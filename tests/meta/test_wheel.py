"""The wheel carries all that the program needs at run time, and nothing of the workshop."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder: Path = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_wheel_holds_code_and_data(wheel: set[str]) -> None:
    assert differences(wheel, wanted()) == []


def test_wheel_holds_the_licence(wheel: set[str]) -> None:
    assert [name for name in wheel if name.endswith(".dist-info/licenses/LICENSE")]


def test_differences_are_found() -> None:
    assert differences({"a.py", "x-1.dist-info/RECORD"}, {"b.py"}) == ["lacks b.py", "holds a.py"]
