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
