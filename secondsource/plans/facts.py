"""What runbooks know of the world: plain values that a caller fills from the risk register and the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from secondsource.domain.scope import Scope
from secondsource.domain.signals import Severity


class RiskFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """One episode of a risk, as a runbook sees it.

    ``plans`` are the ids of contingency plans that the fallbacks of the hit dependencies name, best first. ``exercise``
    is the drill that caused the risk; nothing of a drill may touch the real world's state.
    """

    id: str  # of the register entry, as a person would type it
    rule: str
    severity: Severity
    title: str
    vendor: str = ""
    subject: str = ""
    episode: str = ""
    functions: tuple[str, ...] = ()  # ids of the business functions hit
    function_names: tuple[str, ...] = ()  # the same as people call them, for texts
    vendor_name: str = ""
    scopes: tuple[Scope, ...] = ()
    plans: tuple[str, ...] = ()
    exercise: str | None = None
    alternates: tuple[str, ...] = ()  # where the load could go, best first, as scopes are written


class Known(msgspec.Struct, frozen=True):
    """What names in runbooks may refer to. ``None`` says that the names are not known here, so they are not checked."""

    people: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    functions: frozenset[str] | None = None
    vendors: frozenset[str] | None = None
    rules: Mapping[str, Severity] | None = None  # rule id to its usual severity
    plans: frozenset[str] | None = None  # ids of contingency plans beyond those in the files that are checked together
    fallback_plans: frozenset[str] | None = None  # plans that fallbacks of the portfolio name
    credentials: frozenset[str] | None = None
    automation: bool | None = None  # whether the configuration lets plans call programs
    holders: Mapping[str, int] | None = None  # how many people have each role
    shared: Callable[[Scope, Scope], str | None] | None = None  # what two parts of vendors surely both sit on, as people call it
