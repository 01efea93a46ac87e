"""One event of one run. Pure: the runbook, the run and the time go in; the new run and what it asks for come out."""

from __future__ import annotations

from datetime import datetime

from secondsource.plans.run import AnyEvent, Run, Step
from secondsource.plans.schema import Runbook


def step(runbook: Runbook, run: Run | None, event: AnyEvent, now: datetime) -> Step:
    """What ``event`` does to ``run`` at ``now`` (UTC).

    ``run`` is None for :class:`Started`, and only then. ``runbook`` must be the text that the run began with
    (``runbook.digest == run.version``), else ``ValueError``.
    """
    raise ValueError("not yet")
