"""How people and channels are written."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from secondsource.settings.base import Id, MailAddress, Room, SlackMember, Text


class PersonForm(Room):
    """Someone who can be told."""

    name: Text | None = Field(default=None, description="How messages call them; absent: the id.")
    email: MailAddress | None = Field(default=None, description="Their mail address; an e-mail channel carries it.")
    slack: SlackMember | None = Field(default=None, description="Their Slack member id, such as U024BE7LH; a Slack channel carries it.")
    roles: tuple[Id, ...] = Field(default=(), description="What runbooks call them by: on-call, duty-manager.")


class ChannelForm(Room):
    """A way out. Its kind says which further fields there are. The first one also hears what is meant for a role that nobody has."""

    model_config = ConfigDict(extra="allow")

    kind: str = Field(description="What sends; the kinds are below.")
    to: Text | None = Field(
        default=None, description="Where messages to the channel itself go: a Slack channel, a mail address, a web address."
    )
    allow: tuple[str, ...] = Field(default=(), description="Networks that it may reach although they are not public: 10.1.0.0/16.")

    @property
    def sender(self) -> dict[str, Any]:
        """What the kind's own fields say."""
        return dict(self.model_extra or {})
