"""A paper as Markdown (CommonMark with tables). Nothing that stands in it is read as markup: texts are escaped, charts become tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from secondsource.adapters.reports.paper import FIGURES, AnyBlock, Note, Paper, Prose, StatusChart, StepChart, Table, Text
from secondsource.adapters.reports.words import STATUSES, instant, lasting
from secondsource.adapters.senders.text import clean
from secondsource.domain.figures import plain
from secondsource.domain.status import Status

LONGEST = 2000
ROWS = 30
"""Rows that stand for a chart."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&$^])")
_LEADING = re.compile(r"^(?:([-+](?=\s|$|[-+])|=)|(\d{1,9})([.)])(?=\s|$))")


def markdown(paper: Paper) -> str:
    """The whole paper, ending in a newline. The same paper gives the same text."""
    return "\n\n".join(part for part in _parts(paper) if part) + "\n"


def escaped(text: str) -> str:
    """``text`` on one line, as words that CommonMark and its usual extensions show as they are."""
    line = _SPECIAL.sub(r"\\\1", clean(text, LONGEST))
    line = _LEADING.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", line)
    return line.replace("@", "@\u2060")  # with the word joiner it is neither an address nor a mention


def _parts(paper: Paper) -> Iterator[str]:
    yield f"# {escaped(paper.title)}"
    yield "  \n".join(f"{escaped(label)}: {escaped(value)}" for label, value in (*paper.facts, ("This paper", paper.stamp)))
    yield f"**{escaped(paper.sentence)}**"
    yield _table(("Figure", "Value", ""), ("", "r", ""), ([escaped(f.label), _text(f.value), escaped(f.says)] for f in paper.figures))
    yield f"## {escaped(paper.points_title)}"
    yield "\n".join(f"{n}. {escaped(p.what)}: {_text(p.why)}" for n, p in enumerate(paper.points, 1)) or escaped(paper.points_empty)
    yield from (_block(block) for block in paper.front)
    if paper.unknown:
        yield "## Not known"
        yield "\n".join(f"- {escaped(line)}" for line in paper.unknown)
    for section in paper.sections:
        yield f"## {escaped(section.title)}"
        yield from (_block(block) for block in section.blocks)
    yield "## Notes"
    yield "\n".join(f"{note.number}. {_note(note)}" for note in paper.notes) or "None."


def _text(text: Text) -> str:
    cited = "".join(f" \\[{number}\\]" for number in text.notes)
    return escaped(text.words) + cited


def _block(block: AnyBlock) -> str:
    if isinstance(block, Prose):
        return _text(block.text)
    if isinstance(block, Table):
        if not block.rows:
            return escaped(f"{block.caption}: {block.empty}" if block.caption else block.empty)
        aligned = ["r" if column.shape == FIGURES else "" for column in block.columns]
        table = _table([column.title for column in block.columns], aligned, (map(_text, row) for row in block.rows))
        return f"### {escaped(block.caption)}\n\n{table}"
    head = f"### {escaped(block.title)}\n\n{_text(block.says)} {escaped(f'Source: {block.source}.')}"
    return f"{head}\n\n{_stretches(block) if isinstance(block, StatusChart) else _levels(block)}"


def _stretches(chart: StatusChart) -> str:
    rows = [
        [escaped(lane.name), STATUSES[s.status], instant(s.start), instant(s.end), lasting(s.end - s.start)]
        for lane in chart.lanes
        for s in lane.stretches
        if s.status is not Status.OPERATIONAL
    ]
    if not rows:
        return "Operational all of the time."
    return _cut(_table(("", "Status", "From (UTC)", "To (UTC)", "For"), ("", "", "", "", "r"), rows[:ROWS]), len(rows))


def _levels(chart: StepChart) -> str:
    rows = [[plain(level.amount), instant(level.start), instant(level.end)] for level in chart.levels]
    if not rows:
        return "Nothing was read."
    return _cut(_table((chart.unit, "From (UTC)", "To (UTC)"), ("r", "", ""), rows[:ROWS]), len(rows))


def _cut(table: str, rows: int) -> str:
    return table if rows <= ROWS else f"{table}\n\n{rows - ROWS} more are left out here."


def _table(titles: Iterable[str], aligned: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; titles are escaped here, cells are Markdown already."""
    lines = [_row(map(escaped, titles)), _row("---:" if align else "---" for align in aligned), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell or ' ' for cell in cells)} |"


def _note(note: Note) -> str:
    named = "; ".join(f"{kind}: {', '.join(map(escaped, ids))}" for kind, ids in note.ids.items())
    more = f", and {note.more} more" if note.more else ""
    return f"{escaped(note.says)}{f' {named[0].upper()}{named[1:]}{more}.' if named else ''}"
