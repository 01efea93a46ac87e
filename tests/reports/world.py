"""A day of a small company with Halcyon AI, put into a real store: small enough to work every figure out by hand.

The status page is polled every ten minutes from 22:00 the evening before, and can not be read from 18:00 to 20:00; a reading stands
for three intervals. ``python -m tests.reports.world`` prints the paper that is kept beside this file.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from secondsource.adapters.reports.markdown import markdown
from secondsource.adapters.reports.reading import vendor_review
from secondsource.adapters.reports.vendor import paper_of
from secondsource.adapters.sql import drills, log, sources
from secondsource.adapters.sql.database import Database
from secondsource.domain import register
from secondsource.domain.context import Context
from secondsource.domain.money import Unit
from secondsource.domain.observations import (
    AnyBody,
    Batch,
    ComponentStatus,
    Incident,
    IncidentUpdate,
    Offer,
    Outcome,
    Price,
    Quota,
    SourceHealth,
    Spend,
    batch_of,
    observe,
    tick,
)
from secondsource.domain.portfolio import Contract, Person, Portfolio
from secondsource.domain.register import risk_id
from secondsource.domain.review.review import VendorReview
from secondsource.domain.signals import Phase
from secondsource.domain.status import Status
from secondsource.plans.drill import DrillReport, Score
from secondsource.plans.load import load
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.responder import Responder
from tests.support.company import DEPENDENCIES, company, outage

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
START, END = datetime(2025, 10, 20, tzinfo=UTC), datetime(2025, 10, 21, tzinfo=UTC)
NOW = datetime(2025, 10, 21, 6, tzinfo=UTC)
RISK = risk_id("vendor_outage", "halcyon")
TITLE = "Errors on the API"


def clock(text: str, day: int = 20) -> datetime:
    """``07:10`` on that day of October 2025."""
    hour, minute = map(int, text.split(":"))
    return datetime(2025, 10, day, hour, minute, tzinfo=UTC)


def context(name: str = "Halcyon AI") -> Context:
    """The company, with a price list's name for what it uses, a contract, and the plan that is shipped."""
    main = DEPENDENCIES[0]
    fallbacks = tuple(msgspec.structs.replace(fallback, plan="model-api-failover") for fallback in main.fallbacks)
    needs = (msgspec.structs.replace(main, fallbacks=fallbacks, items=("halcyon-large",)), *DEPENDENCIES[1:])
    base = company(dependencies=needs)
    contract = Contract("halcyon-2025", "halcyon", date(2025, 2, 1), date(2026, 1, 31), timedelta(days=60), Decimal(144000), "USD", 99.9)
    portfolio = base.portfolio
    vendors = [msgspec.structs.replace(v, name=name, kinds=("model_api",)) if v.id == "halcyon" else v for v in base.graph.vendors.values()]
    return Context(Portfolio(portfolio.functions, portfolio.workloads, portfolio.dependencies, (contract,)), type(base.graph)(vendors))


def batches(title: str = TITLE) -> list[Batch]:
    """The log, by time."""
    return sorted([*page(title), *probe(), *market(), *metrics(), tick(clock("23:59"))], key=lambda batch: batch.at)


def page(title: str) -> Iterator[Batch]:
    """Halcyon's status page: major from 07:00 to 10:10 (the incident outlasts its component), partial from 14:00 to 15:00."""
    told: dict[datetime, list[tuple[str, AnyBody]]] = {
        clock("22:00", 19): [
            ("component/api", api(Status.OPERATIONAL)),
            ("component/site", ComponentStatus("Website", Status.OPERATIONAL)),
        ],
        clock("07:00"): [("component/api", api(Status.MAJOR_OUTAGE))],
        clock("07:10"): [("incident/i1", incident(title, "investigating"))],
        clock("09:00"): [("component/api", api(Status.PARTIAL_OUTAGE))],
        clock("10:00"): [("component/api", api(Status.OPERATIONAL))],
        clock("10:10"): [("incident/i1", incident(title, "resolved"))],
        clock("14:00"): [("component/api", api(Status.PARTIAL_OUTAGE))],
        clock("15:00"): [("component/api", api(Status.OPERATIONAL))],
    }
    at = clock("22:00", 19)
    while at < END:
        blind = clock("18:00") <= at < clock("20:00")
        health = SourceHealth(Outcome.TIMEOUT if blind else Outcome.OK, "statuspage", interval_s=600)
        yield said("halcyon-status", "halcyon", at, *told.get(at, ()), ("source/halcyon-status", health))
        at += timedelta(minutes=10)


def probe() -> Iterator[Batch]:
    """Our own probe finds it down from 06:50 to 10:10, and knows nothing of the afternoon's trouble."""
    told = {clock("22:00", 19): Status.OPERATIONAL, clock("06:50"): Status.MAJOR_OUTAGE, clock("10:10"): Status.OPERATIONAL}
    at = clock("22:00", 19)
    while at < END:
        health = SourceHealth(Outcome.OK, "http_probe", interval_s=600)
        readings = [("probe/api", ComponentStatus("Own probe of the API", told[at]))] if at in told else []
        yield said("own-probe", "halcyon", at, *readings, ("source/own-probe", health))
        at += timedelta(minutes=10)


def api(status: Status) -> ComponentStatus:
    return ComponentStatus("API", status)


def incident(title: str, stage: str) -> Incident:
    """It claims to have begun at 06:48; the first word came at 07:06."""
    over = stage == "resolved"
    updates = [IncidentUpdate("investigating", "We look into it.", clock("07:06"))]
    if over:
        updates.insert(0, IncidentUpdate("resolved", "It is over.", clock("10:02")))
    return Incident(title, Status.MAJOR_OUTAGE, stage, over, ("API",), tuple(updates), clock("06:48"), clock("10:02") if over else None)


def market() -> Iterator[Batch]:
    """A price list that tells of several vendors, and what is on offer."""
    for at, amount in ((clock("22:00", 19), "3"), (clock("12:00"), "3.6")):
        dear = Price("halcyon-large", Decimal(amount), Unit.MILLION_TOKENS, dimension="input")
        still = Price("halcyon-small", Decimal("0.2"), Unit.MILLION_TOKENS, dimension="input")
        health = SourceHealth(Outcome.OK, "litellm_prices", interval_s=43_200)
        yield said("prices", "halcyon", at, ("price/halcyon-large/input", dear), ("price/halcyon-small/input", still))
        yield said("prices", "pricelist", at, ("source/prices", health))
    for at, count in ((clock("00:00"), 8), (clock("06:00"), 0), (clock("09:00"), 4)):
        yield said("offers", "halcyon", at, ("offer/large", Offer("halcyon-large", count > 0, count, market="reserved")))


def metrics() -> Iterator[Batch]:
    """Use against a limit, and bills."""
    for at, used in ((clock("08:00"), 500.0), (clock("10:00"), 820.0), (clock("23:00"), 600.0)):
        quota = Quota("tokens-per-minute", used, 1000.0, "tokens/min")
        bills = {"halcyon": "12000", "aws": "6000", "cirrus": "2000"}
        for vendor, amount in bills.items():
            more = [("quota/tokens", quota)] if vendor == "halcyon" else []
            yield said("metrics", vendor, at, ("spend/all", Spend(Decimal(amount))), *more)


def said(source: str, vendor: str, at: datetime, *bodies: tuple[str, AnyBody]) -> Batch:
    """What a source said of a vendor at one time."""
    made = (observe(source=source, vendor=vendor, subject=subject, observed_at=at, body=body) for subject, body in bodies)
    return batch_of(vendor, source, at, tuple(made))


def fill(connection: Connection, known: Context, title: str = TITLE) -> None:
    """The day, the drill of 8 October, and what the register and the people made of it."""
    log.append(connection, batches(title))
    sources.declare(connection, [("halcyon-status", "halcyon", "statuspage"), ("prices", "pricelist", "litellm_prices")], START)
    (drill,) = load([RUNBOOKS]).drills.values()
    begun, ended = clock("09:00", 8), clock("09:30", 8)
    scores = (
        Score("acknowledge", 300.0, 600.0, True, "after 5m, 10m allowed"),
        Score("recover", 1440.0, 1800.0, True, "after 24m, 30m allowed"),
    )
    drills.begin(connection, drills.Underway("D-1", drill, drill.scope.scope, begun))
    drills.end(connection, DrillReport("D-1", drill.id, "Loss of a model API", "model-api-failover", begun, scores, True), ended)
    responder = respond(known)
    since = clock("07:00")
    title = "Halcyon AI: major outage"
    responder.on_signals(connection, [outage(now=since, since=since, title=title)])
    responder.on_tick(connection, clock("07:12"))
    responder.act(connection, RISK, register.Acknowledge("person:ana"), clock("07:14"))
    responder.on_signals(connection, [outage(Phase.CLEARED, now=clock("10:20"), since=since, title=title)])


def respond(known: Context) -> Responder:
    """The responder with the runbooks that are shipped, and one person on call."""
    people = (Person("ana", "Ana", "ana@example.org", "U1", ("on-call",)), Person("ben", "Ben", None, "U2", ("duty-manager",)))
    playbook = Playbook(load([RUNBOOKS]).documents, known, {"statuspage"})
    channels = (Channel("slack", "slack", "C1"), Channel("mail", "email", "ops@example.org"))
    return Responder(known, playbook, Directory(people, channels), lambda id_, verb: f"https://ss.example/{id_}/{verb}")


def reviewed(database: Database, known: Context, vendor: str = "halcyon", now: datetime = NOW) -> VendorReview:
    """The review of the day."""
    documents = load([RUNBOOKS]).documents
    return database.read_now(lambda connection: vendor_review(connection, vendor, START, END, now, known, documents))


def main() -> str:
    """The paper, from a fresh store."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "store.db")
        known = context()
        database.write_now(lambda connection: fill(connection, known))
        text = markdown(paper_of(reviewed(database, known)))
        database.close()
    return text


if __name__ == "__main__":
    sys.stdout.write(main())
