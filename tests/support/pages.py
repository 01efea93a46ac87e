"""Pages of vendors, in the formats that connectors read."""

from __future__ import annotations

import json
from collections.abc import Mapping


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
