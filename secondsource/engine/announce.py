"""From an entry of the register to a message: the sentence, the lines that back it, and what the reader can do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from secondsource.contracts.sender import Action, Message
from secondsource.domain.hits import FunctionHit, Standby
from secondsource.domain.ids import content_id
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import Entry, State
from secondsource.domain.sentence import DRILL, chain_line, duration, sentence, subject_line
from secondsource.domain.words import count

Occasion = Literal["opened", "updated", "escalated", "resolved", "reminder", "approval"]

_LABELS = {"acknowledge": "Acknowledge", "approve": "Approve", "decline": "Decline", "open": "Open"}


def announce(
    entry: Entry,
    now: datetime,
    *,
    channel: str,
    recipient: str,
    reason: str,
    occasion: Occasion,
    links: Callable[[str], str],
    told: tuple[str, ...] = (),
    plan: PlanNote | None = None,
    step: str = "",
) -> Message:
    """The message that tells ``recipient`` of ``entry``.

    ``reason`` says why this person gets it ("on call for Support assistant"), ``links`` gives the address for a verb
    (``acknowledge``, ``approve``, ``decline``, ``open``), ``told`` who knows already. ``step`` tells apart two messages of one
    occasion to one recipient in one episode: the escalation's step, the entry's version for an update. The idempotency key is
    made of risk, episode, occasion, step, channel and recipient: the same message composed again has the same key.
    """
    plan = plan or entry.plan
    headline, subject = sentence(entry, now, plan), subject_line(entry, now)
    if occasion == "approval":
        headline, subject = _asked(headline), _asked(subject)
    key = content_id("message", entry.id, entry.episode, entry.episode_no, occasion, step, channel, recipient)
    hits = entry.exposure.hits
    return Message(
        id=content_id(key, now),
        idempotency_key=key,
        channel=channel,
        recipient=recipient,
        headline=headline,
        lines=_folded(entry) if occasion == "resolved" else _lines(entry, now, told),
        subject=subject,
        actions=tuple(Action(verb, _LABELS[verb], links(verb)) for verb in _verbs(entry, occasion)),
        thread=thread_of(entry),
        replaces=occasion in ("updated", "resolved"),
        folded=occasion == "resolved",
        severity=entry.severity.value,
        state=entry.state.value,
        reason=reason,
        risk=entry.id,
        exercise=entry.exercise,
        created_at=now,
        data={
            "occasion": occasion,
            "rule": entry.rule,
            "subject": entry.subject,
            "episode": entry.episode,
            "functions": " ".join(hit.function for hit in hits),
            "score": str(entry.current.value),
            **({"hurts_at": entry.exposure.hurts_at.isoformat()} if entry.exposure.hurts_at is not None else {}),
        },
    )


def thread_of(entry: Entry) -> str:
    """What the messages of one episode have in common: they are one thread, and one card in it."""
    return f"{entry.id}/{entry.episode_no}"


def _asked(text: str) -> str:
    """The text as a question to decide; the mark of a drill stays first."""
    drill, bare = (DRILL, text.removeprefix(DRILL)) if text.startswith(DRILL) else ("", text)
    return f"{drill}Your decision is needed: {bare}"


def _verbs(entry: Entry, occasion: Occasion) -> tuple[str, ...]:
    """What the reader will most likely want to do, first."""
    if occasion == "approval":
        return ("approve", "decline", "open")
    if occasion != "resolved" and entry.state is State.OPEN:
        return ("acknowledge", "open")
    return ("open",)


def _lines(entry: Entry, now: datetime, told: tuple[str, ...]) -> tuple[str, ...]:
    """At most six, so that the reason has room below them."""
    hits = entry.exposure.hits
    lines = [
        _chain(hits),
        f"Since {_clock(entry.since, now)}, known here since {_clock(entry.opened_at, now)}{_end(entry, now)}",
        _knowledge(entry, hits),
        f"Severity {entry.severity.value}; risk {_number(entry)}",
        _fallback(hits[0].fallback) if hits and entry.exposure.outage else "",
        f"Told: {', '.join(told)}" if told else "Nobody else has been told",
    ]
    return tuple(line for line in lines if line)


def _folded(entry: Entry) -> tuple[str, ...]:
    """A thing of the past takes one line below its sentence: when, and what it reached."""
    end = entry.cleared_at or entry.closed_at or entry.updated_at
    hurt = [f"{hit.name} reached impact level {hit.level_now}" for hit in entry.exposure.hits if hit.level_now]
    reached = "; ".join(hurt[:3]) if hurt else f"{count(len(entry.exposure.hits), 'function')} touched, none hurt"
    if len(hurt) > 3:
        reached += f"; {len(hurt) - 3} more"
    return (f"{_clock(entry.since, end)} to {_clock(end, end)}, {duration(end - entry.since)}; {reached}",)


def _chain(hits: tuple[FunctionHit, ...]) -> str:
    if not hits:
        return ""
    others = ", ".join(hit.name for hit in hits[1:4])
    more = f", and {len(hits) - 4} more" if len(hits) > 4 else ""
    return chain_line(hits[0]) + (f" (also hit: {others}{more})" if others else "")


def _knowledge(entry: Entry, hits: tuple[FunctionHit, ...]) -> str:
    known = entry.evidence.facts[0] if entry.evidence.facts else entry.reason
    if not hits:
        return f"How we know: {known}"
    sure = "surely reaches us" if hits[0].certain else "may reach us"
    if hits[0].confidence < 1:
        sure += f", the chain is known to {hits[0].confidence:.0%}"
    return f"How we know: {known}; {sure}"


def _number(entry: Entry) -> str:
    now, after = entry.current, entry.residual
    text = f"{now.likelihood} x {now.impact} = {now.value} of 25 ({now.band.value})"
    return text if after.value == now.value else f"{text}, {after.value} after the plan"


def _fallback(standby: Standby | None) -> str:
    if standby is None:
        return "No fallback covers it"
    if standby.hollow:
        return f"Fallback {standby.name} is hollow: {standby.hollow}"
    text = f"Fallback {standby.name}: {standby.capacity:.0%} of the load, {duration(standby.switch_time)} to switch"
    return f"{text}; {standby.doubt}" if standby.doubt else text


def _clock(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M} UTC"


def _end(entry: Entry, now: datetime) -> str:
    return f", over since {_clock(entry.cleared_at, now)}" if entry.cleared_at is not None else ""
