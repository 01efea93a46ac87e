"""All that happened to a risk, in one column: what detection said, what people decided, what runs did, who was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from secondsource.domain.register import Change
from secondsource.domain.signals import Signal
from secondsource.plans.run import Run, RunLog
from secondsource.ports.outbox import OutboxRow, State

DECISIONS = frozenset({"acknowledge", "mitigate", "accept", "close", "reopen"})

_WORDS = {
    "opened": "Found",
    "updated": "Changed",
    "cleared": "Cleared",
    "acknowledge": "Acknowledged",
    "mitigate": "Mitigation began",
    "accept": "Accepted",
    "close": "Closed",
    "reopen": "Reopened",
    "expire": "Acceptance ran out",
    "settle": "Quiet long enough",
    "rescore": "Numbers changed",
    "fold": "Weighed with others",
}

_OCCASIONS = {"approval": "Asked for a decision", "resolved": "Told that it is over", "held": "Not told"}


class Telling(msgspec.Struct, frozen=True):
    """One message of a moment: over which channel, to whom, and what became of it."""

    channel: str
    recipient: str
    state: str
    trouble: str


class Moment(msgspec.Struct, frozen=True):
    """One thing that happened. ``kind``: signal, decision, timer, run or message. ``order`` is its place among those of one instant."""

    at: datetime
    order: tuple[int, int]
    kind: str
    title: str
    text: str = ""
    actor: str = ""
    facts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    evidence: int = 0
    run: str | None = None
    told: tuple[Telling, ...] = ()


def moments(
    history: Iterable[Change], signals: Mapping[str, Signal], logs: Iterable[tuple[Run, Sequence[RunLog]]], messages: Iterable[OutboxRow]
) -> list[Moment]:
    """The newest first. What the register and a run both write down of one act is there once: as the act."""
    found = [moment for change in history if _says(moment := _change(change, signals))]
    for run, lines in logs:
        found += [_line(run, line) for line in lines if _worth(line)]
    found += _messages(messages)
    return sorted(found, key=lambda moment: (moment.at, moment.order), reverse=True)


def _says(moment: Moment) -> bool:
    """A timer that changed no number to show is nothing to tell."""
    return moment.kind != "timer" or moment.title != _WORDS["rescore"] or bool(moment.numbers)


def _worth(line: RunLog) -> bool:
    """Whether a line of a run says something of the risk: that it began, or what a person did. The run's own page has them all."""
    return (line.actor != "secondsource" and line.event != "Acknowledged") or line.seq == 1


def _change(change: Change, signals: Mapping[str, Signal]) -> Moment:
    said = signals.get(change.signal) if change.signal is not None else None
    moved = change.from_state is not None and change.from_state is not change.to_state
    by_run = change.actor.startswith("run:")
    state = f", now {change.to_state.value}" if moved and change.event not in DECISIONS else ""
    return Moment(
        at=change.at,
        order=(0, change.seq),
        kind="signal" if change.signal or change.event == "fold" else "decision" if change.event in DECISIONS else "timer",
        title=_WORDS.get(change.event, change.event) + state,
        text=change.reason,
        actor="" if change.actor in ("detection", "timer") or by_run else change.actor,
        run=change.actor.removeprefix("run:") if by_run else None,
        facts=said.evidence.facts if said is not None else (),
        numbers=tuple(
            f"{n.name.replace('_', ' ')} {n.before or 'none'} to {n.after or 'none'}"
            for n in change.numbers
            if n.before and n.name != "hurts_at"
        ),
        evidence=len(change.evidence),
    )


def _line(run: Run, line: RunLog) -> Moment:
    by = "" if line.actor == "secondsource" else line.actor
    return Moment(at=line.at, order=(1, line.seq), kind="run", title=run.runbook, text=line.text, actor=by, run=run.id)


def _messages(rows: Iterable[OutboxRow]) -> list[Moment]:
    """Messages of one instant that say the same to several are one moment."""
    groups: dict[tuple[datetime, str, str], list[OutboxRow]] = {}
    for row in rows:
        message = row.message
        assert message.created_at is not None
        held = row.progress.state is State.HELD
        occasion, reason = ("held", row.progress.reason) if held else (message.data.get("occasion", ""), message.reason)
        groups.setdefault((message.created_at, occasion, reason), []).append(row)
    return [
        Moment(
            at=when,
            order=(2, group[0].seq),
            kind="message",
            title=_OCCASIONS.get(occasion, "Told"),
            text=reason,
            told=tuple(Telling(r.message.channel, r.message.recipient, r.progress.state.value, _trouble(r)) for r in group),
        )
        for (when, occasion, reason), group in groups.items()
    ]


def _trouble(row: OutboxRow) -> str:
    """Why the last try failed. Why a message is held back is said once for all of them."""
    return "" if row.progress.state is State.HELD else row.progress.reason
