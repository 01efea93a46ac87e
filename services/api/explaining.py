"""The whole chain of one risk: from its numbers and whom it hits down to what sources said and the responses that they said it in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection

from secondsource.adapters.sql import evidence
from secondsource.adapters.sql.evidence import Archived, Heard
from secondsource.domain.context import Context
from secondsource.domain.findings import FINDING
from secondsource.domain.hits import FunctionHit
from secondsource.domain.observations import Gone, Observation, SourceHealth, kind_of
from secondsource.domain.reach import SIDE_KINDS, index_of
from secondsource.domain.register import Change, Entry
from secondsource.domain.scope import Scope
from secondsource.domain.sentence import sentence
from secondsource.domain.signals import Signal
from secondsource.domain.statements import statement
from secondsource.domain.subjects import vendor_of
from secondsource.domain.vendors import Upstream
from services.api.explanation import (
    EdgeShape,
    EvidenceShape,
    Explanation,
    FindingShape,
    NumberShape,
    Origin,
    ReachShape,
    ResponseShape,
)
from services.api.telling import aged, score

_MOST_SIGNALS = 50
PUSHED = "key:"
"""How the source of what was pushed begins: the name of the key follows."""

_SAYS: dict[Origin, str] = {
    "response": "it stood in this response",
    "dropped": "the response that it stood in is no longer kept",
    "responses": "it was read from several responses, or from none that is archived",
    "poll": "this program says it of its own poll",
    "absence": "the source no longer had it when it was read",
    "pushed": "it was pushed to the API",
    "drill": "a drill played it",
    "finding": "it is a finding of another rule",
    "unknown": f"the log does not hold it any more, or it lies more than {evidence.FAR_BACK.days} days or too many observations back",
}


def explained(connection: Connection, context: Context, entry: Entry, history: Sequence[Change], now: datetime) -> Explanation:
    """Trace ``entry`` back, as old as ``now``."""
    entry = aged(entry, now)
    signals, earlier = evidence.of_episode(connection, entry.id, entry.last_signal, _MOST_SIGNALS)
    return Explanation(
        id=entry.id,
        sentence=sentence(entry, now),
        state=entry.state,
        reason=entry.reason,
        finding=entry.finding,
        severity=entry.severity,
        severity_reason=entry.severity_reason,
        inherent=score(entry.inherent),
        current=score(entry.current),
        residual=score(entry.residual),
        numbers=tuple(_numbers(history)),
        exposure_known=entry.exposure.known,
        exposure=tuple(_reach(hit, context) for hit in entry.exposure.hits),
        signals=tuple(signals),
        earlier_signals=earlier,
        evidence=_evidence(connection, entry, signals),
    )


def _numbers(history: Sequence[Change]) -> Iterator[NumberShape]:
    for change in history:
        for number in change.numbers:
            reason = number.reason or change.reason
            yield NumberShape(change.at, number.name, number.before, number.after, reason, change.event, change.actor)


def _reach(hit: FunctionHit, context: Context) -> ReachShape:
    return ReachShape(hit.function, hit.name, hit.certain, hit.confidence, hit.chain, tuple(_edges(hit, context)))


def _edges(hit: FunctionHit, context: Context) -> Iterator[EdgeShape]:
    index, (root, *below) = index_of(context), hit.chain_ids[2:]
    here = next((need.scope for id_ in hit.dependencies if (need := index.dependencies.get(id_)) and str(need.scope) == root), None)
    for place, id_ in enumerate(below, 3):
        edge = _edge(here, id_, context) if here is not None else None
        here = edge.scope if edge is not None else None
        known = (edge.kind, edge.basis, edge.confidence) if edge is not None else (None, None, None)
        yield EdgeShape(hit.chain[place - 1], hit.chain[place], *known)


def _edge(above: Scope, id_: str, context: Context) -> Upstream | None:
    """The edge by which ``above`` rests on what has the name ``id_``; of several the one that the exposure goes by."""
    edges = [edge for edge in context.graph.upstream(above) if str(edge.scope) == id_ and edge.kind not in SIDE_KINDS]
    return max(edges, key=lambda edge: (edge.surely_for(above), edge.confidence), default=None)


def _evidence(connection: Connection, entry: Entry, signals: Sequence[Signal]) -> tuple[EvidenceShape, ...]:
    """What the signals name, in the order in which they name it."""
    named: dict[str, datetime] = {}
    for signal in signals:
        for id_ in signal.evidence.observations:
            named.setdefault(id_, signal.at)  # it was said by then
    findings = evidence.heard(connection, named)
    wanted = {id_: at for id_, at in named.items() if id_ not in findings}
    subject = vendor_of(entry.subject)
    concerned = {scope.vendor for scope in entry.scopes} | ({subject} if subject is not None else set())
    found = evidence.observations(connection, wanted, entry.exercise, concerned)
    others = {id_: at for id_, at in wanted.items() if id_ not in found}  # rules of the portfolio look at vendors beside that
    found |= evidence.observations(connection, others, entry.exercise, None)
    kept = evidence.archived(connection, {observation.raw for observation in found.values() if observation.raw is not None})
    return tuple(_one(id_, findings, found, kept) for id_ in named)


def _one(id_: str, findings: Mapping[str, Heard], found: Mapping[str, Observation], kept: Mapping[str, Archived]) -> EvidenceShape:
    if id_ in findings:
        return _finding(id_, findings[id_])
    if id_ not in found:
        return EvidenceShape(id_, "unknown", _SAYS["unknown"])
    observation = found[id_]
    response = kept.get(observation.raw or "")
    origin = _origin(observation, response)
    return EvidenceShape(
        id=id_,
        origin=origin,
        says=_SAYS[origin],
        source=observation.source,
        vendor=observation.vendor,
        subject=observation.subject,
        kind=kind_of(observation.body),
        observed_at=observation.observed_at,
        statement=statement(observation.body),
        response=_response(response) if response is not None else None,
    )


def _finding(id_: str, heard: Heard) -> EvidenceShape:
    signal = heard.signal
    return EvidenceShape(
        id=id_,
        origin="finding",
        says=_SAYS["finding"],
        vendor=vendor_of(signal.subject, signal.scopes),
        subject=signal.subject,
        kind=FINDING,
        observed_at=signal.at,
        statement=f"{signal.title}: {signal.reason}",
        finding=FindingShape(heard.risk, signal.rule, signal.title),
    )


def _origin(observation: Observation, response: Archived | None) -> Origin:
    if response is not None:
        return "response"
    if observation.raw is not None:
        return "dropped"
    if observation.exercise is not None:
        return "drill"
    if observation.source.startswith(PUSHED):
        return "pushed"
    if isinstance(observation.body, SourceHealth):
        return "poll"
    return "absence" if isinstance(observation.body, Gone) else "responses"


def _response(kept: Archived) -> ResponseShape:
    return ResponseShape(kept.hash, kept.at, _shown(kept.url), kept.status, kept.size)


def _shown(url: str) -> str:
    """The address without what may be secret in it: user, password, query and fragment."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
