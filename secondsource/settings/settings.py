"""The settings: what a sound configuration means, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
from pydantic import BaseModel

from secondsource.contracts.connector import Connector
from secondsource.contracts.rule import Rule
from secondsource.domain.context import Context
from secondsource.domain.errors import UserError
from secondsource.domain.portfolio import Person
from secondsource.domain.problems import Problem
from secondsource.settings.secrets import Secret, SecretError
from secondsource.settings.service import Api, Automation, Heartbeat, Retention
from secondsource.settings.sources import CredentialForm


class ConfigError(UserError):
    """The configuration can not be used. ``problems`` are all that is wrong with it, each with its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SourceSettings(msgspec.Struct, frozen=True):
    """A source that is switched on. ``config`` is an instance of the connector's model; ``deadline`` and ``max_bytes`` None: the
    fetcher's own bounds; ``ports`` None: any."""

    id: str
    vendor: str
    connector: Connector
    config: BaseModel
    interval: timedelta
    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] | None = None
    deadline: timedelta | None = None
    max_bytes: int | None = None


class ChannelSettings(msgspec.Struct, frozen=True):
    """A way out. ``sender`` is an instance of the kind's model; ``to`` is where messages to the channel itself go, if anywhere."""

    name: str
    kind: str
    to: str | None
    sender: BaseModel
    allow: tuple[str, ...] = ()


class SecretUse(msgspec.Struct, frozen=True):
    """A secret that the configuration refers to, and where: the problem's text is its path."""

    secret: Secret
    place: Problem


class Settings(msgspec.Struct, frozen=True):
    """All that the program is told. ``rules`` holds the parameters of the rules that run, by id; ``runbook_folders`` and
    ``catalog_folders`` the shipped, then one's own. ``rule_types`` are all rules that there are, one's own among them."""

    path: Path
    context: Context
    sources: tuple[SourceSettings, ...]
    channels: tuple[ChannelSettings, ...]
    rules: Mapping[str, BaseModel]
    runbook_folders: tuple[Path, ...]
    credentials: Mapping[str, CredentialForm]
    data_dir: Path
    api: Api = Api()
    heartbeat: Heartbeat | None = None
    retention: Retention = Retention()
    runtime: str = "embedded"
    catalog_folders: tuple[Path, ...] = ()
    secrets: tuple[SecretUse, ...] = ()
    rule_types: Mapping[str, type[Rule]] = {}
    automation: Automation | None = None

    def running_rules(self) -> dict[str, Rule]:
        """The rules that run, by id, with their parameters."""
        return {id_: self.rule_types[id_](params) for id_, params in self.rules.items()}

    @property
    def people(self) -> tuple[Person, ...]:
        """Those who can be told."""
        return self.context.portfolio.people

    @property
    def public_url(self) -> str:
        """Where people reach the page, without a slash at the end."""
        host = self.api.host if self.api.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
        return (self.api.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.api.port}").rstrip("/")

    def missing_secrets(self) -> tuple[Problem, ...]:
        """Which secrets can not be read now, each at its place."""
        found = []
        for use in self.secrets:
            try:
                use.secret.reveal()
            except SecretError as error:
                found.append(msgspec.structs.replace(use.place, text=f"{use.place.text}: {error}"))
        return tuple(found)

    def require_secrets(self) -> None:
        """Raises :class:`ConfigError` where a secret can not be read."""
        missing = self.missing_secrets()
        if missing:
            raise ConfigError(missing)
