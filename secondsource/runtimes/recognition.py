"""Which platform an answer comes from: whether it is still the one that a source was set up for, and if not, which.

Vendors move their status pages, and the old address then answers in another format. What another connector recognises is a proposal for
people; it is never read with that connector by itself.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec
import structlog
from msgspec.structs import replace

from secondsource.adapters import plugins
from secondsource.adapters.sql.raw import hash_of
from secondsource.contracts.connector import Connector, Recognises, Response
from secondsource.domain.observations import Outcome
from secondsource.runtimes.poll import Polled, Source

MOST_BYTES = 1024 * 1024
"""Larger answers are not looked at: every connector reads them anew."""

SURE = 0.9
"""From here on a connector that recognises an answer is believed."""

_logger = structlog.get_logger(__name__)


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of the platform behind a source; the first three are as in ``SourceHealth``.

    ``misread`` names the answer that was last not understood, and ``looks_like`` who recognised it: the others are not asked about
    the same answer twice.
    """

    platform: str = ""
    confidence: float | None = None
    content_at: datetime | None = None
    misread: str = ""
    looks_like: str = ""


async def seen_after(source: Source, polled: Polled, before: Seen, now: datetime, new: bool = False) -> Seen:
    """What is known after a poll; ``new`` tells that it said something that the source had not said before.

    An answer that was not understood is shown to the other connectors, in a thread of its own.
    """
    if polled.outcome is Outcome.UNCHANGED:
        return Seen(before.platform, before.confidence, before.content_at)
    if polled.outcome is Outcome.OK:
        sure = confidence(source.connector, polled.responses[0]) if polled.responses else None
        return Seen(source.connector.spec.name, sure, now if new else before.content_at)
    if polled.outcome is not Outcome.PARSE or not polled.responses:
        return before
    answer = polled.responses[-1]
    name = hash_of(answer.body)
    if name == before.misread:
        return before
    return replace(before, misread=name, looks_like=await asyncio.to_thread(moved_to, source.connector, answer) or "")


def confidence(reader: Connector, response: Response) -> float | None:
    """How sure ``reader`` is that ``response`` is of its format, 0 to 1; None where it can not tell, or the answer is too large to ask."""
    if not isinstance(reader, Recognises) or len(response.body) > MOST_BYTES:
        return None
    try:
        return min(1.0, max(0.0, float(reader.recognise(response))))
    except Exception:  # a connector's defect here costs a proposal, and nothing else
        _logger.exception("connector fails to tell its format", connector=reader.spec.name)
        return None


def moved_to(own: Connector, response: Response) -> str | None:
    """The connector that is surest of an answer which ``own`` does not understand; None where none is sure, or ``own`` is as sure."""
    best, most = None, confidence(own, response) or 0.0
    for name in plugins.connector_names():
        if name == own.spec.name:
            continue
        try:
            sure = confidence(plugins.connector(name), response)
        except plugins.PluginError:
            continue  # it is told where it is configured
        if sure is not None and sure >= SURE and sure > most:
            best, most = name, sure
    return best
