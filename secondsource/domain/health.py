"""What the news makes of a vendor's health: reports folded into stories, weighed by outlets, by age, and by what was denied since.

Everything is counted in fractions, so that the figures are the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction

import msgspec

from secondsource.domain.stories import Story, folded

MAX_REPORTS = 40
ALONE = Fraction(1, 2)
"""How far one outlet is believed; a second one halves what is left of the doubt."""

DENIED = Fraction(3, 10)
"""What a story counts once it is denied: a denial is a word of the party concerned, and no proof."""

_NAY = r"den(?:y|ies|ied)|refut(?:es?|ed)|rul(?:es?|ed) out"
_OFF = (
    r"call(?:s|ed) off|abandon(?:s|ed)?|scrap(?:s|ped)?|terminat(?:es?|ed)|withdr(?:aws?|awn|ew)|f[ae]ll(?:s|en)? through|"
    r"break(?:s|ing)? off"
)
_DENIALS: Mapping[str, tuple[tuple[str, ...], re.Pattern[str], re.Pattern[str]]] = {
    label: (about, re.compile(rf"\b(?:{'|'.join(about)})"), re.compile(rf"\b(?:{_NAY}|{over})\b"))
    for label, about, over in (
        (
            "insolvency",
            ("bankrupt", "insolven", "chapter 11", "creditor protection", "going concern"),
            r"emerg(?:es?|ed) from|exit(?:s|ed)?|avert(?:s|ed)?",
        ),
        (
            "acquisition",
            ("acqui", "takeover", "merger", "buyout", "deal", "bid"),
            rf"{_OFF}|talks (?:have |has )?(?:ended|end|collapsed?|fail(?:ed)?)",
        ),
        (
            "labour",
            ("strike", "walkout", "lockout", "work stoppage", "layoff"),
            rf"{_OFF}|avert(?:s|ed)?|ends?|ended|over|suspended",
        ),
        ("export_control", ("export", "sanction", "tariff", "entity list", "embargo"), r"lift(?:s|ed)?|rescind(?:s|ed)?|removed from"),
        (
            "energy",
            ("blackout", "brownout", "power cut", "power shortage", "load shedding"),
            r"restored|avert(?:s|ed)?|ends?|ended|over",
        ),
    )
}


class Report(msgspec.Struct, frozen=True, array_like=True):
    """One report that names the vendor. ``labels`` have their weights (0 to 1); ``official``: it is the authority's own notice."""

    at: datetime
    id: str
    title: str
    outlet: str
    labels: dict[str, float]
    official: bool = False
    parties: tuple[str, ...] = ()
    denies: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """One story under one label, whoever tells it. ``score`` is 0 to 1."""

    label: str
    reports: tuple[Report, ...]  # oldest first
    outlets: tuple[str, ...]
    denied: bool
    score: Fraction


def denials(title: str) -> tuple[str, ...]:
    """The labels that a headline takes back: "denies insolvency", "merger talks end"."""
    plain = title.lower()
    return tuple(
        label
        for label, (stems, about, over) in _DENIALS.items()
        # most headlines have none of the stems, and that is quickly seen
        if any(stem in plain for stem in stems) and about.search(plain) and over.search(plain)
    )


def left(age: timedelta, half_life: timedelta) -> Fraction:
    """What is left of 1 after ``age``: half after each half-life, and along a straight line in between; nothing after four."""
    halvings, rest = divmod(max(age, timedelta(0)), half_life)
    if halvings >= 4:
        return Fraction(0)
    second = timedelta(seconds=1)
    return Fraction(1, 2**halvings) * (1 - Fraction(rest // second, 2 * max(half_life // second, 1)))


def either(parts: Iterable[Fraction]) -> Fraction:
    """How likely at least one of several things is that know nothing of each other: 1 less the product of what each leaves."""
    doubt = Fraction(1)
    for part in parts:
        doubt *= 1 - part
    return 1 - doubt


def capped(reports: Mapping[str, Report]) -> dict[str, Report]:
    """``reports``, by where they come from; of too many the newest, whatever the order in which they came."""
    newest = sorted(reports, key=lambda place: (reports[place].at, reports[place].id, place))[-MAX_REPORTS:]
    return {place: reports[place] for place in sorted(newest)}


def stories(reports: Iterable[Report], label: str, weight: Fraction, half_life: timedelta, now: datetime) -> tuple[Told, ...]:
    """What is told under ``label``, oldest first, without what is too old to count."""
    every = list(reports)
    taken_back = max((report.at for report in every if label in report.denies), default=None)
    by_id = {report.id: report for report in every if label in report.labels}
    found = []
    for group in folded(Story(r.at, r.id, r.title, r.labels[label], True, r.parties) for r in by_id.values()):
        told = tuple(by_id[story.id] for story in group)
        denied = taken_back is not None and told[-1].at <= taken_back
        score = weight * _believed(told, label) * left(now - told[0].at, half_life) * (DENIED if denied else 1)
        if score:
            found.append(Told(label, told, tuple(sorted({report.outlet for report in told})), denied, score))
    return tuple(found)


def _believed(reports: Iterable[Report], label: str) -> Fraction:
    """How far a story is believed: each outlet counts once, by its loudest report; a notice of the authority itself in full."""
    loudest: dict[str, Fraction] = {}
    for report in reports:
        trust = min(Fraction(str(report.labels[label])), Fraction(1)) * (1 if report.official else ALONE)
        loudest[report.outlet] = max(loudest.get(report.outlet, Fraction(0)), trust)
    return either(loudest.values())
