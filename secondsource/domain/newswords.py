"""What a news text is about, by open word lists: each label carries the words that caused it, so that anyone can judge it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from secondsource.domain.observations import Label

# A plus sign joins the rest of a word: "shortage+" is shortage, shortages. An ellipsis stands for up to three other words.
_TERMS: Mapping[str, tuple[str, ...]] = {
    "shortage": (
        "shortage+", "short supply", "scarcity", "scarce", "undersuppl+", "under-suppl+", "supply crunch", "supply crisis",
        "supply squeeze", "tight supply", "tight supplies", "supply tightness", "supply constraint+", "constrained supply",
        "supply-constrained", "capacity constraint+", "capacity crunch", "sold out", "out of stock", "longer lead time+",
        "lead times … lengthen+", "lead times … stretch+", "lead times … longer", "demand … outstrip+", "demand … exceed+ … supply",
        "can not meet demand", "cannot meet demand", "unable to meet demand",
    ),
    "allocation": (
        "on allocation", "allocation only", "rationing", "rationed", "order limit+", "purchase limit+",
        "stop+ taking … orders", "halt+ … orders", "suspend+ … orders", "fully booked", "capacity … booked", "prioriti+ … customers",
    ),
    "price": (
        "price hike+", "price increase+", "price rise+", "price surge+", "price jump+", "prices … ris+", "prices … rose",
        "prices … climb+", "prices … surg+", "prices … jump+", "prices … soar+", "prices … up", "rais+ … prices", "hik+ … prices",
        "increas+ … prices", "contract price+", "spot price+", "price cut+", "prices … fall+", "prices … fell", "prices … drop+",
        "surcharge+",
    ),
    "export_control": (
        "export control+", "export curb+", "export ban+", "export restriction+", "export licen+", "export rule+", "entity list",
        "sanction+", "tariff+", "trade restriction+", "embargo+",
    ),
    "disaster": (
        "earthquake+", "quake+", "flooding", "flooded", "floods", "flood hits", "typhoon+", "hurricane+", "tsunami+", "wildfire+",
        "drought+", "volcan+", "landslide+",
    ),
    "fab_incident": (
        "fab fire", "fire at … fab", "fire at … plant", "fire at … factory", "plant fire", "factory fire", "production halt+",
        "production … halted", "production … suspended", "halt+ … production", "suspend+ … production", "wafers … scrapped",
        "wafer+ … lost", "contaminat+", "gas leak", "fab … power outage", "fab … blackout", "evacuat+ … fab", "evacuat+ … plant",
    ),
    "insolvency": (
        "bankruptcy", "bankrupt", "insolven+", "chapter 11", "chapter 7", "receivership", "default+ on … debt",
        "liquidation", "winding up", "wound up",
    ),
    "acquisition": (
        "acquisition", "acquir+", "takeover", "take over", "merger", "merge+ with", "to buy … stake", "buyout",
    ),
    "labour": (
        "on strike", "strike action", "strike vote", "strike at", "strike over", "workers … strike", "union … strike",
        "walkout+", "work stoppage", "lockout", "layoff+", "lays off", "lay off", "laid off",
    ),
    "energy": (
        "power shortage+", "power cut+", "blackout+", "brownout+", "power rationing", "grid … constraint+", "grid … strain+",
        "grid … emergency", "electricity price+", "power price+", "energy crisis", "load shedding", "grid connection+",
    ),
}  # fmt: skip

_NEGATED_BEFORE = re.compile(
    r"\b(no|not|never|without|nor|avoid\w*|avert\w*|eas(e|es|ed|ing)|end(s|ed|ing)?( of)?|resolv(e|es|ed|ing)|unlikely|den(y|ies|ied)|"
    r"rul(e|es|ed|ing) out|lift(s|ed|ing)?|despite|fewer|isn't|aren't|don't|doesn't|won't)\b(?! (only|just|end)\b)(?:\W+[\w'-]+){0,3}\W*$",
    re.IGNORECASE,
)
_DOUBLE = re.compile(r"\bno (sign of (an )?|end (in sight )?(to|of) )", re.IGNORECASE)
_NEGATED_AFTER = re.compile(
    r"^\W*(?:[\w'-]+\W+){0,2}?(eas(e|es|ed|ing)|end(s|ed|ing)?|over|avert\w*|avoid\w*|resolv(es|ed|ing)|fad(es|ed|ing)|lifted|unlikely|"
    r"called off|denied|ruled out)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[.;:!?—–]\s|,\s|\b(?:but|while|although|though)\b")
_REACH = 60


def _pattern(term: str) -> str:
    words = [re.escape(word).replace(r"\+", r"[\w-]*") for word in term.split()]
    joined = r"\s+".join(words).replace(r"\s+…\s+", r"\s+(?:[\w'’$%.-]+\s+){0,3}?")
    return rf"(?<!\w){joined}(?!\w)"


def _compiled(terms: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(_pattern(term) for term in sorted(terms, key=len, reverse=True)), re.IGNORECASE)


_PATTERNS = {name: _compiled(terms) for name, terms in _TERMS.items()}


def _negated(text: str, start: int, end: int) -> bool:
    """Whether the clause around a term says the opposite of it: "no shortage", "shortage eases"."""
    before = _CLAUSE.split(text[max(0, start - _REACH) : start])[-1]
    after = _CLAUSE.split(text[end : end + _REACH], maxsplit=1)[0]
    if _DOUBLE.search(before):
        return False
    return bool(_NEGATED_BEFORE.search(before) or _NEGATED_AFTER.search(after))


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [" ".join(m.group().lower().split()) for m in pattern.finditer(text) if not _negated(text, m.start(), m.end())]


def labels(title: str, summary: str) -> tuple[Label, ...]:
    """The labels of a story, in a fixed order. Weight 1 for words of the title, 0.6 for such as only the summary has."""
    found = []
    for name, pattern in _PATTERNS.items():
        in_title = _found(pattern, title)
        words = tuple(dict.fromkeys(in_title + _found(pattern, summary)))[:8]
        if words:
            found.append(Label(name, words, 1.0 if in_title else 0.6))
    return tuple(found)


# Ids as in prices, offers and the catalog, with the words for them.
CHIPS_AND_MEMORY: Mapping[str, tuple[str, ...]] = {
    "a100": ("A100",), "h100": ("H100",), "h200": ("H200",), "h20": ("H20",), "b200": ("B200",), "b300": ("B300",),
    "gb200": ("GB200",), "gb300": ("GB300",), "gh200": ("GH200",), "l40s": ("L40S",), "mi300x": ("MI300X", "MI300"),
    "mi325x": ("MI325X",), "mi355x": ("MI355X", "MI350"), "tpu": ("TPU", "TPUs"), "trainium": ("Trainium", "Trainium2", "Trainium3"),
    "gpu": ("GPU", "GPUs", "graphics processor", "graphics processors"),
    "hbm": ("HBM", "HBM2E", "HBM3", "HBM3E", "HBM4", "high-bandwidth memory", "high bandwidth memory"),
    "dram": ("DRAM", "DDR4", "DDR5", "LPDDR5", "LPDDR5X", "GDDR6", "GDDR7"),
    "nand": ("NAND", "flash memory", "SSD", "SSDs"), "hdd": ("HDD", "HDDs", "hard drives", "hard disk drives"),
    "cowos": ("CoWoS", "advanced packaging"), "wafer": ("wafer", "wafers"), "euv": ("EUV",),
    "neon": ("neon gas",), "helium": ("helium",), "gallium": ("gallium",), "germanium": ("germanium",),
    "transformer": ("power transformer", "power transformers"),
}  # fmt: skip


class Entities:
    """Finds things by their words. ``terms`` adds to, or replaces by id, the built-in chips and kinds of memory."""

    def __init__(self, terms: Mapping[str, Iterable[str]]) -> None:
        self._ids: dict[str, str] = {}
        for id_, words in {**CHIPS_AND_MEMORY, **terms}.items():
            for word in words:
                self._ids.setdefault(" ".join(word.lower().split()), id_)
        longest = sorted(self._ids, key=len, reverse=True)
        joined = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest)
        self._pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{joined})(?![A-Za-z0-9])", re.IGNORECASE)

    def find(self, text: str) -> tuple[str, ...]:
        """The ids of everything named in ``text``, sorted."""
        return tuple(sorted({self._ids[" ".join(found.lower().split())] for found in self._pattern.findall(text)}))
