"""The configuration file as a whole. Everything in it has a default, so a file says only what is one's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from secondsource.settings.base import BY_FORM, MAPPING, SWITCH, Currency, Id, Room, Text
from secondsource.settings.company import ContractForm, FunctionForm, WorkloadForm
from secondsource.settings.people import ChannelForm, PersonForm
from secondsource.settings.service import Api, Automation, Heartbeat, Retention
from secondsource.settings.sources import AnySource, CredentialForm
from secondsource.settings.vendors import AnyVendor

RuleEntry = Annotated[Annotated[dict[str, Any], MAPPING] | Annotated[bool, SWITCH], BY_FORM]


class Configuration(Room):
    """One company's Second Source."""

    runtime: Literal["embedded"] = Field(default="embedded", description="How it runs: embedded is one process with its own database.")
    data: Text = Field(default=".secondsource", description="The folder of its database, relative to this file.")
    currency: Currency = Field(default="USD", description="The currency of `spend` and of shares of it.")

    sources: tuple[AnySource, ...] = Field(default=(), description="What is read.")
    credentials: dict[Id, CredentialForm] = Field(default={}, description="What sources want to see, by name.")
    channels: dict[Id, ChannelForm] = Field(default={}, description="The ways out, by name.")
    people: dict[Id, PersonForm] = Field(default={}, description="Who can be told, by id.")

    functions: dict[Id, FunctionForm] = Field(default={}, description="What the business does, by id.")
    workloads: dict[Id, WorkloadForm] = Field(default={}, description="What runs for it, by id.")
    contracts: dict[Id, ContractForm] = Field(default={}, description="What was signed, by id.")
    vendors: dict[Id, AnyVendor] = Field(
        default={}, description="Vendors that the catalog lacks, or more of those that it has: lists are added to, the rest replaces."
    )
    rules: dict[str, RuleEntry] = Field(
        default={}, description="Parameters by rule; `off` switches a rule off. What is not named here runs with its defaults."
    )

    own_rules: tuple[Text, ...] = Field(default=(), description="Folders of one's own rules, relative to this file.")
    runbooks: tuple[Text, ...] = Field(default=(), description="Folders of one's own runbooks, relative to this file.")
    catalog: tuple[Text, ...] = Field(default=(), description="Folders of one's own vendors, relative to this file.")

    api: Api = Field(default=Api(), description="Page and API.")
    heartbeat: Heartbeat | None = Field(default=None, description="The sign of life.")
    automation: Automation | None = Field(default=None, description="What plans may do by themselves.")
    retention: Retention = Field(default=Retention(), description="What is let go of, and when.")
