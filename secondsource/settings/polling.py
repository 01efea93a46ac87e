"""From what files say of sources to sources that can be polled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from pydantic import BaseModel

from secondsource.contracts.connector import Connector
from secondsource.contracts.durations import format_duration
from secondsource.settings.catalog import Offer, default_id
from secondsource.settings.known import Known
from secondsource.settings.plugged import plugged
from secondsource.settings.say import Loc, Say
from secondsource.settings.settings import SourceSettings
from secondsource.settings.sources import SourceForm
from secondsource.settings.vendors import OfferedSource

LEAST = timedelta(seconds=10)
"""A page is not read more often than that: it belongs to someone else."""

MOST = timedelta(days=7)
"""Nor less often: until then nobody would notice that it can not be read any more."""

PATIENCE = timedelta(minutes=2)
"""The longest deadline: a poll must end before others think that whoever began it has died."""


class Polling:
    """Makes sources, and says what is wrong with them."""

    def __init__(
        self, known: Known, offers: Mapping[str, tuple[Offer, ...]], vendors: Collection[str], credentials: Collection[str]
    ) -> None:
        self._known = known
        self._offers = offers
        self._vendors = vendors
        self._credentials = credentials
        self._taken: dict[str, str] = {}

    def made(self, entry: SourceForm | str, say: Say, *loc: str | int, folder: Path) -> list[SourceSettings]:
        """The sources that one entry of `sources` switches on."""
        form = SourceForm(vendor=entry) if isinstance(entry, str) else entry
        at = loc if isinstance(entry, str) else (*loc, "vendor")
        if say.unknown("vendor", form.vendor, self._vendors, *at, hint="add it under vendors"):
            return []
        check_networks(form.allow, say, *loc)
        if form.deadline is not None and form.deadline > PATIENCE:
            said = f"{format_duration(form.deadline)} is too long: a fetch is given {format_duration(PATIENCE)} at most"
            say(said, *loc, "deadline")
        if form.connector is not None:
            if form.only:
                say("`only` chooses among the catalog's sources; with a connector there is one source", *loc, "only")
            connector = connector_of(form.connector, self._known, say, *loc)
            config = told(connector, form, say, *loc, folder=folder) if connector is not None else None
            if connector is None or config is None:
                return []
            source = _source(form, form.id or default_id(form.vendor, form.connector), connector, config, connector.spec.interval)
            return [source] if self._sound(source, say, loc) else []
        return self._offered(form, say, loc, folder)

    def _offered(self, form: SourceForm, say: Say, loc: tuple[str | int, ...], folder: Path) -> list[SourceSettings]:
        for field in ("id", "url", "config"):
            if getattr(form, field):
                say("without `connector` the catalog's sources are meant, which have their own; add the connector", *loc, field)
                return []
        offers = self._offers.get(form.vendor, ())
        if not offers:
            say(f"the catalog knows no source of {form.vendor}; say `connector` and `url` to read one of your own", *loc)
            return []
        for number, name in enumerate(form.only):
            names = {offer.id for offer in offers} | {offer.form.connector for offer in offers}
            say.unknown("source", name, names, *loc, "only", number, of=f"of {form.vendor} in the catalog")
        found = []
        for offer in offers:
            if form.only and offer.id not in form.only and offer.form.connector not in form.only:
                continue
            connector = connector_of(offer.form.connector, self._known, offer.say, *offer.loc)
            if connector is None:
                continue
            # what the catalog says wrongly is wrong there
            config = told(connector, offer.form, offer.say, *offer.loc, folder=folder, auth=form.auth)
            if config is not None:
                source = _source(form, offer.id, connector, config, offer.form.interval or connector.spec.interval)
                found += [source] if self._sound(source, say, loc) else []
        return found

    def _sound(self, source: SourceSettings, say: Say, loc: tuple[str | int, ...]) -> bool:
        before = len(say.problems)
        check_interval(source.interval, say, *loc)
        if source.id in self._taken:
            say(f"there are two sources {source.id!r}; the other is {self._taken[source.id]}; give one of them an `id`", *loc)
        self._taken[source.id] = say.place(*loc).text
        auth = getattr(source.config, "auth", None)
        say.unknown("credential", auth, self._credentials, *loc, "auth", hint="add it under credentials")
        url = getattr(source.config, "url", None)
        refused = self._known.refusal(url, source.allow) if isinstance(url, str) and len(say.problems) == before else None
        if refused:
            say(refused, *loc, "url")
        return len(say.problems) == before


def connector_of(name: str, known: Known, say: Say, *loc: str | int) -> Connector | None:
    """The connector called ``name``; None, with that said, where there is none."""
    return None if say.unknown("connector", name, known.connectors, *loc, "connector") else known.connectors[name]


def check_interval(interval: timedelta, say: Say, *loc: str | int) -> None:
    """Say so where a source would be read too often, or too seldom."""
    if interval < LEAST:
        say(f"{format_duration(interval)} is too short: a source is read every {format_duration(LEAST)} at most", *loc, "interval")
    elif interval > MOST:
        say(f"{format_duration(interval)} is too long: a source is read once in {format_duration(MOST)} at least", *loc, "interval")


def check_networks(networks: tuple[str, ...], say: Say, *loc: str | int) -> None:
    """Say which of ``networks`` are none."""
    for number, network in enumerate(networks):
        try:
            ip_network(network)
        except ValueError:
            say(f"{network!r} is not a network; write it as 10.1.0.0/16, or a single address as 10.1.2.3", *loc, "allow", number)


def told(
    connector: Connector, form: SourceForm | OfferedSource, say: Say, *loc: str | int, folder: Path, auth: str | None = None
) -> BaseModel | None:
    """What the connector is told: `config`, and what may stand beside it. None, with everything said, where it does not fit."""
    short = {"url": form.url, "auth": auth or getattr(form, "auth", None)}
    given = {name: value for name, value in short.items() if value is not None}
    for name in given.keys() & form.config.keys():
        say("it stands in `config` too; give it once", *loc, name)
    beside: dict[Loc, Loc] = {(*loc, "config", name): (*loc, name) for name in short if name not in form.config}
    return plugged(connector.spec.config, {**form.config, **given}, say.moving(beside), *loc, "config", folder=folder)


def _source(form: SourceForm, id_: str, connector: Connector, config: BaseModel, interval: timedelta) -> SourceSettings:
    return SourceSettings(
        id_, form.vendor, connector, config, form.interval or interval, form.allow, form.ports, form.deadline, form.max_bytes
    )
