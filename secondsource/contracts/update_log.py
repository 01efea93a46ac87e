"""Help for connectors: an incident's log written as HTML, as Statuspage's history and others in its likeness have it.

``<small>Aug <var>21</var>, <var>00:37</var> UTC</small><br> <strong>Resolved</strong> - text``, one after another.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from secondsource.domain.observations import IncidentUpdate
from secondsource.domain.text import plain_text, tidy

_STRONG = re.compile(r"<strong>\s*([^<]{1,60}?)\s*</strong>\s*-?")
_STAMP = re.compile(r"(?P<month>[A-Z][a-z]{2})[a-z]*\s+(?P<day>\d{1,2}),?\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})\s*(?P<zone>[A-Z]{1,5})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "JST": 9, "SGT": 8,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AEST": 10, "AEDT": 11,
}  # fmt: skip
# an hour more can be added to it
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(hours=1)


def _when(stamp: str, latest: datetime) -> datetime | None:
    """The instant that a stamp without a year means: the last one of its kind that is not after ``latest``."""
    found = _STAMP.search(plain_text(stamp, 200).replace(" ,", ","))
    if found is None or found["month"] not in _MONTHS or found["zone"] not in _ZONES:
        return None
    for year in (latest.year + 1, latest.year, latest.year - 1, latest.year - 2, latest.year - 3, latest.year - 4):
        try:
            local = datetime(
                year, _MONTHS.index(found["month"]) + 1, int(found["day"]), int(found["hour"]), int(found["minute"]), tzinfo=UTC
            )
            at = local - timedelta(hours=_ZONES[found["zone"]])
        except (ValueError, OverflowError):
            continue  # 29 February is in one year of four
        if at <= latest:
            return at
    return None


def updates_in(markup: str, latest: datetime) -> list[IncidentUpdate]:
    """The entries of a log, in its order, with their stages in small letters.

    Their times have no year, so they are the last ones before ``latest``; None where a stamp is not understood.
    """
    # an entry is stamped to the second and its updates to the minute, and clocks of pages and feeds differ a little
    latest = min(latest, _LAST) + timedelta(hours=1)
    found = []
    for piece in markup.split("<small>")[1:]:
        stamp, _, rest = piece.partition("</small>")
        stage = _STRONG.search(rest)
        if stage:
            text = plain_text(rest[stage.end() :], 1000)
            found.append(IncidentUpdate(tidy(stage.group(1), 60).lower(), text, _when(stamp, latest)))
    return found
