"""From settings to what answers findings: the context, the runbooks in force, whom they mean, and the responder over them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from secondsource.domain.context import Context
from secondsource.domain.errors import UserError
from secondsource.plans.load import Library, load
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.drilling import Drilling
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.responder import Responder
from secondsource.settings.settings import Settings

Links = Callable[[str, str], str]
"""The page's address for the id of a risk or run, and a verb."""

_OF_RUNS = frozenset({"approve", "decline"})


class RunbookError(UserError):
    """Runbooks, plans or drills can not be read; each problem has its place."""


class Desk(msgspec.Struct, frozen=True):
    """What answers findings. It touches nothing by itself: every part works in a transaction that the caller gives."""

    context: Context
    library: Library
    playbook: Playbook
    directory: Directory
    responder: Responder
    drilling: Drilling


def links(public_url: str) -> Links:
    """Addresses of the page for people to press on: decisions lead to the run, all else to the risk."""
    base = public_url.rstrip("/")
    return lambda id_, verb: f"{base}/{'runs' if verb in _OF_RUNS else 'risks'}/{id_}" + ("" if verb == "open" else f"#{verb}")


def desk(settings: Settings, public_url: str | None = None) -> Desk:
    """The desk of one company. ``public_url`` replaces the settings' own. Raises :class:`RunbookError`."""
    library = load(settings.runbook_folders)
    if library.problems:
        raise RunbookError("\n".join(map(str, library.problems)))
    telling = {s.connector.spec.name for s in settings.sources if {"component_status", "incident"} & set(s.connector.spec.kinds)}
    playbook = Playbook(library.documents, settings.context, telling)
    channels = [Channel(channel.name, channel.kind, channel.to or "") for channel in settings.channels]
    directory = Directory(settings.people, channels)
    responder = Responder(settings.context, playbook, directory, links(public_url or settings.public_url))
    return Desk(settings.context, library, playbook, directory, responder, Drilling(library.drills, playbook, responder))
