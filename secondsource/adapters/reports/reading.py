"""Reads from the store what a vendor review is worked out from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from secondsource.adapters import plugins
from secondsource.adapters.sql import drills, history, outbox, risks, runs, signals
from secondsource.domain.context import Context
from secondsource.domain.observations import Gone, Observation, SourceHealth, Spend
from secondsource.domain.register import Entry
from secondsource.domain.review.facts import DrillRecord, Facts, PlanRecord, RiskRecord, RunRecord, Told
from secondsource.domain.review.period import NoReview, period_of
from secondsource.domain.review.review import VendorReview, review
from secondsource.domain.review.risks import concerns, matters
from secondsource.domain.review.spend import FORGET
from secondsource.plans.schema import Contingency, Document

LOOK_BACK = FORGET
"""How far before the period is read, so that what stood at its start is known: every source is told of whole every few hours."""


def vendor_review(
    connection: Connection,
    vendor: str,
    start: datetime | None,
    end: datetime | None,
    now: datetime,
    context: Context,
    documents: Iterable[Document] = (),
) -> VendorReview:
    """The review of ``vendor`` from ``start`` up to ``end`` (UTC), as of ``now``; None for either: see ``period_of``.

    ``documents`` are the runbooks in force; contingency plans among them give their titles and dates. Drills count only as drills. Raises
    :class:`~secondsource.domain.review.period.NoReview` where nothing at all is known of the vendor, or no time is left to review.
    """
    return review(vendor_facts(connection, vendor, start, end, now, context, documents))


def vendor_facts(
    connection: Connection,
    vendor: str,
    start: datetime | None,
    end: datetime | None,
    now: datetime,
    context: Context,
    documents: Iterable[Document] = (),
) -> Facts:
    """The facts of :func:`vendor_review`."""
    first = history.first_at(connection, vendor)
    entries = list(history.naming(connection, vendor))
    if first is None and not entries and not _configured(vendor, context):
        known = ", ".join(sorted(context.graph.vendors)) or "none"
        raise NoReview(f"nothing is known of a vendor {vendor!r}; the configuration knows {known}")
    newest = history.last_at(connection, now)
    period = period_of(start, end, (first, newest) if first is not None and newest is not None else None, now)
    mattering = [entry for entry in entries if matters(entry, vendor, period.start)]
    kinds = {name: frozenset(connector.spec.kinds) for name, connector in plugins.connectors().items()}
    own, spends = _observations(connection, vendor, period.start - LOOK_BACK, period.end, kinds)
    return Facts(
        vendor=vendor,
        period=period,
        now=now,
        until=history.last_at(connection, period.end),
        context=context,
        observations=tuple(own),
        spends=tuple(spends),
        risks=tuple(_record(connection, entry, period.end) for entry in mattering),
        drills=tuple(_drills(connection)),
        plans=tuple(
            PlanRecord(plan.id, plan.title, plan.preconditions.drill_passed_within, plan.review_by)
            for plan in documents
            if isinstance(plan, Contingency)
        ),
        runs=tuple(run for entry in mattering if concerns(entry, vendor) for run in _runs(connection, entry)),
        kinds=kinds,
    )


def _configured(vendor: str, context: Context) -> bool:
    needs, contracts = context.portfolio.dependencies, context.portfolio.contracts
    named = {scope.vendor for need in needs for scope in (need.scope, *(fallback.scope for fallback in need.fallbacks))}
    return vendor in context.graph.vendors or vendor in named or any(contract.vendor == vendor for contract in contracts)


def _observations(
    connection: Connection, vendor: str, start: datetime, end: datetime, kinds: Mapping[str, frozenset[str]]
) -> tuple[list[Observation], list[Observation]]:
    """The vendor's own observations with the health of their sources, and everybody's spend; both by time."""
    told = set(history.sources_of(connection, vendor, start, end))
    costs = {name for name, found in kinds.items() if "spend" in found}
    billing = history.sources_with(connection, costs, start, end)
    own: list[Observation] = []
    spends: list[Observation] = []
    for batch in history.batches(connection, vendor, {*told, *billing}, start, end):
        for observation in batch.observations:
            body = observation.body
            if observation.vendor == vendor or (isinstance(body, SourceHealth) and observation.source in told):
                own.append(observation)
            if isinstance(body, Spend) or (isinstance(body, Gone) and body.was == "spend"):
                spends.append(observation)
    own.sort(key=lambda observation: observation.observed_at)
    spends.sort(key=lambda observation: observation.observed_at)
    return own, spends


def _record(connection: Connection, entry: Entry, end: datetime) -> RiskRecord:
    messages = (row.message for row in outbox.read(connection, risk=entry.id))
    return RiskRecord(
        entry=entry,
        changes=tuple(risks.history(connection, entry.id)),
        signals=tuple(signal for signal in signals.read_all(connection, risk=entry.id) if signal.at < end),
        told=tuple(Told(m.created_at, m.data.get("occasion", "")) for m in messages if m.created_at is not None and m.created_at < end),
    )


def _drills(connection: Connection) -> Iterable[DrillRecord]:
    for outcome in reversed(drills.outcomes(connection)):
        report = outcome.report
        if report is None or outcome.ended_at is None:
            continue
        recovered = next((score.seconds for score in report.scores if score.measure == "recover"), None)
        yield DrillRecord(
            id=outcome.id,
            plan=report.plan,
            ended_at=outcome.ended_at,
            passed=report.passed,
            recovered_in=None if recovered is None else timedelta(seconds=recovered),
            says="; ".join(f"{score.measure} {score.says}" for score in report.scores),
        )


def _runs(connection: Connection, entry: Entry) -> Iterable[RunRecord]:
    for run in runs.of_risk(connection, entry.id, live=False):
        if run.kind == "contingency":
            yield RunRecord(run.id, run.runbook, run.started_at)
