"""What is sent to the API, as strict forms: an unknown field is an error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


def _printable(text: str) -> str:
    if any(not (character.isprintable() or character in "\n\t") for character in text):
        raise ValueError("it holds characters that can not be seen")
    return text


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(_printable)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(_printable)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]


Limit = Annotated[int, Field(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str | None, Field(max_length=2000, description="`next` of the page before.")]


class Strict(BaseModel):
    """Unknown fields are errors, and nothing is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Remark(Strict):
    """A word on why; it may be empty."""

    reason: Words = Field(default="", description="Why, in a sentence; it goes into the history.")


NOTHING_SAID = Remark()


class Reasoned(Strict):
    """Why. It must be said."""

    reason: Reason = Field(description="Why, in a sentence; it goes into the history.")


class Acceptance(Reasoned):
    """For how long it is borne, and why."""

    until: Instant = Field(description="The instant until which it is accepted, with its zone; it must lie ahead.")


class Comment(Strict):
    """What the one who decides says; it may be empty."""

    comment: Words = Field(default="", description="What goes into the history with the decision.")


NO_COMMENT = Comment()


class Ticking(Strict):
    """An item that is done."""

    item: Name = Field(description="The id of the item of the checklist that the run stands at.")
    evidence: Words = Field(default="", description="What was seen; some items need it.")
