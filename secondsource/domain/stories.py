"""One story, however many outlets tell it: headlines that say the same of the same parties within a day or so are folded into one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

import msgspec

from secondsource.domain.labelling import UNSPACED
from secondsource.domain.newswords import CHIPS_AND_MEMORY

SPREAD = timedelta(hours=36)
"""How far apart two outlets may tell one story; what follows later is told of something new."""

MAX_STORIES = 100
_MAX_PARTIES = 8
_SHARED, _OF_SHORTER, _OF_BOTH = 3, 0.6, 0.3  # words in common: how many, and which part of the shorter headline and of both together

_OUTLET = re.compile(r"^(.{15,}?)\s+[-–—|]\s+[^-–—|]{2,40}$")
_WORD = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s|e)$")
_SAID_OF_ANYTHING = frozenset(
    re.findall(
        r"\w+",
        """
        a an and are as at be been but by for from had has have in into is it its of off on or out over s than that the their this to up via
        was were will with amid after again already also more new now still until through all
        say says said report reports reported reportedly according source sources exclusive update updated breaking analyst analysts
        expect expects expected could may might
        """,
    )
)


class Story(msgspec.Struct, frozen=True, array_like=True):
    """One report. ``direct``: it names the thing in question itself. ``parties`` are the companies that it names."""

    at: datetime
    id: str
    title: str
    weight: float  # 0 to 1
    direct: bool
    parties: tuple[str, ...] = ()


def parties(entities: Iterable[str]) -> tuple[str, ...]:
    """Of the ``entities`` of a news item the companies, not goods, nor products or places of companies."""
    return tuple(sorted({entity for entity in entities if "/" not in entity and entity not in CHIPS_AND_MEMORY}))[:_MAX_PARTIES]


def kept(stories: Mapping[str, Story], place: str, story: Story) -> dict[str, Story]:
    """``stories``, by where they come from, with ``story``; of too many the newest, whatever the order in which they came."""
    after = {**stories, place: story}
    if len(after) <= MAX_STORIES:
        return after
    newest = sorted(after, key=lambda name: (after[name].at, after[name].id))[-MAX_STORIES:]
    return {name: after[name] for name in sorted(newest)}


@lru_cache(maxsize=4096)
def words(title: str) -> frozenset[str]:
    """What a headline is made of: its words without endings and without such as any headline has, and without the outlet's name.

    Writing without spaces gives its pairs of characters.
    """
    plain = unicodedata.normalize("NFKC", title).casefold()
    outlet = _OUTLET.match(plain)
    found: set[str] = set()
    for word in _WORD.findall(outlet.group(1) if outlet else plain):
        if re.match(f"[{UNSPACED}]", word):
            found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif word not in _SAID_OF_ANYTHING:
            found.add(_ENDING.sub("", word))
    return frozenset(found)


def same(one: Story, other: Story) -> bool:
    """Whether two reports tell one story."""
    if one.title.casefold() == other.title.casefold():
        return True
    if abs(one.at - other.at) > SPREAD or (one.parties and other.parties and not set(one.parties) & set(other.parties)):
        return False
    mine, theirs = words(one.title), words(other.title)
    shared = len(mine & theirs)
    return (
        shared >= _SHARED and shared > _OF_SHORTER * min(len(mine), len(theirs)) and shared >= _OF_BOTH * (len(mine) + len(theirs) - shared)
    )


def folded(stories: Iterable[Story]) -> tuple[tuple[Story, ...], ...]:
    """The reports of each story, oldest first, in whatever order they come; two that a third one links tell one story too."""
    return _folded(tuple(sorted(stories, key=_order)))


@lru_cache(maxsize=256)
def _folded(stories: tuple[Story, ...]) -> tuple[tuple[Story, ...], ...]:
    groups: list[tuple[list[Story], frozenset[str]]] = []
    for story in stories:
        # A report that names nobody may fit what two rivals say; it belongs to the one that was told first, and makes them no single story.
        joined, names, apart = [story], frozenset(story.parties), []
        for group, named in groups:
            if (not names or not named or names & named) and any(same(story, other) for other in group):
                joined, names = [*group, *joined], names | named
            else:
                apart.append((group, named))
        groups = [*apart, (joined, names)]
    told = (tuple(sorted(group, key=_order)) for group, _ in groups)
    return tuple(sorted(told, key=lambda group: _order(group[0])))


def _order(story: Story) -> tuple[datetime, str]:
    return story.at, story.id


def loudness(stories: Iterable[Story]) -> Fraction:
    """How much is told: each story counts once, as much as its loudest report."""
    return sum((max(Fraction(str(report.weight)) for report in reports) for reports in folded(stories)), Fraction(0))


def headlines(stories: Iterable[Story], most: int) -> list[str]:
    """The newest ``most`` stories by the headline of their first report, and how often each was told."""
    told = folded(stories)[-most:]
    return [f"“{reports[0].title}”" + (f" (told {len(reports)} times)" if len(reports) > 1 else "") for reports in told]
