"""Incidents that vendors declared, from the recorded files, in one form. Nothing of their texts is kept but the title."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from secondsource.domain.status import Status

CORPUS = Path(os.environ.get("SECONDSOURCE_CORPUS") or Path(__file__).parents[2].parent / "shared" / "data")
"""Where the recorded payloads lie."""

IMPACTS = {
    "none": Status.OPERATIONAL,
    "minor": Status.DEGRADED,
    "major": Status.PARTIAL_OUTAGE,
    "critical": Status.MAJOR_OUTAGE,
    "maintenance": Status.MAINTENANCE,
    "low": Status.DEGRADED,
    "medium": Status.PARTIAL_OUTAGE,
    "high": Status.MAJOR_OUTAGE,
}
"""What an impact comes to on our scale: Statuspage's words, and Google's for severity; as the connectors have it."""


class Declared(msgspec.Struct, frozen=True):
    """One incident as its vendor declared it. ``words`` are the times of its updates, oldest first; the last may be the end."""

    vendor: str
    id: str
    title: str
    status: Status
    start: datetime
    end: datetime | None
    words: tuple[datetime, ...] = ()


def atlas(path: Path) -> tuple[list[Declared], int]:
    """The normalised lists of 22 vendors: a year in one file, or a day's new and changed incidents, of which the last word counts.

    With them the number of those that are left out, because nobody says when they began, or they claim to have ended before.
    """
    found: dict[tuple[str, str], Declared] = {}
    left_out = 0
    content = json.loads(path.read_bytes())
    rows: Iterable[dict[str, Any]] = content if isinstance(content, list) else [*content.get("new", ()), *content.get("changed", ())]
    for row in rows:
        if not row["created_at"]:
            left_out += 1
            continue
        start = datetime.fromisoformat(row["created_at"])
        end = datetime.fromisoformat(row["resolved_at"]) if row["resolved_at"] else None
        if end is not None and end < start:
            left_out += 1
            continue
        each = Declared(row["provider_id"], row["incident_id"], row["title"], IMPACTS[row["severity"]], start, end)
        found[each.vendor, each.id] = each
    return list(found.values()), left_out


def statuspage(path: Path, vendor: str) -> list[Declared]:
    """A recorded ``incidents.json``."""
    found = []
    for row in json.loads(path.read_bytes())["incidents"]:
        words = sorted(datetime.fromisoformat(update["created_at"]) for update in row["incident_updates"])
        start, end = datetime.fromisoformat(row["started_at"] or row["created_at"]), row["resolved_at"]
        over = datetime.fromisoformat(end) if end else None
        found.append(Declared(vendor, row["id"], row["name"], IMPACTS[row["impact"]], start, over, tuple(words)))
    return found


_STAMP = re.compile(r"([A-Z][a-z]{2} \d{1,2}, \d{4} - \d{2}:\d{2}) (\w+)$")
_ZONES = {"PDT": ZoneInfo("America/Los_Angeles"), "PST": ZoneInfo("America/Los_Angeles"), "UTC": UTC}


def history(path: Path, vendor: str) -> list[Declared]:
    """A history page that was scraped into a table, with the times of all updates in the page's zone."""
    found = []
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            updates = json.loads(row["Updates"])
            words = sorted(_stamp(update["Update_Timestamp"]) for update in updates)
            over = any(update["Update_Title"] == "Resolved" for update in updates)
            impact = IMPACTS[row["Incident_Impact"].removeprefix("impact-")]
            identity = row["Incident_Link"].rpartition("/")[2]
            found.append(Declared(vendor, identity, row["Incident_Title"], impact, words[0], words[-1] if over else None, tuple(words)))
    return found


def _stamp(text: str) -> datetime:
    found = _STAMP.search(text)
    if found is None:
        raise ValueError(f"no time in {text!r}")
    return datetime.strptime(found[1], "%b %d, %Y - %H:%M").replace(tzinfo=_ZONES[found[2]]).astimezone(UTC)


def files() -> dict[str, tuple[list[Declared], int]]:
    """Every incident file of the corpus, by what it is called in the figures, with how many of its incidents are left out."""
    status, series = CORPUS / "status", CORPUS / "series" / "incident-changes-daily"
    found = {f"22 vendors, {year}": atlas(status / f"atlas__incidents-{year}.json") for year in (2019, 2023)}
    found |= {f"22 vendors, changes of {path.stem}": atlas(path) for path in sorted(series.glob("*.json"))}
    found["GitHub, incidents.json"] = statuspage(status / "github__statuspage-incidents.json", "github"), 0
    for vendor in ("openai", "anthropic"):
        for path in sorted(status.glob(f"{vendor}__incident-history-*.csv")):
            span = path.stem.rpartition("-")[2].replace("_", " to ")
            found[f"{vendor.title().replace('Openai', 'OpenAI')}, history {span}"] = history(path, vendor), 0
    return found


def poll_after(at: datetime, every: timedelta = timedelta(minutes=1)) -> datetime:
    """The first poll at or after ``at``, where polls are made on a grid."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch - (epoch - at) // every * every
