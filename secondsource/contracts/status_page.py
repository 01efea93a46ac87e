"""Help for connectors that read status pages: the settings that they share, and readings gathered with the same care."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from pydantic import Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request
from secondsource.contracts.reading import SourceConfig, WebAddress
from secondsource.domain.observations import ComponentStatus, Incident, IncidentUpdate, Maintenance
from secondsource.domain.status import Status, worst
from secondsource.domain.text import plain_text, tidy

_UPDATES = 30
_ID = 200
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class ComponentsConfig(SourceConfig):
    """A page of components. Their names are matched with ``*`` and ``?``, whatever their case."""

    url: WebAddress = Field(description="The status page, or the one of its files that is to be read.")
    only: tuple[str, ...] = Field(default=(), description="Read these components only, and incidents that touch them; all if empty.")
    ignore: tuple[str, ...] = Field(default=(), description="Leave out these components.")

    def wants(self, name: str, group: str | None = None) -> bool:
        """Whether a component of this name, in this group, is to be read."""
        names = [name.lower(), *([group.lower()] if group else [])]
        if any(fnmatchcase(n, pattern.lower()) for n in names for pattern in self.ignore):
            return False
        return not self.only or any(fnmatchcase(n, pattern.lower()) for n in names for pattern in self.only)


class StatusPageConfig(ComponentsConfig):
    """A page that has a word for the whole, too."""

    indicator: bool = Field(
        default=True,
        description="Read the page's overall indicator. Say false where components that do not matter keep it raised.",
    )


def file_at(url: str, path: str) -> str:
    """``url`` where it names a JSON file itself, else the file at ``path`` below it."""
    return url if urlsplit(url).path.endswith(".json") else url.rstrip("/") + path


def json_request(url: str, config: SourceConfig, memo: str = "") -> Request:
    """A request for JSON with the credential of ``config``; ``memo`` comes back with the answer."""
    return Request(url, headers={"accept": "application/json"}, auth=config.auth, memo=memo)


def update(stage: str, text: str | None, at: datetime | None) -> IncidentUpdate:
    """One entry of an incident's log, its text made plain."""
    return IncidentUpdate(stage=tidy(stage, 60), text=plain_text(text or "", 1000), at=at)


def newest_first(updates: Iterable[IncidentUpdate]) -> tuple[IncidentUpdate, ...]:
    """At most the 30 newest; those of one instant stay in the order in which they came, those without a time come last."""
    return tuple(sorted(updates, key=lambda entry: entry.at or _BEFORE_ALL, reverse=True)[:_UPDATES])


def stage_word(native: str) -> str:
    """A stage in the form that all providers' words share: ``In Progress`` is ``in_progress``."""
    return "_".join(tidy(native, 60).lower().replace("-", " ").split())


class StatusPage:
    """Gathers what a page says: components first, then the incidents and maintenances, which may name them.

    Ids and texts are tidied here. Where a page says two things under one id, the graver is kept.
    """

    def __init__(self, config: ComponentsConfig) -> None:
        self._config = config
        self._readings: dict[str, Reading] = {}
        self._read: set[str] = set()
        self._unread: set[str] = set()
        self._left_out = 0

    def overall(self, name: str | None, status: Status, native: str, at: datetime | None = None) -> None:
        """The page's own word for the whole, unless the configuration leaves it out."""
        if not isinstance(self._config, StatusPageConfig) or self._config.indicator:
            body = ComponentStatus(name=tidy(name or "page", 200), status=status, native=tidy(native, 60))
            self._readings["page"] = Reading("page", body, at)

    def component(
        self, id_: str, name: str, status: Status, native: str | None, *, group: str | None = None, at: datetime | None = None
    ) -> None:
        """One line of the page, with the provider's own word for its state (None where it says nothing of its own)."""
        name = tidy(name, 200)
        group = tidy(group, 200) if group else None
        if not self._config.wants(name, group):
            self._unread.add(name)
            return
        self._read.add(name)
        body = ComponentStatus(name=name, status=status, group=group, native=tidy(native, 60) if native else None)
        subject = f"component/{tidy(id_, _ID)}"
        known = self._readings.get(subject)
        if known is None or not isinstance(known.body, ComponentStatus) or worst((known.body.status, status)) is not known.body.status:
            self._readings[subject] = Reading(subject, body, at)

    def incident(
        self,
        id_: str,
        *,
        title: str,
        status: Status,
        stage: str,
        resolved: bool,
        components: Sequence[str] = (),
        places: Sequence[str] = (),
        updates: Iterable[IncidentUpdate] = (),
        started_at: datetime | None = None,
        resolved_at: datetime | None = None,
        link: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """An incident. ``places`` are parts of its components, such as regions, which do not decide whether it is read;
        ``at`` is when the provider last changed it, if it says so."""
        names = self._names(components, places)
        if names is None:
            return
        body = Incident(
            title=plain_text(title, 300),
            status=status,
            stage=tidy(stage, 60),
            resolved=resolved,
            components=names,
            updates=newest_first(updates),
            started_at=started_at,
            resolved_at=resolved_at,
            link=_link(link),
        )
        subject = f"incident/{tidy(id_, _ID)}"
        known = self._readings.get(subject)
        if known is None or (isinstance(known.body, Incident) and known.body.resolved and not resolved):
            newest = body.updates[0].at if body.updates else None
            self._readings[subject] = Reading(subject, body, at or newest or started_at)

    def maintenance(
        self,
        id_: str,
        *,
        title: str,
        stage: str,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        components: Sequence[str] = (),
        places: Sequence[str] = (),
        link: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Planned work: ``scheduled``, ``in_progress``, ``verifying``, ``completed``, or the provider's own stage."""
        names = self._names(components, places)
        if names is None:
            return
        body = Maintenance(
            title=plain_text(title, 300), stage=tidy(stage, 60), starts_at=starts_at, ends_at=ends_at, components=names, link=_link(link)
        )
        subject = f"maintenance/{tidy(id_, _ID)}"
        self._readings.setdefault(subject, Reading(subject, body, at))

    def parsed(self, *, lists_all: bool = True, notes: Sequence[str] = ()) -> Parsed:
        """All of it. ``lists_all`` False says that the page has components that this response does not name.

        Raises :class:`ParseError` where all are named and ``only`` fits none: its silence would look like health.
        """
        if self._unread and not self._read and self._config.only and lists_all:
            some = ", ".join(sorted(self._unread)[:5])
            raise ParseError("the components", f"none of {len(self._unread)} is named by 'only'; here are {tidy(some, 200)}")
        left_out = f"{self._left_out} incidents and maintenances left out: they touch no component that is read"
        return Parsed(list(self._readings.values()), notes=(*notes, *((left_out,) if self._left_out else ())))

    def _names(self, components: Sequence[str], places: Sequence[str]) -> tuple[str, ...] | None:
        """What an event touches, once each; None, and counted, where none of its components is read."""
        deciding = [tidy(name, 200) for name in components]
        if deciding and not any(name in self._read if name in self._read | self._unread else self._config.wants(name) for name in deciding):
            self._left_out += 1
            return None
        return tuple(dict.fromkeys(tidy(name, 200) for name in (*components, *places)))


def _link(link: str | None) -> str | None:
    return link if link and link.startswith(("https://", "http://")) else None
