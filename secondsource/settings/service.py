"""How the program itself is set up: page and API, the sign of life, and how long things are kept."""

from __future__ import annotations

from pydantic import Field

from secondsource.contracts.durations import Span
from secondsource.settings.base import Room, Text, WebAddress, Whole
from secondsource.settings.secrets import Secret


class Api(Room):
    """Where the page and the API are."""

    host: Text = Field(default="127.0.0.1", description="The address that is listened on; 0.0.0.0 for all of this machine's.")
    port: Whole = Field(default=8765, ge=0, le=65535, description="The port; 0 takes one that is free.")
    public_url: WebAddress | None = Field(
        default=None, description="Where people reach the page, for links in messages; absent: host and port."
    )
    secret: Secret | None = Field(
        default=None, description="What signs cookies and the links in messages; absent: one is made and kept in the data folder."
    )


class Heartbeat(Room):
    """A sign of life to a dead man's switch outside, which raises the alarm when it stays away."""

    url: Secret = Field(description="The address to call; whoever knows it can pretend that all is well, so it is a secret.")
    every: Span = Field(description="How often.")
    allow: tuple[str, ...] = Field(default=(), description="Networks that it may reach although they are not public: 10.1.0.0/16.")


class Automation(Room):
    """What plans may do by themselves: call programs of one's own, and ask alternates whether credentials work."""

    secret: Secret = Field(description="What signs each call, known to the program that is called.")
    allow: tuple[str, ...] = Field(
        default=(), description="Networks that calls and checks of plans may reach although they are not public: 10.1.0.0/16."
    )


class Retention(Room):
    """How long things are kept."""

    raw: Span = Field(default="30d", validate_default=True, description="Answers of sources as they came.")
    log: Span = Field(default="400d", validate_default=True, description="Observations, so that rules can be run over them again.")
