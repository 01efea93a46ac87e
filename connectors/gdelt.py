"""News of the world's outlets by a search of GDELT (DOC 2.0 API, list of articles)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.news import NewsConfig, Stories, story
from secondsource.contracts.reading import Node, WebAddress, document, looks_like_html, moment
from secondsource.domain.text import plain_text, tidy

_ESCAPE = re.compile(rb'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})?')
_CONTROLS = bytes(0x20 if code < 0x20 else code for code in range(256))
_SEEN = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_LOOSE = ((re.compile(r"\s+([,.;:!?%)\]])"), r"\1"), (re.compile(r"([(\[])\s+"), r"\1"), (re.compile(r"\s+(['’])\s*s\b"), r"\1s"))
"""GDELT sets blanks around the marks of a title."""


class Config(NewsConfig):
    """What to search for. No credential is needed; GDELT asks for no more than one search in five seconds."""

    url: WebAddress = Field(default="https://api.gdeltproject.org/api/v2/doc/doc", description="The DOC 2.0 API.")
    query: str = Field(
        min_length=3,
        max_length=250,
        description='What to search for: `(shortage OR allocation) "memory chips" sourcelang:english`. Alternatives stand in parentheses.',
    )
    timespan: str = Field(
        default="1d",
        pattern=r"^[1-9]\d{0,3}(min|h|hours|d|days|w|weeks|m|months)$",
        description="How far back: `60min`, `6h`, `1d`, `2w`; an hour at least.",
    )
    max_records: int = Field(default=250, ge=1, le=250, description="Articles in an answer; GDELT gives no more than 250.")
    outlets: Mapping[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default={}, description="How much single outlets count, by domain (`example.com`, for its subdomains too), instead of `weight`."
    )


class Gdelt:
    """A story for each article: GDELT gives its title, not its text. When GDELT saw it, minutes after publication, is its time."""

    spec: ClassVar[Spec] = Spec(
        name="gdelt",
        summary="News of outlets in many languages, by a search of GDELT",
        config=Config,
        interval=timedelta(minutes=15),
        kinds=("news",),
        documentation="https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The newest articles that fit."""
        assert isinstance(config, Config)
        params = {
            "query": config.query,
            "mode": "ArtList",
            "format": "json",
            "sort": "DateDesc",
            "timespan": config.timespan,
            "maxrecords": str(config.max_records),
        }
        return (Request(config.url, headers={"accept": "application/json"}, params=params, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The articles of an answer. ``{}`` says that none fits; a sentence in place of JSON is a ParseError that repeats it."""
        assert isinstance(config, Config)
        root, notes = _read(response.body)
        if root.mapping() and not root.has("articles"):
            raise ParseError("articles", "missing; this is no list of articles")
        articles = root.list_of("articles")
        if not articles:
            notes.append("no article fits the search")
        elif len(articles) >= config.max_records:
            notes.append(f"{len(articles)} articles fill the answer: there may be more; shorten `timespan` or narrow `query`")
        stories = Stories(config, response.received_at)
        for article in articles:
            url, domain = article["url"].text(), tidy(article.text_of("domain") or "", 120).lower()
            told = story(
                config,
                title=_title(article.text_of("title") or ""),
                link=url,
                published=_seen(article["seendate"]),
                outlet=domain,
                weight=_weight(domain, config),
            )
            stories.add(told, url)
        return stories.parsed(*notes)

    def recognise(self, response: Response) -> float:
        """By the names of the fields of an article."""
        return 0.95 if b'"articles"' in response.body and b'"seendate"' in response.body else 0.0


def _read(body: bytes) -> tuple[Node, list[str]]:
    """The answer, repaired where GDELT is known to break it: escapes that JSON lacks, bare control characters, broken UTF-8."""
    start = body.lstrip()[:1]
    if start and start not in b'{["' and not looks_like_html(body):
        told = plain_text(body[:400].decode(errors="replace"), 200)
        raise ParseError("the answer", f"no JSON but a sentence, about `query`, `timespan` or too many searches: {told}")
    try:
        return document(body), []
    except ParseError:
        mended = _ESCAPE.sub(lambda found: found.group() if found.group(1) else b"", body.translate(_CONTROLS))
        mended = mended.decode(errors="replace").encode()
        if mended == body:
            raise
        return document(mended), ["the JSON was repaired: escapes, control characters or letters that it may not have"]


def _title(text: str) -> str:
    for loose, tight in _LOOSE:
        text = loose.sub(tight, text)
    return text


def _seen(node: Node) -> datetime:
    # fromisoformat would take other forms too, and would take a form that is new for what it is not
    at = moment(node.text()) if _SEEN.fullmatch(node.text()) else None
    if at is None:
        raise node.fail(f"{tidy(node.text(), 40)!r} is not a time; something like 20260220T063400Z was expected")
    return at


def _weight(domain: str, config: Config) -> float | None:
    parts = domain.split(".")
    return next((config.outlets[name] for at in range(len(parts)) if (name := ".".join(parts[at:])) in config.outlets), None)
