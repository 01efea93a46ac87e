"""What the day came to, as one value: the same at every run and at every speed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection

from secondsource.adapters.sql import drills, log, outbox, risks, runs, signals
from secondsource.domain.ledger import digest
from secondsource.domain.register import Entry
from secondsource.plans.run import Run
from secondsource.ports.outbox import OutboxRow, State


def result(connection: Connection) -> dict[str, Any]:
    """The day as JSON would have it."""
    found = list(signals.read_all(connection))
    messages = [_message(row) for row in outbox.read(connection)]
    phases = Counter(signal.phase.value for signal in found)
    return {
        "observations": sum(len(batch.observations) for batch in log.read_all(connection)),
        "signals": {phase: phases[phase] for phase in ("opened", "updated", "cleared")},
        "risks": [_risk(entry) for entry in risks.everything(connection)],
        "messages": sorted(messages, key=lambda m: (m["at"], m["channel"], m["recipient"], m["risk"], m["occasion"])),
        "plans": [_run(run) for run in runs.everything(connection) if run.kind == "contingency"],
        "drill": next((_drill(outcome) for outcome in drills.outcomes(connection)), None),
        "ledger_sha256": digest(found),
    }


def _risk(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "rule": entry.rule,
        "vendor": entry.subject.split("/")[0],
        "subject": entry.subject,
        "severity": entry.severity.value,
        "state": entry.state.value,
        "functions": [hit.function for hit in entry.exposure.hits],
        "chains": {hit.function: list(hit.chain) for hit in entry.exposure.hits},
        "hollow": {hit.function: {s.name: s.hollow for s in hit.standbys if s.hollow} for hit in entry.exposure.hits},
        "opened_at": entry.opened_at,
        "cleared_at": entry.cleared_at,
        "exercise": entry.exercise,
    }


def _message(row: OutboxRow) -> dict[str, Any]:
    message = row.message
    return {
        "channel": message.channel,
        "recipient": message.recipient,
        "risk": message.risk,
        "at": message.created_at,
        "occasion": message.data.get("occasion", ""),
        "state": row.progress.state.value,
        "headline": message.headline,
        "reason": message.reason,
        **({"held": row.progress.reason} if row.progress.state is State.HELD else {}),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "plan": run.runbook,
        "risk": run.risk.id,
        "state": run.state.value,
        "step": run.step,
        "ticks": {place: tick.by for place, tick in run.ticks.items()},
        "started_at": run.started_at,
        "outcome": run.outcome,
        "exercise": run.risk.exercise,
    }


def _drill(outcome: drills.Outcome) -> dict[str, Any]:
    report = outcome.report
    return {
        "id": outcome.id,
        "drill": outcome.drill,
        "state": outcome.state,
        "passed": None if report is None else report.passed,
        "scores": {} if report is None else {score.measure: score.seconds for score in report.scores},
        "started_at": outcome.started_at,
        "ended_at": outcome.ended_at,
    }
