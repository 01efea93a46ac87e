"""Two hours in which vendors fail and recover, some of them told by a page, some pushed; the same for the same seed."""

from __future__ import annotations

from datetime import datetime, timedelta

from secondsource.domain.observations import Batch, ComponentStatus, batch_of, observe
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status
from tests.support.chance import number
from tests.support.company import T0, at, minutes
from tests.support.pages import statuspage

END = at(121)
VENDORS = ("aws", "cirrus", "gpuco", "borealis")
PEOPLE = (
    ("ana", "Ana", "ana@example.org", "U1", ("on-call",)),
    ("ben", "Ben", None, "U2", ("duty-manager",)),
    ("cy", "Cy", "cy@example.org", None, ("incident-commander",)),
)
_STATES = (Status.OPERATIONAL, Status.DEGRADED, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE)
_NATIVE = ("operational", "degraded_performance", "partial_outage", "major_outage")


class Story:
    """Chooses by hashing, so that a seed is a story wherever it is told."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.start = T0

    def choose(self, among: int, *about: object) -> int:
        """A number from 0 to ``among`` - 1."""
        return number(self.seed, among, *about)


def page_at(story: Story, now: datetime) -> bytes:
    """Halcyon's page: what it shows changes every quarter of an hour."""
    quarter = (now - T0) // minutes(15)
    return statuspage("Halcyon AI", {"API": _NATIVE[story.choose(4, "page", quarter)]})


def pushes(story: Story) -> list[Batch]:
    """What others push: each vendor's state, anew every ten to thirty minutes."""
    found = []
    for vendor in VENDORS:
        when = timedelta(minutes=story.choose(10, vendor))
        number = 0
        while T0 + when < END:
            status = _STATES[story.choose(4, vendor, number)]
            region = "us-east-1" if vendor == "aws" else None
            body = ComponentStatus("Service", status, native=str(number), scopes=(Scope(vendor, None, region),))
            said = observe(source="probe", vendor=vendor, subject="component/service", observed_at=T0 + when, body=body)
            found.append(batch_of(vendor, "probe", T0 + when, (said,)))
            number += 1
            when += timedelta(minutes=10 + story.choose(20, vendor, number, "wait"))
    return sorted(found, key=lambda batch: (batch.at, batch.key))
