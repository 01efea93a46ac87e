"""Atlassian Statuspage (API v2) and the pages that speak its format.

Pages contradict themselves: components can all be green under an open critical incident. So the page's indicator, each
component, and each incident are readings of their own, and whoever wants the vendor's status takes the worst of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import document
from secondsource.contracts.status_page import StatusPageConfig, file_at, json_request
from secondsource.contracts.statuspage_v2 import read_statuspage


class Statuspage:
    """Reads summary.json, status.json, components.json, incidents*.json and scheduled-maintenances*.json."""

    spec: ClassVar[Spec] = Spec(
        name="statuspage",
        summary="Status pages of Atlassian Statuspage and others with the same API",
        config=StatusPageConfig,
        interval=timedelta(minutes=1),
        kinds=("component_status", "incident", "maintenance"),
        documentation="https://metastatuspage.com/api",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page's summary, or the file that the configured address names."""
        assert isinstance(config, StatusPageConfig)
        return (json_request(file_at(config.url.rstrip("/").removesuffix("/api/v2"), "/api/v2/summary.json"), config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The page, its components, its incidents (the resolved ones too) and its planned maintenance."""
        assert isinstance(config, StatusPageConfig)
        return read_statuspage(document(response.body), config)

    def recognise(self, response: Response) -> float:
        """Sure for a page block with an indicator or lists, less so for a bare list of incidents."""
        try:
            root = document(response.body)
            if root.has("page") and any(root.has(part) for part in ("status", "components", "incidents", "scheduled_maintenances")):
                return 0.95 if root["page"].has("id") else 0.5
            incidents = root.list_of("incidents")
            return 0.8 if incidents and incidents[0].has("impact") and incidents[0].has("incident_updates") else 0.0
        except ParseError:
            return 0.0
