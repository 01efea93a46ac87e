"""Whether a catalog is sound: its vendors among each other, its sources, and that it says how it knows what it says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from secondsource.domain.problems import Problem
from secondsource.settings.catalog import Catalog, Offer, read_catalog
from secondsource.settings.known import Known
from secondsource.settings.polling import check_interval, connector_of, told
from secondsource.settings.say import Say
from secondsource.settings.vendor_graph import Vendors
from secondsource.settings.vendors import CatalogVendor


def check_catalog(folders: Iterable[Path], known: Known, *, own: bool = False) -> list[Problem]:
    """Everything that is wrong with the catalog in ``folders``, each with its place.

    ``own``: whether a configuration uses it, which can add what is missing.
    """
    catalog = read_catalog(folders)
    Vendors(catalog.statements(), catalog.unread, own=own).made()
    for said in catalog.vendors.values():
        for form, say in said:
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
    files: dict[str, list[tuple[CatalogVendor, Say]]] = {}
    for said in catalog.vendors.values():
        for form, say in said:
            files.setdefault(say.document.file, []).append((form, say))
    for file, held in files.items():
        first, say = min(held, key=lambda found: found[1].place().line)
        if Path(file).stem not in {form.id for form, _ in held}:
            say(f"the file is called {Path(file).name}; call it {first.id}.yaml, or correct the id", "id")


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
    config = told(connector, offer.form, offer.say, *offer.loc, folder=folder)
    url = getattr(config, "url", None)
    refused = known.refusal(url, ()) if isinstance(url, str) else None
    if refused:
        offer.say(refused, *offer.loc, "url")
