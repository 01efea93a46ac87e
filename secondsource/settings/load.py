"""Reads a configuration file, with everything that is wrong with it at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from secondsource.contracts.yaml_positions import BadYaml, read
from secondsource.domain.context import Context
from secondsource.domain.problems import Problem
from secondsource.domain.vendors import VendorGraph
from secondsource.settings.base import own_path
from secondsource.settings.catalog import Catalog, read_catalog
from secondsource.settings.file import Configuration
from secondsource.settings.known import Known
from secondsource.settings.plugged import secrets_in
from secondsource.settings.polling import Polling, check_networks
from secondsource.settings.portfolio import Company
from secondsource.settings.rooms import Rooms
from secondsource.settings.say import Loc, Say
from secondsource.settings.settings import ConfigError, SecretUse, Settings, SourceSettings
from secondsource.settings.user_rules import read_rules
from secondsource.settings.vendor_graph import Statement, Vendors
from secondsource.settings.vendors import VendorForm
from secondsource.settings.ways_out import channels, check_people, rules


class Names(NamedTuple):
    """What runbooks can refer to, entries with mistakes among them. ``roles`` None: people have mistakes, so who has which is not known."""

    people: frozenset[str]
    roles: frozenset[str] | None
    channels: frozenset[str]
    functions: frozenset[str]
    vendors: frozenset[str]


class Examined(NamedTuple):
    """A configuration with all that is wrong with it.

    ``settings`` are made of what is sound; None where the file can not be read. ``say`` gives the places of what stands in it,
    ``needs`` say where the dependencies do.
    """

    problems: tuple[Problem, ...]
    settings: Settings | None = None
    names: Names | None = None
    say: Say | None = None
    needs: Mapping[str, Loc] = {}


def load(path: Path, known: Known) -> Settings:
    """The settings in the file ``path``. Secrets are not read. Raises :class:`ConfigError` with all problems."""
    examined = examine(path, known)
    if examined.settings is None or examined.problems:
        raise ConfigError(examined.problems)
    return examined.settings


def examine(path: Path, known: Known) -> Examined:
    """The settings in ``path``, as far as they are sound, and everything that is wrong with them."""
    try:
        documents = read(path)
    except BadYaml as error:
        return Examined((error.problem,))
    if len(documents) != 1:
        said = "the file is empty; the shortest that does something is `sources: [openai]`" if not documents else "one file is one document"
        return Examined((Problem(str(path), 1, 1, said),))
    say = Say(documents[0])
    folder = path.absolute().parent
    rooms = Rooms(say, folder)
    catalog = read_catalog([*known.catalog, *_folders("catalog", rooms, folder, say)])
    settings, vendors, needs = _settings(path, folder, rooms, catalog, known, say)
    problems = sorted(say.problems) + [problem for problem in catalog.problems if problem not in say.problems]
    return Examined(tuple(problems), settings, _names(rooms, vendors, settings), say, needs)


def _folders(room: str, rooms: Rooms, folder: Path, say: Say) -> list[Path]:
    """One's own folders that a room names, in their order."""
    found = []
    for index, name in rooms.indexed(room):
        own = own_path(folder, name)
        if os.path.isdir(own):
            found.append(own)
        else:
            say(f"there is no folder {own}", room, index)
    return found


def _settings(
    path: Path, folder: Path, rooms: Rooms, catalog: Catalog, known: Known, say: Say
) -> tuple[Settings, Vendors, Mapping[str, Loc]]:
    configuration = rooms.configuration
    runbook_folders = (*known.runbooks, *_folders("runbooks", rooms, folder, say))
    statements = _statements(configuration, catalog, say)
    vendors = Vendors(statements, (catalog.unread - statements.keys()) | rooms.unsound("vendors"), own=True)
    graph = VendorGraph(vendors.made())
    company = Company(rooms, vendors, known.plans(runbook_folders), say)
    portfolio = company.made()
    check_people(configuration.people, None if rooms.unsound("channels") else configuration.channels, say)
    ways = channels(configuration.channels, known, say, folder)
    secrets = [
        *((secret, ("channels", way.name, *loc)) for way in ways for secret, loc in secrets_in(way.sender)),
        *secrets_in(configuration.credentials, ("credentials",)),
        *secrets_in(configuration.api, ("api",)),
        *secrets_in(configuration.heartbeat, ("heartbeat",)),
        *secrets_in(configuration.automation, ("automation",)),
    ]
    own_rules, wrong = read_rules(_folders("own_rules", rooms, folder, say), known.rules)
    say.problems += [problem for problem in wrong if problem not in say.problems]
    known = msgspec.structs.replace(known, rules={**known.rules, **own_rules})
    if configuration.heartbeat is not None:
        check_networks(configuration.heartbeat.allow, say, "heartbeat")
    if configuration.automation is not None:
        check_networks(configuration.automation.allow, say, "automation")
    settings = Settings(
        path=path,
        context=Context(portfolio, graph),
        sources=_sources(rooms, catalog, vendors, known, say, folder),
        channels=ways,
        rules=rules(configuration.rules, known, say, folder),
        rule_types=known.rules,
        runbook_folders=runbook_folders,
        credentials=configuration.credentials,
        data_dir=own_path(folder, configuration.data),
        api=configuration.api,
        heartbeat=configuration.heartbeat,
        automation=configuration.automation,
        retention=configuration.retention,
        runtime=configuration.runtime,
        catalog_folders=catalog.folders,
        secrets=tuple(SecretUse(secret, say.place(*loc)) for secret, loc in secrets),
    )
    return settings, vendors, company.places


def _names(rooms: Rooms, vendors: Vendors, settings: Settings) -> Names:
    def declared(room: str) -> frozenset[str]:
        return rooms.declared.get(room, frozenset())

    roles = frozenset(role for person in settings.people for role in person.roles)
    return Names(declared("people"), None if rooms.unsound("people") else roles, declared("channels"), declared("functions"), vendors.names)


def _statements(configuration: Configuration, catalog: Catalog, say: Say) -> Mapping[str, list[Statement]]:
    found = catalog.statements()
    for id_, entry in configuration.vendors.items():
        form = VendorForm(name=entry) if isinstance(entry, str) else entry
        found.setdefault(id_, []).append(Statement(form, say, ("vendors", id_)))
    return found


def _sources(rooms: Rooms, catalog: Catalog, vendors: Vendors, known: Known, say: Say, folder: Path) -> tuple[SourceSettings, ...]:
    polling = Polling(known, catalog.offers(), vendors.names, rooms.declared.get("credentials", frozenset()))
    return tuple(
        source for index, entry in rooms.indexed("sources") for source in polling.made(entry, say, "sources", index, folder=folder)
    )
