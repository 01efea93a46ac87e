"""What the tests of the settings have in common: small plug-ins and a small catalog, so that no change to those that ship changes an
expectation. The senders are the real ones: what they want to be told is part of what is tested."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from secondsource.adapters import senders
from secondsource.adapters.known import refusal
from secondsource.contracts.connector import Parsed, Request, Response, Spec
from secondsource.contracts.reading import SourceConfig, WebAddress
from secondsource.contracts.rule import Meta, Reach, Step
from secondsource.domain.context import Context
from secondsource.domain.observations import Observation
from secondsource.domain.signals import Severity
from secondsource.settings.known import Known
from secondsource.settings.load import Examined, examine, load
from secondsource.settings.settings import Settings

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"


class _Connector:
    spec: ClassVar[Spec]

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        return ()

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        return Parsed(())


class PageConfig(SourceConfig):
    """A page."""

    only: tuple[str, ...] = Field(default=(), description="Components.")


class ListConfig(SourceConfig):
    """A list."""

    url: WebAddress = Field(default="https://prices.example/list.json", description="Where the list is.")
    providers: tuple[str, ...] = Field(default=(), description="Providers.")


class Query(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="What it is called.")
    used: str = Field(description="What is used.")
    limit: str | float | None = Field(default=None, description="The limit.")
    emits: Literal["quota", "spend"] = Field(default="quota", description="What it is.")
    currency: str = Field(default="USD", description="The currency.")


class MetricsConfig(SourceConfig):
    """Questions."""

    queries: tuple[Query, ...] = Field(min_length=1, description="What is asked.")


class Pages(_Connector):
    spec = Spec("statuspage", "Pages", PageConfig, timedelta(minutes=1), ("incident",), "https://pages.example")


class Prices(_Connector):
    spec = Spec("litellm_prices", "Prices", ListConfig, timedelta(hours=1), ("price",), "https://prices.example")


class Metrics(_Connector):
    spec = Spec("prometheus_quota", "Metrics", MetricsConfig, timedelta(minutes=1), ("quota", "spend"), "https://metrics.example")


class _Rule:
    State: ClassVar[type[msgspec.Struct]] = msgspec.Struct

    def __init__(self, params: Any) -> None:
        self.params = params

    def keys(self, observation: Observation) -> Sequence[str]:
        return ()

    def on_observation(self, key: str, state: Any | None, observation: Observation, now: Any, context: Context) -> Step | None:
        return None

    def on_wake(self, key: str, state: Any, now: Any, context: Context) -> Step | None:
        return None


class OutageParams(BaseModel):
    """When an outage is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clear_hold: timedelta = Field(default=timedelta(minutes=10), ge=timedelta(0), description="How long all must be well.")
    min_status: Literal["degraded", "partial_outage", "major_outage"] = Field(default="degraded", description="The mildest.")
    ignore_components: tuple[str, ...] = Field(default=(), description="Components to leave out.")


class Limits(BaseModel):
    """Thresholds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(default=0.5, gt=0, le=1, description="The share.")
    every: timedelta = Field(default=timedelta(minutes=15), description="How often.")


class ConcentrationParams(BaseModel):
    """Thresholds by dimension."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: Limits | None = Field(default=Limits(), description="By vendor.")
    chip: Limits | None = Field(default=Limits(), description="By chip.")
    steps: tuple[Limits, ...] = Field(default=(), description="One after the other.")
    margin: float = Field(default=0.05, description="Below the threshold.")

    @model_validator(mode="after")
    def _some(self) -> ConcentrationParams:
        if self.vendor is None and self.chip is None:
            raise ValueError("with both dimensions off, switch the rule off")
        return self


class PriceParams(BaseModel):
    """When a price has moved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(default=5.0, gt=0, description="Per cent.")


class Outage(_Rule):
    meta = Meta("vendor_outage", 1, "Outage", "It hurts.", Severity.HIGH, Reach.VENDOR, ("incident",))
    Params: ClassVar[type[BaseModel]] = OutageParams


class Concentration(_Rule):
    meta = Meta("concentration", 1, "Concentration", "It fails together.", Severity.MEDIUM, Reach.PORTFOLIO, ("spend",))
    Params: ClassVar[type[BaseModel]] = ConcentrationParams


class PriceChange(_Rule):
    meta = Meta("price_change", 1, "Price", "It costs.", Severity.MEDIUM, Reach.VENDOR, ("price",))
    Params: ClassVar[type[BaseModel]] = PriceParams


KNOWN = Known(
    connectors={connector.spec.name: connector for connector in (Pages(), Prices(), Metrics())},
    rules={rule.meta.id: rule for rule in (Outage, Concentration, PriceChange)},
    senders={kind: senders.settings_model(kind) for kind in ("email", "slack", "webhook")},
    catalog=(HERE / "catalog",),
    plans=lambda folders: frozenset({"model-api-failover", "region-failover"}),
    refusal=refusal,
)


def written(folder: Path, text: str) -> Path:
    """A configuration in ``folder`` with this ``text``."""
    path = folder / "secondsource.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def settings(folder: Path, text: str) -> Settings:
    """The settings of ``text``."""
    return load(written(folder, text), KNOWN)


def looked_at(folder: Path, text: str) -> Examined:
    """``text`` with what is wrong with it."""
    return examine(written(folder, text), KNOWN)


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong with ``text``: line, column and sentence of each."""
    return [f"{p.line}:{p.column}: {p.text}" for p in looked_at(folder, text).problems]
