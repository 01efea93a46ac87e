"""How a finding is made. A rule is a pure step function over keyed state; the engine stores, wakes and delivers."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

import msgspec
from pydantic import BaseModel

from secondsource.domain.context import Context
from secondsource.domain.observations import Observation
from secondsource.domain.signals import Severity, Signal


class Reach(enum.Enum):
    """What a rule must see together.

    ``VENDOR``: the observations of one vendor, in their order; may signal at once.
    ``PORTFOLIO``: those of all vendors, which reach it in no certain order. It gathers in ``on_observation`` (newest
    ``observed_at`` wins, no signals) and decides in ``on_wake``, which the engine calls on ticks only, with the tick's time,
    when everything observed before has been gathered; the earliest wake asked for since the last one stands. So the ledger does
    not depend on which vendor's message came first.
    """

    VENDOR = "vendor"
    PORTFOLIO = "portfolio"


class Meta(msgspec.Struct, frozen=True):
    """What a rule is. ``consumes`` are observation kinds; ``gone`` is delivered where its ``was`` is consumed."""

    id: str
    version: int
    title: str
    why: str
    severity: Severity  # the usual one; each signal carries its own
    reach: Reach
    consumes: tuple[str, ...]


class Step(msgspec.Struct, frozen=True):
    """What one call did. ``state`` None forgets the key; ``wake_at`` replaces the wake asked for before, None asks for none."""

    state: Any
    signals: Sequence[Signal] = ()
    wake_at: datetime | None = None


class Rule(Protocol):
    """One kind of finding. Found by scanning ``rules`` and the entry-point group ``secondsource.rules``.

    State is a frozen msgspec struct of the class ``State``; ``None`` stands for a key never seen. State is kept apart
    by drill: a rule never sees an exercise and the real world in one state. Calls must be idempotent: the same observation
    again changes nothing.
    """

    meta: ClassVar[Meta]
    Params: ClassVar[type[BaseModel]]
    State: ClassVar[type[msgspec.Struct]]

    def __init__(self, params: Any) -> None:
        """``params`` is an instance of ``Params``."""

    def keys(self, observation: Observation) -> Sequence[str]:
        """The keys of this rule whose state the observation may change; empty for none. A key is unique over all vendors."""

    def on_observation(self, key: str, state: Any | None, observation: Observation, now: datetime, context: Context) -> Step | None:
        """The step for an input. None says that nothing changed: nothing is written and the old wake stands."""

    def on_wake(self, key: str, state: Any, now: datetime, context: Context) -> Step | None:
        """The step for a wake that fell due at ``now``. None keeps the state and asks for no other wake."""
