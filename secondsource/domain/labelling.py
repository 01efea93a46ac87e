"""What a news text is about: each label carries the words that caused it, so that anyone can judge it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from secondsource.domain.newswords import CHIPS_AND_MEMORY, LOOKALIKES, TERMS
from secondsource.domain.observations import Label

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Characters of writing where a word may stand within a run of letters: kana, Chinese characters, Hangul, Thai and its neighbours."""

_OVER = r"eas(?:e|es|ed|ing)|end(?:s|ed|ing)?|over|avert\w*|avoid\w*|resolv(?:e|es|ed|ing)|fad(?:e|es|ed|ing)|lift(?:s|ed|ing)?"
_BETWEEN = r"(?:(?!(?:as|amid|since|because|after|before|due|when)\b)[\w'’-]+\W+)"
"""A word between a negation and what it negates: not one that begins another thought."""
_DENIED = re.compile(
    r"\b(?:no|not|never|without|nor|avoid\w*|avert\w*|unlikely|den(?:y|ies|ied)|rul(?:e|es|ed|ing) out|isn['’]t|aren['’]t|don['’]t|"
    rf"doesn['’]t|won['’]t)\b(?! (?:only|just|enough)\b)\W+{_BETWEEN}{{0,3}}$",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"\b(?:eas(?:e|es|ed|ing)|ends|ended|(?:to|an|at an|will|may|could) end|"
    r"end(?:ing)? (?:of|to)(?! (?:the )?(?:year|quarter|month|decade|\d))|"
    rf"resolv(?:e|es|ed|ing)|lift(?:s|ed|ing)?|fewer)\b\W+{_BETWEEN}{{0,3}}$",
    re.IGNORECASE,
)
_STAYS = re.compile(
    r"\b(?:no|not|never|won['’]t|can ?not|can['’]t|yet|unlikely|fails?|failed|far|hardly|little)\b"
    rf"(?:\W+[\w'’-]+){{0,3}}?\W+(?:{_OVER}|relief|respite|let-?up)\b",
    re.IGNORECASE,
)
_ENDING = re.compile(
    rf"^\W*{_BETWEEN}{{0,3}}?(?:eas(?:e|es|ed|ing)|end(?:s|ed|ing)?|over(?! (?:the|a|an|its|\d))|avert\w*|avoid\w*|resolv(?:e|es|ed|ing)|"
    r"fad(?:e|es|ed|ing)|lifted(?! (?:[\w'’-]+ )?prices)|unlikely|called off|denied|ruled out)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(rf"[.;:!?—–]\s|,\s|[。、]|[.,;:!?](?=[{UNSPACED}])|\b(?:but|while|although|though)\b")
_START = r"(?<!\w)"
_LASTS = frozenset({"price", "acquisition"})  # that a rise eases, or a takeover ends, is news of the rise and of the takeover
_REACH = 60
_NEAR = 20  # how far a declared negation reaches: its language need not have words
_MOST = 8


def pattern_of(term: str) -> str:
    """The regular expression for a term, as :mod:`newswords <secondsource.domain.newswords>` explains them."""
    parts = [
        part
        for part in unicodedata.normalize("NFKC", term).replace("...", "…").replace("…", " … ").split()
        if part.strip("+") or part == "…"
    ]
    unspaced = re.search(f"[{UNSPACED}]", term) is not None
    gap = r"[^。、.,;:!?]{0,15}?" if unspaced else rf"\s+(?:(?!(?:{_OVER}|no|not)\b)[\w'’$%.-]+\s+){{0,3}}?"
    pieces: list[str] = []
    for part in parts:
        if part == "…":
            pieces.append(gap)
            continue
        if pieces and pieces[-1] is not gap:
            pieces.append(r"\s+")
        pieces.append(_word(part))
    return "".join(pieces)


def _word(part: str) -> str:
    body = part.strip("+")
    head = r"[\w-]{0,40}" if part.startswith("+") else ""
    tail = r"[\w-]{0,40}" if part.endswith("+") and part != "+" else ""
    before = "" if re.match(f"[{UNSPACED}]", body) else _START if head or re.match(r"\w", body) else ""
    after = "" if re.search(f"[{UNSPACED}]$", body) else r"(?!\w)" if tail or re.search(r"\w$", body) else ""
    return before + head + re.escape(body) + tail + after


def _compiled(terms: Iterable[str]) -> re.Pattern[str]:
    patterns = [pattern_of(term) for term in sorted(terms, key=len, reverse=True)]
    # what is common to most branches stands before them once: nearly everywhere it is all that has to be looked at
    words = [pattern.removeprefix(_START) for pattern in patterns if pattern.startswith(_START)]
    others = [pattern for pattern in patterns if not pattern.startswith(_START)]
    branches = [rf"{_START}(?:{'|'.join(words)})"] if words else []
    return re.compile("|".join((*branches, *others)) or "(?!)", re.IGNORECASE)


class Labeller:
    """Labels stories. ``terms`` adds to the built-in words, in any language, and ``negations`` says what turns such words over."""

    def __init__(self, terms: Mapping[str, Sequence[str]] | None = None, negations: Sequence[str] = ()) -> None:
        added: Mapping[str, Sequence[str]] = terms or {}
        self._patterns: dict[str, re.Pattern[str]] = {name: _compiled((*words, *added.get(name, ()))) for name, words in TERMS.items()}
        self._lookalikes: dict[str, re.Pattern[str]] = {name: _compiled(words) for name, words in LOOKALIKES.items()}
        self._negations = _compiled(negations) if negations else None

    def labels(self, title: str, summary: str, weight: float = 1.0) -> tuple[Label, ...]:
        """The labels of a story, in a fixed order. Words of the title weigh 1, such as only the summary has 0.6, times ``weight``."""
        title, summary = unicodedata.normalize("NFKC", title), unicodedata.normalize("NFKC", summary)
        found = []
        for name in self._patterns:
            in_title = self._found(name, title)
            words = tuple(dict.fromkeys(in_title + self._found(name, summary)))[:_MOST]
            if words:
                found.append(Label(name, words, round((1.0 if in_title else 0.6) * weight, 4)))
        return tuple(found)

    def _found(self, name: str, text: str) -> list[str]:
        matches = [match for match in self._patterns[name].finditer(text) if not self._negated(name, text, *match.span())]
        if not matches or name not in self._lookalikes:
            return [" ".join(match.group().lower().split()) for match in matches]
        false = [match.span() for match in self._lookalikes[name].finditer(text)]
        return [
            " ".join(match.group().lower().split())
            for match in matches
            if not any(start < match.end() and match.start() < end for start, end in false)
        ]

    def _negated(self, name: str, text: str, start: int, end: int) -> bool:
        """Whether the clause around a term says the opposite of it: "no shortage", "shortage eases", but not "shortage will not ease"."""
        before = _CLAUSE.split(text[max(0, start - _REACH) : start])[-1]
        after = _CLAUSE.split(text[end : end + _REACH], maxsplit=1)[0]
        if self._negations is not None and self._negations.search(f"{before[-_NEAR:]}{text[start:end]}{after[:_NEAR]}"):
            return True
        if _STAYS.search(before) or _STAYS.search(after):
            return False
        if _DENIED.search(before):
            return True
        return name not in _LASTS and bool(_ENDED.search(before) or _ENDING.search(after))


class Entities:
    """Finds goods by their words. ``terms`` adds to, or replaces by id, the built-in chips and kinds of memory."""

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
        plain = unicodedata.normalize("NFKC", text)
        named = {self._ids.get(" ".join(found.lower().split())) for found in self._pattern.findall(plain)}
        return tuple(sorted(id_ for id_ in named if id_ is not None))
