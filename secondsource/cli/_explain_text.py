"""The chain behind a risk on a terminal, from its numbers down to responses; what sources wrote is cleaned first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from secondsource.adapters.senders.text import clean
from secondsource.domain.signals import Measure, Signal

_LONGEST = 500


class _Score(msgspec.Struct, frozen=True):
    value: int
    band: str
    reason: str


class _Number(msgspec.Struct, frozen=True):
    at: datetime
    name: str
    before: str | None
    after: str | None
    reason: str


class _Edge(msgspec.Struct, frozen=True):
    upper: str
    lower: str
    kind: str | None
    basis: str | None
    confidence: float | None


class _Reach(msgspec.Struct, frozen=True):
    chain: tuple[str, ...]
    certain: bool
    confidence: float
    edges: tuple[_Edge, ...]


class _Response(msgspec.Struct, frozen=True):
    hash: str
    fetched_at: datetime
    url: str
    status: int
    size: int


class _Finding(msgspec.Struct, frozen=True):
    risk: str
    rule: str


class _Evidence(msgspec.Struct, frozen=True):
    id: str
    says: str
    source: str | None
    vendor: str | None
    subject: str | None
    kind: str | None
    observed_at: datetime | None
    statement: str | None
    response: _Response | None
    finding: _Finding | None


class Explained(msgspec.Struct, frozen=True):
    """What the API says of why a risk is what it is, as far as it is printed."""

    id: str
    sentence: str
    state: str
    severity: str
    severity_reason: str
    inherent: _Score
    current: _Score
    residual: _Score
    numbers: tuple[_Number, ...]
    exposure_known: bool
    exposure: tuple[_Reach, ...]
    signals: tuple[Signal, ...]
    earlier_signals: int
    evidence: tuple[_Evidence, ...]


def explained(risk: Explained) -> Iterator[str]:
    """The chain in lines."""
    yield _said(risk.sentence)
    yield f"{clean(risk.id, 40)}, {clean(risk.state, 20)}"
    yield f"Severity {clean(risk.severity, 20)}: {_said(risk.severity_reason)}"
    for name, score in (("inherent", risk.inherent), ("current", risk.current), ("residual", risk.residual)):
        yield f"Score {name} {score.value} of 25, {clean(score.band, 20)}: {_said(score.reason)}"
    yield "Numbers that changed:" if risk.numbers else "No number changed."
    for number in risk.numbers:
        change = f"{_said(number.before or 'none')} → {_said(number.after or 'none')}"
        yield f"  {_at(number.at)} {clean(number.name, 40)} {change}{_because(number.reason)}"
    yield from _reached(risk)
    named = {each.id: each for each in risk.evidence}
    told: set[str] = set()
    left_out = f" ({risk.earlier_signals} earlier ones are left out)" if risk.earlier_signals else ""
    yield f"Findings of the last episode{left_out}:"
    for signal in risk.signals:
        yield f"  {_at(signal.at)} {signal.phase.value}, {signal.severity.value}: {_said(signal.title)}{_because(signal.reason)}"
        for measure in signal.evidence.measures:
            yield f"    {_measure(measure)}"
        for fact in signal.evidence.facts:
            yield f"    {_said(fact)}"
        for id_ in signal.evidence.observations:
            if id_ in told or id_ not in named:
                yield f"    rests on {clean(id_, 40)}, as above"
                continue
            told.add(id_)
            yield from _traced(named[id_])


def _reached(risk: Explained) -> Iterator[str]:
    if not risk.exposure_known:
        yield "Whom it reaches is not known."
    elif not risk.exposure:
        yield "No function is known to rest on it."
    for reach in risk.exposure:
        yield f"Reaches {'' if reach.certain else 'possibly '}{_said(' → '.join(reach.chain))} (confidence {reach.confidence:.2f})"
        for edge in reach.edges:
            yield f"  {_said(edge.upper)} rests on {_said(edge.lower)}: {_known(edge)}"


def _known(edge: _Edge) -> str:
    if edge.confidence is None:
        return "the configuration of today does not say so any more"
    basis = f", {_said(edge.basis)}" if edge.basis else ""
    return f"{clean(edge.kind or '', 40)}, confidence {edge.confidence:.2f}{basis}"


def _traced(evidence: _Evidence) -> Iterator[str]:
    """One observation, with where it comes from below it."""
    if evidence.observed_at is None:
        yield f"    rests on {clean(evidence.id, 40)}: {_said(evidence.says)}"
        return
    of = ", ".join(clean(part, 100) for part in (evidence.source, evidence.vendor, evidence.subject, evidence.kind) if part)
    yield f"    {_at(evidence.observed_at)} {_said(evidence.statement or '')}"
    yield f"      {clean(evidence.id, 40)}: {of}"
    if evidence.response is not None:
        response = evidence.response
        what = f"{response.hash}, status {response.status}, {response.size:,} bytes, fetched {_at(response.fetched_at)}"
        yield f"      {_said(evidence.says)}: {clean(what, 200)}, {_said(response.url)}"
    elif evidence.finding is not None:
        yield f"      {_said(evidence.says)}: {clean(evidence.finding.rule, 100)}, risk {clean(evidence.finding.risk, 40)}"
    else:
        yield f"      {_said(evidence.says)}"


def _measure(measure: Measure) -> str:
    unit = f" {clean(measure.unit, 40)}" if measure.unit else ""
    threshold = "" if measure.threshold is None else f", held against {measure.threshold}{unit}"
    return f"{clean(measure.name, 100)} = {_said(str(measure.value))}{unit}{threshold}"


def _because(reason: str) -> str:
    return f": {_said(reason)}" if reason else ""


def _said(text: str) -> str:
    return clean(text, _LONGEST)


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
