"""What part of a vendor is meant: all of it, a product, a region, or a product in a region."""

from __future__ import annotations

import msgspec


class Scope(msgspec.Struct, frozen=True, order=True, omit_defaults=True, gc=False):
    """A vendor, narrowed by product or region where known. ``None`` means "not said", never "none"."""

    vendor: str
    product: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        return "/".join(part for part in (self.vendor, self.product, self.region) if part)

    def touches(self, other: Scope) -> bool:
        """Whether trouble in one may be trouble in the other: same vendor, and no part said to differ."""
        return (
            self.vendor == other.vendor
            and (self.product is None or other.product is None or self.product == other.product)
            and (self.region is None or other.region is None or self.region == other.region)
        )

    def within(self, other: Scope) -> bool:
        """Whether all that ``self`` names lies in what ``other`` names: trouble in ``other`` surely reaches ``self``."""
        return (
            self.vendor == other.vendor
            and (other.product is None or self.product == other.product)
            and (other.region is None or self.region == other.region)
        )
