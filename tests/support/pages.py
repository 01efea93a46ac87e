"""Pages of vendors, in the formats that connectors read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from secondsource.domain.observations import Batch, ComponentStatus, batch_of, observe
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status


def statuspage(name: str, components: Mapping[str, str], indicator: str = "none") -> bytes:
    """A Statuspage summary with these components (name to status) and no incident."""
    return json.dumps(
        {
            "page": {"id": name.lower(), "name": name},
            "components": [{"id": part.lower(), "name": part, "status": status} for part, status in components.items()],
            "incidents": [],
            "scheduled_maintenances": [],
            "status": {"indicator": indicator},
        }
    ).encode()


def red(vendor: str, when: datetime) -> Batch:
    """The batch of a poll that found the vendor's API down."""
    body = ComponentStatus("API", Status.MAJOR_OUTAGE, scopes=(Scope(vendor, "api"),))
    said = observe(source=vendor, vendor=vendor, subject="component/api", observed_at=when, body=body)
    return batch_of(vendor, vendor, when, (said,))
