"""The register's risks of the vendor: what stood at the end of the period, what came in it, and how people answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.register import Change, Entry, State
from secondsource.domain.review.basis import Basis, Missing, basis
from secondsource.domain.review.episodes import passes
from secondsource.domain.review.facts import Facts, RiskRecord
from secondsource.domain.review.spans import median
from secondsource.domain.signals import Phase, Severity

_TAKES = frozenset({"acknowledge", "mitigate", "accept", "close"})
_BEGINS = frozenset({"opened", "updated", "reopen", "expire"})


class Answer(msgspec.Struct, frozen=True):
    """One time that a risk stood open in the period. ``taken_at`` None: nobody took it; ``over_at`` is when it then cleared by itself."""

    opened_at: datetime
    taken_at: datetime | None
    by: str
    over_at: datetime | None
    escalations: int  # times that more people were written to because an answer had not come

    @property
    def after(self) -> timedelta | None:
        """How long it took until a person or a plan had it."""
        return None if self.taken_at is None else self.taken_at - self.opened_at


class RiskLine(msgspec.Struct, frozen=True):
    """A risk as it stood at the end of the period. ``accepted_until`` and its reason are given while the acceptance is the present one."""

    id: str
    rule: str
    title: str
    state: State
    severity: Severity
    opened_at: datetime  # the first time in the period; before it where it stood open then
    accepted_by: str | None
    accepted_until: datetime | None
    accepted_reason: str | None
    functions: tuple[str, ...]  # names
    answers: tuple[Answer, ...]
    basis: Basis


class Response(msgspec.Struct, frozen=True, tag=True):
    """How people answered, over all times that a risk opened in the period. ``unanswered`` cleared before anybody took them."""

    opened: int
    taken: int
    unanswered: int
    waiting: int
    median: timedelta | None
    worst: timedelta | None
    escalations: int
    basis: Basis


def risk_lines(facts: Facts) -> tuple[RiskLine, ...]:
    """Those that were open, taken or accepted at the end, or came in the period; the more severe first."""
    lines = (_line(record, facts) for record in facts.risks if concerns(record.entry, facts.vendor))
    return tuple(sorted((line for line in lines if line is not None), key=lambda line: (-line.severity.rank, line.opened_at, line.id)))


def concerns(entry: Entry, vendor: str) -> bool:
    """Whether the risk is one of the vendor's own: its finding names a part of it, or the vendor is its subject."""
    head, _, rest = entry.subject.partition("/")
    subject = rest.partition("/")[0] if head in ("vendor", "region") else head
    return subject == vendor or any(scope.vendor == vendor for scope in entry.scopes)


def matters(entry: Entry, vendor: str, since: datetime) -> bool:
    """Whether a review from ``since`` on has a use for it: it is the vendor's own or reached us by way of it, and was not over before."""
    if entry.state is State.CLOSED and entry.updated_at < since:
        return False
    return concerns(entry, vendor) or any(passes(hit, vendor) for hit in entry.exposure.hits)


def response(lines: Iterable[RiskLine], facts: Facts) -> Response | Missing:
    """The answers to what opened in the period."""
    pairs = [(line, answer) for line in lines for answer in line.answers if answer.opened_at >= facts.period.start]
    if not pairs:
        return Missing("no risk of it opened in the period")
    taken = [answer.after for _, answer in pairs if answer.after is not None]
    return Response(
        opened=len(pairs),
        taken=len(taken),
        unanswered=sum(answer.taken_at is None and answer.over_at is not None for _, answer in pairs),
        waiting=sum(answer.taken_at is None and answer.over_at is None for _, answer in pairs),
        median=median(taken) if taken else None,
        worst=max(taken, default=None),
        escalations=sum(answer.escalations for _, answer in pairs),
        basis=basis(
            "From the register's history: from the opening to the first person or plan that took it. An escalation is a time at which "
            "more people were written to because an answer or a decision had not come in time.",
            risks=[line.id for line, _ in pairs],
        ),
    )


def _line(record: RiskRecord, facts: Facts) -> RiskLine | None:
    changes = [change for change in record.changes if change.at < facts.period.end]
    if not changes:
        return None
    state = changes[-1].to_state
    answers = tuple(answer for answer in _answers(changes, record, facts) if facts.period.touches(answer.opened_at, answer.over_at))
    if state is State.CLOSED and not answers:
        return None
    entry = record.entry
    said = [signal for signal in record.signals if signal.at < facts.period.end and signal.phase is not Phase.CLEARED]
    accepted = state is State.ACCEPTED and entry.state is State.ACCEPTED
    severities = [n.after for change in changes for n in change.numbers if n.name == "severity" and n.after is not None]
    return RiskLine(
        id=entry.id,
        rule=entry.rule,
        title=said[-1].title if said else entry.title,
        state=state,
        severity=Severity(severities[-1]) if severities else entry.severity,
        opened_at=min((answer.opened_at for answer in answers), default=changes[0].at),
        accepted_by=entry.accepted_by if accepted else None,
        accepted_until=entry.accepted_until if accepted else None,
        accepted_reason=entry.accepted_reason if accepted else None,
        functions=tuple(hit.name for hit in entry.exposure.hits),
        answers=answers,
        basis=basis("The register's history.", [id_ for change in changes for id_ in change.evidence], risks=[entry.id]),
    )


def _answers(changes: list[Change], record: RiskRecord, facts: Facts) -> Iterable[Answer]:
    """One for each time that it came to stand open."""
    begins = [
        number
        for number, change in enumerate(changes)
        if change.event in _BEGINS and change.to_state is State.OPEN and change.from_state is not State.OPEN
    ]
    for place, begin in enumerate(begins):
        stretch = changes[begin : begins[place + 1] if place + 1 < len(begins) else len(changes)]
        opened, until = stretch[0].at, stretch[-1].at if place + 1 < len(begins) else facts.period.end
        taken = next((change for change in stretch if change.event in _TAKES), None)
        over = next((change.at for change in stretch if change.to_state is State.CLOSED or change.event == "cleared"), None)
        rounds = {told.at for told in record.told if told.occasion == "escalated" and opened <= told.at <= until}
        yield Answer(opened, taken.at if taken else None, taken.actor if taken else "", over, len(rounds))
