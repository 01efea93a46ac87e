"""A page that answers in the format of another platform is refused: whatever little of it would fit is no picture of the vendor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from secondsource.adapters.plugins import connector, connector_names
from secondsource.contracts.connector import ParseError, Recognises, Response

HERE = Path(__file__).parent
ANYTHING = frozenset({"http_probe"})
"""What is pointed at an address, whatever it answers."""
SAME = {"incident_io": frozenset({"statuspage"})}
"""Formats that a connector reads too, because its own platform answers in them."""


def readable(name: str) -> list[Path]:
    """The cases that give readings."""
    return sorted(path.parent for path in (HERE / name).glob("*/expected.jsonl"))


def told(case: Path) -> dict[str, Any]:
    config: dict[str, Any] = msgspec.json.decode((case / "request.json").read_bytes())["config"]
    return config


ANSWERS = [
    (name, case.name, Response("https://localhost/", 200, {}, next(case.glob("response.*")).read_bytes(), datetime(2026, 1, 2, tzinfo=UTC)))
    for name in connector_names()
    for case in readable(name)
]


@pytest.mark.parametrize("name", [name for name in connector_names() if name not in ANYTHING and readable(name)])
def test_what_another_connector_is_sure_of_and_this_one_is_not_is_refused(name: str) -> None:
    reader = connector(name)
    assert isinstance(reader, Recognises)
    config = reader.spec.config.model_validate(told(readable(name)[0]))
    for other, case, answer in ANSWERS:
        owner = connector(other)
        if (
            other == name
            or other in SAME.get(name, ())
            or not isinstance(owner, Recognises)
            or owner.recognise(answer) < 0.9
            or reader.recognise(answer) >= 0.5
        ):
            continue
        try:
            readings = reader.parse(answer, config).readings
        except ParseError:
            continue
        pytest.fail(f"{name} reads {len(readings)} things in {other}/{case}")
