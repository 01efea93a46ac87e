"""What is sent to the API, as strict forms: an unknown field is an error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.api.controls import CONTROLS, holds_controls

ANY_WORLD = "any"
"""What asks for the real world and all drills together."""


def _visible(text: str) -> str:
    if holds_controls(text):
        raise ValueError("it holds control characters")
    return text


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


def _form(pattern: str) -> Any:
    """What the description says beside the sentence that people get."""
    return Field(json_schema_extra={"pattern": pattern})


_ANY = f"^[^{CONTROLS}]*$"
_SOME = f"^[^{CONTROLS}]*[^{CONTROLS}\\s][^{CONTROLS}]*$"

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(_visible), _form(_ANY)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(_visible), _form(_SOME)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_visible), _form(_ANY)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Limit = Annotated[int, Field(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str | None, Field(max_length=2000, description="`next` of the page before.")]


class Strict(BaseModel):
    """Unknown fields are errors, and nothing is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Remark(Strict):
    """A word on why; it may be empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "on it, with the vendor on the line"}]})

    reason: Words = Field(default="", description="Why, in a sentence; it goes into the history.")


NOTHING_SAID = Remark()


class Reasoned(Strict):
    """Why. It must be said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the load runs elsewhere for good"}]})

    reason: Reason = Field(description="Why, in a sentence; it goes into the history.")


class Acceptance(Reasoned):
    """For how long it is borne, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "3 % of spend; borne until the renewal", "until": "2026-03-31T22:00:00Z"}]}
    )

    until: Instant = Field(description="The instant until which it is accepted, with its zone; it must lie ahead.")


class Comment(Strict):
    """What the one who decides says; it may be empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"comment": "Go; the region in the EU is fine"}]})

    comment: Words = Field(default="", description="What goes into the history with the decision.")


NO_COMMENT = Comment()


class HandingOver(Reasoned):
    """Whom it is handed to, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "ben", "reason": "end of my shift"}]})

    to: Name = Field(description="The id of a person.")


class Ticking(Strict):
    """An item that is done."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"item": "room", "evidence": "40 % of the quota is free"}]})

    item: Name = Field(description="The id of the item of the checklist that the run stands at.")
    evidence: Words = Field(default="", description="What was seen; some items need it.")
