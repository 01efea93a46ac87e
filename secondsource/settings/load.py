"""Reads a configuration file, with everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from secondsource.contracts.yaml_positions import BadYaml, Document, read, read_text
from secondsource.domain.context import Context
from secondsource.domain.problems import Problem
from secondsource.domain.vendors import VendorGraph
from secondsource.settings.catalog import Catalog, read_catalog
from secondsource.settings.file import Configuration
from secondsource.settings.known import Known
from secondsource.settings.plugged import secrets_in
from secondsource.settings.polling import Polling
from secondsource.settings.portfolio import Company
from secondsource.settings.rooms import Rooms
from secondsource.settings.say import Say
from secondsource.settings.settings import ConfigError, SecretUse, Settings, SourceSettings
from secondsource.settings.vendor_graph import Statement, Vendors
from secondsource.settings.vendors import VendorForm
from secondsource.settings.ways_out import channels, check_people, rules


def load(path: Path, known: Known) -> Settings:
    """The settings in the file ``path``. Secrets are not read. Raises :class:`ConfigError` with all problems."""
    try:
        documents = read(path)
    except BadYaml as error:
        raise ConfigError([error.problem]) from None
    return _load(path, documents, known)


def load_text(text: str, path: Path, known: Known) -> Settings:
    """The same for ``text`` that would stand in ``path``."""
    try:
        documents = read_text(str(path), text)
    except BadYaml as error:
        raise ConfigError([error.problem]) from None
    return _load(path, documents, known)


def _load(path: Path, documents: list[Document], known: Known) -> Settings:
    if len(documents) != 1:
        said = "the file is empty; the shortest that does something is `sources: [openai]`" if not documents else "one file is one document"
        raise ConfigError([Problem(str(path), 1, 1, said)])
    say = Say(documents[0])
    folder = path.absolute().parent
    rooms = Rooms(say, folder)
    configuration = rooms.configuration
    catalog = read_catalog([*known.catalog, *(folder / own for own in configuration.catalog)])
    settings = _settings(path, folder, rooms, catalog, known, say)
    problems = sorted(say.problems) + [problem for problem in catalog.problems if problem not in say.problems]
    if problems:
        raise ConfigError(problems)
    return settings


def _settings(path: Path, folder: Path, rooms: Rooms, catalog: Catalog, known: Known, say: Say) -> Settings:
    configuration = rooms.configuration
    runbooks = [folder / own for own in configuration.runbooks]
    for number, own in enumerate(runbooks):
        if not own.is_dir():
            say("there is no such folder", "runbooks", number)
    runbook_folders = (*known.runbooks, *(own for own in runbooks if own.is_dir()))
    statements = _statements(configuration, catalog, say)
    unread = (catalog.unread | rooms.declared.get("vendors", frozenset())) - statements.keys()
    vendors = Vendors(statements, unread, own=True)
    graph = VendorGraph(vendors.made())
    portfolio = Company(rooms, vendors, known.plans(runbook_folders), say).made()
    check_people(configuration.people, configuration.channels, say)
    ways = channels(configuration.channels, known, say, folder)
    secrets = [
        *((secret, ("channels", way.name, *loc)) for way in ways for secret, loc in secrets_in(way.sender)),
        *secrets_in(configuration.credentials, ("credentials",)),
        *secrets_in(configuration.api, ("api",)),
        *secrets_in(configuration.heartbeat, ("heartbeat",)),
    ]
    return Settings(
        path=path,
        context=Context(portfolio, graph),
        sources=_sources(rooms, catalog, vendors, known, say, folder),
        channels=ways,
        rules=rules(configuration.rules, known, say, folder),
        runbook_folders=runbook_folders,
        credentials=configuration.credentials,
        data_dir=folder / Path(configuration.data).expanduser(),
        api=configuration.api,
        heartbeat=configuration.heartbeat,
        retention=configuration.retention,
        runtime=configuration.runtime,
        secrets=tuple(SecretUse(secret, say.place(*loc)) for secret, loc in secrets),
    )


def _statements(configuration: Configuration, catalog: Catalog, say: Say) -> Mapping[str, list[Statement]]:
    found = catalog.statements()
    for id_, entry in configuration.vendors.items():
        form = VendorForm(name=entry) if isinstance(entry, str) else entry
        found.setdefault(id_, []).append(Statement(form, say, ("vendors", id_)))
    return found


def _sources(rooms: Rooms, catalog: Catalog, vendors: Vendors, known: Known, say: Say, folder: Path) -> tuple[SourceSettings, ...]:
    polling = Polling(known, catalog.offers(), vendors.names, rooms.declared.get("credentials", frozenset()))
    entries = zip(rooms.indices.get("sources", ()), rooms.configuration.sources, strict=True)
    return tuple(source for index, entry in entries for source in polling.made(entry, say, "sources", index, folder=folder))
