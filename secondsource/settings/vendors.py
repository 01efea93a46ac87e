"""How vendors are written: in the catalog, one a document, and in one's own configuration, under their ids."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from secondsource.contracts.durations import Span
from secondsource.settings.base import BY_FORM, MAPPING, TEXT, AnyPlace, Country, Id, Room, Share, Text

VendorKind = Literal[
    "model_api", "cloud", "gpu_cloud", "saas", "developer_platform", "data_platform", "network", "identity", "observability",
    "payments", "communication", "status_platform", "chip_maker", "chip_design", "foundry", "memory", "storage", "packaging",
    "equipment", "materials", "server_maker", "colocation", "energy", "price_list", "press", "public_body", "internal", "other",
]  # fmt: skip
UpstreamKind = Literal[
    "cloud", "service", "network", "colocation", "energy", "status_platform", "accelerator", "foundry", "memory", "equipment"
]


class PartForm(Room):
    """A product or region."""

    id: Id = Field(description="How dependencies call it: us-east-1.")
    name: Text | None = Field(default=None, description="How people call it.")
    aliases: tuple[Text, ...] = Field(default=(), description="Other words under which pages, feeds and bills speak of it.")


AnyPart = Annotated[Annotated[PartForm, MAPPING] | Annotated[Id, TEXT], BY_FORM]


class UpstreamForm(Room):
    """Something that the vendor itself sits on."""

    scope: AnyPlace = Field(description="What it sits on: a vendor, or a product or region of one.")
    kind: UpstreamKind = Field(
        default="cloud", description="What it gets from there. Outages do not travel over supply of chips and parts."
    )
    product: Id | None = Field(default=None, description="Which of the vendor's own products sits there; absent: all of them.")
    region: Id | None = Field(default=None, description="Which of the vendor's own regions sits there; absent: all of them.")
    basis: Text | None = Field(default=None, description="How that is known, in a sentence.")
    confidence: Share = Field(default=1.0, description="How well it is known, 0 to 1; below 0.5 it only may be so.")


class VendorForm(Room):
    """A company, or a business of it, that others depend on."""

    name: Text | None = Field(default=None, description="How people call it; absent: the catalog's name, or the id.")
    kinds: tuple[VendorKind, ...] = Field(default=(), description="What it sells.")
    country: Country | None = Field(default=None, description="Where it is at home, as ISO 3166-1 has it.")
    parent: Id | None = Field(default=None, description="The vendor that owns it.")
    aliases: tuple[Text, ...] = Field(default=(), description="Other names under which it is known.")
    products: tuple[AnyPart, ...] = Field(default=(), description="What of it can be named in dependencies.")
    regions: tuple[AnyPart, ...] = Field(default=(), description="Where it runs, as dependencies name it.")
    depends_on: tuple[UpstreamForm, ...] = Field(default=(), description="What it sits on.")


class OfferedSource(Room):
    """A source that the catalog knows for the vendor, ready to be switched on."""

    id: Id | None = Field(default=None, description="Its id; absent: the vendor's and the connector's, such as openai-incident-io.")
    connector: str = Field(description="What reads it.")
    url: str | None = Field(default=None, description="Where it publishes; short for `config: {url: ...}`.")
    config: dict[str, Any] = Field(default={}, description="What the connector is told besides.")
    interval: Span | None = Field(default=None, description="How often it is read; absent: as the connector proposes.")


class CatalogVendor(VendorForm):
    """A vendor of the catalog. What a later folder says of it is added, as what a configuration says is; its sources replace the others."""

    id: Id = Field(description="How the vendor is called in configurations.")
    name: Text = Field(description="How people call it.")
    sources: tuple[OfferedSource, ...] = Field(default=(), description="Where it publishes.")


AnyVendor = Annotated[Annotated[VendorForm, MAPPING] | Annotated[Text, TEXT], BY_FORM]
