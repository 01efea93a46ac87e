"""What a terminal shows while the day goes by: the clock, what is wrong now, and what was just done and said."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from secondsource.adapters.sql import risks
from secondsource.adapters.sql.chronicle import Chronicle, Event
from secondsource.adapters.sql.database import Database
from secondsource.domain.register import Entry, State
from secondsource.domain.sentence import sentence
from services.demo import story

_SHAPES = {"critical": ("●", "bold red"), "high": ("◆", "red"), "medium": ("▲", "yellow"), "low": ("▪", "cyan"), "info": ("·", "dim")}
_WORDS = {"signal": "found", "register": "done", "run": "plan", "message": "told"}
_SHOWN_RISKS = 9
_SHOWN_EVENTS = 12


def line(event: Event) -> str:
    """One event as a line of plain text, for a pipe."""
    drill = "[DRILL] " if event.exercise and not event.text.startswith("[DRILL]") else ""
    return f"{event.at:%H:%M} {_WORDS[event.kind]:5} {event.what:12} {drill}{event.text}"


class LiveView:
    """Draws anew after each turn; nothing is drawn more often than a person can see."""

    def __init__(self, database: Database, console: Console, url: str, key: str) -> None:
        self._database = database
        self._url = url
        self._key = key
        self._chronicle = Chronicle()
        self._events: deque[Event] = deque(maxlen=_SHOWN_EVENTS)
        self._live = Live(console=console, refresh_per_second=8, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def update(self, now: datetime) -> None:
        """Show how it stands at ``now``."""
        self._events.extend(self._database.read_now(self._chronicle.new))
        entries = [e for e in self._database.read_now(lambda c: list(risks.everything(c))) if e.state is not State.CLOSED]
        self._live.update(Group(self._head(now), self._risks(entries, now), self._feed()))

    def _head(self, now: datetime) -> Table:
        table = Table.grid(expand=True, padding=(0, 1))
        table.add_column()
        table.add_column(justify="right")
        passed = (now - story.START) / (story.END - story.START)
        table.add_row(Text(f"Second Source  {now:%a %d %b %Y  %H:%M} UTC", style="bold"), Text.assemble(("page ", "dim"), self._url))
        table.add_row(ProgressBar(total=1.0, completed=min(1.0, passed), width=None), Text.assemble(("key ", "dim"), self._key))
        return table

    def _risks(self, entries: list[Entry], now: datetime) -> Panel:
        table = Table.grid(expand=True, padding=(0, 1))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
        entries.sort(key=lambda e: (e.exposure.hurts_at or story.END, -e.severity.rank, e.id))
        for entry in entries[:_SHOWN_RISKS]:
            shape, style = _SHAPES[entry.severity.value]
            table.add_row(
                Text(f"{shape} {entry.severity.value}", style=style), Text(entry.state.value, style="dim"), Text(sentence(entry, now))
            )
        if not entries:
            table.add_row("", "", Text("Nothing is open. Findings would stand here, by the time at which they hurt.", style="dim"))
        more = f", {len(entries) - _SHOWN_RISKS} more on the page" if len(entries) > _SHOWN_RISKS else ""
        return Panel(table, title=f"Now: {len(entries)} open{more}", title_align="left", border_style="dim")

    def _feed(self) -> Panel:
        table = Table.grid(expand=True, padding=(0, 1))
        for _ in range(3):
            table.add_column(no_wrap=True)
        table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
        for event in self._events:
            style = _SHAPES.get(event.severity, ("", ""))[1]
            table.add_row(f"{event.at:%H:%M}", Text(_WORDS[event.kind], style="dim"), Text(event.what, style=style), Text(event.text))
        return Panel(table, title="What happened", title_align="left", border_style="dim")
