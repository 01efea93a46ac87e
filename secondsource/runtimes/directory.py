"""Whom a runbook means, and where they can be reached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from secondsource.domain.portfolio import Person

_PERSON = re.compile(r"\bperson:([A-Za-z0-9_-]+)")


class Channel(msgspec.Struct, frozen=True):
    """A configured way out. ``recipient`` is where messages for the channel itself go (a Slack channel, a list's address); empty where
    there is no such place."""

    name: str
    kind: str  # slack, email, webhook
    recipient: str


class Address(msgspec.Struct, frozen=True):
    """Where one message goes. ``who`` is what people call the recipient."""

    channel: str
    recipient: str
    who: str


class Directory:
    """People and channels. A person is reached by every way they have: a message at night must not hang on one of them."""

    def __init__(self, people: Iterable[Person], channels: Iterable[Channel]) -> None:
        self.people: Mapping[str, Person] = {person.id: person for person in people}
        self.channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self._by_kind: dict[str, str] = {}
        for channel in self.channels.values():
            self._by_kind.setdefault(channel.kind, channel.name)

    def with_role(self, role: str) -> tuple[Person, ...]:
        """Those who have ``role``, in the order of the configuration."""
        return tuple(person for person in self.people.values() if role in person.roles)

    def addresses(self, target: str) -> tuple[Address, ...]:
        """Where ``person:ID``, ``role:NAME`` or ``channel:NAME`` can be reached; empty when nowhere.

        What is meant for a role that nobody has, or for nobody that can be reached, goes to the first channel that has a place of
        its own: better all of them than nobody.
        """
        kind, _, name = target.partition(":")
        if kind == "channel":
            channel = self.channels.get(name)
            return self._itself(channel) if channel is not None else ()
        people = self.with_role(name) if kind == "role" else tuple(p for p in self.people.values() if p.id == name)
        found = tuple(address for person in people for address in self._ways(person))
        return found or next((at for channel in self.channels.values() if (at := self._itself(channel))), ())

    @staticmethod
    def _itself(channel: Channel) -> tuple[Address, ...]:
        return (Address(channel.name, channel.recipient, channel.recipient),) if channel.recipient else ()

    def named(self, text: str) -> str:
        """``text`` with people called as people call them, where it names them as ``person:ID``."""
        return _PERSON.sub(lambda match: self.people[match[1]].name if match[1] in self.people else match[0], text)

    def _ways(self, person: Person) -> Iterable[Address]:
        for kind, recipient in (("slack", person.slack), ("email", person.email)):
            if recipient and kind in self._by_kind:
                yield Address(self._by_kind[kind], recipient, person.name)
