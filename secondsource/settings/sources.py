"""How sources and the credentials for them are written."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from secondsource.contracts.durations import Span
from secondsource.settings.base import BY_FORM, MAPPING, TEXT, Id, Room, Text, Whole
from secondsource.settings.secrets import Secret

Port = Annotated[Whole, Field(ge=1, le=65535)]


class SourceForm(Room):
    """Something that is read. With a connector it is one's own; without, it is what the catalog has for the vendor.

    The text ``openai`` stands for ``{vendor: openai}``.
    """

    vendor: Id = Field(description="Whom it is about.")
    connector: str | None = Field(default=None, description="What reads it; absent: the vendor's sources in the catalog are switched on.")
    only: tuple[Id, ...] = Field(default=(), description="Of the catalog's sources these only, by id or connector; absent: all.")
    id: Id | None = Field(default=None, description="Its id; absent: the vendor's and the connector's, such as openai-statuspage.")
    url: str | None = Field(default=None, description="Where it publishes; short for `config: {url: ...}`.")
    auth: Id | None = Field(default=None, description="The credential that it wants; short for `config: {auth: ...}`.")
    config: dict[str, Any] = Field(default={}, description="What the connector is told; its fields are below.")
    interval: Span | None = Field(default=None, description="How often it is read; absent: as the catalog or the connector proposes.")
    allow: tuple[str, ...] = Field(default=(), description="Networks that it may reach although they are not public: 10.1.0.0/16.")
    ports: tuple[Port, ...] | None = Field(default=None, description="The ports that it may be at; absent: any.")
    deadline: Span | None = Field(default=None, description="How long one fetch may take, all in all; absent: 20s.")
    max_bytes: Whole | None = Field(default=None, gt=0, description="How large an answer may be; absent: 5 MiB.")


AnySource = Annotated[Annotated[SourceForm, MAPPING] | Annotated[Id, TEXT], BY_FORM]


class Basic(Room):
    """A user name and password."""

    username: Text = Field(description="The name; it is no secret.")
    password: Secret = Field(description="The password.")


class Header(Room):
    """A header of the vendor's own."""

    name: Text = Field(description="The header: X-Api-Key.")
    value: Secret = Field(description="What it carries.")


class CredentialForm(Room):
    """What a source wants to see before it answers: one of the three."""

    bearer: Secret | None = Field(default=None, description="A token, sent as `Authorization: Bearer`.")
    basic: Basic | None = Field(default=None, description="A name and password, sent as `Authorization: Basic`.")
    header: Header | None = Field(default=None, description="A header with a key.")

    @model_validator(mode="after")
    def _one(self) -> CredentialForm:
        if [self.bearer, self.basic, self.header].count(None) != 2:
            raise ValueError("a credential is one of bearer, basic and header")
        return self
