"""What one rule found, as another rule may hear of it. It travels within the engine only; no source says it, no log holds it."""

from __future__ import annotations

from secondsource.domain.observations import Body, Observation
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Severity, Signal
from secondsource.domain.subjects import vendor_of

FINDING = "finding"
"""The kind that a rule consumes to hear of findings; it must be of the reach ``PORTFOLIO``."""

SOURCE = "rules"


class Finding(Body, frozen=True, tag=FINDING):
    """A signal of another rule. ``over``: it cleared."""

    rule: str
    key: str
    phase: Phase
    severity: Severity
    title: str
    reason: str
    about: str  # the signal's subject
    over: bool
    scopes: tuple[Scope, ...] = ()


def heard(signal: Signal) -> Observation:
    """The signal as an observation. Its id is the signal's, so that evidence leads back to it."""
    body = Finding(
        signal.rule, signal.key, signal.phase, signal.severity, signal.title, signal.reason, signal.subject,
        signal.phase is Phase.CLEARED, signal.scopes,
    )  # fmt: skip
    return Observation(
        id=signal.id,
        source=SOURCE,
        vendor=vendor_of(signal.subject, signal.scopes) or signal.subject,
        subject=f"finding/{signal.rule}/{signal.key}",
        observed_at=signal.at,
        body=body,  # type: ignore[arg-type]  # it is in no log, and so not among the kinds that a log may hold
        exercise=signal.exercise,
    )
