"""Discovery: by scanning and by entry points; what is broken, doubled or unknown is named in one sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from secondsource.adapters import plugins
from secondsource.adapters.plugins import PluginError, connector, connector_names, connectors, rules
from secondsource.contracts.connector import Connector

CONNECTOR = """
from datetime import timedelta
from pydantic import BaseModel
from secondsource.contracts.connector import Parsed, Spec

class {cls}:
    spec = Spec("{name}", "", BaseModel, timedelta(minutes=1), ("news",), "")
    def requests(self, config, cursor):
        return ()
    def parse(self, response, config):
        return Parsed(())
"""


@pytest.fixture
def fresh() -> Iterator[None]:
    """Discovery without what it remembers, before and after."""

    def forget() -> None:
        for remembered in (plugins._modules, plugins._installed, plugins._plugin, plugins.connector):
            remembered.cache_clear()

    forget()
    yield
    forget()


@pytest.fixture
def extra(fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second folder of the package ``connectors``."""
    import connectors as package

    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    return tmp_path


def distribution(folder: Path, monkeypatch: pytest.MonkeyPatch, points: str) -> None:
    """An installed distribution with entry points."""
    (folder / "extra_source-1.0.dist-info").mkdir()
    (folder / "extra_source-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: extra-source\nVersion: 1.0\n")
    (folder / "extra_source-1.0.dist-info" / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(folder)


def test_every_module_of_the_package_is_a_connector_and_none_is_listed_by_hand() -> None:
    modules = {path.stem for path in (Path(__file__).parents[2] / "connectors").glob("[a-z]*.py")}
    assert set(connector_names()) == modules
    for name, found in connectors().items():
        assert found.spec.name == name
        assert isinstance(found, Connector)
        assert found.spec.summary
        assert found.spec.documentation.startswith("https://")


def test_rules_are_found_by_their_ids() -> None:
    for name, found in rules().items():
        assert found.meta.id == name


def test_an_unknown_connector_is_told_with_the_known_ones() -> None:
    with pytest.raises(PluginError, match=r"no connector 'statuspag'; known are (\w+, )*litellm_prices, (\w+, )*statuspage(, \w+)*$"):
        connector("statuspag")


def test_a_new_file_is_enough(extra: Path) -> None:
    (extra / "brand_new.py").write_text(CONNECTOR.format(cls="BrandNew", name="brand_new"))
    assert "brand_new" in connector_names()
    assert connector("brand_new").spec.name == "brand_new"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nothing_of_this_name", "can not be loaded: ModuleNotFoundError"),
        ("def broken(:", "can not be loaded: SyntaxError"),
        ("1 / 0", "can not be loaded: ZeroDivisionError"),
        ("", "0 connector classes, exactly one is needed"),
        (CONNECTOR.format(cls="A", name="odd_one") + CONNECTOR.format(cls="B", name="odd_one"), "2 connector classes"),
        (CONNECTOR.format(cls="A", name="another"), "calls itself 'another' in spec.name"),
        (CONNECTOR.format(cls="A", name="odd_one") + "    def __init__(self, x):\n        pass\n", "made without arguments"),
        ("from connectors.statuspage import Statuspage", "0 connector classes"),
    ],
)
def test_a_broken_one_is_named(extra: Path, text: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (extra / "odd_one.py").write_text(text)
    monkeypatch.delitem(sys.modules, "connectors.odd_one", raising=False)
    with pytest.raises(PluginError, match=says) as caught:
        connectors()
    assert "odd_one" in str(caught.value)
    assert "\n" not in str(caught.value)
    monkeypatch.delitem(sys.modules, "connectors.odd_one", raising=False)


def test_an_installed_connector_is_found_by_its_entry_point(fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "extra_source_code.py").write_text(CONNECTOR.format(cls="Theirs", name="theirs"))
    distribution(tmp_path, monkeypatch, "[secondsource.connectors]\ntheirs = extra_source_code:Theirs\n")
    assert "theirs" in connector_names()
    assert type(connector("theirs")).__name__ == "Theirs"


def test_two_of_one_name_are_an_error(fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(tmp_path, monkeypatch, "[secondsource.connectors]\nstatuspage = their_code:Theirs\n")
    with pytest.raises(PluginError, match=r"two connectors named 'statuspage'.*their_code:Theirs"):
        connector_names()


def test_asking_for_one_imports_no_other() -> None:
    code = (
        "import sys; from secondsource.adapters.plugins import connector; connector('statuspage');"
        "print(sorted(m for m in sys.modules if m.startswith('connectors.') or m == 'feedparser'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['connectors.statuspage']"
