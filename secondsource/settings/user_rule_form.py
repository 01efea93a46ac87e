"""How a rule of one's own is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from secondsource.contracts.durations import Duration
from secondsource.domain.signals import Severity
from secondsource.settings.base import Id, Room, Text, Whole

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class UserRuleForm(Room):
    """A condition, how long it must hold, and what is said then. One file is one rule."""

    id: RuleId = Field(description="How the rule is called, by runbooks and in findings; no shipped rule has the same id.")
    version: Whole = Field(default=1, ge=1, description="Raise it with every change of meaning.")
    title: Text = Field(description="The finding in a few words; with placeholders.")
    why: Text | None = Field(default=None, description="Why it matters.")
    consumes: tuple[str, ...] = Field(min_length=1, description="The kinds of observations that it looks at, or [finding].")
    vendors: tuple[Id, ...] = Field(default=(), description="Only what is about these; absent: all.")
    when: Expression = Field(description="The condition in CEL, over `kind`, `vendor`, `source`, `subject`, `exercise` and `body`.")
    value: Expression | None = Field(default=None, description="A number in CEL that the finding tells, as ${value}.")
    key: Text = Field(default="${vendor}", description="What findings are kept apart by: ${vendor}, ${vendor}/${subject}.")
    at_least: Whole = Field(default=1, ge=1, le=500, description="How many subjects of a key must match.")
    hold: Duration = Field(default=timedelta(0), description="How long that must stand before it is told.")
    clear_hold: Duration = Field(default=timedelta(0), description="How long it must be over before it clears.")
    severity: Severity = Field(description="info, low, medium, high or critical.")
    message: Annotated[str, StringConstraints(max_length=500)] = Field(
        default="", description="The reason in a sentence; with placeholders. Absent: the condition."
    )
    reach: Literal["vendor", "portfolio"] = Field(
        default="vendor",
        description="vendor: each by itself, at once; portfolio: all together, with the next tick. Findings need portfolio.",
    )
