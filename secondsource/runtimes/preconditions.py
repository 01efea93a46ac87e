"""What is known of a plan's preconditions: of its alternates, its drills, what people recorded, and how HTTP checks went."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from secondsource.adapters.sql import drills, plan_checks
from secondsource.adapters.sql.standing import standing
from secondsource.domain.context import Context
from secondsource.domain.fallbacks import shared_chokepoint
from secondsource.domain.portfolio import Dependency
from secondsource.domain.reach import index_of
from secondsource.domain.scope import Scope
from secondsource.plans.preconditions import AlternateFacts, Answer, PlanFacts, Result, alternates_of, check_preconditions, merged
from secondsource.plans.schema import Contingency

EVALUATED = "evaluated"
"""What is recorded when somebody has seen that an alternate does the work well enough."""


class Preconditions:
    """Looks facts up and checks them. It touches nothing; HTTP checks are made by :mod:`secondsource.runtimes.plan_checks`."""

    def __init__(self, context: Context, status_connectors: Collection[str]) -> None:
        """``status_connectors`` are the connectors whose sources tell how a vendor stands."""
        self._context = context
        self._index = index_of(context)
        self._status_connectors = frozenset(status_connectors)

    def of(
        self, connection: Connection, plan: Contingency, needs: Sequence[Dependency], named: Sequence[Scope], now: datetime,
        *, exercise: str | None = None, without: Scope | None = None,
    ) -> list[Result]:  # fmt: skip
        """Each precondition of ``plan`` if it were to carry ``needs``, or do ``without`` a scope where those are none.

        ``named`` are the fallbacks that name the plan, best first; what the plan lists itself goes before them.
        """
        replaced = [need.scope for need in needs] or ([without] if without is not None else [])
        alternates = tuple(
            AlternateFacts(scope, standing(connection, scope, exercise, self._status_connectors), self._shared(replaced, scope))
            for scope in alternates_of(plan, tuple(dict.fromkeys(named)))
        )
        facts = PlanFacts(
            alternates,
            drills.last(connection, plan.id, passed=True),
            drills.last(connection, plan.id, passed=False),
            plan_checks.last_record(connection, plan.id, EVALUATED),
            {
                checked.check: Answer(checked.at, checked.outcome, checked.reason)
                for checked in (plan_checks.latest(connection, plan.id) if plan.preconditions.answers else ())
                if checked.outcome is not None
            },
        )
        return check_preconditions(plan, facts, now)

    def standing(self, connection: Connection, plan: Contingency, now: datetime) -> list[Result]:
        """Each precondition of ``plan``, the worst over everything that the portfolio would use it for."""
        uses: list[tuple[list[Dependency], list[Scope]]] = []
        for need in self._context.portfolio.dependencies:
            named = [fallback.scope for fallback in need.fallbacks if fallback.plan == plan.id]
            if named or (plan.alternates and any(place.scope.touches(need.scope) for place in plan.triggers.scopes)):
                uses.append(([need], named))
        if uses:
            return merged(self.of(connection, plan, needs, named, now) for needs, named in uses)
        places: list[Scope | None] = [place.scope for place in plan.triggers.scopes]
        return merged(self.of(connection, plan, [], [], now, without=without) for without in places or [None])

    def _shared(self, replaced: Sequence[Scope], scope: Scope) -> tuple[str, ...] | None:
        firm, vague = set(), False
        for used in replaced:
            surely, possibly = shared_chokepoint(used, scope, self._index)
            firm |= {self._index.name(surely)} if surely is not None else set()
            vague = vague or possibly is not None
        return tuple(sorted(firm)) or (None if vague else ())
