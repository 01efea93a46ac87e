"""Whether a catalog is sound: its vendors among each other, its sources, and that it says how it knows what it says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from secondsource.domain.problems import Problem
from secondsource.settings.catalog import Catalog, Offer, read_catalog
from secondsource.settings.known import Known
from secondsource.settings.plugged import plugged
from secondsource.settings.polling import check_interval, config_of, connector_of
from secondsource.settings.say import Say
from secondsource.settings.vendor_graph import Vendors
from secondsource.settings.vendors import CatalogVendor


def check_catalog(folders: Iterable[Path], known: Known) -> list[Problem]:
    """Everything that is wrong with the catalog in ``folders``, each with its place."""
    catalog = read_catalog(folders)
    Vendors(catalog.statements(), catalog.unread, own=False).made()
    for form, say in catalog.vendors.values():
        _grounds(form, say)
    _files(catalog)
    _sources(catalog, known)
    return catalog.problems


def _grounds(form: CatalogVendor, say: Say) -> None:
    for number, upstream in enumerate(form.depends_on):
        for field in ("basis", "confidence"):
            if field not in upstream.model_fields_set:
                said = f"`{field}` is missing: a catalog says how it knows what a vendor sits on, and how well"
                say(said, "depends_on", number)


def _files(catalog: Catalog) -> None:
    """A vendor is found by the name of its file; further documents of a file go with the one that it is named for."""
    named: dict[str, list[str]] = {}
    for form, say in catalog.vendors.values():
        named.setdefault(say.document.file, []).append(form.id)
    for form, say in catalog.vendors.values():
        file = Path(say.document.file)
        if file.stem not in named[say.document.file] and form.id == named[say.document.file][0]:
            say(f"the file is called {file.name}; call it {form.id}.yaml, or correct the id", "id")


def _sources(catalog: Catalog, known: Known) -> None:
    taken: dict[str, Offer] = {}
    for offers in catalog.offers().values():
        for offer in offers:
            _source(offer, known)
            other = taken.setdefault(offer.id, offer)
            if other is not offer:
                offer.say(f"there are two sources {offer.id!r}, the other in {other.say.document.file}; give one an `id`", *offer.loc)


def _source(offer: Offer, known: Known) -> None:
    connector = connector_of(offer.form.connector, known, offer.say, *offer.loc)
    if connector is None:
        return
    check_interval(offer.form.interval or connector.spec.interval, offer.say, *offer.loc)
    folder = Path(offer.say.document.file).parent
    config = plugged(connector.spec.config, config_of(offer.form), offer.say, *offer.loc, "config", folder=folder)
    url = getattr(config, "url", None)
    refused = known.refusal(url, ()) if isinstance(url, str) else None
    if refused:
        offer.say(refused, *offer.loc, "url")
