"""The runbooks and plans in force, and what they need to know of a risk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from secondsource.adapters.sql import drills, plan_checks
from secondsource.domain.context import Context
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.reach import index_of
from secondsource.domain.register import Entry
from secondsource.domain.scope import Scope
from secondsource.domain.subjects import vendor_of
from secondsource.plans.facts import RiskFacts
from secondsource.plans.preconditions import Result, hollow
from secondsource.plans.schema import Contingency, Document, Escalation, Runbook
from secondsource.plans.selection import plan_for, plans_for, runbooks_for
from secondsource.runtimes.preconditions import Preconditions


class Playbook:
    """What the company has written down for the day when something fails."""

    def __init__(self, documents: Sequence[Document], context: Context, status_connectors: Collection[str]) -> None:
        """``status_connectors`` are the connectors whose sources tell how a vendor stands."""
        self._documents = tuple(documents)
        self._context = context
        self._index = index_of(context)
        self.preconditions = Preconditions(context, status_connectors)

    def facts(self, entry: Entry) -> RiskFacts:
        """The risk as a runbook sees it. Its plans are those that its fallbacks name, then those meant for it by trigger."""
        named = [standby.plan for hit in entry.exposure.hits for standby in hit.standbys if standby.plan]
        vendor = vendor_of(entry.subject, entry.scopes) or ""
        facts = RiskFacts(
            id=entry.id,
            rule=entry.rule,
            severity=entry.severity,
            title=entry.title,
            vendor=vendor,
            vendor_name=self._context.graph.name(vendor) if vendor else "",
            subject=entry.subject,
            episode=entry.episode,
            functions=tuple(hit.function for hit in entry.exposure.hits),
            function_names=tuple(hit.name for hit in entry.exposure.hits),
            scopes=entry.scopes,
            plans=tuple(dict.fromkeys(named)),
            exercise=entry.exercise,
            alternates=tuple(dict.fromkeys(str(s.scope) for hit in entry.exposure.hits for s in hit.standbys if not s.hollow)),
        )
        return msgspec.structs.replace(facts, plans=tuple(plan.id for plan in plans_for(facts, self._documents)))

    def escalation(self, entry: Entry) -> Escalation | None:
        """The escalation runbook meant for the risk most precisely; None where nobody has written one."""
        return next(iter(runbooks_for(self.facts(entry), self._documents)), None)

    def plan(self, id_: str) -> Runbook:
        """The contingency plan of this id. Raises ``LookupError`` where there is none."""
        for document in self._documents:
            if isinstance(document, Contingency) and document.id == id_:
                return document
        raise LookupError(f"there is no contingency plan {id_!r}")

    @property
    def documents(self) -> tuple[Document, ...]:
        """All of it."""
        return self._documents

    @property
    def contingencies(self) -> tuple[Contingency, ...]:
        """The contingency plans, by id."""
        return tuple(sorted((d for d in self._documents if isinstance(d, Contingency)), key=lambda plan: plan.id))

    def plan_note(self, connection: Connection, entry: Entry, now: datetime) -> PlanNote | None:
        """The first plan for the risk, with what speaks against it now; None where there is no plan."""
        plan = plan_for(self.facts(entry), self._documents)
        if plan is None:
            return None
        hit = {id_ for found in entry.exposure.hits for id_ in found.dependencies}
        named = [s.scope for found in entry.exposure.hits for s in found.standbys if s.plan == plan.id]
        needs = [self._index.dependencies[id_] for id_ in sorted(hit)]
        results = self.preconditions.of(connection, plan, needs, named, now, exercise=entry.exercise)
        passed, failed = drills.last(connection, plan.id, passed=True), drills.last(connection, plan.id, passed=False)
        return PlanNote(plan.id, plan.title, passed, failed, hollow(results))

    def hollowness(self, connection: Connection, id_: str, scope: Scope, now: datetime) -> str:
        """Why plan ``id_`` would not help now if ``scope`` failed, as one clause; empty when it would.

        That no drill of it has passed does not count: this is asked before one. Raises ``LookupError`` where there is no such plan.
        """
        plan = self.plan(id_)
        assert isinstance(plan, Contingency)
        needs = [need for need in self._context.portfolio.dependencies if need.scope.touches(scope)]
        named = [fallback.scope for need in needs for fallback in need.fallbacks if fallback.plan == id_]
        results = self.preconditions.of(connection, plan, needs, named, now, without=scope)
        return hollow([each for each in results if each.check != "drill_passed_within"])

    def adopted(self, connection: Connection) -> tuple[Contingency, ...]:
        """The plans that somebody counts on: those that a fallback names or that list alternates of their own, and those that somebody
        has drilled or recorded something of. The others are on the shelf."""
        named = {fallback.plan for need in self._context.portfolio.dependencies for fallback in need.fallbacks}
        kept = {record.plan for record in plan_checks.records(connection)} | {report.plan for report in drills.reports(connection)}
        return tuple(plan for plan in self.contingencies if plan.alternates or plan.id in named or plan.id in kept)

    def examine(self, connection: Connection, plan: Contingency, now: datetime) -> list[Result]:
        """How each precondition of ``plan`` stands, for all that the portfolio would use it for; HTTP checks as they last went."""
        return self.preconditions.standing(connection, plan, now)
