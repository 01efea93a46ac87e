"""Likelihood x impact, 5 x 5, and the severity of a risk: each number with the sentence that explains it."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.exposure import Exposure
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.signals import Severity


class Band(enum.Enum):
    """What a score means: low (1 to 4), moderate (5 to 9), high (10 to 16), extreme (17 to 25)."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    EXTREME = "extreme"


class Score(msgspec.Struct, frozen=True):
    """One cell of the 5 x 5 matrix. ``reason`` is a sentence with the numbers it was made of."""

    likelihood: int  # 1 rare to 5 almost certain
    impact: int  # 1 negligible to 5 severe
    reason: str

    @property
    def value(self) -> int:
        """Likelihood times impact, 1 to 25."""
        return self.likelihood * self.impact

    @property
    def band(self) -> Band:
        """The band that the value falls into."""
        return next(band for band, top in _TOPS if self.value <= top)


_TOPS = ((Band.LOW, 4), (Band.MODERATE, 9), (Band.HIGH, 16), (Band.EXTREME, 25))


class Scores(msgspec.Struct, frozen=True):
    """Inherent: nothing done. Current: with what stands now. Residual: after the plan. Never rising in this order."""

    inherent: Score
    current: Score
    residual: Score


def risk_severity(finding: Severity, exposure: Exposure, now: datetime) -> tuple[Severity, str]:
    """How bad the risk is for this company, with its arithmetic in a sentence."""
    raise NotImplementedError


def scores(
    finding: Severity, exposure: Exposure, now: datetime, *, state: str, cleared: bool, plan: PlanNote | None, drill_valid: timedelta
) -> Scores:
    """The three scores. ``state`` is the register's word; a drill older than ``drill_valid`` proves nothing any more."""
    raise NotImplementedError
