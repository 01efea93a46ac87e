"""Vendors as the catalog knows them: products, regions with their aliases, what they sit on, and where they publish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec

from secondsource.domain.scope import Scope


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """A product or region. ``aliases`` are words under which pages, feeds and bills speak of it."""

    id: str
    name: str = ""
    aliases: tuple[str, ...] = ()


class Upstream(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a vendor is known to sit on. ``basis`` says how that is known, ``confidence`` 0 to 1 how well.

    ``product`` and ``region`` tell which part of the vendor sits there; None for all of it.
    """

    scope: Scope
    kind: str = "cloud"  # cloud, accelerator, foundry, memory, energy, network, status_platform
    product: str | None = None
    basis: str = ""
    confidence: float = 1.0
    region: str | None = None

    def holds_for(self, scope: Scope) -> bool:
        """Whether ``scope``, a part of the vendor, may sit there: nothing of it is said to differ."""
        return (self.product is None or scope.product is None or self.product == scope.product) and (
            self.region is None or scope.region is None or self.region == scope.region
        )

    def surely_for(self, scope: Scope) -> bool:
        """Whether all of ``scope`` sits there."""
        return self.product in (None, scope.product) and self.region in (None, scope.region)


class Vendor(msgspec.Struct, frozen=True, omit_defaults=True):
    """A company, or a business of it, that others depend on."""

    id: str
    name: str
    kinds: tuple[str, ...] = ()  # model_api, cloud, gpu_cloud, chip_maker, foundry, memory, ...
    country: str | None = None  # ISO 3166-1 alpha-2
    parent: str | None = None
    products: tuple[Part, ...] = ()
    regions: tuple[Part, ...] = ()
    depends_on: tuple[Upstream, ...] = ()
    aliases: tuple[str, ...] = ()


class _Words:
    """Finds the parts that a text names. Where one part's words stand within another's ("West US" in "West US 2"), the longer is meant."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._ids: dict[str, str] = {}
        for part in parts:
            for word in (part.id, part.name, *part.aliases):
                if word:
                    self._ids.setdefault(word.casefold(), part.id)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:  # made when first asked: of hundreds of vendors, few are read
        longest_first = sorted(self._ids, key=lambda word: (-len(word), word))
        pattern = "|".join(map(re.escape, longest_first)) or "(?!)"
        return re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", re.IGNORECASE)

    def found(self, text: str) -> list[str | None]:
        """Ids of the parts named in ``text``, each once."""
        return list(dict.fromkeys(self._ids[match.casefold()] for match in self._pattern.findall(text)))


class VendorGraph:
    """All vendors and the edges between them, read-only. Unknown ids are allowed: they have a name and nothing else."""

    def __init__(self, vendors: Iterable[Vendor] = ()) -> None:
        self.vendors: Mapping[str, Vendor] = {vendor.id: vendor for vendor in vendors}
        self._products = {v.id: _Words(v.products) for v in self.vendors.values()}
        self._regions = {v.id: _Words(v.regions) for v in self.vendors.values()}

    def name(self, vendor: str) -> str:
        """The vendor's name as people know it; its id where the catalog has none."""
        known = self.vendors.get(vendor)
        return known.name if known else vendor

    def scopes(self, vendor: str, texts: Iterable[str]) -> tuple[Scope, ...]:
        """What the words of a page mean: the products and regions of ``vendor`` named in ``texts``.

        Several products and regions in one text give their product set; a text that names nothing known gives the
        whole vendor. Sorted, without duplicates.
        """
        found: set[Scope] = set()
        for text in texts:
            products = self._products[vendor].found(text) if vendor in self._products else []
            regions = self._regions[vendor].found(text) if vendor in self._regions else []
            found.update(Scope(vendor, product, region) for product in products or [None] for region in regions or [None])
        return tuple(sorted(found, key=str)) if found else (Scope(vendor),)

    def upstream(self, scope: Scope) -> tuple[Upstream, ...]:
        """What ``scope`` sits on, one step down."""
        known = self.vendors.get(scope.vendor)
        if known is None:
            return ()
        return tuple(edge for edge in known.depends_on if edge.holds_for(scope))
