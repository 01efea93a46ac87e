"""What a paper is made of, whatever it is written as. All texts are plain; whoever writes them out escapes them for the target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from secondsource.domain.review.basis import Basis
from secondsource.domain.status import Status


class Text(msgspec.Struct, frozen=True):
    """Some words and the numbers of the notes that back them. ``unknown``: the words stand in the place of a figure."""

    words: str
    notes: tuple[int, ...] = ()
    unknown: bool = False


WHOLE: Final = "whole"
FIGURES: Final = "figures"


class Column(msgspec.Struct, frozen=True):
    """A column of a table. Figures stand to the right; neither they nor what is whole (times, single words) is broken over lines."""

    title: str
    shape: Literal["words", "whole", "figures"] = "words"


class Block(msgspec.Struct, frozen=True, tag=str.lower, tag_field="block"):
    """A part of a section."""


class Prose(Block, frozen=True):
    """A paragraph."""

    text: Text


class Table(Block, frozen=True):
    """A table; ``empty`` is what is said instead where it has no rows."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    empty: str = ""


class Stretch(msgspec.Struct, frozen=True):
    """A status over some time."""

    status: Status
    start: datetime
    end: datetime


class Lane(msgspec.Struct, frozen=True):
    """One row of a status chart."""

    name: str
    stretches: tuple[Stretch, ...]


class StatusChart(Block, frozen=True):
    """Status over time, row by row. ``says`` is what to see in it, ``source`` where it comes from."""

    title: str
    says: Text
    source: str
    start: datetime
    end: datetime
    lanes: tuple[Lane, ...]


class Level(msgspec.Struct, frozen=True):
    """An amount that holds from ``start`` to ``end``."""

    amount: Decimal
    start: datetime
    end: datetime


class StepChart(Block, frozen=True):
    """One amount over time, in ``unit``. Where there is no level nothing is known, and nothing is drawn."""

    title: str
    says: Text
    source: str
    unit: str
    start: datetime
    end: datetime
    levels: tuple[Level, ...]


AnyBlock = Prose | Table | StatusChart | StepChart


class Section(msgspec.Struct, frozen=True):
    """A heading and what stands below it."""

    title: str
    blocks: tuple[AnyBlock, ...]


class Figure(msgspec.Struct, frozen=True):
    """One of the figures of the first page. ``value`` with ``unknown``: there is none."""

    label: str
    value: Text
    says: str


class Point(msgspec.Struct, frozen=True):
    """One item of a numbered list: what, and why."""

    what: str
    why: Text


class Note(msgspec.Struct, frozen=True):
    """How a figure was worked out, and the ids of what it rests on, by kind (``observations``, ``risks``, ``drills``, ``runs``)."""

    number: int
    says: str
    ids: Mapping[str, tuple[str, ...]]
    more: int = 0


class Paper(msgspec.Struct, frozen=True):
    """A paper: a first page that can stand alone, the sections that prove it, and the notes.

    ``facts`` are labels with values for the head (period, vendor). ``stamp`` stands on every page: when it was made, and until when its
    data go. ``unknown`` lists what is not known, each as a sentence.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    stamp: str
    sentence: str
    figures: tuple[Figure, ...]
    points_title: str
    points: tuple[Point, ...]
    points_empty: str
    front: tuple[AnyBlock, ...]
    unknown: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[Note, ...]


class Notes:
    """Numbers what is cited, in the order in which it is; the same basis keeps its number."""

    SHOWN = 12
    """Ids of one kind that a note names; the report as JSON has them all."""

    def __init__(self) -> None:
        self._numbers: dict[Basis, int] = {}

    def cite(self, basis: Basis | None) -> tuple[int, ...]:
        """The note's number, for a :class:`Text`; none without a basis."""
        return () if basis is None else (self._numbers.setdefault(basis, len(self._numbers) + 1),)

    def text(self, words: str, basis: Basis | None) -> Text:
        """``words`` backed by ``basis``."""
        return Text(words, self.cite(basis))

    def listed(self) -> Iterable[Note]:
        """All notes, in order."""
        for basis, number in self._numbers.items():
            kinds = {"observations": basis.observations, "risks": basis.risks, "drills": basis.drills, "runs": basis.runs}
            more = basis.more + sum(max(0, len(ids) - self.SHOWN) for ids in kinds.values())
            yield Note(number, basis.says, {kind: ids[: self.SHOWN] for kind, ids in kinds.items() if ids}, more)
