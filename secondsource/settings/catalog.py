"""The catalog: vendors that everybody shares, one a document, in folders of YAML files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from secondsource.contracts.yaml_positions import BadYaml, Document, read
from secondsource.domain.problems import Problem
from secondsource.settings.base import is_id
from secondsource.settings.forms import read as read_form
from secondsource.settings.say import Say
from secondsource.settings.vendor_graph import Statement
from secondsource.settings.vendors import CatalogVendor, OfferedSource

VENDORS = "vendors"
"""The folder of a catalog that holds its vendors."""


class Offer(NamedTuple):
    """A source in the catalog, with its id and its place."""

    id: str
    form: OfferedSource
    say: Say
    loc: tuple[str | int, ...]


class Catalog:
    """What was read from ``folders``.

    ``unread`` are ids of documents whose form is wrong; ``says`` hold what is wrong with each document.
    """

    def __init__(self) -> None:
        self.folders: tuple[Path, ...] = ()
        self.vendors: dict[str, list[tuple[CatalogVendor, Say]]] = {}
        self.unread: set[str] = set()
        self.says: list[Say] = []
        self._broken: list[Problem] = []

    @property
    def problems(self) -> list[Problem]:
        """All that was said so far, by file and place."""
        return sorted({*self._broken, *(problem for say in self.says for problem in say.problems)})

    def statements(self) -> dict[str, list[Statement]]:
        """What the folders say of each vendor, in their order."""
        return {id_: [Statement(form, say) for form, say in said] for id_, said in self.vendors.items()}

    def offers(self) -> Mapping[str, tuple[Offer, ...]]:
        """The sources of each vendor: those of the last folder that has any."""
        found = {}
        for id_, said in self.vendors.items():
            form, say = next(((form, say) for form, say in reversed(said) if form.sources), said[0])
            found[id_] = tuple(
                Offer(offer.id or default_id(id_, offer.connector), offer, say, ("sources", number))
                for number, offer in enumerate(form.sources)
            )
        return found

    def take(self, folder: Path) -> None:
        """Read the files of one folder. What it says of a vendor that was read before is added to that."""
        self.folders += (folder,)
        root = folder / VENDORS if (folder / VENDORS).is_dir() else folder
        if not root.is_dir():
            self._broken.append(Problem(str(folder), 1, 1, "there is no such folder"))
            return
        here: dict[str, str] = {}
        for path in sorted(root.glob("*.y*ml")):
            try:
                documents = read(path)
            except BadYaml as error:
                self._broken.append(error.problem)
                continue
            for document in documents:
                self._vendor(document, here)

    def _vendor(self, document: Document, here: dict[str, str]) -> None:
        say = Say(document)
        self.says.append(say)
        form: CatalogVendor | None = read_form(CatalogVendor, document.value, say, folder=Path(document.file).parent)
        if form is None:
            claimed = document.value.get("id") if isinstance(document.value, dict) else None
            if is_id(claimed):
                self.unread.add(str(claimed))
            return
        if form.id in here:
            say(f"vendor {form.id!r} is in {here[form.id]} too", "id")
        here[form.id] = document.file
        self.vendors.setdefault(form.id, []).append((form, say))


def default_id(vendor: str, connector: str) -> str:
    """The id of a source that is given none."""
    return f"{vendor}-{connector.replace('_', '-')}"


def read_catalog(folders: Iterable[Path]) -> Catalog:
    """The catalog in ``folders``, the shipped first, one's own after it. It raises nothing: what is wrong is in its problems."""
    catalog = Catalog()
    for folder in folders:
        catalog.take(folder)
    return catalog
