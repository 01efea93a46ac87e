"""Comparisons and scores of rules on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from secondsource.testing.comparison import RuleChange
from secondsource.testing.scoring import Scored

_MOST = 10


def tell_changes(changes: Iterable[RuleChange]) -> None:
    """What B would have found otherwise than A, by rule."""
    table = Table(box=None, pad_edge=False)
    for title in ("rule", "episodes A", "B", "notices A", "B", "both", "only A", "only B", "B earlier", "B later", "median shift"):
        table.add_column(title, justify="left" if title == "rule" else "right", no_wrap=title == "rule")
    changes = list(changes)
    for change in changes:
        shift = "–" if change.shift is None else f"{change.shift:+,.0f} s"
        numbers = (*change.episodes, *change.notices, change.both, len(change.only[0]), len(change.only[1]), change.earlier, change.later)
        table.add_row(change.rule, *map(str, numbers), shift)
    console = Console()
    console.print(table)
    for change in changes:
        for name, only in zip("AB", change.only, strict=True):
            if only:
                more = f" and {len(only) - _MOST} more" if len(only) > _MOST else ""
                console.print(f"{change.rule}, only {name}: {'; '.join(only[:_MOST])}{more}", highlight=False, markup=False)
    scored = [
        (f"{change.rule} {name}", each) for change in changes if change.scored for name, each in zip("AB", change.scored, strict=True)
    ]
    if scored:
        _scores(console, scored)


def tell_scores(scores: Iterable[Scored]) -> None:
    """Each rule against the truth."""
    _scores(Console(), [(each.rule, each) for each in scores])


def _scores(console: Console, scores: Iterable[tuple[str, Scored]]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("rule", "incidents", "found", "recall", "precision", "episodes per incident", "lag behind start", "behind first word"):
        table.add_column(title, justify="left" if title == "rule" else "right", no_wrap=title == "rule")
    for name, each in scores:
        per = each.episodes_per_incident
        table.add_row(
            name, str(each.incidents), str(each.found), _part(each.recall), _part(each.precision), "–" if per is None else f"{per:.2f}",
            _lag(each.lag_behind_start), _lag(each.lag_behind_first_word),
        )  # fmt: skip
    console.print(table)


def _part(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _lag(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:+,.0f} s"
