"""Mappings that could not work are refused when they are read, not when the page is."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.json_status import Config
from secondsource.domain.status import Status

URL = "https://status.tessera.example/"
COMPONENTS = {"each": "components[*]", "status": "status"}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "say where the status stands"),
        ({"components": COMPONENTS}, "say what the page's words for a status mean"),
        ({"components": COMPONENTS, "words": {"up": "fine"}}, "'operational', 'maintenance'"),
        ({"components": COMPONENTS, "words": {"up": "operational", " UP ": "degraded"}}, "has two meanings"),
        ({"components": {"each": "components[*"}, "words": {"up": "operational"}}, "is no path from its character 11 on"),
        ({"components": {"each": "components[*]"}, "words": {"up": "operational"}}, "status"),
        ({"page": {"status": "all[*].status"}, "words": {"up": "operational"}}, "no \\[\\*\\]"),
        ({"incidents": {"each": "@key"}}, "'@key' is no place"),
        ({"incidents": {"each": "incidents[*]", "colour": "red"}}, "colour"),
    ],
)
def test_a_mapping_that_can_not_work_is_refused(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Config.model_validate({"url": URL, **config})


def test_words_are_the_same_in_upper_and_lower_case() -> None:
    config = Config.model_validate({"url": URL, "components": COMPONENTS, "words": {" Up ": "operational", "up": "operational"}})
    assert config.words == {"up": Status.OPERATIONAL}
    assert Config.model_validate_json(config.model_dump_json()) == config
