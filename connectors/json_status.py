"""Status pages of any JSON format, by a mapping in the configuration: a vendor whose page no other connector reads needs no code.

The mapping says where the page's own status, its components and its incidents stand, and what the page's words for a status mean.
A word that the mapping does not have is an error that names its place, never a guess; so is a list of components that is empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.json_path import KEY, ListPath, PlacePath, parse_path
from secondsource.contracts.reading import Node, document
from secondsource.contracts.status_page import ComponentsConfig, StatusPage, json_request, update
from secondsource.domain.status import Status
from secondsource.domain.text import tidy

_MILLISECONDS = 100_000_000_000  # from here on a number is no number of seconds: it would be the year 5138


class _Mapping(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PageMap(_Mapping):
    """Where the page's own status stands."""

    status: PlacePath = Field(description="Its word for the whole: status.indicator.")
    name: PlacePath | None = Field(default=None, description="How the page calls itself.")
    updated: PlacePath | None = Field(
        default=None, description="When it last changed, as ISO 8601 or as seconds or milliseconds since 1970."
    )


class ComponentMap(_Mapping):
    """Where components stand. All but ``each`` is told from the component: @key is the name under which it stands."""

    each: ListPath = Field(description="The components: data.components[*].")
    id: PlacePath = Field(default="id", description="What stays the same when the name changes.")
    name: PlacePath = Field(default="name", description="How people call it.")
    status: PlacePath = Field(description="Its word for how it does.")
    group: PlacePath | None = Field(default=None, description="What it belongs to.")
    updated: PlacePath | None = Field(default=None, description="When it last changed.")


class IncidentMap(_Mapping):
    """Where incidents stand. All but ``each`` is told from the incident. Without ``stage`` and ``ended`` what is listed is open."""

    each: ListPath = Field(description="The incidents: incidents[*].")
    id: PlacePath = Field(default="id", description="What stays the same through its life.")
    title: PlacePath = Field(default="title", description="What it is about.")
    status: PlacePath | None = Field(default=None, description="The word for how bad it is; absent: it counts as degraded.")
    stage: PlacePath | None = Field(default=None, description="The word for how far it has come.")
    over: tuple[str, ...] = Field(
        default=("resolved", "completed", "closed", "postmortem"), description="Stages that mean that it is over, whatever their case."
    )
    ended: PlacePath | None = Field(default=None, description="When it was over; where there is a time, it is.")
    started: PlacePath | None = Field(default=None, description="When it began.")
    updated: PlacePath | None = Field(default=None, description="When it last changed.")
    components: ListPath | None = Field(default=None, description="The names of what it touches: affected[*].name.")
    text: PlacePath | None = Field(default=None, description="The latest that was said of it.")
    link: PlacePath | None = Field(default=None, description="Where people read more.")
    empty_is_well: bool = Field(
        default=False,
        description="Whether an empty list alone means that all is well. Not needed where the page has a status or components.",
    )


def _lowered(words: Mapping[str, Status]) -> Mapping[str, Status]:
    found: dict[str, Status] = {}
    for word, status in words.items():
        if found.setdefault(word.strip().lower(), status) is not status:
            raise ValueError(f"the word {word!r} has two meanings; upper and lower case are the same")
    return found


class Config(ComponentsConfig):
    """A page and its mapping."""

    words: Annotated[Mapping[str, Status], AfterValidator(_lowered)] = Field(
        default={}, description="What the page's words mean, whatever their case: {up: operational, slow: degraded, down: major_outage}."
    )
    page: PageMap | None = Field(default=None, description="Where the page's own status stands, if it has one.")
    components: ComponentMap | None = Field(default=None, description="Where components stand, if there are any.")
    incidents: IncidentMap | None = Field(default=None, description="Where incidents stand, if there are any.")
    marks: Mapping[PlacePath, str] = Field(
        default={}, description="Places and the text that stands there, so that no other page is taken for this one: {page.name: Borealis}."
    )

    @model_validator(mode="after")
    def _says_enough(self) -> Config:
        if self.page is None and self.components is None and self.incidents is None:
            raise ValueError("say where the status stands: page, components or incidents")
        asks = self.page is not None or self.components is not None or (self.incidents is not None and self.incidents.status is not None)
        if asks and not self.words:
            raise ValueError("say what the page's words for a status mean: words")
        return self


class JsonStatus:
    """Readings of the page, its components and its incidents."""

    spec: ClassVar[Spec] = Spec(
        name="json_status",
        summary="Any status page in JSON, by a mapping in the configuration",
        config=Config,
        interval=timedelta(minutes=2),
        kinds=("component_status", "incident"),
        documentation="https://www.rfc-editor.org/rfc/rfc8259",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page."""
        assert isinstance(config, Config)
        return (json_request(config.url, config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """What the mapping finds on the page."""
        assert isinstance(config, Config)
        root = document(response.body)
        for place, text in config.marks.items():
            said = _word(_at(place, "", root))
            if said != text:
                raise ParseError(place, f"{said[:60]!r} stands here, not {text!r}: this is another page")
        page = StatusPage(config)
        if config.page is not None:
            status, native = _status(_at(config.page.status, "", root), config)
            page.overall(_text(config.page.name, "", root), status, native, _time(config.page.updated, root))
        if config.components is not None:
            _components(root, config.components, page, config)
        if config.incidents is not None:
            _incidents(root, config.incidents, page, config)
        return page.parsed()

    def recognise(self, response: Response) -> float:
        """Never: only a mapping knows its page."""
        return 0.0


def _components(root: Node, map_: ComponentMap, page: StatusPage, config: Config) -> None:
    found = parse_path(map_.each).find(root)
    if not found:
        raise ParseError(map_.each, "the list is empty, and a page without components says nothing")
    for key, member in found:
        status, native = _status(_at(map_.status, key, member), config)
        page.component(
            _word(_at(map_.id, key, member)),
            _word(_at(map_.name, key, member)),
            status,
            native,
            group=_text(map_.group, key, member),
            at=_time(map_.updated, member),
        )


def _incidents(root: Node, map_: IncidentMap, page: StatusPage, config: Config) -> None:
    found = parse_path(map_.each).find(root)
    if not found and config.page is None and config.components is None and not map_.empty_is_well:
        raise ParseError(map_.each, "the list is empty; say 'empty_is_well' if that means that all is well")
    over = {word.strip().lower() for word in map_.over}
    for key, member in found:
        status = _status(_at(map_.status, key, member), config)[0] if map_.status else Status.DEGRADED
        stage = _word(_at(map_.stage, key, member)) if map_.stage else ""
        ended, updated = _time(map_.ended, member), _time(map_.updated, member)
        resolved = ended is not None or stage.lower() in over
        text = _text(map_.text, key, member)
        page.incident(
            _word(_at(map_.id, key, member)),
            title=_word(_at(map_.title, key, member)),
            status=status,
            stage=stage or ("resolved" if resolved else "open"),
            resolved=resolved,
            components=[_word(name) for _, name in parse_path(map_.components).find_some(member)] if map_.components else (),
            updates=[update(stage or "update", text, updated)] if text else (),
            started_at=_time(map_.started, member),
            resolved_at=ended,
            link=_text(map_.link, key, member),
            at=updated,
        )


def _at(path: str, key: str, node: Node) -> Node:
    """The value at ``path``, or the key under which ``node`` stands."""
    if path == KEY:
        return Node(key, node.where)
    ((_, found),) = parse_path(path).find(node)
    return found


def _word(node: Node) -> str:
    """A text, or a number or truth value as JSON writes it."""
    if node.value is None:
        raise node.fail("a word was expected, found null")
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return node.text().strip() if isinstance(node.value, str) else str(node.number())


def _status(node: Node, config: Config) -> tuple[Status, str]:
    """What the page's word means, and the word."""
    word = _word(node)
    status = config.words.get(word.lower())
    if status is None:
        known = tidy(", ".join(config.words), 200)
        raise node.fail(f"{tidy(word, 60)!r} is not among the words of the configuration, which are {known}")
    return status, word


def _text(path: str | None, key: str, node: Node) -> str | None:
    if path is None:
        return None
    found = Node(key, node.where) if path == KEY else _maybe(path, node)
    return None if found is None or found.value == "" else _word(found)


def _maybe(path: str, node: Node) -> Node | None:
    found = parse_path(path).find_some(node)
    return found[0][1] if found else None


def _time(path: str | None, node: Node) -> datetime | None:
    """An instant in ISO 8601, or in seconds or milliseconds since 1970; None where there is none."""
    found = _maybe(path, node) if path else None
    if found is None or found.value == "":
        return None
    if isinstance(found.value, str):
        return found.instant()
    number = float(found.number())
    try:
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        raise found.fail("the number is no time; seconds or milliseconds since 1970 were expected") from None
