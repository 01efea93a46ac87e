"""What all rooms of the configuration are made of: strict models, ids, shares, money, days, and the two ways to name a place."""

from __future__ import annotations

import os
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)

from secondsource.contracts.reading import WebAddress
from secondsource.settings.countries import COUNTRIES

__all__ = [
    "BY_FORM", "MAPPING", "SWITCH", "TEXT", "Amount", "AnyPlace", "Country", "Currency", "Day", "Id", "MailAddress", "OwnFile", "Place",
    "Room", "Share", "SlackMember", "Text", "WebAddress", "Whole", "is_id", "own_path",
]  # fmt: skip

ID_PATTERN = r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$"
PLACE_PATTERN = r"^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*){0,2}$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"
MAIL_PATTERN = r"^[^@\s<>,;]+@[^@\s<>,;]+$"
MEMBER_PATTERN = r"^[UW][A-Z0-9]+$"

PATTERNS = {
    ID_PATTERN: "an id is written with small letters and digits, with - _ or . between them, such as support-bot",
    PLACE_PATTERN: "a place is a vendor, or a vendor with a product or region of it, such as aws/us-east-1",
    CURRENCY_PATTERN: "a currency is three capital letters, such as EUR",
    MAIL_PATTERN: "a mail address belongs here, such as mara@example.com",
    MEMBER_PATTERN: "a Slack member id belongs here, such as U024BE7LH (it is in the member's profile)",
}
"""What each pattern asks for, in words."""


class Room(BaseModel):
    """One part of the file. Unknown fields are errors, nothing changes after reading, no error quotes a value by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number belongs here")
    return value


def _day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("a day belongs here, such as 2026-12-31") from None
    return value


def own_path(folder: Path, name: str) -> Path:
    """What ``name`` means in a file of ``folder``: relative to it, with ``~`` for the home folder."""
    return folder / os.path.expanduser(name)


def _own_file(name: str, info: ValidationInfo) -> str:
    return str(own_path((info.context or {}).get("folder", Path()), name))


def _country(value: Any) -> Any:
    code = "NO" if value is False else value  # YAML reads Norway's code as "no"
    if isinstance(code, str) and code not in COUNTRIES:
        meant = {"UK": "GB", "EL": "GR"}.get(code)
        raise ValueError(
            f"ISO 3166-1 has no country {code[:20]!r}; " + (f"did you mean {meant}?" if meant else "a country is written as DE")
        )
    return code


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Whole = Annotated[int, Field(strict=True)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[Decimal, BeforeValidator(_no_flag), Field(ge=0, lt=Decimal("1e15"))]
Day = Annotated[date, BeforeValidator(_day), Field(strict=True)]
OwnFile = Annotated[str, StringConstraints(min_length=1), AfterValidator(_own_file)]
"""A file, relative to the one that names it."""

Currency = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)]
Country = Annotated[str, BeforeValidator(_country), WithJsonSchema({"type": "string", "enum": sorted(COUNTRIES)})]
MailAddress = Annotated[str, StringConstraints(pattern=MAIL_PATTERN, max_length=254)]
SlackMember = Annotated[str, StringConstraints(pattern=MEMBER_PATTERN, max_length=40)]


def _form(value: Any) -> str:
    kinds: tuple[tuple[type, str], ...] = ((str, "<text>"), (bool, "<switch>"), (BaseModel, "<mapping>"), (dict, "<mapping>"))
    return next((tag for kind, tag in kinds if isinstance(value, kind)), "<other>")


BY_FORM = Discriminator(_form)
"""For values with a short and a long form: the YAML type tells which one it is, so that errors speak of that one only."""

MAPPING, TEXT, SWITCH = Tag("<mapping>"), Tag("<text>"), Tag("<switch>")


class Place(Room):
    """A vendor, or a part of one."""

    vendor: Id = Field(description="The vendor's id.")
    product: Id | None = Field(default=None, description="One of its products; absent: all or not known.")
    region: Id | None = Field(default=None, description="One of its regions; absent: all or not known.")


PlaceText = Annotated[str, StringConstraints(pattern=PLACE_PATTERN, max_length=200)]
AnyPlace = Annotated[Annotated[Place, MAPPING] | Annotated[PlaceText, TEXT], BY_FORM]
"""``aws/us-east-1``, or the same as ``{vendor: aws, region: us-east-1}``."""


def is_id(text: object) -> bool:
    """Whether ``text`` can be an id."""
    return isinstance(text, str) and len(text) <= 64 and re.fullmatch(ID_PATTERN, text) is not None
