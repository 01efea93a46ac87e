"""What a source said, once. The values that travel through the log.

An observation is a fact about a *subject* (a component, an incident, a model's price) as one source told it. ``observed_at`` is
when this program learned of it, and the only time that rules run on; ``occurred_at`` is the provider's own claim and is data,
because providers back-date. Instants are aware datetimes in UTC throughout.
"""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

import msgspec

from secondsource.domain.ids import content_id, timed_id
from secondsource.domain.money import Unit
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status

SCHEMA_VERSION = 1

PROBE = "probe/"
"""How subjects begin that our own probes tell of: what the vendor itself says has others."""

UNDER_WAY = frozenset({"in_progress", "verifying"})
"""The stages of planned work that is going on."""

INTERNAL = "internal"
"""In place of a vendor, where an observation is about what the company has itself."""


# Here and below, gc=False: these values form no cycles, and so many of them pass that walks of the garbage collector would show.
class Body(msgspec.Struct, frozen=True, tag_field="kind", omit_defaults=True, gc=False):
    """What was said. Each kind is a struct of its own, told apart by its tag."""


class ComponentStatus(Body, frozen=True, tag="component_status"):
    """One line of a status page. ``name`` is the page's wording; ``scopes`` is what the catalog makes of it."""

    name: str
    status: Status
    group: str | None = None
    native: str | None = None  # the provider's own word for the status
    scopes: tuple[Scope, ...] = ()


class IncidentUpdate(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One entry in an incident's log: the provider's stage, wording and time."""

    stage: str
    text: str
    at: datetime | None = None


class Incident(Body, frozen=True, tag="incident"):
    """An incident as it stands now. ``resolved`` is the provider's word that it is over."""

    title: str
    status: Status  # how bad, by the provider's impact; OPERATIONAL for "no impact"
    stage: str  # investigating, identified, monitoring, resolved, postmortem, or the provider's own word
    resolved: bool
    components: tuple[str, ...] = ()
    updates: tuple[IncidentUpdate, ...] = ()  # newest first
    started_at: datetime | None = None
    resolved_at: datetime | None = None
    link: str | None = None
    scopes: tuple[Scope, ...] = ()


class Maintenance(Body, frozen=True, tag="maintenance"):
    """Planned work: announced, under way or done."""

    title: str
    stage: str  # scheduled, in_progress, verifying, completed
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    components: tuple[str, ...] = ()
    link: str | None = None
    scopes: tuple[Scope, ...] = ()


class Price(Body, frozen=True, tag="price"):
    """A list price, normalised: ``amount`` of ``currency`` per ``unit``. ``original`` keeps the source's wording."""

    item: str  # model, SKU or accelerator
    amount: Decimal
    unit: Unit
    currency: str = "USD"
    dimension: str = ""  # input, output, cached_input; spot, on_demand
    region: str | None = None
    conditions: str = ""  # long context, time of day, commitment
    effective_at: datetime | None = None
    original: str = ""


class Offer(Body, frozen=True, tag="offer"):
    """Something that can be had now, or no longer can. ``count`` None means that the source does not say how many."""

    item: str  # accelerator or SKU
    listed: bool
    count: int | None = None
    price: Decimal | None = None
    unit: Unit = Unit.ACCELERATOR_HOUR
    currency: str = "USD"
    region: str | None = None
    market: str = "on_demand"  # on_demand, spot, reserved


class Label(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a news item is about, with the words that say so. ``weight`` is 0 to 1."""

    name: str  # shortage, allocation, price, export_control, disaster, fab_incident, insolvency, acquisition, labour, energy
    words: tuple[str, ...]
    weight: float = 1.0


class News(Body, frozen=True, tag="news"):
    """One story. ``entities`` are ids of the catalog (vendors, chips, foundries, places) found in the text."""

    title: str
    summary: str = ""
    link: str | None = None
    published_at: datetime | None = None
    outlet: str = ""
    labels: tuple[Label, ...] = ()
    entities: tuple[str, ...] = ()


class Quota(Body, frozen=True, tag="quota"):
    """Use against a limit. A missing limit is unknown, not unlimited."""

    name: str
    used: float
    limit: float | None = None
    unit: str = ""
    region: str | None = None
    product: str | None = None


class Spend(Body, frozen=True, tag="spend"):
    """Money spent with the vendor over the period that ends at ``period_end``."""

    amount: Decimal
    currency: str = "USD"
    period: str = "month"  # hour, day, month
    period_end: datetime | None = None
    product: str | None = None
    region: str | None = None
    item: str | None = None  # accelerator or model, where the bill says so


class Measurement(Body, frozen=True, tag="measurement"):
    """A figure that is neither money nor a limit, in a stated unit: the carbon of a grid. ``estimated`` is the source's own word."""

    name: str  # what is measured: "grid carbon intensity"
    value: Decimal
    unit: str  # "gCO2e/kWh"
    region: str | None = None
    estimated: bool = False


class Retirement(Body, frozen=True, tag="retirement"):
    """An end date that the vendor has set. ``retires_at`` None with ``deprecated`` True: announced, no date yet."""

    item: str
    deprecated: bool = True
    retires_at: datetime | None = None
    replacement: str | None = None


class Outcome(enum.Enum):
    """How a poll of a source ended."""

    OK = "ok"
    UNCHANGED = "unchanged"
    HTTP_ERROR = "http_error"
    NETWORK = "network"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    REFUSED = "refused"  # by the address policy or the circuit breaker
    PARSE = "parse"


class SourceHealth(Body, frozen=True, tag="source_health"):
    """How a poll went, and what is known of the source from the polls before it.

    ``platform`` is the connector whose format the last answer that was understood has, ``confidence`` how sure that connector is of it (0
    to 1, None where it can not tell); ``content_at`` is when what the source says last changed, None while it never said anything:
    an answer that says the same again does not renew it. ``looks_like`` is another connector that recognises an answer which could not
    be understood: the page has moved.
    """

    outcome: Outcome
    connector: str = ""
    detail: str = ""
    latency_ms: int = 0
    bytes: int = 0
    interval_s: int = 0
    last_success_at: datetime | None = None
    platform: str = ""
    confidence: float | None = None
    content_at: datetime | None = None
    looks_like: str = ""


class CheckOutcome(enum.Enum):
    """How the check of a precondition ended."""

    OK = "ok"
    FAILED = "failed"  # something speaks against it
    UNKNOWN = "unknown"  # there is no evidence, or none that is recent enough


class PlanCheck(Body, frozen=True, tag="plan_check"):
    """Whether a precondition of one's own contingency plan holds. The vendor of such an observation is :data:`INTERNAL`."""

    plan: str
    title: str
    check: str
    outcome: CheckOutcome
    reason: str = ""


class Gone(Body, frozen=True, tag="gone"):
    """The subject is no longer in its source. ``was`` is the kind that it had."""

    was: str
    name: str = ""
    scopes: tuple[Scope, ...] = ()


class Tick(Body, frozen=True, tag="tick"):
    """Time has passed. Sent to every key, so that a log is complete without a clock."""


AnyBody = (
    ComponentStatus
    | Incident
    | Maintenance
    | Price
    | Offer
    | News
    | Quota
    | Spend
    | Measurement
    | Retirement
    | SourceHealth
    | PlanCheck
    | Gone
    | Tick
)

KINDS: dict[str, type[Body]] = {
    str(body.__struct_config__.tag): body
    for body in (
        ComponentStatus, Incident, Maintenance, Price, Offer, News, Quota, Spend, Measurement, Retirement, SourceHealth, PlanCheck, Gone,
        Tick,
    )
}  # fmt: skip


def kind_of(body: Body) -> str:
    """The tag of ``body``: ``component_status``, ``incident`` and so on."""
    return str(body.__struct_config__.tag)


class Observation(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What ``source`` said about ``subject`` of ``vendor``.

    ``id`` is a hash of source, subject and content, without the time: the same page read twice gives the same id.
    ``exercise`` is the drill that caused it, ``raw`` the content hash of the archived response.
    """

    id: str
    source: str
    vendor: str
    subject: str  # "component/<upstream id>", "incident/<upstream id>", "price/<item>/<dimension>", ...
    observed_at: datetime
    body: AnyBody
    occurred_at: datetime | None = None
    exercise: str | None = None
    raw: str | None = None


def observe(
    *,
    source: str,
    vendor: str,
    subject: str,
    observed_at: datetime,
    body: AnyBody,
    occurred_at: datetime | None = None,
    exercise: str | None = None,
    raw: str | None = None,
) -> Observation:
    """An observation with its id worked out from source, vendor, subject, body and drill."""
    return Observation(
        id=content_id(source, vendor, subject, body, exercise),
        source=source,
        vendor=vendor,
        subject=subject,
        observed_at=observed_at,
        body=body,
        occurred_at=occurred_at,
        exercise=exercise,
        raw=raw,
    )


class Batch(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The changed observations of one poll with one partition key: one message in the log.

    ``key`` is the vendor; a tick has the key ``*`` and reaches every key. ``id`` names the batch in every log, so that
    a second delivery is recognised.
    """

    id: str
    key: str
    source: str
    at: datetime
    observations: tuple[Observation, ...]
    exercise: str | None = None
    schema: int = SCHEMA_VERSION


TICK_KEY = "*"


def batch_of(key: str, source: str, at: datetime, observations: tuple[Observation, ...]) -> Batch:
    """A batch with its id worked out.

    Raises ``ValueError`` unless all observations were made at ``at`` and belong to the same drill, or to none.
    """
    if any(observation.observed_at != at for observation in observations):
        raise ValueError("a batch holds what one poll saw: every observed_at must be the batch's own time")
    exercises = {observation.exercise for observation in observations}
    if len(exercises) > 1:
        raise ValueError(f"a batch mixes drills {sorted(map(str, exercises))}; send one batch for each")
    exercise = exercises.pop() if exercises else None
    ids = [observation.id for observation in observations]
    return Batch(timed_id(at, key, source, ids, exercise), key, source, at, observations, exercise)


def tick(at: datetime) -> Batch:
    """The batch that says that ``at`` has come."""
    body = Tick()
    observation = observe(source="clock", vendor=TICK_KEY, subject=f"tick/{at.isoformat()}", observed_at=at, body=body)
    return Batch(timed_id(at, TICK_KEY), TICK_KEY, "clock", at, (observation,))
