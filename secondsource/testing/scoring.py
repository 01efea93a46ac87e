"""How well rules find what is known to have happened: precision, recall, how early, how noisy.

Truth is a list of labelled incidents; what was found is a ledger. An *episode* is one stay in trouble of one key of one rule, from
its opening to its clearing. An incident is found where an episode about its vendor overlaps it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from secondsource.domain.errors import UserError
from secondsource.domain.signals import Phase, Signal


class Labelled(msgspec.Struct, frozen=True, omit_defaults=True):
    """One incident that is known to have happened. ``end`` None: it is not over. ``start`` is when it began by the vendor's own later
    word, ``first_word`` when the vendor first spoke of it publicly; None where that is not known."""

    vendor: str
    start: datetime
    end: datetime | None = None
    first_word: datetime | None = None
    id: str = ""
    title: str = ""


class Episode(msgspec.Struct, frozen=True):
    """One stay in trouble. ``notices`` counts its signals, ``cleared`` None: not over."""

    rule: str
    key: str
    name: str
    vendors: frozenset[str]
    opened: datetime
    cleared: datetime | None
    notices: int


class Scored(msgspec.Struct, frozen=True):
    """One rule against the truth. Times in seconds; lags are those of the first episode that found an incident, negative where it was
    earlier; None where nothing was found, or the truth does not tell."""

    rule: str
    incidents: int
    found: int
    missed: tuple[str, ...]
    episodes: int
    true_episodes: int
    notices: int
    lag_behind_start: float | None
    lag_behind_first_word: float | None

    @property
    def recall(self) -> float | None:
        """The part of the incidents that was found."""
        return self.found / self.incidents if self.incidents else None

    @property
    def precision(self) -> float | None:
        """The part of the episodes that was about an incident."""
        return self.true_episodes / self.episodes if self.episodes else None

    @property
    def episodes_per_incident(self) -> float | None:
        """How often a person would be called for one incident that was found."""
        return self.true_episodes / self.found if self.found else None


def episodes(signals: Iterable[Signal]) -> list[Episode]:
    """The episodes in a ledger, by opening; drills apart from the real world are not told apart here, so filter before."""
    found: dict[tuple[str, str, str], list[Signal]] = {}
    for signal in signals:
        found.setdefault((signal.rule, signal.key, signal.episode), []).append(signal)
    made = [_episode(told) for told in found.values()]
    return sorted(made, key=lambda each: (each.opened, each.rule, each.key))


def score(rule: str, found: Iterable[Episode], truth: Sequence[Labelled], slack: timedelta = timedelta(0)) -> Scored:
    """One rule's episodes against the truth; an episode may begin so much before an incident or so much after its end."""
    mine = [each for each in found if each.rule == rule]
    by_vendor: dict[str, list[Episode]] = {}
    for episode in mine:
        for vendor in episode.vendors:
            by_vendor.setdefault(vendor, []).append(episode)
    missed, true, starts, words = [], set[tuple[str, str]](), [], []
    for incident in truth:
        hits = [each for each in by_vendor.get(incident.vendor, ()) if _overlaps(each, incident, slack)]
        if not hits:
            missed.append(incident.id or f"{incident.vendor} {incident.start:%Y-%m-%d %H:%M}")
            continue
        true |= {(each.key, each.name) for each in hits}
        first = min(each.opened for each in hits)
        starts.append((first - incident.start).total_seconds())
        if incident.first_word is not None:
            words.append((first - incident.first_word).total_seconds())
    return Scored(
        rule=rule,
        incidents=len(truth),
        found=len(truth) - len(missed),
        missed=tuple(missed),
        episodes=len(mine),
        true_episodes=len(true),
        notices=sum(each.notices for each in mine),
        lag_behind_start=_median(starts),
        lag_behind_first_word=_median(words),
    )


def read_truth(path: Path) -> list[Labelled]:
    """Labelled incidents, one line of JSON each. Raises ``UserError`` with the line that is wrong."""
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can not be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            each = msgspec.convert(json.loads(line), Labelled)
        except (ValueError, msgspec.ValidationError) as error:
            raise UserError(
                f'{path}:{number}: {error}; a line is {{"vendor": "aws", "start": "2025-10-20T06:48:00Z", "end": ...}}'
            ) from None
        if each.start.tzinfo is None or (each.end is not None and (each.end.tzinfo is None or each.end < each.start)):
            raise UserError(f"{path}:{number}: times need a zone, and the end must not be before the start")
        found.append(each)
    return found


def _episode(told: Sequence[Signal]) -> Episode:
    vendors = frozenset(scope.vendor for signal in told for scope in signal.scopes) or frozenset({told[0].subject})
    cleared = next((signal.at for signal in told if signal.phase is Phase.CLEARED), None)
    return Episode(told[0].rule, told[0].key, told[0].episode, vendors, told[0].at, cleared, len(told))


def _overlaps(episode: Episode, incident: Labelled, slack: timedelta) -> bool:
    starts_before_end = incident.end is None or episode.opened <= incident.end + slack
    return starts_before_end and (episode.cleared is None or episode.cleared >= incident.start - slack)


def _median(values: list[float]) -> float | None:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
