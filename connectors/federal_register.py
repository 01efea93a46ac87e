"""Rules of United States agencies from the Federal Register (API v1): export controls and what goes with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Literal
from urllib.parse import urlencode

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.news import NewsConfig, Stories, story
from secondsource.contracts.reading import Node, WebAddress, document, further
from secondsource.domain.observations import Label, News
from secondsource.domain.text import tidy

_FIELDS = ("document_number", "title", "type", "abstract", "action", "html_url", "publication_date", "effective_on", "agencies")
_RULES = frozenset({"Rule", "Proposed Rule"})
# Whose rules are export controls and sanctions, whatever words their titles have.
_CONTROLLERS: Mapping[str, str] = {
    "industry-and-security-bureau": "Bureau of Industry and Security",
    "foreign-assets-control-office": "Office of Foreign Assets Control",
}
_FORMS = re.compile(r"\binformation collection\b", re.IGNORECASE)
_MAX_PAGES = 20


class Config(NewsConfig):
    """Whose documents to read, and of which types. No credential is needed."""

    url: WebAddress = Field(default="https://www.federalregister.gov/api/v1/documents.json", description="The search of documents.")
    agencies: tuple[str, ...] = Field(
        default=("industry-and-security-bureau",),
        description="Agencies, by the last part of their address at federalregister.gov/agencies/; documents of any if empty.",
    )
    types: tuple[Literal["RULE", "PRORULE", "NOTICE", "PRESDOCU"], ...] = Field(
        default=("RULE", "PRORULE"), description="Rules, proposed rules, notices, presidential documents; all of them if empty."
    )
    term: str = Field(default="", max_length=300, description="Only documents with these words, as in the search of the site.")
    per_page: int = Field(default=50, ge=1, le=1000, description="Documents in one answer.")
    pages: int = Field(
        default=1, ge=1, le=_MAX_PAGES, description="How many answers to read, newest first, where the last poll's end is not met."
    )


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which page an answer is, and the newest day that an earlier poll saw."""

    page: int = 1
    seen: str = ""
    newest: str = ""


class FederalRegister:
    """A story for each document, at the day of its publication; when it takes effect stands in its summary."""

    spec: ClassVar[Spec] = Spec(
        name="federal_register",
        summary="United States rules from the Federal Register: export controls, sanctions, or any agency's",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("news",),
        documentation="https://www.federalregister.gov/developers/documentation/api/v1",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The newest documents."""
        assert isinstance(config, Config)
        wanted = [
            *(("conditions[agencies][]", agency) for agency in config.agencies),
            *(("conditions[type][]", type_) for type_ in config.types),
            *((("conditions[term]", config.term),) if config.term else ()),
            *(("fields[]", field) for field in _FIELDS),
            ("order", "newest"),
            ("per_page", str(config.per_page)),
        ]
        return (_page(f"{config.url}?{urlencode(wanted)}", config, _Memo(seen=cursor or "")),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The documents of one page. The register's own error, and a search that fits nothing, is a ParseError that says what to do."""
        assert isinstance(config, Config)
        root = document(response.body)
        if (errors := root.get("errors")) is not None:
            told = "; ".join(f"{tidy(key, 60)} {_words(why)}" for key, why in errors.entries())
            raise errors.fail(f"the Federal Register refuses the search ({told}); correct `agencies`, `types` or `term`")
        memo = read_memo(response.memo, _Memo)
        count = root["count"].number()
        if not count and not config.term:
            raise ParseError("count", "no document fits; correct `agencies` or `types`")
        stories, newest, oldest = Stories(config, response.received_at), memo.newest, ""
        for entry in root["results"].items() if count else []:
            oldest = f"{entry['publication_date'].day():%Y-%m-%d}"
            newest = max(newest, oldest)
            stories.add(_story(entry, config), entry["document_number"].text())
        link = root["next_page_url"] if root.text_of("next_page_url") else None
        if link is None or memo.page >= config.pages or (oldest and oldest < memo.seen):
            return stories.parsed(cursor=newest or None)
        after = _page(further(link, config.url), config, _Memo(memo.page + 1, memo.seen, newest))
        return stories.parsed(cursor=newest or None, next_request=after)

    def recognise(self, response: Response) -> float:
        """By the numbers of its documents and its own address."""
        return 0.95 if b'"document_number"' in response.body and b"federalregister.gov/" in response.body else 0.0


def _words(why: Node) -> str:
    """What the register finds wrong with one condition: a text, or a list of them."""
    return tidy(", ".join(map(str, why.value)) if isinstance(why.value, list) else str(why.value), 200)


def _page(url: str, config: Config, memo: _Memo) -> Request:
    return Request(url, headers={"accept": "application/json"}, auth=config.auth, memo=write_memo(memo))


def _story(entry: Node, config: Config) -> News | None:
    type_, action = entry["type"].text(), tidy(entry.text_of("action") or "", 100).rstrip(".")
    agencies = [(agency.text_of("slug") or "", agency.text_of("name") or agency["raw_name"].text()) for agency in entry.list_of("agencies")]
    effective = entry.get("effective_on")
    kind = (action or type_) + (f", effective {effective.day():%Y-%m-%d}" if effective else "")
    told = story(
        config,
        title=entry["title"].text(),
        summary=f"{kind}. {entry.text_of('abstract') or ''}",
        link=entry.text_of("html_url") or "",
        published=entry["publication_date"].day(),
        outlet="Federal Register: " + (agencies[-1][1] if agencies else "no agency named"),
    )
    if told is None or _FORMS.search(f"{told.title} {action}"):  # a survey about forms: it names the control, and changes none
        return told and msgspec.structs.replace(told, labels=())
    cause = [_CONTROLLERS[slug] for slug, _ in agencies if slug in _CONTROLLERS]
    if type_ in _RULES and cause and not any(label.name == "export_control" for label in told.labels):
        label = Label("export_control", (f"{type_.lower()} of the {cause[0]}",), round(0.6 * config.weight, 4))
        return msgspec.structs.replace(told, labels=(*told.labels, label))
    return told
