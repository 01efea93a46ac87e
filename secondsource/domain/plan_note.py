"""What the register knows of the contingency plan for a risk: enough to score it and to speak of it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PlanNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """The plan that would be run, or is being run, against a risk.

    ``passed_at`` is when a drill of it last passed, ``failed_at`` when one last failed; None for never. ``hollow`` says in
    a clause why the plan would not help now ("its fallback Borealis sits on AWS us-east-1 too"); empty when it would.
    ``progress`` speaks of a run under way ("step 3 of 7: drain the queue", "waits for approval"); empty when none is.
    """

    id: str
    name: str  # "failover plan"
    passed_at: datetime | None = None
    failed_at: datetime | None = None
    hollow: str = ""
    progress: str = ""
    run: str | None = None  # id of the run under way

    @property
    def proven_at(self) -> datetime | None:
        """When the plan was last shown to work: the last passed drill, unless one failed after it."""
        if self.passed_at is None or (self.failed_at is not None and self.failed_at > self.passed_at):
            return None
        return self.passed_at
