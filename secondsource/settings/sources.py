"""How sources and the credentials for them are written."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from secondsource.contracts.durations import Span
from secondsource.settings.base import BY_FORM, MAPPING, TEXT, Id, Room, Text, WebAddress, Whole
from secondsource.settings.secrets import Secret

Port = Annotated[Whole, Field(ge=1, le=65535)]


class SourceForm(Room):
    """Something that is read. With a connector it is one's own; without, it is what the catalog has for the vendor.

    The text ``openai`` stands for ``{vendor: openai}``.
    """

    vendor: Id = Field(description="Whom it is about.")
    connector: str | None = Field(default=None, description="What reads it; absent: the vendor's sources in the catalog are switched on.")
    only: tuple[Id, ...] = Field(default=(), description="Of the catalog's sources these only, by id or connector; absent: all.")
    id: Id | None = Field(default=None, description="Its id; absent: the vendor's and the connector's, such as openai-incident-io.")
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


class Aws(Room):
    """An AWS access key, which signs each request to one service in one region."""

    key_id: Text = Field(description="The key's id; it is no secret.")
    secret: Secret = Field(description="The key.")
    region: Text = Field(description="The region that is asked: us-east-1.")
    service: Text = Field(description="The service as signatures name it: health, servicequotas, monitoring.")
    session_token: Secret | None = Field(default=None, description="What comes with the keys of a role.")


class OAuth2(Room):
    """A client that fetches a token for itself, as Azure wants it."""

    token_url: WebAddress = Field(description="Where tokens are given.")
    client_id: Text = Field(description="The client's id; it is no secret.")
    client_secret: Secret = Field(description="Its secret.")
    scope: str = Field(default="", description="What the token is for, as the vendor writes it.")


class Google(Room):
    """A service account of Google."""

    key_file: Secret = Field(description="The key file as Google gives it: `file:google.json`.")
    scope: Text = Field(
        default="https://www.googleapis.com/auth/cloud-platform.read-only", description="What the token is for, as Google writes it."
    )


class CredentialForm(Room):
    """What a source wants to see before it answers: one of these."""

    bearer: Secret | None = Field(default=None, description="A token, sent as `Authorization: Bearer`.")
    basic: Basic | None = Field(default=None, description="A name and password, sent as `Authorization: Basic`.")
    header: Header | None = Field(default=None, description="A header with a key.")

    aws: Aws | None = Field(default=None, description="An access key of AWS.")
    oauth2: OAuth2 | None = Field(default=None, description="A client that fetches its token (client credentials).")
    google: Google | None = Field(default=None, description="A service account of Google.")

    @model_validator(mode="after")
    def _one(self) -> CredentialForm:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError(f"a credential is one of {', '.join(type(self).model_fields)}")
        return self
