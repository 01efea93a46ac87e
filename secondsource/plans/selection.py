"""Which runbook and which plan are meant for a risk: the one that says most precisely that it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from secondsource.plans.facts import RiskFacts
from secondsource.plans.schema import Contingency, Document, Drill, Escalation, Triggers


def matches(triggers: Triggers, risk: RiskFacts) -> bool:
    """Whether ``triggers`` mean ``risk``: every list that is given has a member that fits."""
    return (
        _for_rule(triggers, risk)
        and risk.severity >= triggers.min_severity
        and (not triggers.functions or any(function in triggers.functions for function in risk.functions))
        and (not triggers.scopes or any(place.scope.touches(scope) for place in triggers.scopes for scope in risk.scopes))
        and triggers.exercise in (None, risk.exercise is not None)
    )


def _for_rule(triggers: Triggers, risk: RiskFacts) -> bool:
    return not triggers.rules or risk.rule in triggers.rules


def precision(triggers: Triggers) -> tuple[int, ...]:
    """How narrow ``triggers`` are, to compare: drills, parts of vendors, functions, rules, then severity. Higher is narrower."""
    narrowest = max((1 + (p.product is not None) + (p.region is not None) for p in triggers.scopes), default=0)
    return (
        triggers.exercise is not None,
        narrowest,
        bool(triggers.functions),
        bool(triggers.rules),
        triggers.min_severity.rank,
    )


def _best_first(triggered: Iterable[tuple[Triggers, str]]) -> list[str]:
    return [id for _, id in sorted((tuple(-part for part in precision(triggers)), id) for triggers, id in triggered)]


def runbooks_for(risk: RiskFacts, documents: Iterable[Document]) -> list[Escalation]:
    """The escalation runbooks meant for ``risk``, narrowest first, ties by id. The first is the one to run."""
    found = {d.id: d for d in documents if isinstance(d, Escalation) and matches(d.triggers, risk)}
    return [found[id] for id in _best_first((book.triggers, id) for id, book in found.items())]


def plans_for(risk: RiskFacts, documents: Iterable[Document]) -> list[Contingency]:
    """The contingency plans for ``risk``: first those that its fallbacks name and that are meant for its rule, in their order, then
    by trigger.

    A plan that needs an alternate and lists none moves the load to the fallbacks that name it, so it is never chosen by trigger; nor is
    one that says so itself.
    """
    plans = {d.id: d for d in documents if isinstance(d, Contingency)}
    named = [plans[id] for id in dict.fromkeys(risk.plans) if id in plans and _for_rule(plans[id].triggers, risk)]
    rest = {id: plan for id, plan in plans.items() if plan not in named and _has_a_way(plan) and matches(plan.triggers, risk)}
    return [*named, *(rest[id] for id in _best_first((plan.triggers, id) for id, plan in rest.items()))]


def _has_a_way(plan: Contingency) -> bool:
    return not plan.only_by_name and (bool(plan.alternates) or not plan.needs_alternate)


def plan_for(risk: RiskFacts, documents: Iterable[Document]) -> Contingency | None:
    """The first of :func:`plans_for`, or None."""
    return next(iter(plans_for(risk, documents)), None)


def drills_of(documents: Iterable[Document]) -> Sequence[Drill]:
    """The drills among ``documents``, by id."""
    return sorted((d for d in documents if isinstance(d, Drill)), key=lambda drill: drill.id)
