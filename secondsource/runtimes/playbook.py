"""The runbooks and plans in force, and what they need to know of a risk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from secondsource.adapters.sql import drills
from secondsource.adapters.sql.standing import standing
from secondsource.domain.context import Context
from secondsource.domain.fallbacks import shared_chokepoint
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.reach import index_of
from secondsource.domain.register import Entry
from secondsource.domain.scope import Scope
from secondsource.domain.subjects import vendor_of
from secondsource.plans.facts import RiskFacts
from secondsource.plans.preconditions import AlternateFacts, PlanFacts, alternates_of, check_preconditions, hollow
from secondsource.plans.schema import Contingency, Document, Escalation, Runbook
from secondsource.plans.selection import plan_for, plans_for, runbooks_for


class Playbook:
    """What the company has written down for the day when something fails."""

    def __init__(self, documents: Sequence[Document], context: Context, status_connectors: Collection[str]) -> None:
        """``status_connectors`` are the connectors whose sources tell how a vendor stands."""
        self._documents = tuple(documents)
        self._context = context
        self._status_connectors = frozenset(status_connectors)

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

    def plan_note(self, connection: Connection, entry: Entry, now: datetime) -> PlanNote | None:
        """The first plan for the risk, with what speaks against it now; None where there is no plan."""
        plan = plan_for(self.facts(entry), self._documents)
        if plan is None:
            return None
        passed, failed = drills.last(connection, plan.id, passed=True), drills.last(connection, plan.id, passed=False)
        index = index_of(self._context)
        hit = {id_ for found in entry.exposure.hits for id_ in found.dependencies}
        replaced = [index.dependencies[id_].scope for id_ in sorted(hit)]
        named = [s.scope for found in entry.exposure.hits for s in found.standbys if s.plan == plan.id]
        facts = PlanFacts(self._alternates(connection, plan, replaced, named, entry.exercise), passed, failed)
        return PlanNote(plan.id, plan.title, passed, failed, hollow(check_preconditions(plan, facts, now)))

    def hollowness(self, connection: Connection, id_: str, scope: Scope, now: datetime) -> str:
        """Why plan ``id_`` would not help now if ``scope`` failed, as one clause; empty when it would.

        That no drill of it has passed does not count: this is asked before one. Raises ``LookupError`` where there is no such plan.
        """
        plan = self.plan(id_)
        assert isinstance(plan, Contingency)
        needs = [need for need in self._context.portfolio.dependencies if need.scope.touches(scope)]
        named = [fallback.scope for need in needs for fallback in need.fallbacks if fallback.plan == id_]
        facts = PlanFacts(self._alternates(connection, plan, [need.scope for need in needs] or [scope], named, None))
        return hollow([each for each in check_preconditions(plan, facts, now) if each.check != "drill_passed_within"])

    def _alternates(
        self, connection: Connection, plan: Contingency, replaced: Sequence[Scope], named: Sequence[Scope], exercise: str | None
    ) -> tuple[AlternateFacts, ...]:
        index = index_of(self._context)

        def shared(scope: Scope) -> tuple[str, ...] | None:
            firm, vague = set(), False
            for used in replaced:
                surely, possibly = shared_chokepoint(used, scope, index)
                firm |= {index.name(surely)} if surely is not None else set()
                vague = vague or possibly is not None
            return tuple(sorted(firm)) or (None if vague else ())

        return tuple(
            AlternateFacts(scope, standing(connection, scope, exercise, self._status_connectors), shared(scope))
            for scope in alternates_of(plan, tuple(dict.fromkeys(named)))
        )
