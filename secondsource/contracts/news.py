"""Help for connectors: stories of the press made into news, labelled and with the goods that they name.

The companies and places of the catalog are found when a story is collected (:mod:`secondsource.domain.naming`), not here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from secondsource.contracts.connector import Parsed, Reading, Request
from secondsource.contracts.reading import SourceConfig
from secondsource.domain.ids import content_id
from secondsource.domain.labelling import Entities, Labeller
from secondsource.domain.newswords import LabelName
from secondsource.domain.observations import News
from secondsource.domain.text import plain_text

TITLE, SUMMARY, OUTLET, ID = 300, 1000, 120, 160
"""How many characters are kept."""

Term = Annotated[str, Field(pattern=r"\w", max_length=100)]
"""Words, with ``+`` for the rest of one and an ellipsis for up to three others."""


class NewsConfig(SourceConfig):
    """What every source of news is told."""

    terms: Mapping[str, tuple[Term, ...]] = Field(
        default={},
        description="What to look for besides chips, memory and what the catalog names: an id, and the words that the press has for it.",
    )
    labels: Mapping[LabelName, tuple[Term, ...]] = Field(
        default={},
        description=(
            "Further words for a label, in any language: `shortage: [品薄, +engpass+]`. A plus sign stands for the rest of a word, "
            "an ellipsis for up to three words."
        ),
    )
    negations: tuple[Term, ...] = Field(
        default=(),
        description="Words that, close by, turn those of `labels` over: `[解消, kein+]`. Those of English are built in.",
    )
    weight: float = Field(default=1.0, gt=0, le=1, description="How much the source's word counts: 1 in full, less for hearsay.")
    max_age: timedelta | None = Field(
        default=None, gt=timedelta(0), description="Leave out stories that were published longer ago than this when they are read."
    )
    labelled_only: bool = Field(default=False, description="Leave out stories that have no label.")


@lru_cache(maxsize=64)
def _reader(
    terms: tuple[tuple[str, tuple[str, ...]], ...], labels: tuple[tuple[str, tuple[str, ...]], ...], negations: tuple[str, ...]
) -> tuple[Labeller, Entities]:
    return Labeller(dict(labels), negations), Entities(dict(terms))


def story(
    config: NewsConfig,
    *,
    title: str,
    summary: str = "",
    link: str = "",
    published: datetime | None = None,
    outlet: str = "",
    weight: float | None = None,
) -> News | None:
    """A story as news; None where there is neither title nor text. Texts may be HTML; ``weight`` is the source's if not given.

    A story without a title is called by the beginning of its text. A link that is no web address is dropped.
    """
    title, summary = plain_text(title, TITLE), plain_text(summary, SUMMARY)
    if not title:
        if not summary:
            return None
        title = summary if len(summary) <= 120 else summary[:119].rstrip() + "…"
    labeller, entities = _reader(tuple(config.terms.items()), tuple(config.labels.items()), config.negations)
    return News(
        title=title,
        summary=summary,
        link=link[:2000] if link.startswith(("https://", "http://")) else None,
        published_at=published,
        outlet=plain_text(outlet, OUTLET),
        labels=labeller.labels(title, summary, config.weight if weight is None else weight),
        entities=entities.find(f"{title}\n{summary}"),
    )


class Stories:
    """Gathers the stories of one answer, without those that the configuration does not want."""

    def __init__(self, config: NewsConfig, now: datetime) -> None:
        self._config = config
        self._now = now
        self._readings: dict[str, Reading] = {}
        self._left_out: Counter[str] = Counter()

    def add(self, told: News | None, *names: str) -> None:
        """Take ``told``. The first of ``names`` that is not blank is its subject: an id, an address; else a hash of title and time."""
        if told is None:
            self._left_out["without title and text"] += 1
        elif self._config.labelled_only and not told.labels:
            self._left_out["without a label"] += 1
        elif self._config.max_age is not None and told.published_at is not None and self._now - told.published_at > self._config.max_age:
            self._left_out["too old"] += 1
        else:
            subject = _subject(names, told)
            self._readings.setdefault(subject, Reading(subject, told, told.published_at))

    def parsed(self, *notes: str, cursor: str | None = None, next_request: Request | None = None) -> Parsed:
        """All that was taken, with notes on what was not. Never complete: what drops off a list of news has not vanished."""
        left_out = [f"{number} stories {why} left out" for why, number in sorted(self._left_out.items())]
        return Parsed(tuple(self._readings.values()), False, cursor, next_request, (*left_out, *notes))


def _subject(names: Sequence[str], told: News) -> str:
    for name in names:
        if plain := plain_text(name, ID + 1):
            return f"news/{plain if len(plain) <= ID else content_id(name)}"
    return f"news/{content_id(told.title, told.published_at)}"
