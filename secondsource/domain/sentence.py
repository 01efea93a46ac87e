"""The words: one function composes the sentence that page, Slack, mail, command line and report share."""

from __future__ import annotations

from datetime import datetime, timedelta

from secondsource.domain.exposure import FunctionHit
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import Entry


def duration(span: timedelta) -> str:
    """How long, as people say it: ``under a minute``, ``23 min``, ``1 h 20 min``, ``3 days``. A negative span counts as none."""
    raise NotImplementedError


def chain_line(hit: FunctionHit, arrow: str = " → ") -> str:
    """The way from the function to the trouble: ``Support assistant → Chat inference → Halcyon AI → AWS us-east-1``."""
    raise NotImplementedError


def sentence(entry: Entry, now: datetime, plan: PlanNote | None = None) -> str:
    """What it is, for how long, what hurts when, and whether the plan is ready; ``plan`` None takes the entry's own note.

    ``Halcyon AI: major outage for 23 min; Support assistant is hurt in 7 min; failover plan is ready (drill passed 12 days
    ago)``. Drills begin with ``[DRILL] ``. Plain text: who writes it somewhere escapes it for there.
    """
    raise NotImplementedError


def subject_line(entry: Entry, now: datetime) -> str:
    """For mail: ``[major] OpenAI API: Support assistant hurt in 7 min``."""
    raise NotImplementedError
