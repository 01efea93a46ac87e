"""Documentation is held to what is there: examples load, links lead somewhere, decisions are listed, commands exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from secondsource.adapters.known import known
from secondsource.settings.file import Configuration
from secondsource.settings.load import examine
from tests.meta.repository import ROOT, blocks, documents, relative

_LINK = re.compile(r"\[[^\]]*\]\((?!\w+:|#)([^)\s#]+)")
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
_MAKE = re.compile(r"\bmake ([a-z]+)\b")


def unloadable(markdown: str) -> list[str]:
    """The YAML and JSON examples in ``markdown`` that do not load."""
    found = []
    for line, text in blocks(markdown, "ya?ml"):
        try:
            list(yaml.safe_load_all(text))
        except yaml.YAMLError as error:
            found.append(f"line {line}: {error}")
    for line, text in blocks(markdown, "json"):
        try:
            json.loads(text)
        except ValueError as error:
            found.append(f"line {line}: {error}")
    return found


def unsound(markdown: str, folder: Path) -> list[str]:
    """What the program says of the YAML examples in ``markdown`` that are configurations: all their keys are a configuration's."""
    found = []
    for line, text in blocks(markdown, "ya?ml"):
        value = yaml.safe_load(text) if not unloadable(f"```yaml\n{text}```\n") else None
        if isinstance(value, dict) and value and value.keys() <= Configuration.model_fields.keys():
            path = folder / "secondsource.yaml"
            path.write_text(text, encoding="utf-8")
            found += [f"line {line}: {problem.text}" for problem in examine(path, known()).problems]
    return found


def dangling(markdown: str, folder: Path) -> list[str]:
    """Links and pictures that lead to no file."""
    return [link for link in _LINK.findall(markdown) if not (folder / link).exists()]


def commanded(markdown: str) -> set[str]:
    """The make targets that code in ``markdown`` tells the reader to run."""
    code = re.findall(r"```.*?```|`[^`\n]+`", markdown, re.DOTALL)
    return {target for text in code for target in _MAKE.findall(text)}


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_document_holds(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert unloadable(text) == []
    assert unsound(text, tmp_path) == []
    assert dangling(text, path.parent) == []
    assert commanded(text) - set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))) == set()


def test_bad_documents_are_found(tmp_path: Path) -> None:
    assert unloadable("text\n```yaml\na: [1\n```\n")[0].startswith("line 2: ")
    assert unloadable("1. step\n\n   ```yml\n   a:\n     - b: ]\n   ```\n")
    assert unloadable("```json\n{'a': 1}\n```\n")
    assert unloadable('```yaml\na: 1\n---\nb: 2\n```\n```json\n{"a": 1}\n```\n```text\na: [1\n```\n') == []
    assert unsound("```yaml\nsources: [nobody_at_all]\n```\n", tmp_path)[0].startswith("line 1: sources[0]: ")
    assert unsound("```yaml\nsources: [openai]\n```\n```yaml\nid: openai\nsources: []\n```\n```yaml\na: [1\n```\n", tmp_path) == []
    (tmp_path / "here.md").write_text("here")
    links = "[a](here.md#part) [b](gone.md) ![c](gone.png) [d](https://example.org) [e](#part)"
    assert dangling(links, tmp_path) == ["gone.md", "gone.png"]
    assert commanded("`make demo` and\n```\nmake test\n```\nthat make sense") == {"demo", "test"}


def unlisted(index: str, decisions: list[str]) -> list[str]:
    """Decisions that the index does not list, or lists more than once."""
    return [name for name in decisions if index.count(f"]({name})") != 1]


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    decisions = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert unlisted((folder / "README.md").read_text(encoding="utf-8"), decisions) == []
    numbers = [int(name[:4]) for name in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    assert unlisted("[0001](0001-a.md)", ["0001-a.md", "0002-b.md"]) == ["0002-b.md"]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "adr").glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_decision_has_its_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.name[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert re.search(r"^Status: (accepted|replaced by \d{4})$", text, re.MULTILINE)
