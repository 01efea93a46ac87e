"""What could not reach its reader goes another way: a message that failed for good must not end in a log line."""

from __future__ import annotations

import msgspec

from secondsource.contracts.sender import Message
from secondsource.domain.ids import content_id
from secondsource.runtimes.directory import Channel, Directory

_TRIED = "tried"


class Rerouting:
    """Sends what failed on to the next channel that has a place of its own, in the order of the configuration.

    A person is told by every way they have, so only the last of these ways is replaced. Each channel is tried once. It is meant as the
    dispatcher's fallback.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def __call__(self, message: Message, reason: str) -> Message | None:
        """The same message by another channel, or None where there is no other or another way to the reader stands."""
        channels = self._directory.channels
        if message.channel not in channels or self._is_told_otherwise(message):
            return None  # no channel of the configuration: a sign of life, which means something at its own place only
        tried = (*message.data.get(_TRIED, "").split(), message.channel)
        channel = next((channel for channel in channels.values() if channel.recipient and channel.name not in tried), None)
        return None if channel is None else _by(channel, message, reason, tried)

    def _is_told_otherwise(self, message: Message) -> bool:
        for person in self._directory.people:
            earlier = self._directory.addresses(f"person:{person}")[:-1]
            if any((way.channel, way.recipient) == (message.channel, message.recipient) for way in earlier):
                return True
        return False


def _by(channel: Channel, message: Message, reason: str, tried: tuple[str, ...]) -> Message:
    key = content_id("instead", message.idempotency_key, channel.name, channel.recipient)
    told = f"it did not reach {message.recipient} by {message.channel}: {reason}"
    return msgspec.structs.replace(
        message,
        id=content_id(key, message.created_at),
        idempotency_key=key,
        channel=channel.name,
        recipient=channel.recipient,
        receipt=None,
        reason=f"{message.reason}; {told}" if message.reason else told,
        data={**message.data, _TRIED: " ".join(tried)},
    )
