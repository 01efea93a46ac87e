"""From what a file says of the company to its portfolio."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from itertools import pairwise

from secondsource.domain.portfolio import Contract, Credit, Dependency, Fallback, Function, Impact, Person, Portfolio, SlaTerms, Workload
from secondsource.domain.scope import Scope
from secondsource.settings.company import ContractForm, FunctionForm, ImpactForm, NeedForm
from secondsource.settings.rooms import Rooms
from secondsource.settings.say import Loc, Say
from secondsource.settings.vendor_graph import Vendors

ROUNDING = 1e-6  # shares are written with a few decimals


class Company:
    """Makes the portfolio, and says what does not fit together. ``places`` are those of the dependencies, by id."""

    def __init__(self, rooms: Rooms, vendors: Vendors, plans: Collection[str], say: Say) -> None:
        self._configuration = rooms.configuration
        self._declared = rooms.declared
        self._vendors = vendors
        self._plans = plans
        self._say = say
        # where people have mistakes, who has which role is not known
        self._owners: frozenset[str] | None = None
        if not rooms.unsound("people"):
            self._owners = self._declared.get("people", frozenset()) | {
                role for person in rooms.configuration.people.values() for role in person.roles
            }
        self.places: dict[str, Loc] = {}

    def made(self) -> Portfolio:
        """The portfolio."""
        configuration = self._configuration
        return Portfolio(
            functions=tuple(self._function(id_, form) for id_, form in configuration.functions.items()),
            workloads=tuple(self._workload(id_) for id_ in configuration.workloads),
            dependencies=self._dependencies(),
            contracts=tuple(self._contract(id_, form) for id_, form in configuration.contracts.items()),
            people=tuple(Person(id_, form.name or id_, form.email, form.slack, form.roles) for id_, form in configuration.people.items()),
            currency=configuration.currency,
        )

    def _owner(self, name: str | None, *loc: str | int) -> None:
        if self._owners is not None:
            self._say.unknown("person or role", name, self._owners, *loc, hint="add them under people")

    def _function(self, id_: str, form: FunctionForm) -> Function:
        here = ("functions", id_)
        self._owner(form.owner, *here, "owner")
        for number, workload in enumerate(form.workloads):
            known = self._declared.get("workloads", frozenset())
            self._say.unknown("workload", workload, known, *here, "workloads", number, hint="add it under workloads")
            if workload in form.workloads[:number]:
                self._say(f"{workload!r} stands here twice", *here, "workloads", number)
        return Function(
            id_, form.name or id_, form.owner, form.criticality, form.workloads, form.rto, form.rpo, self._impact(form.impact, here)
        )

    def _impact(self, forms: tuple[ImpactForm, ...], here: tuple[str, str]) -> tuple[Impact, ...]:
        for number, (before, form) in enumerate(pairwise(forms), 1):
            if form.after <= before.after:
                self._say("must come later than the threshold above it; write them earliest first", *here, "impact", number, "after")
            if form.level <= before.level:
                said = f"must be worse than {before.level}, the threshold above it; damage grows with time"
                self._say(said, *here, "impact", number, "level")
        return tuple(Impact(form.after, form.level, form.says or "") for form in forms)

    def _workload(self, id_: str) -> Workload:
        form = self._configuration.workloads[id_]
        self._owner(form.owner, "workloads", id_, "owner")
        return Workload(id_, form.name or id_, form.owner)

    def _dependencies(self) -> tuple[Dependency, ...]:
        found: dict[str, Dependency] = {}
        for workload, form in self._configuration.workloads.items():
            shares: dict[str, float] = {}
            for number, need in enumerate(form.needs):
                here = ("workloads", workload, "needs", number)
                before = shares.get(need.provides, 0.0)
                shares[need.provides] = before + (need.share or 0.0)
                if before <= 1.0 + ROUNDING < shares[need.provides]:
                    said = f"the shares of {need.provides!r} add up to {shares[need.provides]:g}; together they are 1 at most"
                    self._say(said, *here, "share")
                made = self._need(workload, need, here)
                if made is None:
                    continue
                if made.id in found:
                    self._say(
                        f"there are two needs {made.id!r}, the other in workload {found[made.id].workload!r}; give an `id`", *here, "id"
                    )
                found[made.id] = made
                self.places[made.id] = here
        return tuple(found.values())

    def _need(self, workload: str, form: NeedForm, here: tuple[str | int, ...]) -> Dependency | None:
        scope = self._vendors.scope(form.source, self._say, *here, "from")
        fallbacks = [self._fallback(form, number, scope, here) for number in range(len(form.fallbacks))]
        if scope is None:
            return None
        id_ = form.id or "-".join((workload, *str(scope).split("/")))
        kept = tuple(fallback for fallback in fallbacks if fallback is not None)
        return Dependency(id_, workload, form.provides, scope, form.share, form.items, form.spend, kept)

    def _fallback(self, need: NeedForm, number: int, used: Scope | None, here: tuple[str | int, ...]) -> Fallback | None:
        form, loc = need.fallbacks[number], (*here, "fallbacks", number)
        scope = self._vendors.scope(form.to, self._say, *loc, "to")
        if scope is not None and used is not None and scope.within(used):
            self._say(f"{scope} is what it is to replace; name another vendor, or another region", *loc, "to")
        self._say.unknown("plan", form.plan, self._plans, *loc, "plan", hint="add it to a folder under runbooks")
        return None if scope is None else Fallback(scope, form.capacity, form.switch_time or timedelta(0), form.plan)

    def _contract(self, id_: str, form: ContractForm) -> Contract:
        here = ("contracts", id_)
        self._say.unknown("vendor", form.vendor, self._vendors.names, *here, "vendor", hint="add it under vendors")
        if form.starts and form.ends and form.ends < form.starts:
            self._say(f"it ends before it starts ({form.starts})", *here, "ends")
        if form.notice and not form.ends:
            self._say("without `ends` there is no day that notice could be given before", *here, "notice")
        currency = form.currency or self._configuration.currency
        if form.sla_terms is not None and form.sla is None:
            self._say("without `sla` nothing was promised that these could be terms of", *here, "sla_terms")
        return Contract(
            id_, form.vendor, form.starts, form.ends, form.notice, form.annual, currency, form.sla, self._terms(form, *here, "sla_terms")
        )

    def _terms(self, form: ContractForm, *here: str) -> SlaTerms:
        written = form.sla_terms
        if written is None:
            return SlaTerms()
        scopes = [self._vendors.scope(place, self._say, *here, "scopes", index) for index, place in enumerate(written.scopes)]
        for index, scope in enumerate(scopes):
            if scope is not None and scope.vendor != form.vendor:
                self._say(f"the contract is with {form.vendor}, not with {scope.vendor}", *here, "scopes", index)
        for index, credit in enumerate(written.credits):
            if form.sla is not None and credit.below > form.sla:
                self._say(f"at {credit.below:g} % the promise of {form.sla:g} % is not missed yet", *here, "credits", index, "below")
        return SlaTerms(
            credits=tuple(Credit(each.below, each.part) for each in sorted(written.credits, key=lambda each: -each.below)),
            claim_within=written.claim_within or SlaTerms().claim_within,
            maintenance_counts=written.maintenance_counts,
            scopes=tuple(scope for scope in scopes if scope is not None),
            claim_to=written.claim_to or "",
        )


def named(portfolio: Portfolio) -> Mapping[str, frozenset[str]]:
    """What the portfolio has names for: ``people``, ``roles``, ``functions`` and the ``plans`` of fallbacks."""
    return {
        "people": frozenset(person.id for person in portfolio.people),
        "roles": frozenset(role for person in portfolio.people for role in person.roles),
        "functions": frozenset(function.id for function in portfolio.functions),
        "plans": frozenset(f.plan for need in portfolio.dependencies for f in need.fallbacks if f.plan is not None),
    }
