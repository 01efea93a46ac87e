"""Risks on a terminal. What sources wrote is cleaned first: no text of theirs moves the cursor or changes a colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from secondsource.adapters.senders.text import clean

_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_LONGEST = 500


class Listed(msgspec.Struct, frozen=True):
    """A risk as lists of the API say it, as far as it is printed."""

    id: str
    sentence: str
    severity: str
    state: str
    score: int
    owner: str | None = None


class _Score(msgspec.Struct, frozen=True):
    value: int
    band: str
    reason: str


class _Hit(msgspec.Struct, frozen=True):
    chain: tuple[str, ...]
    certain: bool


class _Exposure(msgspec.Struct, frozen=True):
    hits: tuple[_Hit, ...]


class _Plan(msgspec.Struct, frozen=True):
    name: str
    hollow: str = ""


class _Change(msgspec.Struct, frozen=True):
    at: datetime
    actor: str
    event: str
    reason: str


class Detail(Listed, frozen=True, kw_only=True):
    """All of a risk, as far as it is printed."""

    reason: str
    severity_reason: str
    since: datetime
    inherent: _Score
    current: _Score
    residual: _Score
    exposure: _Exposure
    history: tuple[_Change, ...]
    plan: _Plan | None = None
    cause: str | None = None
    covers: tuple[str, ...] = ()


def row(risk: Listed) -> str:
    """One line for a pipe: id, severity, state and sentence, with tabs between."""
    return "\t".join((clean(risk.id, 40), clean(risk.severity, 20), clean(risk.state, 20), clean(risk.sentence, _LONGEST)))


def table(risks: Sequence[Listed]) -> None:
    """A table on the terminal."""
    found = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("Risk", "Severity", "State", "Score"):
        found.add_column(name, no_wrap=True)
    found.add_column("What", overflow="fold")
    for risk in risks:
        style = _STYLES.get(risk.severity, "")
        cells = (clean(risk.id, 40), clean(risk.severity, 20), clean(risk.state, 20), f"{risk.score:5}", clean(risk.sentence, _LONGEST))
        found.add_row(*(Text(cell, style if place == 1 else "") for place, cell in enumerate(cells)))
    Console().print(found)


def lines_of(risk: Detail) -> Iterator[str]:
    """One risk in lines."""
    yield clean(risk.sentence, _LONGEST)
    yield f"  {clean(risk.id, 40)}, {clean(risk.state, 20)}, owner {clean(risk.owner or 'nobody', 100)}, since {_at(risk.since)}"
    yield f"  How we know: {clean(risk.reason, _LONGEST)}"
    yield f"  Severity {clean(risk.severity, 20)}: {clean(risk.severity_reason, _LONGEST)}"
    for name, score in (("inherent", risk.inherent), ("current", risk.current), ("residual", risk.residual)):
        yield f"  Score {name} {score.value} of 25, {clean(score.band, 20)}: {clean(score.reason, _LONGEST)}"
    if risk.cause is not None:
        yield f"  Part of {clean(risk.cause, 40)}, which explains it"
    if risk.covers:
        yield f"  Explains {', '.join(clean(each, 40) for each in risk.covers)}"
    for hit in risk.exposure.hits:
        yield f"  Reaches {'' if hit.certain else 'possibly '}{clean(' → '.join(hit.chain), _LONGEST)}"
    if risk.plan is not None:
        yield f"  Plan {clean(risk.plan.name, 200)}" + (f" is hollow: {clean(risk.plan.hollow, _LONGEST)}" if risk.plan.hollow else "")
    for change in risk.history:
        said = clean(change.reason, _LONGEST)
        yield f"  {_at(change.at)} {clean(change.event, 40)} by {clean(change.actor, 100)}" + (f": {said}" if said else "")


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
