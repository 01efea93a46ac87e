"""The company of the day: who it is, what it needs from whom, and the parts of the program that watch over it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from benchmarks.story import REGIONS, vendor
from secondsource.adapters.plugins import rules as all_rules
from secondsource.contracts.rule import Rule
from secondsource.domain.context import Context
from secondsource.domain.portfolio import Criticality, Dependency, Fallback, Function, Impact, Person, Portfolio, Workload
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Part, Upstream, Vendor, VendorGraph
from secondsource.plans.load import load
from secondsource.runtimes.desk import links
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.responder import Responder

RUNBOOKS = Path(__file__).parents[1] / "runbooks"
_PEOPLE = (
    Person("ana", "Ana", "ana@example.org", "U1", ("on-call",)),
    Person("ben", "Ben", "ben@example.org", "U2", ("duty-manager",)),
    Person("cy", "Cy", "cy@example.org", None, ("incident-commander",)),
)
_CHANNELS = (Channel("slack", "slack", "C1"), Channel("mail", "email", "ops@example.org"))
_FUNCTIONS = 12


def rules() -> dict[str, Rule]:
    """All rules, with the parameters that they come with."""
    return {name: rule(rule.Params()) for name, rule in all_rules().items()}


def company(vendors: int) -> Context:
    """Twelve functions on three vendors each, with a fallback; from the thirtieth on, every vendor rests on the first."""
    graph = VendorGraph(
        Vendor(
            vendor(number),
            f"Vendor {number}",
            regions=tuple(Part(region) for region in REGIONS),
            depends_on=(Upstream(Scope(vendor(1), None, "us-1")),) if number >= 30 else (),
        )
        for number in range(vendors)
    )
    hours = timedelta(hours=1)
    functions = [
        Function(
            f"function-{n}", f"Function {n}", "ana", list(Criticality)[n % 3], (f"workload-{n}",), 4 * hours, impact=(Impact(hours, 3),)
        )
        for n in range(_FUNCTIONS)
    ]
    needs = [
        Dependency(
            f"need-{n}-{of}",
            f"workload-{n}",
            f"part {of}",
            Scope(vendor(n + of * _FUNCTIONS), None, REGIONS[of]),
            fallbacks=(Fallback(Scope(vendor(39)), 0.5, timedelta(minutes=20)),),
        )
        for n in range(_FUNCTIONS)
        for of in range(3)
    ]
    workloads = tuple(Workload(f"workload-{n}", f"Workload {n}") for n in range(_FUNCTIONS))
    return Context(Portfolio(tuple(functions), workloads, tuple(needs), people=_PEOPLE), graph)


def responder(context: Context) -> Responder:
    """What answers findings, with the runbooks that are shipped."""
    library = load([RUNBOOKS])
    if library.problems:
        raise RuntimeError("\n".join(map(str, library.problems)))
    playbook = Playbook(library.documents, context, {"statuspage"})
    return Responder(context, playbook, Directory(_PEOPLE, _CHANNELS), links("https://ss.example"))
